package main

// timeVectors returns cases of xsd:dateTimeStamp (XML Schema 1.1 Part 2
// sections 3.3.7 and 3.4.28), the format of times in VC Data Model 2.0 and
// Data Integrity.
func timeVectors() []vector {
	var out []vector
	reads := func(name, comment, s string, seconds float64, nanos int) {
		out = append(out, vector{"time/" + name, comment, obj{"text": s}, obj{"unixSeconds": seconds, "nanoseconds": nanos}})
	}
	refused := func(name, comment, s string) {
		out = append(out, vector{"time/" + name, comment, obj{"text": s}, obj{"error": "invalid"}})
	}
	reads("utc", "Z is UTC.", "2026-05-02T10:16:00Z", 1777716960, 0)
	reads("offset-east", "An offset is taken off.", "2026-05-02T12:16:00+02:00", 1777716960, 0)
	reads("offset-west", "An offset to the west is added.", "2026-05-02T04:46:00-05:30", 1777716960, 0)
	reads("offset-zero", "+00:00 is Z.", "2026-05-02T10:16:00+00:00", 1777716960, 0)
	reads("offset-minus-zero", "-00:00 is Z too.", "2026-05-02T10:16:00-00:00", 1777716960, 0)
	reads("offset-largest", "Fourteen hours are the largest offset.", "2026-05-03T00:16:00+14:00", 1777716960, 0)
	reads("fraction", "A fraction of any number of digits.", "2026-05-02T10:16:00.5Z", 1777716960, 500000000)
	reads("fraction-beyond-nanoseconds", "Digits beyond the nanosecond are dropped, not rounded.", "2026-05-02T10:16:00.9999999999Z", 1777716960, 999999999)
	reads("fraction-zeros", "A fraction of zeros is none.", "2026-05-02T10:16:00.000Z", 1777716960, 0)
	reads("end-of-day", "24:00:00 is midnight of the next day.", "2026-05-01T24:00:00Z", 1777680000, 0)
	reads("end-of-year", "24:00:00 carries over into the next year.", "2025-12-31T24:00:00Z", 1767225600, 0)
	reads("leap-day", "2024 has a 29th of February.", "2024-02-29T00:00:00Z", 1709164800, 0)
	reads("leap-day-of-2000", "2000 has one as well.", "2000-02-29T00:00:00Z", 951782400, 0)
	reads("before-the-epoch", "Times before 1970 are times.", "1969-12-31T23:59:59.5Z", -1, 500000000)
	reads("first-year", "The first year that is read.", "0001-01-01T00:00:00Z", -62135596800, 0)
	reads("last-second", "The last second that is read.", "9999-12-31T23:59:59Z", 253402300799, 0)

	refused("no-zone", "Without a time zone it names no instant.", "2026-05-02T10:16:00")
	refused("date", "A date is no instant.", "2026-05-02")
	refused("one-digit-hour", "T9 in place of T09, which some parsers take.", "2026-05-02T9:16:00Z")
	refused("comma", "A comma before the fraction, which some parsers take.", "2026-05-02T10:16:00,5Z")
	refused("empty-fraction", "A point without digits.", "2026-05-02T10:16:00.Z")
	refused("offset-a-day", "An offset of 24 hours, which some parsers take.", "2026-05-02T10:16:00+24:00")
	refused("offset-beyond-fourteen", "A minute beyond the largest offset.", "2026-05-02T10:16:00+14:01")
	refused("offset-sixty-minutes", "An offset has at most 59 minutes.", "2026-05-02T10:16:00+01:60")
	refused("offset-without-colon", "The basic format of ISO 8601 is not that of XML Schema.", "2026-05-02T10:16:00+0200")
	refused("lower-case", "t and z in lower case.", "2026-05-02t10:16:00z")
	refused("space", "A space in place of T.", "2026-05-02 10:16:00Z")
	refused("white-space-around", "White space around it is not stripped.", " 2026-05-02T10:16:00Z")
	refused("month-thirteen", "There is no 13th month.", "2026-13-02T10:16:00Z")
	refused("day-zero", "There is no day 0.", "2026-05-00T10:16:00Z")
	refused("day-thirty-one", "April has 30 days: a parser that carries over reads May 1st.", "2026-04-31T10:16:00Z")
	refused("no-leap-day", "2026 has no 29th of February.", "2026-02-29T10:16:00Z")
	refused("no-leap-day-of-1900", "1900 had no 29th of February: a century is a leap year every fourth time.", "1900-02-29T10:16:00Z")
	refused("leap-second", "A second 60 is no time in XML Schema.", "2016-12-31T23:59:60Z")
	refused("minute-sixty", "There is no minute 60.", "2026-05-02T10:60:00Z")
	refused("after-end-of-day", "Hour 24 is 24:00:00 alone.", "2026-05-02T24:00:01Z")
	refused("after-end-of-day-by-little", "Hour 24 is not even followed by a digit that would be dropped.", "2026-05-02T24:00:00.00000000001Z")
	refused("hour-twenty-five", "There is no hour 25.", "2026-05-02T25:00:00Z")
	refused("year-zero-west", "The year 0000 of its own zone, though 0001 in UTC.", "0000-12-31T20:00:00-05:00")
	refused("year-zero", "The year 0000 is another one in each version of XML Schema.", "0000-01-01T00:00:00Z")
	refused("year-five-digits", "More than four digits of a year are not read.", "12026-05-02T10:16:00Z")
	refused("year-negative", "Negative years are not read.", "-2026-05-02T10:16:00Z")
	refused("beyond-last-year", "In UTC it lies in the year 10000.", "9999-12-31T23:59:59-00:01")
	refused("other-digits", "Digits of another script.", "２０２６-05-02T10:16:00Z")
	refused("trailing", "Something after it.", "2026-05-02T10:16:00Z;")
	refused("no-text", "An empty text names no instant.", "")
	refused("too-long", "More than 64 bytes are not read.", "2026-05-02T10:16:00.000000000000000000000000000000000000000000000Z")
	return out
}

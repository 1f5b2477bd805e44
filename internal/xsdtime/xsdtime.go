// Package xsdtime implements a parser for xsd:dateTimeStamp.
//
// time.Parse with time.RFC3339 is not a substitute. It accepts what XML Schema
// forbids (T0:00:00Z, 00:00:00,5Z, +24:00) and refuses the end of day
// 24:00:00Z that XML Schema allows, so two verifiers could disagree about a
// credential.
package xsdtime

import (
	"errors"
	"fmt"
	"time"
)

// maxText bounds the text in bytes. Whole seconds with an offset take 25
// bytes, so a fraction may have 38 digits.
const maxText = 64

var errForm = errors.New("want YYYY-MM-DDThh:mm:ss[.f](Z|±hh:mm)")

// Parse parses an xsd:dateTimeStamp (XML Schema 1.1 Part 2 §3.4.28, the
// dateTime of §3.3.7 with a mandatory time zone) and returns its instant in
// UTC.
//
// The end of day 24:00:00 is midnight of the next day. Digits of a fraction
// beyond the nanosecond are checked and dropped. Offsets range from -14:00 to
// +14:00.
//
// Parse is stricter than XML Schema where mandates do not need more: the year
// has exactly four digits, is not 0000 (illegal in XML Schema 1.0, 1 BC in
// 1.1) and is within 0001 to 9999 in UTC too, and the text has at most 64
// bytes. A leap second (:60) is not a dateTime in XML Schema.
func Parse(s string) (time.Time, error) {
	t, err := parse(s)
	if err != nil {
		const quoted = 40
		if len(s) > quoted {
			return time.Time{}, fmt.Errorf("xsdtime: %q… is not an xsd:dateTimeStamp: %w", s[:quoted], err)
		}
		return time.Time{}, fmt.Errorf("xsdtime: %q is not an xsd:dateTimeStamp: %w", s, err)
	}
	return t, nil
}

func parse(s string) (time.Time, error) {
	if len(s) > maxText {
		return time.Time{}, fmt.Errorf("%d bytes, at most %d are read", len(s), maxText)
	}
	c := cursor{rest: s}
	year := c.digits(4)
	c.want('-')
	month := c.digits(2)
	c.want('-')
	day := c.digits(2)
	c.want('T')
	hour := c.digits(2)
	c.want(':')
	minute := c.digits(2)
	c.want(':')
	second := c.digits(2)
	nano, exact := c.fraction()
	offset, err := c.zone()
	if err != nil {
		return time.Time{}, err
	}
	if c.bad || c.rest != "" {
		return time.Time{}, errForm
	}

	switch {
	case year == 0:
		return time.Time{}, errors.New("year 0000")
	case month < 1 || month > 12:
		return time.Time{}, errors.New("no such month")
	case day < 1 || day > daysIn(year, month):
		return time.Time{}, errors.New("no such day")
	case hour == 24:
		if minute != 0 || second != 0 || nano != 0 || !exact {
			return time.Time{}, errors.New("hour 24 is 24:00:00 only")
		}
	case hour > 24 || minute > 59 || second > 59:
		return time.Time{}, errors.New("no such time of day")
	}
	// time.Date normalizes hour 24 to the next day.
	t := time.Date(year, time.Month(month), day, hour, minute, second, nano, time.UTC).Add(-offset)
	if y := t.Year(); y < 1 || y > 9999 {
		return time.Time{}, errors.New("year outside 0001 to 9999 in UTC")
	}
	return t, nil
}

// daysIn returns the number of days of a month of the Gregorian calendar.
func daysIn(year, month int) int {
	if month == 2 && year%4 == 0 && (year%100 != 0 || year%400 == 0) {
		return 29
	}
	return [...]int{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}[month-1]
}

// cursor reads fixed-width fields. The first mismatch sets bad permanently.
type cursor struct {
	rest string
	bad  bool
}

// want consumes the one byte b.
func (c *cursor) want(b byte) {
	if c.bad || c.rest == "" || c.rest[0] != b {
		c.bad = true
		return
	}
	c.rest = c.rest[1:]
}

// digits consumes exactly n ASCII digits.
func (c *cursor) digits(n int) int {
	if c.bad || len(c.rest) < n {
		c.bad = true
		return 0
	}
	v := 0
	for i := range n {
		if !isDigit(c.rest[i]) {
			c.bad = true
			return 0
		}
		v = v*10 + int(c.rest[i]-'0')
	}
	c.rest = c.rest[n:]
	return v
}

// fraction consumes an optional '.' with at least one digit and returns whole
// nanoseconds. exact reports that only zeros were dropped.
func (c *cursor) fraction() (nano int, exact bool) {
	exact = true
	if c.bad || c.rest == "" || c.rest[0] != '.' {
		return 0, exact
	}
	c.rest = c.rest[1:]
	n := 0
	for ; n < len(c.rest) && isDigit(c.rest[n]); n++ {
		switch d := int(c.rest[n] - '0'); {
		case n < 9:
			nano = nano*10 + d
		case d != 0:
			exact = false
		}
	}
	if n == 0 {
		c.bad = true
	}
	c.rest = c.rest[n:]
	for ; n < 9; n++ {
		nano *= 10
	}
	return nano, exact
}

// zone consumes the mandatory time zone.
func (c *cursor) zone() (time.Duration, error) {
	if c.bad {
		return 0, nil
	}
	if c.rest == "" {
		return 0, errors.New("no time zone")
	}
	sign := time.Duration(1)
	switch c.rest[0] {
	case 'Z':
		c.rest = c.rest[1:]
		return 0, nil
	case '+':
	case '-':
		sign = -1
	default:
		return 0, errForm
	}
	c.rest = c.rest[1:]
	hours := c.digits(2)
	c.want(':')
	minutes := c.digits(2)
	if hours > 14 || minutes > 59 || hours == 14 && minutes != 0 {
		return 0, errors.New("offset beyond 14:00")
	}
	return sign * (time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute), nil
}

func isDigit(b byte) bool { return '0' <= b && b <= '9' }

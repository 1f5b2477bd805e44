package xsdtime

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	tests := []struct{ text, want string }{ // want in UTC
		{"2025-01-01T00:00:00Z", "2025-01-01T00:00:00Z"},
		{"2026-05-02T10:15:30.000Z", "2026-05-02T10:15:30Z"},
		{"2026-05-02T10:15:30.5+02:00", "2026-05-02T08:15:30.5Z"},
		{"2026-05-02T10:15:30-05:30", "2026-05-02T15:45:30Z"},
		{"2026-05-02T00:00:00+14:00", "2026-05-01T10:00:00Z"},
		{"2026-05-02T00:00:00-14:00", "2026-05-02T14:00:00Z"},
		{"2026-05-02T00:00:00-00:00", "2026-05-02T00:00:00Z"},
		{"2026-05-02T00:00:00+13:59", "2026-05-01T10:01:00Z"},
		{"2026-12-31T24:00:00Z", "2027-01-01T00:00:00Z"},
		{"2026-12-31T24:00:00.000Z", "2027-01-01T00:00:00Z"},
		{"2026-02-28T24:00:00+01:00", "2026-02-28T23:00:00Z"},
		{"2024-02-29T12:00:00Z", "2024-02-29T12:00:00Z"},
		{"2000-02-29T12:00:00Z", "2000-02-29T12:00:00Z"},
		{"2026-05-02T10:15:30.123456789Z", "2026-05-02T10:15:30.123456789Z"},
		{"2026-05-02T10:15:30.1234567899Z", "2026-05-02T10:15:30.123456789Z"},
		{"2026-05-02T10:15:30." + strings.Repeat("9", 43) + "Z", "2026-05-02T10:15:30.999999999Z"},
		{"0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"},
		{"9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"},
	}
	for _, tt := range tests {
		got, err := Parse(tt.text)
		if err != nil || got.Format(time.RFC3339Nano) != tt.want || got.Location() != time.UTC {
			t.Errorf("%s: got %v, %v; want %s", tt.text, got, err, tt.want)
		}
	}
}

func TestParseRefused(t *testing.T) {
	const (
		form   = "want YYYY-MM-DDThh:mm:ss"
		noTime = "no such time of day"
		noDay  = "no such day"
		offset = "offset beyond 14:00"
		hour24 = "hour 24 is 24:00:00 only"
		years  = "year outside 0001 to 9999"
	)
	tests := []struct{ text, want string }{
		// time.Parse(time.RFC3339) accepts the first four.
		{"2026-05-02T0:00:00Z", form},
		{"2026-05-02T00:00:00,5Z", form},
		{"2026-05-02T00:00:00+24:00", offset},
		{"2026-05-02T00:00:00+23:59", offset},
		{"2026-05-02T00:00:00+14:01", offset},
		{"2026-05-02T00:00:00-14:30", offset},
		{"2026-05-02T00:00:00+10:60", offset},
		{"", form},
		{"2026", form},
		{"2026-05-02", form},
		{"2026-05-02T", form},
		{"2026-05-02T10:15Z", form},
		{"2026-05-02T10:15:30", "no time zone"},
		{"2026-05-02T10:15:30.5", "no time zone"},
		{"2026-05-02T10:15:30.", form},
		{"2026-05-02T10:15:30.Z", form},
		{"2026-05-02T10:15:30.5.5Z", form},
		{"2026-05-02T10:15:30+1:00", form},
		{"2026-05-02T10:15:30+0100", form},
		{"2026-05-02T10:15:30+01", form},
		{"2026-05-02T10:15:30+", form},
		{"2026-05-02T10:15:30+01:00Z", form},
		{"2026-05-02T10:15:30ZZ", form},
		{"2026-05-02T10:15:30Z ", form},
		{" 2026-05-02T10:15:30Z", form},
		{"2026-05-02T10:15:30Z\n", form},
		{"2026-05-02t10:15:30Z", form},
		{"2026-05-02T10:15:30z", form},
		{"2026-05-02 10:15:30Z", form},
		{"2026-05-02T10:15:30 Z", form},
		{"2026-05-02T10:15:30UTC", form},
		{"2026-05-02T10-15-30Z", form},
		{"2026/05/02T10:15:30Z", form},
		{"20260502T101530Z", form},
		{"2026-5-02T10:15:30Z", form},
		{"2026-05-2T10:15:30Z", form},
		{"+2026-05-02T10:15:30Z", form},
		{"-2026-05-02T10:15:30Z", form},
		{"12026-05-02T10:15:30Z", form},
		{"026-05-02T10:15:30Z", form},
		{"２026-05-02T10:15:30Z", form},
		{"1777716930", form},
		{"null", form},
		{"0000-01-01T00:00:00Z", "year 0000"},
		{"2026-00-02T10:15:30Z", "no such month"},
		{"2026-13-02T10:15:30Z", "no such month"},
		{"2026-05-00T10:15:30Z", noDay},
		{"2026-05-32T10:15:30Z", noDay},
		{"2026-04-31T10:15:30Z", noDay},
		{"2026-02-29T10:15:30Z", noDay},
		{"2100-02-29T10:15:30Z", noDay},
		{"2026-05-02T25:00:00Z", noTime},
		{"2026-05-02T10:60:00Z", noTime},
		{"2026-12-31T23:59:60Z", noTime},
		{"2026-05-02T24:00:01Z", hour24},
		{"2026-05-02T24:01:00Z", hour24},
		{"2026-05-02T24:00:00.1Z", hour24},
		{"2026-05-02T24:00:00.0000000001Z", hour24},
		{"9999-12-31T24:00:00Z", years},
		{"9999-12-31T23:59:59-00:01", years},
		{"0001-01-01T00:00:00+00:01", years},
		{"2026-05-02T10:15:30." + strings.Repeat("9", 44) + "Z", "65 bytes, at most 64 are read"},
		{strings.Repeat("9", 1<<20), "1048576 bytes, at most 64 are read"},
	}
	for _, tt := range tests {
		got, err := Parse(tt.text)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%.40q: got %v, %v; want error with %q", tt.text, got, err, tt.want)
			continue
		}
		if !got.IsZero() || len(err.Error()) > 300 || !strings.HasPrefix(err.Error(), "xsdtime: ") {
			t.Errorf("%.40q: got %v beside %v", tt.text, got, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"2026-05-02T10:15:30.000Z", "2026-12-31T24:00:00Z", "2026-05-02T10:15:30.5+02:00",
		"2026-05-02T0:00:00Z", "2026-05-02T00:00:00,5Z", "2026-05-02T00:00:00+24:00",
		"9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "2026-12-31T23:59:60Z", "",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := Parse(s)
		if err != nil {
			if !got.IsZero() {
				t.Fatal("a time beside an error")
			}
			return
		}
		// The RFC 3339 text of the instant parses to the same instant.
		text := got.Format(time.RFC3339Nano)
		again, err := Parse(text)
		if err != nil || !again.Equal(got) {
			t.Fatalf("%q is %s: %v, %v", s, text, again, err)
		}
		// If the standard library also parses the text, the results agree.
		if std, err := time.Parse(time.RFC3339, s); err == nil && !std.Equal(got) {
			t.Fatalf("%q: got %s, standard library %s", s, text, std)
		}
	})
}

func ExampleParse() {
	for _, s := range []string{"2026-12-31T24:00:00Z", "2026-05-02T10:15:30+02:00", "2026-05-02T10:15:30"} {
		t, err := Parse(s)
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(t)
	}
	// Output:
	// 2027-01-01 00:00:00 +0000 UTC
	// 2026-05-02 08:15:30 +0000 UTC
	// xsdtime: "2026-05-02T10:15:30" is not an xsd:dateTimeStamp: no time zone
}

package policy

import (
	"strings"
	"testing"
	"time"
)

func TestValidDate(t *testing.T) {
	tests := map[string]bool{
		"2026-05-02": true, "2024-02-29": true, "0000-01-01": true, "9999-12-31": true,
		"2026-02-29": false, "2026-13-01": false, "2026-00-10": false, "2026-04-31": false, "2026-01-00": false,
		"2026-5-2": false, "20260502": false, "2026/05/02": false, "2026-05-02Z": false, "2026-05-02T00:00:00Z": false,
		" 2026-05-02": false, "+026-05-02": false, "2026-0x-02": false, "２０26-05-02": false, "": false, "2026-05 02": false,
	}
	for s, want := range tests {
		if got := validDate(s); got != want {
			t.Errorf("%q: %v, want %v", s, got, want)
		}
	}
}

func TestParseDateTime(t *testing.T) {
	good := map[string]time.Time{
		"2026-05-02T10:15:30Z":                testNow,
		"2026-05-02T10:15:30.000Z":            testNow,
		"2026-05-02T12:15:30+02:00":           testNow,
		"2026-05-01T10:16:30-23:59":           testNow,
		"2026-05-02T10:15:30.123456789+00:00": testNow.Add(123456789),
	}
	for s, want := range good {
		if got, ok := parseDateTime(s); !ok || !got.Equal(want) {
			t.Errorf("%q: %v %v", s, got, ok)
		}
	}
	for _, s := range []string{
		"", "2026-05-02", "2026-05-02T10:15:30", "2026-05-02t10:15:30Z", "2026-05-02T10:15:30z", "2026-05-02 10:15:30Z",
		"2026-05-02T9:15:30Z0", "2026-05-02T10:15:30,5Z", "2026-05-02T10:15:30.Z", "2026-05-02T10:15:30.1234567891Z",
		"2026-05-02T24:00:00Z", "2026-05-02T10:60:00Z", "2026-05-02T10:15:60Z", "2026-05-02T10:15:30+24:00", "2026-05-02T10:15:30+0200",
		"2026-05-02T10:15:30+02:60", "2026-05-02T10:15:30 02:00", "2026-02-30T10:15:30Z", "2026-05-02T10:15:30.5", "2026-05-02T10:15:30Zjunk",
		"2026-05-02T10-15:30Z", "2026-05-02T10:15-30Z",
	} {
		if _, ok := parseDateTime(s); ok {
			t.Errorf("%q is accepted", s)
		}
	}
}

func TestValidURL(t *testing.T) {
	good := []string{
		"https://shop.example", "https://shop.example/", "http://shop.example:8080/a/b?c=d#e", "https://a-b.c_d.example/%C3%A9",
		"https://127.0.0.1/", "https://[2001:db8::1]:443/", "https://localhost", "https://shop.example?x", "https://shop.example#x",
	}
	for _, s := range good {
		if !validURL(s) {
			t.Errorf("%q is refused", s)
		}
	}
	bad := []string{
		"", "shop.example", "//shop.example", "/a", "ftp://shop.example", "javascript:alert(1)", "https:shop.example", "https://",
		"HTTPS://shop.example", "https://SHOP.example/", "https://shop.example@evil.test/", "https://u:p@evil.test/", "https://@evil.test/",
		"https://shop.example\\@evil.test/", "https://shop.example /", "https://shop.example/\n", "https://shop.example/\x7f", "https://shop.example/é",
		"https://shop..example/", "https://shop.example./", "https://.example/", "https://-a.example/", "https://a-.example/", "https://sh%6fp.example/",
		"https://shop.example:", "https://shop.example:0/", "https://shop.example:65536/", "https://shop.example:080/", "https://shop.example:a/",
		"https://[::1", "https://[2001:DB8::1]/", "https://[2001:db8:0::1]/", "https://[fe80::1%25eth0]/", "https://[127.0.0.1]/", "https://[]/",
		"https://shop.example/%zz", "https://shop!.example/", "https://" + strings.Repeat("a", 64) + ".example/",
		"https://" + strings.Repeat("a.", 127) + "aa/", "https://shop.example/" + strings.Repeat("a", 2048),
	}
	for _, s := range bad {
		if validURL(s) {
			t.Errorf("%q is accepted", s)
		}
	}
}

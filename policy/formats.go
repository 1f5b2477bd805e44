package policy

import (
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// maxURLBytes is the limit of common servers and browsers.
const maxURLBytes = 2048

// validDate accepts only an RFC 3339 full-date that exists in the calendar,
// such as "2026-05-02". It accepts no time, no zone and no other separators.
// So comparing two dates as strings orders them.
func validDate(s string) bool {
	if len(s) != len("2026-05-02") || s[4] != '-' || s[7] != '-' {
		return false
	}
	y, ok1 := digits(s[:4])
	m, ok2 := digits(s[5:7])
	d, ok3 := digits(s[8:])
	if !ok1 || !ok2 || !ok3 || m < 1 || m > 12 || d < 1 || d > 31 {
		return false
	}
	return time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC).Day() == d
}

// parseDateTime accepts an RFC 3339 date-time with upper-case T and Z, one to
// nine fraction digits and an offset up to 23:59. Unlike time.Parse it refuses
// "T9:00:00Z", a comma before the fraction and an offset of 24 hours. It
// refuses leap seconds and 24:00:00 too, because rules compare instants.
func parseDateTime(s string) (time.Time, bool) {
	if len(s) < len("2026-05-02T10:15:30Z") || len(s) > len("2026-05-02T10:15:30.123456789+00:00") ||
		!validDate(s[:10]) || s[10] != 'T' || s[13] != ':' || s[16] != ':' {
		return time.Time{}, false
	}
	for _, part := range []struct {
		text string
		max  int
	}{{s[11:13], 23}, {s[14:16], 59}, {s[17:19], 59}} {
		if n, ok := digits(part.text); !ok || n > part.max {
			return time.Time{}, false
		}
	}
	rest := s[19:]
	if fraction, ok := strings.CutPrefix(rest, "."); ok {
		n := 0
		for n < len(fraction) && '0' <= fraction[n] && fraction[n] <= '9' {
			n++
		}
		if n < 1 || n > 9 {
			return time.Time{}, false
		}
		rest = fraction[n:]
	}
	if rest != "Z" {
		if len(rest) != len("+00:00") || rest[0] != '+' && rest[0] != '-' || rest[3] != ':' {
			return time.Time{}, false
		}
		h, ok1 := digits(rest[1:3])
		m, ok2 := digits(rest[4:])
		if !ok1 || !ok2 || h > 23 || m > 59 {
			return time.Time{}, false
		}
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	return t, err == nil
}

// digits reads an unsigned decimal number of ASCII digits only.
func digits(s string) (int, bool) {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
	}
	n, err := strconv.Atoi(s)
	return n, err == nil
}

// validURL accepts an absolute http or https URL of at most 2,048 ASCII bytes
// in one spelling: lower-case scheme and host, a host of non-empty DNS labels
// or a bracketed canonical IPv6 literal, an optional port. It accepts no user
// information, backslash, white space or control character. So a rule such as
// url.startsWith("https://shop.example/") means the host it names:
// "https://shop.example@evil.test/" and "https://SHOP.example/" are refused.
// Dots in the path are not resolved.
func validURL(s string) bool {
	if len(s) > maxURLBytes {
		return false
	}
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f || strings.IndexByte("\\\"<>^`{|}", c) >= 0 {
			return false
		}
	}
	after, ok := strings.CutPrefix(s, "https://")
	if !ok {
		if after, ok = strings.CutPrefix(s, "http://"); !ok {
			return false
		}
	}
	authority := after
	if i := strings.IndexAny(after, "/?#"); i >= 0 {
		authority = after[:i]
	}
	u, err := url.Parse(s)
	if err != nil || u.User != nil || u.Opaque != "" || u.Host != authority {
		return false
	}
	if strings.HasSuffix(authority, ":") {
		return false
	}
	if port := u.Port(); port != "" {
		if n, ok := digits(port); !ok || n < 1 || n > 65535 || port[0] == '0' {
			return false
		}
	}
	return validHost(u.Hostname(), strings.HasPrefix(authority, "["))
}

func validHost(host string, literal bool) bool {
	if host == "" || len(host) > 253 {
		return false
	}
	if literal {
		addr, err := netip.ParseAddr(host)
		return err == nil && addr.Is6() && addr.Zone() == "" && addr.String() == host
	}
	for label := range strings.SplitSeq(host, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' ||
			strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return false
		}
	}
	return true
}

package didresolve

import (
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// WebURL returns the https URL of the document of a did:web DID, by a strict
// reading of the did:web method's "Read" steps. It is pure text: nothing is
// looked up, and the host may resolve to any address.
//
// The host must be a public name: at least two labels of letters, digits and
// inner hyphens (international names as xn-- labels), no IP address in any
// notation, and no name under localhost, local, internal, test, invalid,
// onion, arpa, home, lan or corp. A port follows as %3A and digits. Path
// segments are percent-decoded once and must then be printable UTF-8 without
// "/", "\" and "%", without spaces at their ends, and neither "." nor "..".
// Empty segments are refused. The host is lower-cased in the URL only: the
// document's id must still equal did byte for byte.
//
// The error is an [*Error] of type ErrInvalidDID, or ErrMethodNotSupported
// for another method.
func WebURL(did string) (string, error) {
	d, err := Parse(did)
	if err != nil {
		return "", err
	}
	if d.Method != "web" {
		return "", fail(ErrMethodNotSupported, "%s is not a did:web", shown(did))
	}
	segments := strings.Split(d.ID, ":")
	host, why := webHost(segments[0])
	if why != "" {
		return "", fail(ErrInvalidDID, "%s: %s", shown(did), why)
	}
	path := "/.well-known"
	if len(segments) > 1 {
		path = ""
	}
	for _, s := range segments[1:] {
		segment, why := webSegment(s)
		if why != "" {
			return "", fail(ErrInvalidDID, "%s: %s", shown(did), why)
		}
		path += "/" + segment
	}
	u := "https://" + host + path + "/did.json"

	// A second opinion: what net/url, and so every HTTP client built on
	// it, makes of the text.
	p, err := url.Parse(u)
	if err != nil || p.Scheme != "https" || p.User != nil || p.Host != host || p.EscapedPath() != path+"/did.json" ||
		p.RawQuery != "" || p.ForceQuery || p.Fragment != "" || p.Opaque != "" {
		return "", fail(ErrInvalidDID, "%s: no URL can be built", shown(did))
	}
	return u, nil
}

// webHost turns the first segment into a lower-case host with optional port.
func webHost(s string) (host, why string) {
	name, port, hasPort := strings.Cut(s, "%")
	if hasPort {
		digits, ok := cutColon(port)
		if !ok {
			return "", "the host has percent-encoding other than %3A before a port"
		}
		// Canonical decimal: no sign, no leading zero, no zero port.
		if n, err := strconv.ParseUint(digits, 10, 16); err != nil || n == 0 || strconv.FormatUint(n, 10) != digits {
			return "", "the port is not a number from 1 to 65535"
		}
		port = ":" + digits
	}
	name = strings.ToLower(name)
	if why := badHostName(name); why != "" {
		return "", why
	}
	return name + port, ""
}

// cutColon cuts the rest of an escaped colon, 3A, off s.
func cutColon(s string) (string, bool) {
	if rest, ok := strings.CutPrefix(s, "3A"); ok {
		return rest, true
	}
	return strings.CutPrefix(s, "3a")
}

// badHostName says why a lower-case name is not a public DNS name, or
// returns "".
func badHostName(name string) string {
	if len(name) > 253 {
		return "the host is longer than 253 characters"
	}
	labels := strings.Split(name, ".")
	if len(labels) < 2 {
		return "the host is a single label"
	}
	for _, l := range labels {
		switch {
		case l == "":
			return "the host has an empty label"
		case len(l) > 63:
			return "a label of the host is longer than 63 characters"
		case l[0] == '-' || l[len(l)-1] == '-':
			return "a label of the host begins or ends with a hyphen"
		case strings.Contains(l, "_"): // all else that idchar allows is LDH
			return "the host has an underscore"
		}
	}
	// Resolvers read 127.1, 0177.0.0.1 and 1.0x7f as addresses: what
	// decides is the last label (WHATWG URL, "ends in a number").
	last := labels[len(labels)-1]
	if strings.TrimLeft(last, "0123456789") == "" || strings.HasPrefix(last, "0x") {
		return "the host is an IP address"
	}
	switch last {
	case "localhost", "local", "internal", "test", "invalid", "onion", "arpa", "home", "lan", "corp":
		return "the host is not a public name"
	}
	return ""
}

// webSegment decodes and checks one path segment and encodes it anew, so
// that exactly the unreserved characters of RFC 3986 stand for themselves.
func webSegment(s string) (segment, why string) {
	raw, err := url.PathUnescape(s)
	if err != nil { // cutDID has checked the escapes
		return "", "bad percent-encoding"
	}
	switch {
	case raw == "":
		return "", "a path segment is empty"
	case raw == "." || raw == "..":
		return "", "a path segment is . or .."
	case strings.ContainsAny(raw, `/\%`):
		return "", `a path segment holds an encoded "/", "\" or "%"`
	case !utf8.ValidString(raw):
		return "", "a path segment is not UTF-8"
	case strings.TrimSpace(raw) != raw:
		return "", "a path segment begins or ends with a space"
	}
	for _, r := range raw {
		if !unicode.IsPrint(r) {
			return "", "a path segment holds a character that is not printable"
		}
	}
	var b strings.Builder
	for i := range len(raw) {
		if c := raw[i]; isAlphanumeric(c) || strings.IndexByte("-._~", c) >= 0 {
			b.WriteByte(c)
		} else {
			const hex = "0123456789ABCDEF"
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
		}
	}
	return b.String(), ""
}

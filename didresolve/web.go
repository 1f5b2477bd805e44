package didresolve

import (
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// WebURL returns the https URL of the document of a did:web DID, by a strict
// form of the "Read" steps of the did:web method. It only converts text: it
// does not look up the host, which may resolve to any address.
//
// The host must be a public name: at least two labels of letters, digits and
// inner hyphens (international names as xn-- labels). It must not be an IP
// address in any notation, nor a name under localhost, local, internal, test,
// invalid, onion, arpa, home, lan or corp. A port follows as %3A and digits.
// WebURL percent-decodes path segments once. A decoded segment must be
// printable UTF-8 without "/", "\" and "%" and without spaces at its ends. It
// must not be empty, "." or "..". WebURL converts the host to lower case in the
// URL only: the id of the document must still equal did byte for byte.
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

	// Check that net/url, which Go's HTTP clients use, reads the same parts.
	p, err := url.Parse(u)
	if err != nil || p.Scheme != "https" || p.User != nil || p.Host != host || p.EscapedPath() != path+"/did.json" ||
		p.RawQuery != "" || p.ForceQuery || p.Fragment != "" || p.Opaque != "" {
		return "", fail(ErrInvalidDID, "%s: no URL can be built", shown(did))
	}
	return u, nil
}

// webHost converts the first segment into a lower-case host with an optional
// port.
func webHost(s string) (host, why string) {
	name, port, hasPort := strings.Cut(s, "%")
	if hasPort {
		digits, ok := cutColon(port)
		if !ok {
			return "", "the host has percent-encoding other than %3A before a port"
		}
		// Only canonical decimals: no sign, no leading zero, not port 0.
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

// cutColon cuts 3A, the hexadecimal code of a colon, off the beginning of s.
func cutColon(s string) (string, bool) {
	if rest, ok := strings.CutPrefix(s, "3A"); ok {
		return rest, true
	}
	return strings.CutPrefix(s, "3a")
}

// badHostName returns why a lower-case name is not a public DNS name, or "".
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
		case strings.Contains(l, "_"): // idchar allows "_", a host name does not
			return "the host has an underscore"
		}
	}
	// Resolvers read 127.1, 0177.0.0.1 and 1.0x7f as addresses. The last label
	// decides (WHATWG URL, "ends in a number").
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

// webSegment decodes, checks and re-encodes one path segment. The result leaves
// exactly the unreserved characters of RFC 3986 unescaped.
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

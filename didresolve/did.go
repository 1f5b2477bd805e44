package didresolve

import "strings"

// maxDID is the maximum length of a DID or DID URL, in bytes. DIDs of did:key
// and did:web rarely exceed 200.
const maxDID = 2048

// DID is a decentralized identifier (DID 1.1 §3.1): "did:", the method, ":",
// and the method-specific id. Compare DIDs byte for byte: case folding and
// normalization of percent-encoding do not apply.
type DID struct {
	// Method is the method name, for example "web".
	Method string
	// ID is the method-specific id, not decoded.
	ID string
}

// Parse reads a DID of at most 2,048 bytes. It accepts exactly the grammar,
// without path, query or fragment. The error is an [*Error] of type
// ErrInvalidDID.
//
// The grammar allows an empty segment inside the id (did:web:example.com::x),
// but not at its end. Parse does not check whether the method accepts the id.
func Parse(s string) (DID, error) {
	if len(s) > maxDID {
		return DID{}, fail(ErrInvalidDID, "%d bytes, at most %d are read", len(s), maxDID)
	}
	d, rest, why := cutDID(s)
	if why == "" && rest != "" {
		why = "a DID has no path, query or fragment"
	}
	if why != "" {
		return DID{}, fail(ErrInvalidDID, "%s: %s", shown(s), why)
	}
	return d, nil
}

// String returns the text that Parse read.
func (d DID) String() string { return "did:" + d.Method + ":" + d.ID }

// DIDURL is a DID with a path, query and fragment (DID 1.1 §3.2).
type DIDURL struct {
	DID DID
	// Path is empty or begins with "/". Nothing in it is decoded.
	Path string
	// Query and Fragment come without "?" and "#", not decoded.
	Query, Fragment string
}

// ParseURL reads a DID URL of at most 2,048 bytes. The error is an [*Error]
// of type ErrInvalidDIDURL.
//
// The grammar allows a "?" or "#" with an empty rest. ParseURL refuses both,
// because then two different texts would name the same resource. It also
// refuses relative DID URLs.
func ParseURL(s string) (DIDURL, error) {
	if len(s) > maxDID {
		return DIDURL{}, fail(ErrInvalidDIDURL, "%d bytes, at most %d are read", len(s), maxDID)
	}
	u, why := cutURL(s)
	if why != "" {
		return DIDURL{}, fail(ErrInvalidDIDURL, "%s: %s", shown(s), why)
	}
	return u, nil
}

// String returns the text that ParseURL read.
func (u DIDURL) String() string {
	s := u.DID.String() + u.Path
	if u.Query != "" {
		s += "?" + u.Query
	}
	if u.Fragment != "" {
		s += "#" + u.Fragment
	}
	return s
}

// cutURL splits a DID URL, or returns why s is not a DID URL.
func cutURL(s string) (u DIDURL, why string) {
	u.DID, s, why = cutDID(s)
	if why != "" {
		return DIDURL{}, why
	}
	var found bool
	s, u.Fragment, found = strings.Cut(s, "#")
	if found && u.Fragment == "" {
		return DIDURL{}, "empty fragment"
	}
	u.Path, u.Query, found = strings.Cut(s, "?")
	if found && u.Query == "" {
		return DIDURL{}, "empty query"
	}
	// path-abempty = *( "/" segment ); cutDID stopped at "/", "?" or "#".
	// query and fragment = *( pchar / "/" / "?" ).
	for _, part := range []string{u.Path, u.Query, u.Fragment} {
		if why := checkChars(part, pChar); why != "" {
			return DIDURL{}, why
		}
	}
	return u, ""
}

// cutDID reads a DID at the start of s, up to the end or the first "/", "?"
// or "#", or returns why s does not begin with a DID:
//
//	did         = "did:" method-name ":" method-specific-id
//	method-name = 1*method-char            ; a-z, 0-9
//	method-specific-id = *( *idchar ":" ) 1*idchar
func cutDID(s string) (d DID, rest, why string) {
	s, ok := strings.CutPrefix(s, "did:")
	if !ok {
		return DID{}, "", `it does not begin with "did:"`
	}
	for i := range len(s) {
		if s[i] == '/' || s[i] == '?' || s[i] == '#' {
			s, rest = s[:i], s[i:]
			break
		}
	}
	d.Method, d.ID, ok = strings.Cut(s, ":")
	switch {
	case d.Method == "":
		return DID{}, "", "no method name"
	case !lowerAlphanumeric(d.Method):
		return DID{}, "", "the method name has characters other than a-z and 0-9"
	case !ok || d.ID == "":
		return DID{}, "", "no method-specific id"
	case strings.HasSuffix(d.ID, ":"):
		return DID{}, "", "the last segment is empty"
	}
	if why := checkChars(d.ID, idChar); why != "" {
		return DID{}, "", why
	}
	return d, rest, ""
}

// checkChars checks that s has only characters of the class and percent
// escapes. It returns why not, or "".
func checkChars(s string, class uint8) string {
	for i := 0; i < len(s); i++ {
		switch {
		case classes[s[i]]&class != 0:
		case s[i] == '%':
			if i+2 >= len(s) || !isHex(s[i+1]) || !isHex(s[i+2]) {
				return "bad percent-encoding"
			}
			i += 2
		default:
			return "character " + shown(s[i:i+1]) + " is not allowed"
		}
	}
	return ""
}

// The classes of characters, without percent escapes: idChar is idchar of DID 1.1
// §3.1 and ":", which separates segments; pChar is pchar of RFC 3986 §3.3, "/" and
// "?".
const idChar, pChar = 1, 2

var classes = func() (table [256]uint8) {
	for c := range table {
		if isAlphanumeric(byte(c)) || strings.IndexByte(".-_:", byte(c)) >= 0 {
			table[c] |= idChar
		}
		if isAlphanumeric(byte(c)) || strings.IndexByte("-._~!$&'()*+,;=:@/?", byte(c)) >= 0 {
			table[c] |= pChar
		}
	}
	return table
}()

func isAlphanumeric(b byte) bool {
	return 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9'
}

func lowerAlphanumeric(s string) bool {
	for i := range len(s) {
		if !('a' <= s[i] && s[i] <= 'z' || '0' <= s[i] && s[i] <= '9') {
			return false
		}
	}
	return true
}

func isHex(b byte) bool { return '0' <= b && b <= '9' || 'a' <= b && b <= 'f' || 'A' <= b && b <= 'F' }

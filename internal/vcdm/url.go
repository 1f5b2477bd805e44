package vcdm

// IsURL reports whether s has the form of an absolute URL: a scheme, a colon,
// and at least one more character, no white space or control characters. It is
// all the syntax that the data model asks of an identifier; nothing here ever
// follows one.
func IsURL(s string) bool {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c == 0x7f {
			return false
		}
	}
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z':
		case i > 0 && ('0' <= c && c <= '9' || c == '+' || c == '-' || c == '.'):
		case c == ':':
			return i > 0 && len(s) > i+1
		default:
			return false
		}
	}
	return false
}

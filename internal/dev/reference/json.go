package reference

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gowebpki/jcs"
)

type object = map[string]any

var (
	errJSON     = errors.New("not strict I-JSON")
	errTooLarge = errors.New("over a limit")
)

// parse parses one strict I-JSON document (RFC 7493) within the limits of the
// format. It uses encoding/json after checking for input that encoding/json
// accepts wrongly.
func parse(b []byte) (any, error) {
	if len(b) > 1<<20 {
		return nil, errTooLarge
	}
	if !utf8.Valid(b) || !json.Valid(b) {
		return nil, unlessDeep(b)
	}
	if err := scalars(b); err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	values := 0
	if err := walk(d, 0, &values); err != nil {
		return nil, err
	}
	var v any
	if json.Unmarshal(b, &v) != nil { // a number out of range
		return nil, errJSON
	}
	return v, nil
}

// unlessDeep returns errTooLarge if the document exceeds the depth limit
// before its syntax error, otherwise errJSON.
func unlessDeep(b []byte) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	values := 0
	if err := walk(d, 0, &values); err != nil {
		return err
	}
	return errJSON
}

// walk checks for repeated names and exceeded limits.
func walk(d *json.Decoder, depth int, values *int) error {
	t, err := d.Token()
	if err != nil {
		return errJSON
	}
	if *values++; *values > 1<<16 {
		return errTooLarge
	}
	switch t := t.(type) {
	case json.Number:
		if len(t) > 4096 {
			return errTooLarge
		}
		if _, err := strconv.ParseFloat(string(t), 64); err != nil {
			return errJSON
		}
	case json.Delim:
		if depth++; depth > 128 {
			return errTooLarge
		}
		names := map[string]bool{}
		for d.More() {
			if t == '{' {
				name, err := d.Token()
				s, ok := name.(string)
				if err != nil || !ok || names[s] {
					return errJSON
				}
				names[s] = true
			}
			if err := walk(d, depth, values); err != nil {
				return err
			}
		}
		if _, err := d.Token(); err != nil && err != io.EOF {
			return errJSON
		}
	}
	return nil
}

// scalars refuses lone surrogates and noncharacters, raw or escaped. b is
// valid JSON, so a backslash is always inside a string.
func scalars(b []byte) error {
	bad := func(r rune) bool { return r&0xFFFE == 0xFFFE || 0xFDD0 <= r && r <= 0xFDEF }
	for s := string(b); s != ""; {
		r, n := utf8.DecodeRuneInString(s)
		if r == '\\' {
			n = 2
			if s[1] == 'u' {
				n = 6
				r = escaped(s)
				if 0xD800 <= r && r < 0xDC00 && strings.HasPrefix(s[6:], `\u`) {
					if low := escaped(s[6:]); 0xDC00 <= low && low < 0xE000 {
						r, n = 0x10000+(r-0xD800)<<10+(low-0xDC00), 12
					}
				}
			}
		}
		if bad(r) || 0xD800 <= r && r < 0xE000 {
			return errJSON
		}
		s = s[n:]
	}
	return nil
}

func escaped(s string) rune {
	n, _ := strconv.ParseUint(s[2:6], 16, 16)
	return rune(n)
}

// canon returns the RFC 8785 form of v, which comes from parse or consists of
// such values.
func canon(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	// jcs refuses scalars, so wrap them in a list.
	if b, err = jcs.Transform([]byte("[" + string(b) + "]")); err != nil {
		panic(err)
	}
	return b[1 : len(b)-1]
}

// sri returns the Subresource Integrity digest of bytes.
func sri(b []byte) string {
	sum := sha256.Sum256(b)
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// bytesOf returns the byte string of a case (text, hex, base64 or parts).
func bytesOf(v any) []byte {
	o := v.(object)
	if parts, ok := o["parts"].([]any); ok {
		var out []byte
		for _, p := range parts {
			out = append(out, bytes.Repeat(bytesOf(p), int(p.(object)["times"].(float64)))...)
		}
		return out
	}
	if s, ok := o["text"].(string); ok {
		return []byte(s)
	}
	if s, ok := o["hex"].(string); ok {
		return unhex(s)
	}
	b, err := base64.StdEncoding.DecodeString(o["base64"].(string))
	if err != nil {
		panic(err)
	}
	return b
}

// document returns the bytes of the document name in a case, or nil if it is
// absent.
func document(in object, name string) []byte {
	if b, ok := in[name+"Bytes"]; ok {
		return bytesOf(b)
	}
	if v, ok := in[name]; ok {
		return canon(v)
	}
	return nil
}

// Helpers on decoded JSON. They return zero values for absent members and
// other types.

func member(v any, name string) any { o, _ := v.(object); return o[name] }

func has(v any, name string) bool { o, _ := v.(object); _, ok := o[name]; return ok }

func text(v any, name string) string { s, _ := member(v, name).(string); return s }

func number(v any, name string) float64 { f, _ := member(v, name).(float64); return f }

func flag(v any, name string) bool { b, _ := member(v, name).(bool); return b }

func list(v any, name string) []any { l, _ := member(v, name).([]any); return l }

// texts returns a list of strings. A single string becomes a list of one.
func texts(v any) (out []string, ok bool) {
	if s, ok := v.(string); ok {
		return []string{s}, true
	}
	l, ok := v.([]any)
	for _, e := range l {
		s, isText := e.(string)
		out, ok = append(out, s), ok && isText
	}
	return out, ok && len(out) > 0
}

// many returns a list unchanged, and any other value as a list of one.
func many(v any) []any {
	if l, ok := v.([]any); ok {
		return l
	}
	return []any{v}
}

func without(o object, names ...string) object {
	out := object{}
	for k, v := range o {
		out[k] = v
	}
	for _, n := range names {
		delete(out, n)
	}
	return out
}

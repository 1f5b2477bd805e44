package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/internal/quote"
)

// maxInput bounds every input file in bytes, before the library applies its
// own limits.
const maxInput = 12 << 20

// A sink wraps stdout. It counts the written bytes and records the first
// error.
type sink struct {
	w   io.Writer
	n   int
	err error
}

func (s *sink) Write(b []byte) (int, error) {
	n, err := s.w.Write(b)
	s.n += n
	if err == nil && n < len(b) {
		err = io.ErrShortWrite
	}
	if s.err == nil {
		s.err = err
	}
	return n, err
}

func (a *app) printf(format string, args ...any) { fmt.Fprintf(a.stdout, format, args...) }

// An object is a JSON object under construction.
type object map[string]any

// put sets a member unless the value is empty.
func (o object) put(name, value string) {
	if value != "" {
		o[name] = value
	}
}

// printJSON prints one JSON object and a newline. It returns an error that can
// end a command.
func (a *app) printJSON(o object) error {
	b, err := canonical.Marshal(o)
	if err != nil {
		return undecided("the answer cannot be written as JSON: %w", err)
	}
	a.stdout.Write(append(b, '\n')) // the sink records the error
	return nil
}

// read returns the content of a file of at most maxInput bytes. "-" means
// stdin.
func (a *app) read(name string) ([]byte, error) {
	b, err := a.readSome(name, maxInput)
	if err == nil && len(b) > maxInput {
		return nil, unusable("%s: too_large: more than %d bytes", name, maxInput)
	}
	return b, err
}

// readSome returns the whole content of a file of at most limit bytes. Of a
// longer file it returns more than limit bytes from its beginning.
func (a *app) readSome(name string, limit int) ([]byte, error) {
	in := a.stdin
	if name == "-" {
		if a.stdinRead {
			return nil, unusable("stdin can be read only once")
		}
		a.stdinRead = true
	} else {
		f, err := os.Open(name)
		if err != nil {
			return nil, &exit{exitUsage, err}
		}
		defer f.Close()
		in = f
	}
	b, err := io.ReadAll(io.LimitReader(in, int64(limit)+1))
	if err != nil {
		return nil, &exit{exitUsage, fmt.Errorf("reading %s: %w", name, err)}
	}
	return b, nil
}

// argument returns the JSON of a flag that takes JSON or @FILE. An empty text,
// for example from an unset shell variable, is an error.
func (a *app) argument(flag, value string) ([]byte, error) {
	b := []byte(value)
	if name, ok := strings.CutPrefix(value, "@"); ok {
		var err error
		if b, err = a.read(name); err != nil {
			return nil, err
		}
	}
	if len(b) == 0 {
		return nil, unusable("--%s is empty: for no parameters write '{}'", flag)
	}
	if value[0] != '@' && value[0] != '{' {
		if _, err := os.Stat(value); err == nil {
			return nil, unusable("--%s %s is a file: write @%s", flag, value, value)
		}
	}
	return b, nil
}

// parse reads a file as a JSON document.
func (a *app) parse(name string) (canonical.Value, error) {
	b, err := a.read(name)
	if err != nil {
		return canonical.Value{}, err
	}
	d, err := canonical.Parse(b)
	if err != nil {
		return canonical.Value{}, unusable("%s: %s", name, refusal(err))
	}
	return d.Root(), nil
}

// refusal returns the message for a refused document, without the package
// name: "duplicate_key at byte 7 (/a): …".
func refusal(err error) string {
	var e *canonical.Error
	if errors.As(err, &e) {
		err = e
	}
	return strings.TrimPrefix(err.Error(), "canonical: ")
}

// writeNew creates a file that only its owner can read. It never overwrites.
func writeNew(name string, b []byte) error {
	return write(name, b, os.O_EXCL)
}

// write writes a file. A new file can be read only by its owner.
func write(name string, b []byte, flags int) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|flags, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	return errors.Join(err, f.Close())
}

// printable makes external text safe for a terminal: it stays on one line and
// contains no control character, direction mark or invalid UTF-8. Invisible
// characters are written as escapes.
func printable(s string) string {
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		if unicode.IsPrint(r) && (r != utf8.RuneError || n > 1) {
			b.WriteString(s[:n])
		} else {
			escape := quote.Text(s[:n], n)
			b.WriteString(escape[1 : len(escape)-1])
		}
		s = s[n:]
	}
	return b.String()
}

// short is printable with a bounded length.
func short(s string) string { return quote.Cut(printable(s), 300) }

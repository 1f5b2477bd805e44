package canonical

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/mandate-engine/mandate/internal/jsonescape"
)

// Marshal returns the canonical form of a Go value. It accepts nil, booleans,
// strings, integers, floats, maps with string keys, slices, arrays, pointers and
// interfaces to these, and [Value]. It refuses structs, so that callers write
// each signed member explicitly, and byte slices: encode them first.
//
// Unlike encoding/json, it refuses data that it would have to change: invalid
// UTF-8, noncharacters, NaN, infinities, and integers beyond 2^53-1, which readers
// round differently. It writes the canonical form of a Value, whose numbers may
// be beyond 2^53-1. A nil map or slice is null. The error is an [*Error] with the
// pointer of the refused part; for a cyclic value it is TooDeep.
func Marshal(v any) ([]byte, error) {
	m := marshaler{}
	if err := m.append(reflect.ValueOf(v)); err != nil {
		return nil, err.finish()
	}
	return m.dst, nil
}

// AppendString appends the canonical form of a string, quotes included. For a
// string that Marshal refuses it returns dst unchanged and an [*Error].
func AppendString(dst []byte, s string) ([]byte, error) {
	if jsonescape.Plain(s) {
		return append(append(append(dst, '"'), s...), '"'), nil
	}
	m := marshaler{dst: dst}
	if err := m.string(s); err != nil {
		return dst, err.finish()
	}
	return m.dst, nil
}

type marshaler struct {
	dst                 []byte
	depth, indirections int
}

func marshalError(k Kind, detail string) *Error {
	return &Error{Kind: k, Offset: -1, detail: detail}
}

var valueType = reflect.TypeFor[Value]()

func (m *marshaler) append(v reflect.Value) *Error {
	switch v.Kind() {
	case reflect.Invalid:
		m.dst = append(m.dst, "null"...)
		return nil
	case reflect.Bool:
		m.dst = strconv.AppendBool(m.dst, v.Bool())
		return nil
	case reflect.String:
		if v.Type().PkgPath() == "encoding/json" {
			break // a json.Number would become a string
		}
		return m.string(v.String())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		if n := v.Int(); -maxSafeInteger <= n && n <= maxSafeInteger {
			m.dst = strconv.AppendInt(m.dst, n, 10)
			return nil
		}
		return marshalError(UnsafeInteger, "integer beyond 2^53-1")
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		if n := v.Uint(); n <= maxSafeInteger {
			m.dst = strconv.AppendUint(m.dst, n, 10)
			return nil
		}
		return marshalError(UnsafeInteger, "integer beyond 2^53-1")
	case reflect.Float32, reflect.Float64:
		return m.float(v.Float())
	case reflect.Struct:
		if v.Type() == valueType {
			return m.value(v.Interface().(Value))
		}
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			m.dst = append(m.dst, "null"...)
			return nil
		}
		return m.nested(false, func() *Error { return m.append(v.Elem()) })
	case reflect.Slice, reflect.Array:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			break // bytes have no JSON form: encode them first
		}
		if v.Kind() == reflect.Slice && v.IsNil() {
			m.dst = append(m.dst, "null"...)
			return nil
		}
		return m.nested(true, func() *Error { return m.array(v) })
	case reflect.Map:
		if v.IsNil() {
			m.dst = append(m.dst, "null"...)
			return nil
		}
		if v.Type().Key().Kind() == reflect.String {
			return m.nested(true, func() *Error { return m.object(v) })
		}
	}
	return marshalError(UnsupportedValue, fmt.Sprintf("no JSON form for Go type %s", v.Type()))
}

// nested bounds the recursion. The limit for containers is that of [Parse], so
// that Parse can read the result. Pointers and interfaces can form a cycle without
// a container; their limit is twice as large.
func (m *marshaler) nested(container bool, f func() *Error) *Error {
	in, limit := &m.indirections, 2*DefaultMaxDepth
	if container {
		in, limit = &m.depth, DefaultMaxDepth
	}
	if *in >= limit {
		err := marshalError(TooDeep, "nested too deep or cyclic")
		err.Limit = limit
		return err
	}
	*in++
	err := f()
	*in--
	return err
}

func (m *marshaler) value(v Value) *Error {
	if v.Kind() == Absent {
		return marshalError(UnsupportedValue, "absent Value")
	}
	m.dst = v.AppendCanonical(m.dst)
	return nil
}

func (m *marshaler) string(s string) *Error {
	for i, r := range s {
		if r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(s[i:]); size == 1 {
				return marshalError(InvalidUTF8, fmt.Sprintf("invalid UTF-8 at byte %d of a string", i))
			}
		}
		if isNoncharacter(r) {
			return marshalError(Noncharacter, fmt.Sprintf("noncharacter at byte %d of a string", i))
		}
	}
	m.dst = appendQuoted(m.dst, s)
	return nil
}

func (m *marshaler) float(f float64) *Error {
	switch {
	case math.IsNaN(f) || math.IsInf(f, 0):
		return marshalError(UnsupportedValue, "number is not finite")
	case f == math.Trunc(f) && math.Abs(f) > maxSafeInteger:
		return marshalError(UnsafeInteger, "integer beyond 2^53-1")
	}
	m.dst = appendNumber(m.dst, f)
	return nil
}

func (m *marshaler) array(v reflect.Value) *Error {
	m.dst = append(m.dst, '[')
	for i := range v.Len() {
		if i > 0 {
			m.dst = append(m.dst, ',')
		}
		if err := m.append(v.Index(i)); err != nil {
			return err.within(strconv.Itoa(i))
		}
	}
	m.dst = append(m.dst, ']')
	return nil
}

func (m *marshaler) object(v reflect.Value) *Error {
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return compareUTF16(a.String(), b.String()) })
	m.dst = append(m.dst, '{')
	for i, k := range keys {
		if i > 0 {
			m.dst = append(m.dst, ',')
		}
		if err := m.string(k.String()); err != nil {
			return err
		}
		m.dst = append(m.dst, ':')
		if err := m.append(v.MapIndex(k)); err != nil {
			return err.within(k.String())
		}
	}
	m.dst = append(m.dst, '}')
	return nil
}

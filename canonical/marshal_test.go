package canonical

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"time"
)

func TestMarshal(t *testing.T) {
	type text string
	doc := mustParse(t, `{"z":12345678901234567890,"a":"\u0041"}`)
	five := 5
	tests := []struct {
		name string
		in   any
		want string
	}{
		{"nil", nil, `null`},
		{"sorted members", map[string]any{"b": 1, "a": true, "\U0001F600": nil, "\ufb33": "x"}, "{\"a\":true,\"b\":1,\"\U0001F600\":null,\"\ufb33\":\"x\"}"},
		{"numbers", []any{1, int8(-1), uint64(7), 1.5, float32(0.5), math.Copysign(0, -1), 1e-7, 1<<53 - 1}, `[1,-1,7,1.5,0.5,0,1e-7,9007199254740991]`},
		{"strings are escaped", "a\"\\\n\x00é", `"a\"\\\n\u0000é"`},
		{"named types", map[text][]text{"k": {"v"}}, `{"k":["v"]}`},
		{"nil containers", []any{[]string(nil), map[string]int(nil), (*int)(nil)}, `[null,null,null]`},
		{"pointers", &five, `5`},
		{"arrays", [2]bool{true, false}, `[true,false]`},
		{"a Value", map[string]any{"v": doc}, `{"v":{"a":"A","z":12345678901234567000}}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Marshal(tt.in)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
			if again, err := Transform(got); err != nil || string(again) != tt.want {
				t.Errorf("not canonical: %s, %v", again, err)
			}
		})
	}
}

type nest []nest

func deep(n int) nest {
	if n == 1 {
		return nest{}
	}
	return nest{deep(n - 1)}
}

func TestMarshalRefuses(t *testing.T) {
	if b, err := Marshal(deep(128)); err != nil {
		t.Error(err)
	} else if _, err := Parse(b); err != nil {
		t.Error(err)
	}
	cycle := map[string]any{}
	cycle["self"] = []any{cycle}
	var p any
	p = &p
	tests := []struct {
		name    string
		in      any
		kind    Kind
		pointer string
	}{
		{"invalid UTF-8", map[string]any{"a": []string{"ok", "\xff"}}, InvalidUTF8, "/a/1"},
		{"invalid UTF-8 in a name", map[string]int{"\xff": 1}, InvalidUTF8, ""},
		{"noncharacter", "\ufffe", Noncharacter, ""},
		{"NaN", []float64{math.NaN()}, UnsupportedValue, "/0"},
		{"infinity", math.Inf(-1), UnsupportedValue, ""},
		{"integer 2^53", int64(1 << 53), UnsafeInteger, ""},
		{"negative integer", int64(-1 << 53), UnsafeInteger, ""},
		{"unsigned integer", uint64(math.MaxUint64), UnsafeInteger, ""},
		{"integer in a double", 1e300, UnsafeInteger, ""},
		{"cycle", cycle, TooDeep, strings.Repeat("/self/0", 64)},
		{"pointer to itself", p, TooDeep, ""},
		{"deeper than Parse accepts", deep(129), TooDeep, strings.Repeat("/0", 128)},
		{"struct", map[string]any{"t": time.Time{}}, UnsupportedValue, "/t"},
		{"bytes", []byte("abc"), UnsupportedValue, ""},
		{"integer names", map[int]string{1: "a"}, UnsupportedValue, ""},
		{"function", func() {}, UnsupportedValue, ""},
		{"json.Number", []any{json.Number("5")}, UnsupportedValue, "/0"},
		{"complex number", 1i, UnsupportedValue, ""},
		{"absent value", []any{Value{}}, UnsupportedValue, "/0"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			out, err := Marshal(tt.in)
			var e *Error
			if !errors.As(err, &e) || out != nil {
				t.Fatalf("accepted as %s, %v", out, err)
			}
			if e.Kind != tt.kind || e.Pointer != tt.pointer || e.Offset != -1 {
				t.Errorf("got %v, want %s (%s)", err, tt.kind, tt.pointer)
			}
		})
	}
}

// TestAppendString: AppendString agrees with Marshal.
func TestAppendString(t *testing.T) {
	for _, s := range []string{"", "a", "é", "\"", "\\", "\n", "\x00", "\x7f", "\u2028", "𝄞", "\xff", "a\xffb", "\ufffe", "\U0001fffe", strings.Repeat("x", 100) + "\xc3", "\u0080"} {
		want, wantErr := Marshal(s)
		got, err := AppendString([]byte("x"), s)
		if (err == nil) != (wantErr == nil) || err != nil && err.Error() != wantErr.Error() || string(got) != "x"+string(want) {
			t.Errorf("%q: got %q, %v; want %q, %v", s, got, err, want, wantErr)
		}
	}
}

// TestAppendStringEveryByte: AppendString agrees with Marshal on every byte value at
// every position, although it tests eight bytes at a time.
func TestAppendStringEveryByte(t *testing.T) {
	for c := range 256 {
		for at := range 20 {
			s := strings.Repeat("a", at) + string([]byte{byte(c)}) + strings.Repeat("~", 19-at)
			want, wantErr := Marshal(s)
			got, err := AppendString([]byte("x"), s)
			if (err == nil) != (wantErr == nil) || err == nil && string(got) != "x"+string(want) || err != nil && string(got) != "x" {
				t.Fatalf("%q: %s, %v; want %s, %v", s, got, err, want, wantErr)
			}
		}
	}
}

package canonical

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/gowebpki/jcs"
)

func TestRefusals(t *testing.T) {
	tests := []struct {
		name, in string
		kind     Kind
		offset   int
		pointer  string
	}{
		{"empty input", "", Syntax, 0, ""},
		{"white space only", " \n", Syntax, 2, ""},
		{"byte order mark", "\xef\xbb\xbf{}", Syntax, 0, ""},
		{"NUL", "\x00", Syntax, 0, ""},
		{"form feed is not white space", "\f1", Syntax, 0, ""},
		{"data after the value", `{} x`, TrailingData, 3, ""},
		{"second value", `1 2`, TrailingData, 2, ""},
		{"closing bracket too many", `[]]`, TrailingData, 2, ""},
		{"bad literal", `[true,trux]`, Syntax, 6, "/1"},
		{"incomplete literal", `nul`, Syntax, 0, ""},
		{"capital literal", `True`, Syntax, 0, ""},
		{"NaN", `NaN`, Syntax, 0, ""},
		{"plus sign", `+1`, Syntax, 0, ""},
		{"leading zero", `[01]`, Syntax, 2, "/0"},
		{"negative leading zero", `-01`, Syntax, 2, ""},
		{"minus alone", `-`, Syntax, 1, ""},
		{"no digit after the point", `1.`, Syntax, 2, ""},
		{"no digit before the point", `.5`, Syntax, 0, ""},
		{"no digit in the exponent", `1e+`, Syntax, 3, ""},
		{"hexadecimal", `0x1`, TrailingData, 1, ""},
		{"array not closed", `[1`, Syntax, 2, ""},
		{"array with a hole", `[1,,2]`, Syntax, 3, "/1"},
		{"trailing comma in an array", `[1,]`, Syntax, 3, "/1"},
		{"array without comma", `[1 2]`, Syntax, 3, ""},
		{"object not closed", `{"a":1`, Syntax, 6, ""},
		{"trailing comma in an object", `{"a":1,}`, Syntax, 7, ""},
		{"no colon", `{"a" 1}`, Syntax, 5, ""},
		{"no value", `{"a":}`, Syntax, 5, "/a"},
		{"name without quotes", `{a:1}`, Syntax, 1, ""},
		{"single quotes", `{'a':1}`, Syntax, 1, ""},
		{"comment", `/**/1`, Syntax, 0, ""},
		{"string not closed", `{"a":"b`, Syntax, 7, "/a"},
		{"escaped string not closed", `"\n`, Syntax, 3, ""},
		{"control character", "\"a\nb\"", Syntax, 2, ""},
		{"control character after an escape", "\"\\t\x1f\"", Syntax, 3, ""},
		{"unknown escape", `["a\qb"]`, Syntax, 3, "/0"},
		{"incomplete escape", `"\`, Syntax, 1, ""},
		{"short unicode escape", `"x\u12"`, Syntax, 2, ""},
		{"unicode escape, not hex", `"\u12G4"`, Syntax, 1, ""},
		{"low surrogate, not hex", `"\ud83d\uzzzz"`, Syntax, 7, ""},
		{"stray byte", "\"\xff\"", InvalidUTF8, 1, ""},
		{"stray continuation", "\"\x80\"", InvalidUTF8, 1, ""},
		{"incomplete sequence", "\"\xe2\x82\"", InvalidUTF8, 3, ""},
		{"sequence at the end", "\"\xe2\x82", InvalidUTF8, 3, ""},
		{"overlong", "\"\xc0\xaf\"", InvalidUTF8, 1, ""},
		{"raw surrogate", "\"\xed\xa0\x80\"", InvalidUTF8, 2, ""},
		{"beyond U+10FFFF", "\"\xf4\x90\x80\x80\"", InvalidUTF8, 2, ""},
		{"bad byte after an escape", "\"\\n\xff\"", InvalidUTF8, 3, ""},
		{"bad byte in a name", "{\"\xff\":1}", InvalidUTF8, 2, ""},
		{"high surrogate alone", `"a\ud800"`, LoneSurrogate, 2, ""},
		{"high surrogate and text", `"\ud800abcdef"`, LoneSurrogate, 1, ""},
		{"two high surrogates", `"\ud800\ud800"`, LoneSurrogate, 1, ""},
		{"low surrogate first", `"\udc00\ud800"`, LoneSurrogate, 1, ""},
		{"raw noncharacter", "\"\uffff\"", Noncharacter, 1, ""},
		{"noncharacter of the block", "\"a\ufdd0\"", Noncharacter, 2, ""},
		{"noncharacter of plane 16", "\"\U0010fffe\"", Noncharacter, 1, ""},
		{"escaped noncharacter", `"\ufffe"`, Noncharacter, 1, ""},
		{"noncharacter as a pair", `"\ud83f\udfff"`, Noncharacter, 1, ""},
		{"repeated name", `{"a":1,"a":2}`, DuplicateKey, 7, "/a"},
		{"repeated name with space", `{ "a":1, "a":2}`, DuplicateKey, 9, "/a"},
		{"repetition hidden by an escape", `{"a":1,"\u0061":2}`, DuplicateKey, 7, "/a"},
		{"repetition not adjacent", `{"b":1,"a":2,"b":3}`, DuplicateKey, 13, "/b"},
		{"the first of two repetitions", `{"b":1,"a":1,"a":2,"b":3}`, DuplicateKey, 13, "/a"},
		{"name repeated twice", `{"x":1,"x":2,"x":3}`, DuplicateKey, 7, "/x"},
		{"repetition inside", `{"p/q":[{},{"~":1,"~":2}]}`, DuplicateKey, 18, "/p~1q/1/~0"},
		{"empty names", `{"":1,"":2}`, DuplicateKey, 6, "/"},
		{"too large a number", `{"n":1e400}`, NumberOutOfRange, 5, "/n"},
		{"too large a negative number", `-1e400`, NumberOutOfRange, 0, ""},
		{"too large an integer", strings.Repeat("9", 400), NumberOutOfRange, 0, ""},
		{"many leading zeros", strings.Repeat("0", 5000), Syntax, 1, ""},
		{"missing value after the maximum of values", "[" + strings.Repeat("1,", 65535) + "]", Syntax, 131071, "/65535"},
		{"long number", "[" + strings.Repeat("1", 4097) + "]", TooLarge, 4097, "/0"},
		{"long fraction", "0." + strings.Repeat("1", 5000), TooLarge, 4096, ""},
		{"long exponent", "1e" + strings.Repeat("0", 5000), TooLarge, 4096, ""},
		{"too deep", strings.Repeat("[", 129) + strings.Repeat("]", 129), TooDeep, 128, strings.Repeat("/0", 128)},
		{"too many values", "[" + strings.Repeat("1,", 65535) + "1]", TooManyValues, 131071, "/65535"},
		{"too long", strings.Repeat(" ", DefaultMaxBytes) + "1", TooLarge, DefaultMaxBytes, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d, err := Parse([]byte(tt.in))
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("accepted, or not an *Error: %v", err)
			}
			if d != nil {
				t.Error("a document with the error")
			}
			if e.Kind != tt.kind || e.Offset != tt.offset || e.Pointer != tt.pointer {
				t.Errorf("got %s at %d (%q), want %s at %d (%q)", e.Kind, e.Offset, e.Pointer, tt.kind, tt.offset, tt.pointer)
			}
			if out, err := Transform([]byte(tt.in)); err == nil {
				t.Errorf("Transform accepted it: %q", out)
			}
			if len(e.Error()) > 400 {
				t.Errorf("message of %d bytes", len(e.Error()))
			}
		})
	}
}

func TestLimits(t *testing.T) {
	tests := []struct {
		name   string
		limits Limits
		in     string
		limit  int // 0: accepted
	}{
		{"exactly the bytes", Limits{MaxBytes: 4}, `[1] `, 0},
		{"one byte more", Limits{MaxBytes: 3}, `[1] `, 3},
		{"exactly the depth", Limits{MaxDepth: 2}, `[[]]`, 0},
		{"one level more", Limits{MaxDepth: 2}, `[{"a":[]}]`, 2},
		{"depth is not a count", Limits{MaxDepth: 2}, `[[],[],{}]`, 0},
		{"exactly the values", Limits{MaxValues: 3}, `{"a":1,"b":2}`, 0},
		{"one value more", Limits{MaxValues: 2}, `{"a":1,"b":2}`, 2},
		{"exactly the number", Limits{MaxNumberBytes: 4}, `-1.5`, 0},
		{"one digit more", Limits{MaxNumberBytes: 4}, `-1.55`, 4},
		{"negative limits mean the defaults", Limits{-1, -1, -1, -1}, `[[1]]`, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := tt.limits.Parse([]byte(tt.in))
			var e *Error
			switch {
			case err == nil && tt.limit != 0:
				t.Error("accepted")
			case errors.As(err, &e) && (tt.limit == 0 || e.Limit != tt.limit):
				t.Errorf("got %v, want the limit %d", err, tt.limit)
			}
		})
	}
}

// TestHostileDocumentsAllocateLittle: the limits bound the memory for a document of
// any size.
func TestHostileDocumentsAllocateLittle(t *testing.T) {
	tests := []struct {
		name   string
		in     []byte
		limits Limits
		max    uint64
	}{
		{"100 MB of brackets", []byte(strings.Repeat("[", 100<<20)), Limits{}, 64 << 10},
		{"10^7 levels, the size limit raised", []byte(strings.Repeat("[", 10_000_000)), Limits{MaxBytes: 1 << 30}, 11 << 20},
		{"1 MB of brackets", []byte(strings.Repeat("[", 1<<20)), Limits{}, 2 << 20},
		{"1 MB of empty objects", []byte("[" + strings.Repeat("{},", 300_000)), Limits{}, 12 << 20},
		{"1 MB name, deep", []byte(strings.Repeat(`{"a":`, 100) + `{"` + strings.Repeat("k", 1<<19) + `":x`), Limits{}, 4 << 20},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := tt.limits.Parse(tt.in)
			runtime.ReadMemStats(&after)
			if err == nil {
				t.Fatal("accepted")
			}
			if got := after.TotalAlloc - before.TotalAlloc; got > tt.max {
				t.Errorf("allocated %d bytes, want at most %d (%v)", got, tt.max, err)
			}
		})
	}
}

func TestJSONTestSuite(t *testing.T) {
	files, _ := filepath.Glob("../../shared/vectors/jcs/JSONTestSuite/test_parsing/*.json")
	if len(files) == 0 {
		t.Skip("third-party vectors are not here: JSONTestSuite")
	}
	// Valid under RFC 8259, but not under RFC 7493.
	refused := map[string]Kind{
		"y_object_duplicated_key.json":               DuplicateKey,
		"y_object_duplicated_key_and_value.json":     DuplicateKey,
		"y_string_nonCharacterInUTF-8_U+FFFF.json":   Noncharacter,
		"y_string_nonCharacterInUTF-8_U+10FFFF.json": Noncharacter,
		"y_string_unicode_U+10FFFE_nonchar.json":     Noncharacter,
		"y_string_unicode_U+1FFFE_nonchar.json":      Noncharacter,
		"y_string_unicode_U+FDD0_nonchar.json":       Noncharacter,
		"y_string_unicode_U+FFFE_nonchar.json":       Noncharacter,
		"y_string_escaped_noncharacter.json":         Noncharacter,
		"y_string_last_surrogates_1_and_2.json":      Noncharacter,
	}
	seen := 0
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		base := filepath.Base(file)
		out, err := Transform(b)
		switch base[0] {
		case 'n':
			if err == nil {
				t.Errorf("%s: accepted as %q", base, out)
			}
		case 'y':
			var e *Error
			if want, listed := refused[base]; errors.As(err, &e) {
				if e.Kind != want {
					t.Errorf("%s: %v", base, err)
				}
				seen++
			} else if listed {
				t.Errorf("%s: accepted, want %s", base, want)
			}
		}
		compareWithOracle(t, b)
	}
	t.Logf("%d files, %d valid ones refused by RFC 7493", len(files), seen)
}

// compareWithOracle checks Transform against gowebpki/jcs.
func compareWithOracle(t *testing.T, b []byte) {
	t.Helper()
	got, err := Transform(b)
	want, oracleErr := jcs.Transform(b)
	var e *Error
	if errors.As(err, &e) && slices.Contains([]Kind{Noncharacter, TooDeep, TooLarge, TooManyValues}, e.Kind) {
		return // gowebpki/jcs does not refuse these
	}
	switch {
	case (err == nil) != (oracleErr == nil):
		t.Errorf("%.200q: got error %v, the oracle %v", b, err, oracleErr)
	case err == nil && string(got) != string(want):
		t.Errorf("%.200q: got %q, the oracle %q", b, got, want)
	}
}

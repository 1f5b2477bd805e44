package canonical

import (
	"crypto/sha256"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"unicode/utf16"

	"github.com/gowebpki/jcs"
)

func mustParse(t testing.TB, s string) Value {
	t.Helper()
	d, err := Parse([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return d.Root()
}

func TestTransform(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"scalar", ` 1 `, `1`},
		{"literals", `[true, false ,null]`, `[true,false,null]`},
		{"empty containers", `{ "a" : [ ] , "b" : { } }`, `{"a":[],"b":{}}`},
		{"members are sorted", `{"b":2,"a":1,"c":3}`, `{"a":1,"b":2,"c":3}`},
		{"a name before its extension", `{"ab":1,"a":2,"":3}`, `{"":3,"a":2,"ab":1}`},
		{"names differ in case", `{"a":1,"A":2}`, `{"A":2,"a":1}`},
		{"array order is kept", `[3,1,2]`, `[3,1,2]`},
		{"UTF-16 order: a pair sorts before U+FB33", `{"\ufb33":1,"\ud83d\ude00":2,"é":3}`, "{\"é\":3,\"\U0001F600\":2,\"\ufb33\":1}"},
		{"UTF-16 order: U+D7FF sorts before a pair", "{\"\U0001F600\":1,\"\ud7ff\":2}", "{\"\ud7ff\":2,\"\U0001F600\":1}"},
		{"names are sorted after unescaping", `{"b":1,"\u0061":2}`, `{"a":2,"b":1}`},
		{"no needless escapes", `"\u0041\/\u007f\u20ac"`, "\"A/\x7f€\""},
		{"short escapes", `"\u0008\u0009\u000a\u000c\u000d\u0022\u005c"`, `"\b\t\n\f\r\"\\"`},
		{"control characters", `"\u0000\u001F"`, `"\u0000\u001f"`},
		{"surrogate pair", `"\uD83D\uDE00"`, "\"\U0001F600\""},
		{"text around an escape", `"aé\nbé"`, `"aé\nbé"`},
		{"minus zero", `-0`, `0`},
		{"minus zero, spelled out", `[-0.0,-0e5,0e9]`, `[0,0,0]`},
		{"underflow", `1e-400`, `0`},
		{"one value, three spellings", `[100,1e2,100.0]`, `[100,100,100]`},
		{"fifteen digits", `[999999999999999,-999999999999999]`, `[999999999999999,-999999999999999]`},
		{"sixteen digits", `1234567890123456`, `1234567890123456`},
		{"2^53+1 is the nearest double", `9007199254740993`, `9007199254740992`},
		{"exponent form from 1e21", `[100000000000000000000,1000000000000000000000]`, `[100000000000000000000,1e+21]`},
		{"small numbers", `[0.000001,0.0000001]`, `[0.000001,1e-7]`},
		{"RFC 8785 section 3.2.2", `{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],"string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]}`,
			`{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Transform([]byte(tt.in))
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != tt.want {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
			again, err := Transform(got)
			if err != nil || string(again) != tt.want {
				t.Errorf("not a fixed point: %q, %v", again, err)
			}
			compareWithOracle(t, []byte(tt.in))
		})
	}
}

// TestNumbersOfAppendixB tests the numbers of RFC 8785 appendix B.
func TestNumbersOfAppendixB(t *testing.T) {
	for bits, want := range map[uint64]string{
		0x0000000000000000: "0", 0x8000000000000000: "0",
		0x0000000000000001: "5e-324", 0x8000000000000001: "-5e-324",
		0x7fefffffffffffff: "1.7976931348623157e+308", 0xffefffffffffffff: "-1.7976931348623157e+308",
		0x4340000000000000: "9007199254740992", 0xc340000000000000: "-9007199254740992",
		0x4430000000000000: "295147905179352830000", 0x44b52d02c7e14af5: "9.999999999999997e+22",
		0x44b52d02c7e14af6: "1e+23", 0x44b52d02c7e14af7: "1.0000000000000001e+23",
		0x444b1ae4d6e2ef4e: "999999999999999700000", 0x444b1ae4d6e2ef4f: "999999999999999900000",
		0x444b1ae4d6e2ef50: "1e+21", 0x3eb0c6f7a0b5ed8c: "9.999999999999997e-7",
		0x3eb0c6f7a0b5ed8d: "0.000001", 0x41b3de4355555553: "333333333.3333332",
		0x41b3de4355555554: "333333333.33333325", 0x41b3de4355555555: "333333333.3333333",
		0x41b3de4355555556: "333333333.3333334", 0x41b3de4355555557: "333333333.33333343",
		0xbecbf647612f3696: "-0.0000033333333333333333", 0x43143ff3c1cb0959: "1424953923781206.2",
	} {
		if got := string(appendNumber(nil, math.Float64frombits(bits))); got != want {
			t.Errorf("%016x: got %s, want %s", bits, got, want)
		}
	}
}

// TestOracleVersion: the tests need gowebpki/jcs v1.0.2 or later, because earlier
// releases accept truncated documents.
func TestOracleVersion(t *testing.T) {
	for _, in := range []string{`{"amount":100,"recipient`, `{"amount":100,"recipient":"a`, `[1,2`} {
		if out, err := jcs.Transform([]byte(in)); err == nil {
			t.Errorf("gowebpki/jcs accepts %q as %q: v1.0.2 or later is needed", in, out)
		}
	}
}

func TestPublishedPairs(t *testing.T) {
	inputs, _ := filepath.Glob("../../shared/vectors/jcs/*/input/*.json")
	if len(inputs) == 0 {
		t.Skip("third-party vectors are not here: RFC 8785 test data")
	}
	for _, in := range inputs {
		b, err := os.ReadFile(in)
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(strings.Replace(in, "/input/", "/output/", 1))
		if err != nil {
			t.Fatal(err)
		}
		got, err := Transform(b)
		if err != nil || string(got) != strings.TrimSuffix(string(want), "\n") {
			t.Errorf("%s: got %q, %v", in, got, err)
		}
	}
	t.Logf("%d pairs", len(inputs))
}

func TestValue(t *testing.T) {
	v := mustParse(t, ` {"s":"a\u0062","n":1.5,"i":-42,"b":true,"z":null,"a":[1,{"x/y":[0,"deep"]}],"o":{"k":"v"}} `)
	if v.Kind() != Object || v.Len() != 7 || v.Offset() != 1 || v.Pointer() != "" {
		t.Errorf("root: %v, %d members, offset %d, pointer %q", v.Kind(), v.Len(), v.Offset(), v.Pointer())
	}
	if s, ok := v.Get("s").String(); !ok || s != "ab" {
		t.Errorf("s = %q, %v", s, ok)
	}
	if _, ok := v.Get("n").String(); ok {
		t.Error("a number is a string")
	}
	if f, ok := v.Get("n").Float64(); !ok || f != 1.5 {
		t.Errorf("n = %v, %v", f, ok)
	}
	if f, ok := v.Get("i").Float64(); !ok || f != -42 {
		t.Errorf("i = %v, %v", f, ok)
	}
	if _, ok := v.Get("s").Float64(); ok {
		t.Error("a string is a number")
	}
	if b, ok := v.Get("b").Bool(); !ok || !b {
		t.Errorf("b = %v, %v", b, ok)
	}
	if _, ok := v.Get("z").Bool(); ok {
		t.Error("null is a boolean")
	}
	if v.Get("z").Kind() != Null || v.Get("nothing").Kind() != Absent {
		t.Error("null and absent are mixed up")
	}
	deep := v.Get("a").Index(1).Get("x/y").Index(1)
	if s, _ := deep.String(); s != "deep" || deep.Pointer() != "/a/1/x~1y/1" {
		t.Errorf("deep = %q at %q", s, deep.Pointer())
	}
	if got := v.Get("o").Size(); got != len(`{"k":"v"}`) {
		t.Errorf("Size = %d", got)
	}
	if got := string(v.Get("o").Raw()); got != `{"k":"v"}` {
		t.Errorf("raw = %q", got)
	}
	if v.Get("a").Index(2).Kind() != Absent || v.Get("a").Index(-1).Kind() != Absent || v.Index(0).Kind() != Absent {
		t.Error("an index out of range is present")
	}
	names := ""
	for name := range v.Members() {
		names += name
	}
	if names != "snibzao" {
		t.Errorf("members in the order %q", names)
	}
	for range v.Get("s").Members() {
		t.Error("a string has members")
	}
	for range v.Elements() {
		t.Error("an object has elements")
	}
}

func TestAbsentValue(t *testing.T) {
	var v Value
	var d *Doc
	if d.Root() != v || (&Doc{}).Root() != v {
		t.Error("the zero Doc has a root")
	}
	if v.Kind() != Absent || v.Len() != 0 || v.Get("a") != v || v.Index(0) != v || v.Raw() != nil || v.Size() != 0 ||
		v.Offset() != -1 || v.Pointer() != "" || v.IsSafeInteger() || len(v.AppendCanonical(nil, Omit("a"))) != 0 {
		t.Error("the absent value is not empty")
	}
	if Absent.String() != "absent" || Object.String() != "object" || ValueKind(99).String() != "kind 99" {
		t.Error("names of kinds")
	}
}

func TestIsSafeInteger(t *testing.T) {
	for in, want := range map[string]bool{
		"0": true, "-0": true, "1e2": true, "1.0": true, "1.5": false, "9007199254740991": true, "-9007199254740991": true,
		"9007199254740992": false, "9007199254740993": false, "1e300": false, `"1"`: false, "null": false,
	} {
		if got := mustParse(t, in).IsSafeInteger(); got != want {
			t.Errorf("%s: %v", in, got)
		}
	}
}

func TestEdits(t *testing.T) {
	doc := mustParse(t, `{"c":3,"a":1,"p":{"p":0},"b":2}`)
	other := mustParse(t, `["x",{"z":1,"y":2}]`)
	tests := []struct {
		name  string
		edits []Edit
		want  string
	}{
		{"none", nil, `{"a":1,"b":2,"c":3,"p":{"p":0}}`},
		{"omit, own members only", []Edit{Omit("p")}, `{"a":1,"b":2,"c":3}`},
		{"omit what is not there", []Edit{Omit("x")}, `{"a":1,"b":2,"c":3,"p":{"p":0}}`},
		{"omit everything", []Edit{Omit("a"), Omit("b"), Omit("c"), Omit("p")}, `{}`},
		{"replace", []Edit{Replace("b", other)}, `{"a":1,"b":["x",{"y":2,"z":1}],"c":3,"p":{"p":0}}`},
		{"replace adds at its place", []Edit{Replace("ab", other.Index(0))}, `{"a":1,"ab":"x","b":2,"c":3,"p":{"p":0}}`},
		{"replace adds at the end", []Edit{Replace("z\"", other.Index(0)), Omit("p")}, `{"a":1,"b":2,"c":3,"z\"":"x"}`},
		{"replace by an absent value omits", []Edit{Replace("b", Value{})}, `{"a":1,"c":3,"p":{"p":0}}`},
		{"an array of one", []Edit{ReplaceAll("p", []Value{doc.Get("p")})}, `{"a":1,"b":2,"c":3,"p":[{"p":0}]}`},
		{"an array of none", []Edit{ReplaceAll("p", nil)}, `{"a":1,"b":2,"c":3,"p":[]}`},
		{"an array skips the absent", []Edit{ReplaceAll("p", []Value{{}, doc.Get("a"), {}})}, `{"a":1,"b":2,"c":3,"p":[1]}`},
		{"the last edit of a name counts", []Edit{Omit("a"), Replace("a", other.Index(0))}, `{"a":"x","b":2,"c":3,"p":{"p":0}}`},
		{"the last edit of a name counts, omitted", []Edit{Replace("a", other.Index(0)), Omit("a")}, `{"b":2,"c":3,"p":{"p":0}}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := string(doc.AppendCanonical([]byte("> "), tt.edits...))
			if got != "> "+tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
	if got := string(other.AppendCanonical(nil, Omit("0"))); got != `["x",{"y":2,"z":1}]` {
		t.Errorf("an edited array: %s", got)
	}
	// An edit without effect does not cancel an earlier edit.
	for _, edits := range [][]Edit{
		{Omit("p"), Replace("a", doc.Get("a"))},
		{Omit("p"), Replace("p", doc.Get("p"))},
		{Omit("p"), Omit("a"), Replace("p", doc.Get("p"))},
		{Omit("p"), Replace("a", doc.Get("a")), Replace("b", doc.Get("b"))},
		{Omit("p"), Replace("a", doc.Get("a")), Replace("b", doc.Get("c"))},
		{Omit("p"), Replace("x", doc.Get("a"))},
		{Omit("p"), Replace("x", Value{})},
		{Replace("a", doc.Get("a")), Replace("b", doc.Get("b"))},
		{Replace("a", doc.Get("b")), Replace("a", doc.Get("a"))},
		{ReplaceAll("p", []Value{doc}), Replace("a", doc.Get("a"))},
	} {
		if doc.SHA256(edits...) != sha256.Sum256(doc.AppendCanonical(nil, edits...)) {
			t.Errorf("%v: wrong hash", edits)
		}
	}
	// Omit works for every position of the member and every order of the source.
	for _, in := range []string{`{"x":{"a":1}}`, `{"x":{"a":1,"b":2,"c":3}}`, ` { "x" : {"c":3, "a":1, "b":2} } `, `{"w":0,"x":{"\u0063":{"b":0},"a":"b"},"y":[]}`} {
		v := mustParse(t, in).Get("x")
		for _, name := range []string{"a", "b", "c", "d"} {
			if v.SHA256(Omit(name)) != sha256.Sum256(v.AppendCanonical(nil, Omit(name))) {
				t.Errorf("%s without %s: wrong hash", in, name)
			}
		}
	}
	if doc.SHA256(Omit("p")) != mustParse(t, `{"a":1,"b":2,"c":3}`).SHA256() {
		t.Error("SHA256 does not apply the edits")
	}
}

func TestParseCopiesItsInput(t *testing.T) {
	in := []byte(`{"a":"one","b":"t\u0077o"}`)
	d, err := Parse(in)
	if err != nil {
		t.Fatal(err)
	}
	for i := range in {
		in[i] = 'X'
	}
	raw := d.Root().Raw()
	raw[0] = 'X'
	if got := string(d.Root().AppendCanonical(nil)); got != `{"a":"one","b":"two"}` {
		t.Errorf("the document changed with its input: %s", got)
	}
}

func TestConcurrentReads(t *testing.T) {
	v := mustParse(t, `{"b":[1,2.5,"x\n"],"a":{"z":1,"y":2}}`)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if string(v.AppendCanonical(nil, Omit("q"))) != `{"a":{"y":2,"z":1},"b":[1,2.5,"x\n"]}` {
				t.Error("wrong bytes")
			}
			_ = v.Get("a").Get("y").Pointer()
		})
	}
	wg.Wait()
}

func TestSRI(t *testing.T) {
	if got := SRI(mustParse(t, `{}`).SHA256()); got != "sha256-RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=" {
		t.Errorf("got %s", got)
	}
}

// TestDocIsImmutable: later calls of Parse, which reuse the buffers, do not change a
// Doc.
func TestDocIsImmutable(t *testing.T) {
	texts := []string{
		`{"b":[1e3,2.5,"l\u00f6ng",{"z":1,"y":{}}],"a":"s\necret"}`, `[]`, `{"b":1,"a":2,"c":[1e5,1e6]}`, `"x"`, `{"q":"\t"}`, `[1e2,[1e3]]`,
		`{"d":4,"c":3,"b":{"y":1,"x":2},"a":1}`, "[" + strings.Repeat(`"\n",{"b":1e1,"a":2},`, 10_000) + "0]",
	}
	var docs []*Doc
	var forms []string
	for round := range 2 {
		for _, text := range texts {
			in := []byte(text)
			d, err := Parse(in)
			if err != nil {
				t.Fatal(err)
			}
			clear(in)
			if round == 0 {
				docs, forms = append(docs, d), append(forms, string(d.Root().AppendCanonical(nil)))
			}
			Parse([]byte(`{"a":`))
		}
	}
	for i, d := range docs {
		if got := string(d.Root().AppendCanonical(nil)); got != forms[i] {
			t.Errorf("%.60s became %.60s", forms[i], got)
		}
		if sum := d.Root().SHA256(); sum != sha256.Sum256([]byte(forms[i])) {
			t.Errorf("%.60s: wrong hash", forms[i])
		}
		checkTree(t, d, d.Root())
	}
}

// TestAmplification: Parse allocates at most 40 bytes for a byte of the document, even
// for documents with as many nodes as possible.
func TestAmplification(t *testing.T) {
	for name, doc := range map[string]string{
		"empty objects": "[" + strings.Repeat("{},", 300_000) + "{}]",
		"empty arrays":  "[" + strings.Repeat("[],", 300_000) + "[]]",
		"digits":        "[" + strings.Repeat("1,", 500_000) + "1]",
		"exponents":     "[" + strings.Repeat("1e1,", 250_000) + "1]",
		"members":       "{" + members(60_000) + "}",
		"escapes":       `"` + strings.Repeat(`\n`, 500_000) + `"`,
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		d, err := Limits{MaxValues: 1 << 24, MaxBytes: 1 << 24}.Parse([]byte(doc))
		runtime.ReadMemStats(&after)
		if err != nil {
			t.Fatal(err)
		}
		per := float64(after.TotalAlloc-before.TotalAlloc) / float64(len(doc))
		t.Logf("%-14s %.1f bytes allocated per byte", name, per)
		if per > 40 {
			t.Errorf("%s: %.1f bytes allocated per byte", name, per)
		}
		_ = d
	}
}

// members returns n members in descending order, so that Parse must sort them.
func members(n int) string {
	var b strings.Builder
	for i := n; i > 0; i-- {
		fmt.Fprintf(&b, `"%06d":0`, i)
		if i > 1 {
			b.WriteByte(',')
		}
	}
	return b.String()
}

// TestGetSimilarNames: Get distinguishes names with the same length, first character
// or nameBit, and names with escapes.
func TestGetSimilarNames(t *testing.T) {
	names := []string{"", "a", "b", "q", "ab", "ac", "\x00", "é", "é\"", "\U0001F600", strings.Repeat("a", 16), strings.Repeat("a", 17)}
	for skip := range names {
		in := []byte("{")
		for i, name := range names {
			if i == skip {
				continue
			}
			if len(in) > 1 {
				in = append(in, ',')
			}
			in = append(in, '"')
			for _, unit := range utf16.Encode([]rune(name)) {
				in = fmt.Appendf(in, "\\u%04x", unit)
			}
			in = fmt.Appendf(in, `":{"%d":0}`, i)
		}
		d, err := Parse(append(in, '}'))
		if err != nil {
			t.Fatal(err)
		}
		for i, name := range names {
			m := d.Root().Get(name)
			if (m.Kind() == Absent) != (i == skip) || (i != skip && m.Get(strconv.Itoa(i)).Kind() != Number) || m.Get(name).Kind() != Absent {
				t.Errorf("without %q: %q is %s", names[skip], name, m.Raw())
			}
		}
	}
}

package canonical

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/gowebpki/jcs"

	"github.com/mandate-engine/mandate/internal/sample"
)

// A speller generates random trees and random JSON texts for them.
type speller struct{ *rand.Rand }

// tree returns a random nil, bool, float64, string, []any or map[string]any.
func (r speller) tree(depth int) any {
	switch k := r.IntN(10); {
	case k < 3 && depth > 0:
		list := make([]any, r.IntN(5))
		for i := range list {
			list[i] = r.tree(depth - 1)
		}
		return list
	case k < 7 && depth > 0:
		object := map[string]any{}
		for range r.IntN(6) {
			object[r.text()] = r.tree(depth - 1)
		}
		return object
	case k == 7:
		return r.IntN(2) == 0
	case k == 8:
		return []any{nil, 0.0, 1.5, -0.001, 1e21, 123456789012345.0, 5e-324, 0.000001, 1e-7, 9007199254740992.0}[r.IntN(10)]
	}
	return r.text()
}

func (r speller) text() string {
	alphabet := []rune("ab\"\\/\b\f\n\r\t\x00\x1f\x7fé\u07ff\u0800\ud7ff\ue000\ufb33\ufffd\U00010000\U0001F600\U0010fffd")
	var b strings.Builder
	for range r.IntN(5) {
		b.WriteRune(alphabet[r.IntN(len(alphabet))])
	}
	return b.String()
}

func (r speller) space(b *bytes.Buffer) {
	for r.IntN(3) == 0 {
		b.WriteByte(" \t\n\r"[r.IntN(4)])
	}
}

// spell writes v with random white space, member order, escapes and number forms.
func (r speller) spell(b *bytes.Buffer, v any) {
	r.space(b)
	defer r.space(b)
	switch v := v.(type) {
	case nil:
		b.WriteString("null")
	case bool:
		b.WriteString(strconv.FormatBool(v))
	case float64:
		precision := []int{-1, 17, 20}[r.IntN(3)]
		format := []byte("efgEG")[r.IntN(5)]
		if format == 'f' {
			precision = -1 // 20 digits after the point would round small numbers
		}
		b.WriteString(strconv.FormatFloat(v, format, precision, 64))
	case string:
		r.quote(b, v)
	case []any:
		b.WriteByte('[')
		for i, e := range v {
			if i > 0 {
				b.WriteByte(',')
			}
			r.spell(b, e)
		}
		if len(v) == 0 {
			r.space(b)
		}
		b.WriteByte(']')
	case map[string]any:
		names := make([]string, 0, len(v))
		for name := range v {
			names = append(names, name)
		}
		r.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
		b.WriteByte('{')
		for i, name := range names {
			if i > 0 {
				b.WriteByte(',')
			}
			r.space(b)
			r.quote(b, name)
			r.space(b)
			b.WriteByte(':')
			r.spell(b, v[name])
		}
		b.WriteByte('}')
	default:
		panic(fmt.Sprintf("%T", v))
	}
}

func (r speller) quote(b *bytes.Buffer, s string) {
	short := map[rune]string{'"': `\"`, '\\': `\\`, '/': `\/`, '\b': `\b`, '\f': `\f`, '\n': `\n`, '\r': `\r`, '\t': `\t`}
	b.WriteByte('"')
	for _, c := range s {
		mustEscape := c < 0x20 || c == '"' || c == '\\'
		switch k := r.IntN(3); {
		case k == 0 && short[c] != "":
			b.WriteString(short[c])
		case k == 1 || mustEscape:
			for _, unit := range utf16.Encode([]rune{c}) {
				fmt.Fprintf(b, []string{"\\u%04x", "\\u%04X"}[r.IntN(2)], unit)
			}
		default:
			b.WriteRune(c)
		}
	}
	b.WriteByte('"')
}

// TestOneFormPerTree: two texts of the same random tree have the same canonical form.
// gowebpki/jcs returns it too, and so does Marshal unless it refuses the tree.
func TestOneFormPerTree(t *testing.T) {
	r := speller{rand.New(rand.NewPCG(1, 2))}
	for n := range 20_000 {
		tree := r.tree(5)
		var a, b bytes.Buffer
		r.spell(&a, tree)
		r.spell(&b, tree)
		d, err := Parse(a.Bytes())
		if err != nil {
			t.Fatalf("%d: %q: %v", n, a.Bytes(), err)
		}
		one := d.Root().AppendCanonical(nil)
		two, err := Transform(b.Bytes())
		if err != nil {
			t.Fatalf("%d: %q: %v", n, b.Bytes(), err)
		}
		oracle, err := jcs.Transform(b.Bytes())
		if err != nil || !bytes.Equal(one, two) || !bytes.Equal(one, oracle) {
			t.Fatalf("%d: %q\n and %q\nhave the forms %s\n and %s\n; the oracle says %s, %v", n, a.Bytes(), b.Bytes(), one, two, oracle, err)
		}
		if marshaled, err := Marshal(tree); err == nil && !bytes.Equal(marshaled, one) {
			t.Fatalf("%d: marshalled as %s, want %s", n, marshaled, one)
		}
	}
}

// TestRandomMutations compares the package with gowebpki/jcs on random changes of
// real documents.
func TestRandomMutations(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	docs := [][]byte{sample.Presentation(), sample.Credential(), sample.ParamsAllow(),
		[]byte(`{"\u0061":[1e3,-0,0.1,"\ud83d\ude00",{"":null}],"b":"\\u"}`)}
	pieces := []string{`"`, `\`, `\u`, `\ud800`, `\udc00`, `{`, `}`, `[`, `]`, `,`, `:`, `-`, `0`, `.`, `e`, `1e400`, "\x00", "\xff", "\xed\xa0\x80", "\ufeff", "null", " "}
	accepted := 0
	for range 40_000 {
		doc := bytes.Clone(docs[r.IntN(len(docs))])
		for range 1 + r.IntN(3) {
			i := r.IntN(len(doc))
			switch r.IntN(4) {
			case 0:
				doc[i] ^= 1 << r.IntN(8)
			case 1:
				doc = append(doc[:i], doc[i+1:]...)
			case 2:
				doc = append(doc[:i], append([]byte(pieces[r.IntN(len(pieces))]), doc[i:]...)...)
			case 3:
				j := min(i+r.IntN(20), len(doc))
				doc = append(doc[:j], append(bytes.Clone(doc[i:j]), doc[j:]...)...)
			}
			if len(doc) == 0 {
				doc = []byte("0")
			}
		}
		compareWithOracle(t, doc)
		if _, err := Parse(doc); err == nil {
			accepted++
		}
		if t.Failed() {
			return
		}
	}
	if accepted == 0 || accepted == 40_000 {
		t.Errorf("%d of 40,000 accepted: the mutations test only one side", accepted)
	}
	t.Logf("%d of 40,000 accepted", accepted)
}

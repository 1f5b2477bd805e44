package multikey

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/multiformats/go-multibase"

	"github.com/mandate-engine/mandate/internal/bench/roundrobin"
)

// sameAsLibrary compares what is made of text, and of bytes, with what the
// multibase library makes of them.
func sameAsLibrary(t *testing.T, text string, b []byte) {
	t.Helper()
	if len(text) <= maxShortDigits && text != "" {
		room := [maxShortDigits]byte(bytes.Repeat([]byte{0xee}, maxShortDigits)) // what was there before must not show
		got, ok := decodeShort(&room, text)
		_, want, err := multibase.Decode("z" + text)
		if ok != (err == nil) || ok && !bytes.Equal(got, want) {
			t.Errorf("%q decodes to %x, %v, want %x, %v", text, got, ok, want, err)
		}
	}
	want, err := multibase.Encode(multibase.Base58BTC, b)
	if err != nil {
		t.Fatal(err)
	}
	if got := EncodeBase58(b); got != want {
		t.Errorf("%x encodes to %q, want %q", b, got, want)
	}
	if got := string(AppendBase58([]byte("before"), b)); got != "before"+want {
		t.Errorf("%x is appended as %q, want %q", b, got, want)
	}
	if len(b) == 0 {
		return
	}
	back := make([]byte, len(b))
	if err := ReadBase58(back, want); err != nil || !bytes.Equal(back, b) {
		t.Errorf("%q reads as %x, %v, want %x", want, back, err, b)
	}
}

func TestShortIsLikeTheLibrary(t *testing.T) {
	for size := range maxShortDigits + 3 {
		for _, c := range []string{"1", "2", "z", "9", "A"} {
			sameAsLibrary(t, strings.Repeat(c, size), nil)
			for ones := range size {
				sameAsLibrary(t, strings.Repeat("1", ones)+strings.Repeat(c, size-ones), nil)
			}
		}
	}
	for size := range maxShort + 10 {
		for _, c := range []byte{0, 1, 0x7f, 0x80, 0xff} {
			for zeros := range size + 1 {
				b := append(make([]byte, zeros), bytes.Repeat([]byte{c}, size-zeros)...)
				sameAsLibrary(t, "", b)
				if zeros < size {
					b[zeros], b[size-1] = 1, 0 // a power of two, more or less
					sameAsLibrary(t, "", b)
				}
			}
		}
	}
	// Powers of 58, and their neighbours, are where limbs overflow.
	for digits := range maxShortDigits {
		sameAsLibrary(t, "2"+strings.Repeat("1", digits), nil)
		sameAsLibrary(t, strings.Repeat("z", digits+1), nil)
		for _, text := range []string{"2" + strings.Repeat("1", digits), strings.Repeat("z", digits+1)} {
			if _, b, err := multibase.Decode("z" + text); err != nil {
				t.Fatal(err)
			} else {
				sameAsLibrary(t, text, b)
			}
		}
	}
	// Every byte at every place of a signature's text, and in front of zeros.
	for c := range 256 {
		for at := range maxShortDigits {
			text := []byte(strings.Repeat("5", maxShortDigits))
			text[at] = byte(c)
			sameAsLibrary(t, string(text), nil)
			sameAsLibrary(t, string(text[at:]), nil)
			sameAsLibrary(t, string(text[:at+1]), nil)
			sameAsLibrary(t, strings.Repeat("1", at)+string(text[at:]), nil)
		}
	}
	r := rand.New(rand.NewPCG(58, 58))
	for range 20_000 {
		b := make([]byte, r.IntN(maxShort+4))
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		sameAsLibrary(t, strings.TrimPrefix(EncodeBase58(b), "z"), b)
	}
}

func TestReadBase58(t *testing.T) {
	dst := []byte("abc")
	if err := ReadBase58(dst, EncodeBase58([]byte("four"))); err == nil || string(dst) != "abc" {
		t.Errorf("a text that does not fit: %v, and dst is %q", err, dst)
	}
	if err := ReadBase58(dst, "z0"); err == nil || string(dst) != "abc" {
		t.Errorf("no base58: %v, and dst is %q", err, dst)
	}
	if err := ReadBase58(nil, "z1"); err == nil {
		t.Errorf("nothing to read into: %v", err)
	}
}

// A decision reads two signatures, and writes one.
func TestShortAllocatesNothing(t *testing.T) {
	text := EncodeBase58(bytes.Repeat([]byte{0xfe}, maxShort))
	var sig [maxShort]byte
	var room [100]byte
	if n := testing.AllocsPerRun(10, func() {
		if err := ReadBase58(sig[:], text); err != nil || string(AppendBase58(room[:0], sig[:])) != text {
			t.Error("no round trip")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzShort(f *testing.F) {
	for _, s := range []string{"", "1", "111", "2NEpo7TZRRrLZSi2U", "0", "é", strings.Repeat("z", 88), strings.Repeat("1", 88), strings.Repeat("z", 90)} {
		f.Add(s, []byte(s))
	}
	f.Fuzz(sameAsLibrary)
}

// BenchmarkRatio prints what 64 bytes, a signature, and 34 bytes, a key, take to
// be read and written, as multiples of what the library takes for the same.
func BenchmarkRatio(b *testing.B) {
	for b.Loop() {
		for _, size := range []int{64, 34} {
			raw, dst := make([]byte, size), make([]byte, 0, 100)
			for i := range raw {
				raw[i] = byte(7 + 31*i)
			}
			text := EncodeBase58(raw)
			rows := roundrobin.Compare(100,
				roundrobin.Subject{Name: "read, library", Run: func() { multibase.Decode(text) }},
				roundrobin.Subject{Name: "read", Run: func() { ReadBase58(raw, text) }},
				roundrobin.Subject{Name: "write, library", Run: func() {
					s, _ := multibase.Encode(multibase.Base58BTC, raw)
					dst = append(dst[:0], s...)
				}},
				roundrobin.Subject{Name: "write", Run: func() { dst = AppendBase58(dst[:0], raw) }})
			b.ReportMetric(float64(rows[1].P10)/float64(rows[0].P10), fmt.Sprintf("read-%d", size))
			b.ReportMetric(float64(rows[3].P10)/float64(rows[2].P10), fmt.Sprintf("write-%d", size))
		}
	}
}

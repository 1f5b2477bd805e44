package multikey

import (
	"bytes"
	"runtime"
	"strings"
	"testing"
)

func TestDecodeBase58(t *testing.T) {
	key := bytes.Repeat([]byte{0xff}, 34) // the longest text that 34 bytes need
	tests := []struct {
		name, text string
		size       int
		want       string // "" means it decodes
	}{
		{"largest value", EncodeBase58(key), 34, ""},
		{"zero bytes", "z111", 3, ""},
		{"empty text", "", 34, "multibase text is empty"},
		{"z alone", "z", 34, "holds no bytes"},
		{"one byte short", EncodeBase58(key[:33]), 34, "holds 33 bytes, want 34"},
		{"one byte long", EncodeBase58(key), 33, "has 48 characters, want at most 47"},
		{"one byte long that fits", EncodeBase58(make([]byte, 35)), 34, "holds 35 bytes, want 34"},
		{"leading 1 added", "z1" + EncodeBase58([]byte{7, 7, 7})[1:], 3, "holds 4 bytes, want 3"},
		{"size zero", "z", 0, "cannot decode 0 bytes"},
		{"size negative", "z2", -1, "cannot decode -1 bytes"},
		{"base64url", "uAQID", 3, `prefix is 'u', want 'z'`},
		{"base64", "mAQID", 3, `prefix is 'm', want 'z'`},
		{"base16", "f010203", 3, `prefix is 'f', want 'z'`},
		{"base36", "k0", 1, `prefix is 'k', want 'z'`},
		{"base58flickr", "Zldp", 2, `prefix is 'Z', want 'z'`},
		{"identity", "\x00abc", 3, `prefix is '\x00', want 'z'`},
		{"emoji", "🚀🚀", 1, `want 'z'`},
		{"no prefix", "2NEpo7", 4, `prefix is '2', want 'z'`},
		{"zero digit", "z0", 1, "not base58btc"},
		{"letter O", "zO", 1, "not base58btc"},
		{"letter l", "zl", 1, "not base58btc"},
		{"not ASCII", "zé", 3, "not base58btc"},
		{"bad UTF-8", "z\xff", 3, "not base58btc"},
		{"line break", "z2\n", 2, "not base58btc"},
		{"space at the end", "z2 ", 2, "not base58btc"},
	}
	for _, tt := range tests {
		b, err := DecodeBase58(tt.text, tt.size)
		if tt.want == "" {
			if err != nil || len(b) != tt.size || EncodeBase58(b) != tt.text {
				t.Errorf("%s: got %x, %v", tt.name, b, err)
			}
			continue
		}
		if err == nil || !strings.HasPrefix(err.Error(), "multikey: ") || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %x, %v; want error with %q", tt.name, b, err, tt.want)
		}
	}
}

// TestHostileLengthAllocatesLittle: text of 1 MiB is refused before it is decoded,
// whatever its base. To decode it as base58 would take seconds and megabytes.
func TestHostileLengthAllocatesLittle(t *testing.T) {
	for _, prefix := range []string{"z", "k", "u", "f", "m", "b", "0"} {
		text := prefix + strings.Repeat("2", 1<<20)
		got := allocated(func() {
			if _, err := DecodeBase58(text, 64); err == nil {
				t.Errorf("%s: accepted", prefix)
			}
			if _, err := ParsePublicKey(text); err == nil {
				t.Errorf("%s: accepted as a key", prefix)
			}
			if _, err := ParsePrivateKey(text); err == nil {
				t.Errorf("%s: accepted as a private key", prefix)
			}
		})
		if got > 64<<10 { // includes allocations of the test binary
			t.Errorf("%s: allocated %d bytes for 1 MiB of text", prefix, got)
		}
	}
}

// allocated returns the heap bytes that f allocates.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func FuzzDecodeBase58(f *testing.F) {
	for _, s := range []string{"", "z", "z1", "z111", "z2NEpo7TZRRrLZSi2U", "uAQID", "z0", "zé"} {
		f.Add(s, 3)
	}
	f.Fuzz(func(t *testing.T, s string, size int) {
		size %= 200
		b, err := DecodeBase58(s, size)
		if err != nil {
			return
		}
		if len(b) != size {
			t.Fatalf("%d bytes, want %d", len(b), size)
		}
		if back := EncodeBase58(b); back != s {
			t.Fatalf("%q decodes to %x, which encodes to %q", s, b, back)
		}
	})
}

package statuslist

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/mandate-engine/mandate/canonical"
)

func parse(t testing.TB, s string) canonical.Value {
	t.Helper()
	d, err := canonical.Parse([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return d.Root()
}

func encode(bits []byte) string {
	var buf bytes.Buffer
	z := gzip.NewWriter(&buf)
	z.Write(bits)
	z.Close()
	return "u" + base64.RawURLEncoding.EncodeToString(buf.Bytes())
}

// zeros is a list of 256 MiB. Compressing it is slow.
var zeros = sync.OnceValue(func() string { return encode(make([]byte, 256<<20)) })

func list(encoded, purpose string) string {
	return fmt.Sprintf(`{"type":["VerifiableCredential","BitstringStatusListCredential"],"credentialSubject":{"type":"BitstringStatusList","statusPurpose":%s,"encodedList":%q}}`, purpose, encoded)
}

func entry(more string) string {
	return `{"type":"BitstringStatusListEntry","statusPurpose":"revocation","statusListCredential":"https://x.example/1"` + more + `}`
}

// messages returns a member statusMessage for n values.
func messages(n int) string {
	var list []string
	for i := range n {
		list = append(list, fmt.Sprintf(`{"status":"0x%x","message":"m%d"}`, i, i))
	}
	return `,"statusMessage":[` + strings.Join(list, ",") + `]`
}

func TestReadEntry(t *testing.T) {
	index := `,"statusListIndex":"0"`

	tests := []struct{ name, in, want string }{
		{"plain", entry(`,"statusListIndex":"94567"`), ""},
		{"index 0", entry(`,"statusListIndex":"0"`), ""},
		{"size 8", entry(index + `,"statusSize":8` + messages(256)), ""},
		{"size 2 without messages", entry(index + `,"statusSize":2`), "no messages"},
		{"messages for one bit", entry(index + messages(2)), ""},
		{"a message too few", entry(index + `,"statusSize":2` + messages(3)), "each of 4 values"},
		{"a message too many", entry(index + messages(3)), "each of 2 values"},
		{"messages in another order", entry(index + `,"statusMessage":[{"status":"0x1","message":"b"},{"status":"0x0","message":"a"}]`), ""},
		{"a message twice", entry(index + `,"statusMessage":[{"status":"0x0","message":"b"},{"status":"0x0","message":"a"}]`), "each of 2 values"},
		{"a status without prefix", entry(index + `,"statusMessage":[{"status":"0","message":"b"},{"status":"0x1","message":"a"}]`), "each of 2 values"},
		{"a status that is no number", entry(index + `,"statusMessage":[{"status":"0xg","message":"b"},{"status":"0x1","message":"a"}]`), "each of 2 values"},
		{"a message without text", entry(index + `,"statusMessage":[{"status":"0x0"},{"status":"0x1","message":"a"}]`), "each of 2 values"},
		{"messages are no list", entry(index + `,"statusMessage":{}`), "each of 2 values"},
		{"no messages", entry(index + `,"statusMessage":[]`), "each of 2 values"},
		{"messages are null", entry(index + `,"statusMessage":null`), "each of 2 values"},
		{"another type", strings.Replace(entry(`,"statusListIndex":"0"`), "BitstringStatusListEntry", "StatusList2021Entry", 1), "type"},
		{"no index", entry(``), "purpose, index or list"},
		{"index is a number", entry(`,"statusListIndex":1`), "purpose, index or list"},
		{"negative index", entry(`,"statusListIndex":"-1"`), "no whole number"},
		{"signed index", entry(`,"statusListIndex":"+1"`), "no whole number"},
		{"hexadecimal index", entry(`,"statusListIndex":"0x1"`), "no whole number"},
		{"fractional index", entry(`,"statusListIndex":"1.0"`), "no whole number"},
		{"huge index", entry(`,"statusListIndex":"9223372036854775808"`), "no whole number"},
		{"empty index", entry(`,"statusListIndex":""`), "no whole number"},
		{"size 0", entry(`,"statusListIndex":"0","statusSize":0`), "from 1 to 8"},
		{"size 9", entry(`,"statusListIndex":"0","statusSize":9`), "from 1 to 8"},
		{"size is a string", entry(`,"statusListIndex":"0","statusSize":"1"`), "from 1 to 8"},
		{"size null", entry(`,"statusListIndex":"0","statusSize":null`), "from 1 to 8"},
		{"list is no URL", strings.Replace(entry(`,"statusListIndex":"0"`), "https://x.example/1", "x", 1), "purpose, index or list"},
		{"its id is its list", entry(`,"statusListIndex":"0","id":"https://x.example/1"`), "that of its list"},
		{"empty purpose", strings.Replace(entry(`,"statusListIndex":"0"`), "revocation", "", 1), "purpose, index or list"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e, err := ReadEntry(parse(t, tt.in))
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) || (err == nil) != (e != nil) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestValue(t *testing.T) {
	bits := make([]byte, MinEntries/8)
	bits[0] = 0b1000_0001
	bits[len(bits)-1] = 0b0000_0001
	bits[3] = 0b0000_1101
	bits[4] = 0b1000_0000
	wide := bytes.Repeat(bits, 8)
	good := encode(bits)
	flip := func(i int) string { b := []byte(good); b[i] ^= 1; return string(b) }
	tests := []struct {
		name, index string
		size        int
		list        string
		want        int
		err         string
	}{
		{"first bit", "0", 1, list(good, `"revocation"`), 1, ""},
		{"second bit", "1", 1, list(good, `"revocation"`), 0, ""},
		{"eighth bit", "7", 1, list(good, `"revocation"`), 1, ""},
		{"ninth bit", "8", 1, list(good, `"revocation"`), 0, ""},
		{"last bit", "131071", 1, list(good, `"revocation"`), 1, ""},
		{"one past the end", "131072", 1, list(good, `"revocation"`), 0, "outside"},
		{"far past the end", "2147483647", 1, list(good, `"revocation"`), 0, "outside"},
		{"two bits", "15", 2, list(encode(wide), `"revocation"`), 1, ""},
		{"three bits over a byte boundary", "10", 3, list(encode(wide), `"revocation"`), 0b011, ""},
		{"eight bits", "3", 8, list(encode(wide), `"revocation"`), 0b0000_1101, ""},
		{"too few entries for the size", "0", 2, list(good, `"revocation"`), 0, "fewer than"},
		{"too short", "0", 1, list(encode(bits[1:]), `"revocation"`), 0, "fewer than"},
		{"several purposes", "0", 1, list(good, `["suspension","revocation"]`), 1, ""},
		{"another purpose", "0", 1, list(good, `"suspension"`), 0, "another purpose"},
		{"no purpose", "0", 1, list(good, `null`), 0, "another purpose"},
		{"another base", "0", 1, list("z"+good[1:], `"revocation"`), 0, "base64url"},
		{"padding", "0", 1, list(good+"=", `"revocation"`), 0, "base64url"},
		{"a line break", "0", 1, list(good[:9]+"\n"+good[9:], `"revocation"`), 0, "base64url"},
		{"empty", "0", 1, list("", `"revocation"`), 0, "base64url"},
		{"no gzip", "0", 1, list("uAAAA", `"revocation"`), 0, "gzip"},
		{"checksum", "0", 1, list(flip(len(good)-9), `"revocation"`), 0, "decompressed"},
		{"cut off", "0", 1, list(good[:len(good)-8], `"revocation"`), 0, "decompressed"},
		{"256 MiB of zeros", "0", 1, list(zeros(), `"revocation"`), 0, "larger than"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e, err := ReadEntry(parse(t, entry(fmt.Sprintf(`,"statusListIndex":%q,"statusSize":%d`, tt.index, tt.size)+messages(1<<tt.size))))
			if err != nil {
				t.Fatal(err)
			}
			v := parse(t, tt.list)
			if !IsList(v) {
				t.Error("is no list")
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			got, err := e.Value(v, [32]byte{}, nil)
			runtime.ReadMemStats(&after)
			if got != tt.want || (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Errorf("got %d, %v; want %d, %q", got, err, tt.want, tt.err)
			}
			if n := after.TotalAlloc - before.TotalAlloc; n > 2<<20 {
				t.Errorf("allocated %d bytes", n)
			}
		})
	}
	if IsList(parse(t, `{"type":"BitstringStatusListCredential","credentialSubject":{"type":"X"}}`)) {
		t.Error("another subject is a list")
	}
}

func FuzzValue(f *testing.F) {
	f.Add(encode(make([]byte, MinEntries/8)), "5", 1)
	f.Add("u", "0", 8)
	f.Fuzz(func(t *testing.T, encoded, index string, size int) {
		more := fmt.Sprintf(`,"statusListIndex":%q,"statusSize":%d`, index, size)
		if size >= 1 && size <= maxSize {
			more += messages(1 << size)
		}
		d, err := canonical.Parse([]byte(entry(more)))
		if err != nil {
			return
		}
		e, err := ReadEntry(d.Root())
		if err != nil {
			return
		}
		l, err := canonical.Parse([]byte(list(encoded, `"revocation"`)))
		if err != nil {
			return
		}
		if v, err := e.Value(l.Root(), [32]byte{}, nil); v < 0 || v >= 1<<size || err != nil && v != 0 {
			t.Fatalf("%d, %v", v, err)
		}
	})
}

func TestMessage(t *testing.T) {
	e, err := ReadEntry(parse(t, entry(`,"statusListIndex":"0","statusSize":2`+messages(4))))
	if err != nil {
		t.Fatal(err)
	}
	for value, want := range map[int]string{0: "m0", 3: "m3", 4: "", -1: ""} {
		if got := e.Message(value); got != want {
			t.Errorf("message of %d: got %q, want %q", value, got, want)
		}
	}
	if e, _ = ReadEntry(parse(t, entry(`,"statusListIndex":"0"`))); e.Message(1) != "" {
		t.Error("a message out of nowhere")
	}
}

func TestTTL(t *testing.T) {
	for in, want := range map[string]string{
		``:                       "0s",
		`"ttl":0`:                "0s",
		`"ttl":300000`:           "5m0s",
		`"ttl":9007199254740991`: "8760h0m0s",
		`"ttl":-1`:               "no whole number",
		`"ttl":1.5`:              "no whole number",
		`"ttl":"300000"`:         "no whole number",
		`"ttl":null`:             "no whole number",
		`"ttl":1e300`:            "no whole number",
	} {
		v := parse(t, `{"credentialSubject":{`+in+`}}`)
		got, err := TTL(v)
		if err == nil && got.String() != want || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %s, %v, want %s", in, got, err, want)
		}
	}
	e, err := ReadEntry(parse(t, entry(`,"statusListIndex":"0"`)))
	if err != nil {
		t.Fatal(err)
	}
	good := list(encode(make([]byte, MinEntries/8)), `"revocation"`)
	if _, err := e.Value(parse(t, strings.Replace(good, `"encodedList"`, `"ttl":"x","encodedList"`, 1)), [32]byte{}, nil); err == nil {
		t.Error("a list with a ttl that cannot be read is read")
	}
}

func TestBits(t *testing.T) {
	bits := make([]byte, MinEntries/8)
	bits[1] = 7
	for _, tt := range []struct{ name, list, err string }{
		{"what Encode wrote", Encode(bits), ""},
		{"256 MiB of zeros", zeros(), "larger than"},
		{"cut off", Encode(bits)[:40], "cannot be decompressed"},
		{"not gzip", "uAAAA", "gzip"},
	} {
		got, err := Bits(parse(t, list(tt.list, `"revocation"`)))
		if tt.err == "" && (err != nil || !bytes.Equal(got, bits)) || tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)) {
			t.Errorf("%s: %d bytes, %v; want %q", tt.name, len(got), err, tt.err)
		}
	}
}

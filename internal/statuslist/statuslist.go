// Package statuslist reads the entries and lists of Bitstring Status List v1.0
// (https://www.w3.org/TR/vc-bitstring-status-list/). Sections in comments are
// those of that document.
//
// It does not check who issued a list, the proof of the list, or its validity.
package statuslist

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/internal/dataintegrity"
	"github.com/mandate-engine/mandate/internal/memo"
	"github.com/mandate-engine/mandate/internal/vcdm"
)

// Limits.
const (
	maxSize    = 8        // bits of one entry
	maxBytes   = 16 << 20 // of a decompressed list, which may be a few hundred KB compressed
	MinEntries = 131_072  // section 3.2 step 11: fewer would single out holders
)

// An Entry is one entry of a credential's credentialStatus.
type Entry struct {
	Purpose string // the meaning of a set bit, such as revocation
	List    string // the URL of the list
	index   int    // less than 2^31
	size    int    // in bits
	// messages gives the meaning of each value; nil if the entry has none.
	messages map[int]string
}

// Check checks the structure of a list credential. Its id must be the URL in the
// entry: otherwise an attacker could serve another list of the same issuer.
func Check(credential canonical.Value, url string) error {
	if credential.Kind() != canonical.Object {
		return errors.New("the status list is no object")
	}
	if f := vcdm.CheckCredential(credential, false); f != nil {
		return errors.New("the status list is malformed: " + f.Detail)
	}
	if !IsList(credential) {
		return errors.New("the status list has another type")
	}
	if id, _ := credential.Get("id").String(); id != url {
		return fmt.Errorf("the status list has the id %.200q, not the URL it is named by", id)
	}
	return nil
}

// Message returns the meaning that the entry gives to a value, or "".
func (e *Entry) Message(value int) string { return e.messages[value] }

// ReadEntry reads an entry (section 2.1).
func ReadEntry(node canonical.Value) (*Entry, error) {
	if !vcdm.HasType(node, "BitstringStatusListEntry") {
		return nil, errors.New("the type of the status entry is not known")
	}
	e := &Entry{size: 1}
	var ok [3]bool
	var index string
	e.Purpose, ok[0] = node.Get("statusPurpose").String()
	index, ok[1] = node.Get("statusListIndex").String()
	e.List, ok[2] = node.Get("statusListCredential").String()
	if ok != [3]bool{true, true, true} || e.Purpose == "" || !dataintegrity.IsURL(e.List) {
		return nil, errors.New("the status entry has no purpose, index or list")
	}
	if id, _ := node.Get("id").String(); id == e.List {
		return nil, errors.New("the id of the status entry is that of its list")
	}
	i, err := strconv.ParseUint(index, 10, 31)
	if err != nil || strconv.FormatUint(i, 10) != index {
		return nil, errors.New("the index of the status entry is no whole number")
	}
	e.index = int(i)
	if size := node.Get("statusSize"); size.Kind() != canonical.Absent {
		f, _ := size.Float64()
		if !size.IsSafeInteger() || f < 1 || f > maxSize {
			return nil, errors.New("the size of the status entry is not a whole number from 1 to 8")
		}
		e.size = int(f)
	}
	if e.messages, err = readMessages(node.Get("statusMessage"), 1<<e.size); err != nil {
		return nil, err
	}
	if e.messages == nil && e.size > 1 {
		return nil, errors.New("the status entry has values of several bits, and no messages for them")
	}
	return e, nil
}

// readMessages reads the statusMessage of an entry, which must have one object for
// each value.
func readMessages(list canonical.Value, values int) (map[int]string, error) {
	if list.Kind() == canonical.Absent {
		return nil, nil
	}
	out := map[int]string{}
	for _, m := range list.Elements() {
		text, _ := m.Get("status").String()
		message, ok := m.Get("message").String()
		value, err := strconv.ParseUint(strings.TrimPrefix(text, "0x"), 16, 16)
		if _, twice := out[int(value)]; !ok || twice || err != nil || int(value) >= values || !strings.HasPrefix(text, "0x") {
			break
		}
		out[int(value)] = message
	}
	if list.Len() != values || len(out) != values {
		return nil, fmt.Errorf("statusMessage does not hold a message for each of %d values", values)
	}
	return out, nil
}

// IsList reports whether a credential has the types of a status list.
func IsList(credential canonical.Value) bool {
	return vcdm.HasType(credential, "BitstringStatusListCredential") && vcdm.HasType(credential.Get("credentialSubject"), "BitstringStatusList")
}

// TTL returns the time after which the publisher wants the list credential to be
// fetched again (section 2.2). It is a hint and does not end the validity of the
// list. TTL returns 0 if the list has none, and at most a year.
func TTL(credential canonical.Value) (time.Duration, error) {
	v := credential.Get("credentialSubject").Get("ttl")
	if v.Kind() == canonical.Absent {
		return 0, nil
	}
	ms, _ := v.Float64()
	if !v.IsSafeInteger() || ms < 0 {
		return 0, errors.New("the ttl of the status list is no whole number of milliseconds")
	}
	const year = 365 * 24 * time.Hour
	return time.Duration(min(ms, float64(year.Milliseconds()))) * time.Millisecond, nil
}

// A Key names an entry of a list: the SHA-256 of the canonical form of the list
// credential, and the place of the entry in the list.
type Key struct {
	list        [sha256.Size]byte
	index, size int
}

// A Result is the value at a [Key], or the error of looking it up. Both depend on
// the bytes of the list alone.
type Result struct {
	value int
	err   error
}

// Value returns the value of the entry in a list credential (section 3.2). 0
// means that the status in Purpose does not apply.
//
// To look up a value, Value decompresses the list as a stream of up to 16 MiB.
// That takes little memory, but as long as a hundred signatures: results keeps
// what was looked up before. It may be nil. digest is the SHA-256 of the canonical
// form of credential.
func (e *Entry) Value(credential canonical.Value, digest [sha256.Size]byte, results *memo.Memo[Key, Result]) (int, error) {
	if err := e.fits(credential); err != nil {
		return 0, err
	}
	key := Key{digest, e.index, e.size}
	r, ok := results.Get(key)
	if !ok {
		r.value, r.err = e.find(credential)
		results.Add(key, r)
	}
	return r.value, r.err
}

// fits checks that the list has the purpose of the entry and that its ttl can be
// read.
func (e *Entry) fits(credential canonical.Value) error {
	purpose := credential.Get("credentialSubject").Get("statusPurpose")
	s, ok := purpose.String()
	fits := ok && s == e.Purpose
	for _, v := range purpose.Elements() {
		s, ok := v.String()
		fits = fits || ok && s == e.Purpose
	}
	if !fits {
		return errors.New("the status list is for another purpose")
	}
	_, err := TTL(credential)
	return err
}

// find looks up the entry in the list.
func (e *Entry) find(credential canonical.Value) (int, error) {
	z, err := decompress(credential)
	if err != nil {
		return 0, err
	}
	return e.read(z)
}

// Bits returns the whole list of a list credential, at most 16 MiB.
func Bits(credential canonical.Value) ([]byte, error) {
	z, err := decompress(credential)
	if err != nil {
		return nil, err
	}
	bits, err := io.ReadAll(io.LimitReader(z, maxBytes+1))
	switch {
	case err != nil:
		return nil, errors.New("the status list cannot be decompressed")
	case len(bits) > maxBytes:
		return nil, errors.New("the status list is larger than 16 MiB")
	}
	return bits, nil
}

func decompress(credential canonical.Value) (*gzip.Reader, error) {
	text, _ := credential.Get("credentialSubject").Get("encodedList").String()
	// The decoder would skip line breaks, so refuse them here.
	if text == "" || text[0] != 'u' || strings.ContainsAny(text, "\r\n") {
		return nil, errors.New("the status list is not in base64url")
	}
	compressed, err := base64.RawURLEncoding.Strict().DecodeString(text[1:])
	if err != nil {
		return nil, errors.New("the status list is not in base64url")
	}
	z, err := gzip.NewReader(bytes.NewReader(compressed))
	if err != nil {
		return nil, errors.New("the status list is not compressed with gzip")
	}
	return z, nil
}

// Encode returns the encodedList of a list (section 2.2).
func Encode(bits []byte) string {
	var buf bytes.Buffer
	z := gzip.NewWriter(&buf)
	z.Write(bits) // a bytes.Buffer returns no errors
	z.Close()
	return "u" + base64.RawURLEncoding.EncodeToString(buf.Bytes())
}

// read returns the entry in a list of bits, of which the most significant of each
// byte comes first. It reads the list to the end, as its length and its checksum
// have to be checked.
func (e *Entry) read(bits io.Reader) (int, error) {
	first := int64(e.index) * int64(e.size) // in bits; an int may have only 32
	past := first + int64(e.size)
	var held []byte // the bytes that contain the entry
	var total int64
	buf := make([]byte, 32<<10)
	for {
		n, err := bits.Read(buf)
		from, to := max(first/8-total, 0), min((past+7)/8-total, int64(n))
		if from < to {
			held = append(held, buf[from:to]...)
		}
		if total += int64(n); total > maxBytes {
			return 0, errors.New("the status list is larger than 16 MiB")
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return 0, errors.New("the status list cannot be decompressed")
		}
	}
	switch {
	case total*8/int64(e.size) < MinEntries:
		return 0, errors.New("the status list has fewer than 131072 entries")
	case past > total*8:
		return 0, errors.New("the index lies outside the status list")
	}
	value := 0
	for bit := first; bit < past; bit++ {
		value = value<<1 | int(held[bit/8-first/8]>>(7-bit%8)&1)
	}
	return value, nil
}

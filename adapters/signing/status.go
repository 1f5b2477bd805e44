package signing

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/internal/statuslist"
	"github.com/mandate-engine/mandate/internal/vcdm"
)

// MinStatusEntries is the minimum number of entries of a status list. With
// fewer, the publisher could tell from a request which credential is being
// verified.
const MinStatusEntries = statuslist.MinEntries

// A StatusList has one bit for each of many credentials, such as whether it is
// revoked. It implements Bitstring Status List v1.0. It is not safe for
// concurrent use.
type StatusList struct {
	ID      string        // the URL where it is published
	Purpose string        // revocation or suspension
	TTL     time.Duration // after which verifiers fetch it again; 0 for no hint

	bits []byte
}

// NewStatusList returns a list with all bits clear. Its size is fixed: entries
// rounded up to whole bytes, at least MinStatusEntries.
func NewStatusList(id, purpose string, entries int) (*StatusList, error) {
	const limit = 16 << 20 * 8 // the most that verifiers decompress
	switch {
	case !vcdm.IsURL(id):
		return nil, fmt.Errorf("signing: the id of the status list %.100q is no URL", id)
	case purpose == "":
		return nil, errors.New("signing: a status list needs a purpose")
	case entries > limit:
		return nil, fmt.Errorf("signing: a status list of %d entries is larger than verifiers read, %d", entries, limit)
	}
	return &StatusList{ID: id, Purpose: purpose, bits: make([]byte, (max(entries, MinStatusEntries)+7)/8)}, nil
}

// ParseStatusList parses the result of [StatusList.Sign], to change the list.
// It does not verify the proof.
func ParseStatusList(credential []byte) (*StatusList, error) {
	d, err := canonical.Parse(credential)
	if err != nil {
		return nil, fmt.Errorf("signing: %w", err)
	}
	vc := d.Root()
	l := &StatusList{}
	l.ID, _ = vc.Get("id").String()
	l.Purpose, _ = vc.Get("credentialSubject").Get("statusPurpose").String()
	if !statuslist.IsList(vc) || l.ID == "" || l.Purpose == "" {
		return nil, errors.New("signing: it is no status list with an id and one purpose")
	}
	if l.TTL, err = statuslist.TTL(vc); err == nil {
		l.bits, err = statuslist.Bits(vc)
	}
	if err != nil {
		return nil, fmt.Errorf("signing: %w", err)
	}
	return l, nil
}

// Len returns the number of entries.
func (l *StatusList) Len() int { return len(l.bits) * 8 }

// Set sets or clears the bit of an entry.
func (l *StatusList) Set(index int, on bool) error {
	if err := l.check(index); err != nil {
		return err
	}
	mask := byte(0x80) >> (index % 8) // the most significant bit is the first
	l.bits[index/8] &^= mask
	if on {
		l.bits[index/8] |= mask
	}
	return nil
}

// IsSet reports the bit of an entry. It is false for an index out of range.
func (l *StatusList) IsSet(index int) bool {
	return l.check(index) == nil && l.bits[index/8]&(0x80>>(index%8)) != 0
}

// Entry returns the credentialStatus of the credential with an index. Add it
// to the credential before signing. Give each index to one credential only.
func (l *StatusList) Entry(index int) (map[string]any, error) {
	if err := l.check(index); err != nil {
		return nil, err
	}
	return map[string]any{
		"type":                 "BitstringStatusListEntry",
		"statusPurpose":        l.Purpose,
		"statusListIndex":      strconv.Itoa(index),
		"statusListCredential": l.ID,
	}, nil
}

func (l *StatusList) check(index int) error {
	if index < 0 || index >= l.Len() {
		return fmt.Errorf("signing: the status list has no entry %d, its last is %d", index, l.Len()-1)
	}
	return nil
}

// Sign returns the list as a status list credential. The signer must be the
// issuer of the credentials in the list, because verifiers accept no other.
// The list is valid from from, which verifiers with a maximum age also use as
// its age, and to until, unless that is zero. Publish it at its ID.
func (l *StatusList) Sign(ctx context.Context, signer Signer, from, until time.Time) ([]byte, error) {
	const lastYear = 9999 // verifiers read four-digit years
	if l.Len() < MinStatusEntries || from.IsZero() || from.Year() > lastYear || until.Year() > lastYear || !until.IsZero() && until.Before(from) {
		return nil, errors.New("signing: a status list needs entries and a time from which it is valid, before its end")
	}
	subject := map[string]any{
		"id":            l.ID + "#list",
		"type":          "BitstringStatusList",
		"statusPurpose": l.Purpose,
		"encodedList":   statuslist.Encode(l.bits),
	}
	if l.TTL > 0 {
		subject["ttl"] = l.TTL.Milliseconds()
	}
	doc := map[string]any{
		"@context":          []string{contextV2},
		"id":                l.ID,
		"type":              []string{"VerifiableCredential", "BitstringStatusListCredential"},
		"issuer":            DID(signer),
		"validFrom":         stamp(from),
		"credentialSubject": subject,
	}
	if !until.IsZero() {
		doc["validUntil"] = stamp(until)
	}
	b, err := canonical.Marshal(doc)
	if err != nil {
		return nil, fmt.Errorf("signing: %w", err)
	}
	return Credential(ctx, b, signer, Options{Created: from})
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

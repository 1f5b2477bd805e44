package verifier

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"io"
	"slices"
	"strconv"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/internal/dataintegrity"
)

// Limits of status lists (Bitstring Status List v1.0,
// https://www.w3.org/TR/vc-bitstring-status-list/, "BSL" below).
const (
	maxStatusEntries = 4
	maxStatusSize    = 8
	maxListBytes     = 16 << 20 // decompressed; a few hundred KB arrive as this much
	minListEntries   = 131072   // BSL section 3.2 step 11: herd privacy
)

// A statusEntry is one entry of credentialStatus.
type statusEntry struct {
	node          canonical.Value
	purpose, list string
	index, size   int
}

// checkStatus checks the status entries of a credential. Whatever is not
// known to be in order denies.
func (v *Verifier) checkStatus(p *proven, c *credential, ev *evidence, n *need) {
	field := c.node.Get("credentialStatus")
	if field.Kind() == canonical.Absent {
		p.ledger.skip(checkVCStatus, "the credential has no status")
		return
	}
	entries := []canonical.Value{field}
	if field.Kind() == canonical.Array {
		entries = slices.Collect(func(yield func(canonical.Value) bool) {
			for _, e := range field.Elements() {
				if !yield(e) {
					return
				}
			}
		})
	}
	if len(entries) > maxStatusEntries {
		p.ledger.fail(checkVCStatus, ReasonStatusUnknown, field, "more than %d status entries", maxStatusEntries)
		return
	}
	for _, node := range entries {
		v.checkStatusEntry(p, c, node, ev, n)
	}
}

func (v *Verifier) checkStatusEntry(p *proven, c *credential, node canonical.Value, ev *evidence, n *need) {
	unknown := func(err error) {
		p.ledger.fail(checkVCStatus, ReasonStatusUnknown, node, "%s", shorten(err.Error()))
	}
	entry, err := readStatusEntry(node)
	if err != nil {
		unknown(err)
		return
	}
	if v.cfg.Status == nil {
		unknown(errors.New("there is no source of status lists"))
		return
	}
	a, have := ev.lists[entry.list]
	if !have {
		if !slices.Contains(n.lists, entry.list) {
			n.lists = append(n.lists, entry.list)
		}
		return
	}
	if a.err != nil {
		unknown(a.err)
		return
	}
	list := &credential{node: a.value.Root()}
	if err, have := v.proveList(p, list, c.issuer, ev, n); !have {
		return
	} else if err != nil {
		unknown(err)
		return
	}
	switch {
	case list.from != nil && p.now.Before(list.from.Add(-v.cfg.Leeway)), list.until != nil && p.now.After(list.until.Add(v.cfg.Leeway)):
		p.ledger.fail(checkVCStatus, ReasonStatusStale, node, "the status list is not valid at %s", stamp(p.now))
		return
	}
	value, err := entry.read(list.node.Get("credentialSubject"))
	if err != nil {
		unknown(err)
		return
	}
	p.lists = append(p.lists, canonical.SRI(list.node.SHA256()))
	switch {
	case value == 0:
		p.ledger.pass(checkVCStatus)
	case entry.purpose == "revocation":
		p.ledger.fail(checkVCStatus, ReasonCredentialRevoked, node, "the credential is revoked")
	case entry.purpose == "suspension":
		p.ledger.fail(checkVCStatus, ReasonCredentialSuspended, node, "the credential is suspended")
	case entry.purpose == "refresh":
		p.ledger.warn(checkVCStatus, node, "the issuer offers a newer credential")
	default:
		unknown(errors.New("status " + strconv.Itoa(value) + " of purpose " + strconv.Quote(shorten(entry.purpose)) + " has no known meaning"))
	}
}

// readStatusEntry reads an entry (BSL section 2.1).
func readStatusEntry(node canonical.Value) (*statusEntry, error) {
	if types, _ := typesOf(node); !slices.Contains(types, "BitstringStatusListEntry") {
		return nil, errors.New("the type of the status entry is not known")
	}
	e := &statusEntry{node: node, size: 1}
	var ok [3]bool
	var index string
	e.purpose, ok[0] = node.Get("statusPurpose").String()
	index, ok[1] = node.Get("statusListIndex").String()
	e.list, ok[2] = node.Get("statusListCredential").String()
	if ok != [3]bool{true, true, true} || e.purpose == "" || !dataintegrity.IsURL(e.list) {
		return nil, errors.New("the status entry has no purpose, index or list")
	}
	if id, _ := node.Get("id").String(); id == e.list {
		return nil, errors.New("the id of the status entry is that of its list")
	}
	i, err := strconv.ParseUint(index, 10, 31)
	if err != nil {
		return nil, errors.New("the index of the status entry is no whole number")
	}
	e.index = int(i)
	if size := node.Get("statusSize"); size.Kind() != canonical.Absent {
		f, _ := size.Float64()
		if !size.IsSafeInteger() || f < 1 || f > maxStatusSize {
			return nil, errors.New("the size of the status entry is not a whole number from 1 to 8")
		}
		e.size = int(f)
	}
	return e, nil
}

// proveList checks a status list credential like any other: its structure, its
// issuer, and its proof by a key of that issuer. have is false when evidence
// is missing.
func (v *Verifier) proveList(p *proven, list *credential, issuer string, ev *evidence, n *need) (err error, have bool) {
	node := list.node
	if node.Kind() != canonical.Object {
		return errors.New("the status list is no object"), true
	}
	if f := checkCredential(node, false); f != nil {
		return errors.New("the status list is malformed: " + f.detail), true
	}
	types, _ := typesOf(node)
	subjectTypes, _ := typesOf(node.Get("credentialSubject"))
	if !slices.Contains(types, "BitstringStatusListCredential") || !slices.Contains(subjectTypes, "BitstringStatusList") {
		return errors.New("the status list has another type"), true
	}
	list.issuer, _ = idOf(node.Get("issuer"))
	if list.issuer != issuer && !v.trusted[list.issuer] {
		return errors.New("the status list is of an untrusted issuer"), true
	}
	list.from, _ = instant(node.Get("validFrom"), "validFrom")
	list.until, _ = instant(node.Get("validUntil"), "validUntil")
	proofs, bad := dataintegrity.Parse(node, false)
	if bad != nil {
		return bad, true
	}
	for _, proof := range proofs {
		for _, bad := range []*dataintegrity.Error{proof.CheckPurpose(dataintegrity.AssertionMethod),
			proof.CheckExpiry(p.now, v.cfg.Leeway), proof.CheckCreated(p.now, v.cfg.MaxFuture)} {
			if bad != nil {
				return bad, true
			}
		}
		if why, detail := badMethodURL(proof.VerificationMethod); why != "" {
			return errors.New(detail), true
		}
		if controllerOf(proof) != list.issuer {
			return errors.New("the status list is signed by another than its issuer"), true
		}
		a, have := n.document(ev, list.issuer)
		if !have {
			return nil, false
		}
		if a.err != nil {
			return a.err, true
		}
		method, err := a.value.Document.VerificationMethod(proof.VerificationMethod, didresolve.AssertionMethod, p.now)
		if err != nil {
			return err, true
		}
		if !p.verified.verify(proof, method.Key()) {
			return errors.New("the signature of the status list is wrong"), true
		}
	}
	return nil, true
}

// read returns the value of the entry in a list (BSL section 3.2).
func (e *statusEntry) read(subject canonical.Value) (int, error) {
	purposes := []canonical.Value{subject.Get("statusPurpose")}
	for _, v := range subject.Get("statusPurpose").Elements() {
		purposes = append(purposes, v)
	}
	if !slices.ContainsFunc(purposes, func(v canonical.Value) bool { s, ok := v.String(); return ok && s == e.purpose }) {
		return 0, errors.New("the status list is for another purpose")
	}
	text, _ := subject.Get("encodedList").String()
	if text == "" || text[0] != 'u' {
		return 0, errors.New("the status list is not in base64url")
	}
	compressed, err := base64.RawURLEncoding.Strict().DecodeString(text[1:])
	if err != nil {
		return 0, errors.New("the status list is not in base64url")
	}
	z, err := gzip.NewReader(bytes.NewReader(compressed))
	if err != nil {
		return 0, errors.New("the status list is not compressed with gzip")
	}
	// Only the bits asked for are kept; the rest is counted.
	first, past := e.index*e.size, (e.index+1)*e.size
	held := make([]byte, 0, 2)
	total := 0
	buf := make([]byte, 32<<10)
	for {
		k, err := z.Read(buf)
		for i := max(first/8-total, 0); i < min((past+7)/8-total, k); i++ {
			held = append(held, buf[i])
		}
		if total += k; total > maxListBytes {
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
	case total*8/e.size < minListEntries:
		return 0, errors.New("the status list has fewer than 131072 entries")
	case past > total*8:
		return 0, errors.New("the index lies outside the status list")
	}
	value := 0
	for bit := first; bit < past; bit++ {
		b := held[bit/8-first/8]
		value = value<<1 | int(b>>(7-bit%8)&1)
	}
	return value, nil
}

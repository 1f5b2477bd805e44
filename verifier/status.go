package verifier

import (
	"errors"
	"fmt"
	"slices"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/internal/dataintegrity"
	"github.com/mandate-engine/mandate/internal/statuslist"
	"github.com/mandate-engine/mandate/internal/vcdm"
)

// Each new entry costs the decompression of its list, up to 16 MiB.
const (
	maxStatusEntries = 4  // of one credential
	maxStatusChecks  = 16 // of one presentation
)

// statusLookups asks for the status lists that checkStatus missed, and for the
// documents of those who signed the ones that it could not prove.
func (d *decision) statusLookups() (asked []lookup) {
	for _, url := range d.missedLists {
		asked = append(asked, listAt(url))
	}
	for _, list := range d.unprovenLists {
		asked = append(asked, d.awaited(list, byIssuer, byOthers)...)
	}
	return asked
}

// checkStatus checks the status entries of all credentials. It denies unless the
// status is known to be good.
func (d *decision) checkStatus() {
	entries := 0
	for _, c := range d.credentials {
		field := c.node.Get("credentialStatus")
		nodes := []canonical.Value{field}
		switch {
		case field.Kind() == canonical.Absent:
			d.skip(checkVCStatus, "the credential has no status")
			continue
		case field.Len() > maxStatusEntries && field.Kind() == canonical.Array:
			d.fail(checkVCStatus, ReasonStatusUnknown, field, "more than %d status entries", maxStatusEntries)
			continue
		case entries >= maxStatusChecks:
			d.fail(checkVCStatus, ReasonStatusUnknown, field, "more than %d status entries in the presentation", maxStatusChecks)
			continue
		case field.Kind() == canonical.Array: // not empty, by vc.structure
			nodes = slices.Collect(vcdm.Many(field))
		}
		entries += len(nodes)
		for _, node := range nodes {
			d.checkStatusEntry(c, node)
		}
	}
}

func (d *decision) checkStatusEntry(c *credential, node canonical.Value) {
	unknown := func(err error) {
		d.fail(checkVCStatus, ReasonStatusUnknown, node, "%s", shorten(err.Error()))
	}
	entry, err := statuslist.ReadEntry(node)
	if err != nil {
		unknown(err)
		return
	}
	if d.v.cfg.Status == nil {
		unknown(errors.New("there is no source of status lists"))
		return
	}
	a := d.answers[listAt(entry.List)]
	if a.err != nil {
		unknown(a.err)
		return
	}
	list := a.list
	if list == nil {
		d.missedLists = append(d.missedLists, entry.List)
		return
	}
	keys, err := d.proveList(list, entry.List, c.issuer)
	d.keys = append(d.keys, keys...)
	if err != nil {
		unknown(err)
		return
	}
	if slices.ContainsFunc(list.proofs, func(p *dataintegrity.Proof) bool {
		return d.standing(list, p) == unknownSigner || d.awaits(list, p, didresolve.AssertionMethod)
	}) {
		d.unprovenLists = append(d.unprovenLists, list)
		return
	}
	if !slices.Contains(d.usedLists, list) {
		d.usedLists = append(d.usedLists, list)
	}
	valid, leeway := list.valid, d.v.cfg.Leeway
	if valid.HasFrom && d.now.Before(valid.From.Add(-leeway)) || valid.HasUntil && d.now.After(valid.Until.Add(leeway)) {
		d.fail(checkVCStatus, ReasonStatusStale, node, "the status list is not valid at %s", stamp(d.now))
		return
	}
	if age := d.v.cfg.MaxStatusAge; age > 0 && (!valid.HasFrom || d.now.After(valid.From.Add(age).Add(leeway))) {
		d.fail(checkVCStatus, ReasonStatusStale, node, "the status list was not issued in the %s before %s", age, stamp(d.now))
		return
	}
	value, err := entry.Value(list.node, list.sum(), d.v.statuses)
	if err != nil {
		unknown(err)
		return
	}
	switch {
	case value == 0:
		d.pass(checkVCStatus)
	case entry.Purpose == "revocation":
		d.fail(checkVCStatus, ReasonCredentialRevoked, node, "the credential is revoked")
	case entry.Purpose == "suspension":
		d.fail(checkVCStatus, ReasonCredentialSuspended, node, "the credential is suspended")
	case entry.Purpose == "refresh":
		d.warn(checkVCStatus, node, "the issuer offers a newer credential")
	default:
		unknown(fmt.Errorf("status %d of purpose %q has no known meaning; its message is %q", value, shorten(entry.Purpose), shorten(entry.Message(value))))
	}
}

// proveList checks a status list credential like any other: its structure, its
// issuer and its proofs. The issuer has to be that of the credential. The id has to
// be the URL in the credential's entry: the source could otherwise return another
// list of the same issuer. proveList returns the keys that it used. It returns no
// error for proofs that await a lookup.
func (d *decision) proveList(list *credential, url, issuer string) ([]usedKey, error) {
	if err := d.readList(list, url, issuer); err != nil {
		return nil, err
	}
	// What fails in the list fails vc.status, not vc.proof: so it has findings of its own.
	own := d.findings
	d.findings = findings{}
	d.proveIssuer(list)
	d.proveOthers(list)
	found := d.findings
	d.findings = own
	if c, failed := found.firstFailure(); failed {
		return found.keys, errors.New("the status list: " + c.Detail)
	}
	return found.keys, nil
}

// readList reads a status list credential, and checks all of it but its proofs'
// signatures.
func (d *decision) readList(list *credential, url, issuer string) error {
	if err := statuslist.Check(list.node, url); err != nil {
		return err
	}
	if entry, found := vcdm.UnknownContext(list.node, d.v.contexts); found {
		return fmt.Errorf("%s of the status list is not among the accepted contexts", entry.Pointer())
	}
	list.issuer, _ = vcdm.ID(list.node.Get("issuer"))
	if list.issuer != issuer {
		return errors.New("the status list is of another issuer than the credential")
	}
	list.valid, _ = vcdm.Validity(list.node, false) // statuslist.Check has read it
	if list.proofs == nil {
		proofs, bad := dataintegrity.Parse(list.node, false)
		if bad != nil {
			return bad
		}
		list.proofs = proofs
	}
	for _, p := range list.proofs { // at least one
		for _, bad := range []*dataintegrity.Error{p.CheckPurpose(dataintegrity.AssertionMethod),
			p.CheckExpiry(d.now, d.v.cfg.Leeway), p.CheckCreated(d.now, d.v.cfg.MaxFuture)} {
			if bad != nil {
				return bad
			}
		}
	}
	return nil
}

package verifier

import (
	"errors"
	"fmt"
	"slices"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/internal/dataintegrity"
	"github.com/mandate-engine/mandate/internal/statuslist"
	"github.com/mandate-engine/mandate/internal/vcdm"
)

// Each entry decompresses its list, up to 16 MiB, when it was not looked at before.
const (
	maxStatusEntries = 4  // of one credential
	maxStatusChecks  = 16 // of one presentation
)

// checkStatus checks the status entries of a credential. Whatever is not
// known to be in order denies.
func (v *Verifier) checkStatus(p *proven, c *credential, ev *evidence, n *need) {
	field := c.node.Get("credentialStatus")
	switch {
	case field.Kind() == canonical.Absent:
		p.ledger.skip(checkVCStatus, "the credential has no status")
	case field.Len() > maxStatusEntries && field.Kind() == canonical.Array:
		p.ledger.fail(checkVCStatus, ReasonStatusUnknown, field, "more than %d status entries", maxStatusEntries)
	case p.statusChecks >= maxStatusChecks:
		p.ledger.fail(checkVCStatus, ReasonStatusUnknown, field, "more than %d status entries in the presentation", maxStatusChecks)
	case field.Kind() == canonical.Array:
		for _, node := range field.Elements() { // at least one, by the structure check
			v.checkStatusEntry(p, c, node, ev, n)
		}
	default:
		v.checkStatusEntry(p, c, field, ev, n)
	}
}

func (v *Verifier) checkStatusEntry(p *proven, c *credential, node canonical.Value, ev *evidence, n *need) {
	p.statusChecks++
	unknown := func(err error) {
		p.ledger.fail(checkVCStatus, ReasonStatusUnknown, node, "%s", shorten(err.Error()))
	}
	entry, err := statuslist.ReadEntry(node)
	if err != nil {
		unknown(err)
		return
	}
	if v.cfg.Status == nil {
		unknown(errors.New("there is no source of status lists"))
		return
	}
	a, have := n.list(ev, entry.List)
	if !have {
		return
	}
	if a.err != nil {
		unknown(a.err)
		return
	}
	list := p.statusLists[entry.List] // kept, so that its proof is verified once
	if list == nil {
		list = &credential{node: a.value.Root()}
		if p.statusLists == nil {
			p.statusLists = map[string]*credential{}
		}
		p.statusLists[entry.List] = list
	}
	if err, have := v.proveList(p, list, entry.List, c.issuer, ev, n); !have {
		return
	} else if err != nil {
		unknown(err)
		return
	}
	if !slices.Contains(p.lists, list) {
		p.lists = append(p.lists, list)
	}
	valid := list.valid
	if valid.HasFrom && p.now.Before(valid.From.Add(-v.cfg.Leeway)) || valid.HasUntil && p.now.After(valid.Until.Add(v.cfg.Leeway)) {
		p.ledger.fail(checkVCStatus, ReasonStatusStale, node, "the status list is not valid at %s", stamp(p.now))
		return
	}
	if age := v.cfg.MaxStatusAge; age > 0 && (!valid.HasFrom || p.now.After(valid.From.Add(age).Add(v.cfg.Leeway))) {
		p.ledger.fail(checkVCStatus, ReasonStatusStale, node, "the status list was not issued in the %s before %s", age, stamp(p.now))
		return
	}
	value, err := entry.Value(list.node, list.sum(), v.statuses)
	if err != nil {
		unknown(err)
		return
	}
	switch {
	case value == 0:
		p.ledger.pass(checkVCStatus)
	case entry.Purpose == "revocation":
		p.ledger.fail(checkVCStatus, ReasonCredentialRevoked, node, "the credential is revoked")
	case entry.Purpose == "suspension":
		p.ledger.fail(checkVCStatus, ReasonCredentialSuspended, node, "the credential is suspended")
	case entry.Purpose == "refresh":
		p.ledger.warn(checkVCStatus, node, "the issuer offers a newer credential")
	default:
		unknown(fmt.Errorf("status %d of purpose %q has no known meaning; its message is %q", value, shorten(entry.Purpose), shorten(entry.Message(value))))
	}
}

// proveList checks a status list credential like any other: its structure, its
// issuer, and its proof by a key of that issuer, which has to be the
// credential's. Its id has to be the URL that the credential names, so that
// nobody can hand out another list of the same issuer. have is false when
// evidence is missing.
func (v *Verifier) proveList(p *proven, list *credential, url, issuer string, ev *evidence, n *need) (err error, have bool) {
	node := list.node
	if err := statuslist.Check(node, url); err != nil {
		return err, true
	}
	if entry, found := vcdm.UnknownContext(node, v.contexts); found {
		return fmt.Errorf("%s of the status list is not among the accepted contexts", entry.Pointer()), true
	}
	list.issuer, _ = vcdm.ID(node.Get("issuer"))
	if list.issuer != issuer {
		return errors.New("the status list is of another issuer than the credential"), true
	}
	list.valid, _ = vcdm.Validity(node, false) // which Check has seen to be sound
	if list.proofs == nil {
		proofs, bad := dataintegrity.Parse(node, false)
		if bad != nil {
			return bad, true
		}
		list.proofs = proofs
	}
	for _, proof := range list.proofs { // at least one
		for _, bad := range []*dataintegrity.Error{proof.CheckPurpose(dataintegrity.AssertionMethod),
			proof.CheckExpiry(p.now, v.cfg.Leeway), proof.CheckCreated(p.now, v.cfg.MaxFuture)} {
			if bad != nil {
				return bad, true
			}
		}
	}
	// Its proofs are judged like those of the credential.
	lp, needs := &proven{screened: p.screened, ledger: &ledger{}}, &need{}
	v.proveIssuer(lp, list, ev, needs)
	for _, o := range lp.others {
		v.proof(lp, checkVCProof, o.credential, o.proof, ev, needs)
	}
	p.keys = append(p.keys, lp.keys...)
	if c, failed := lp.ledger.firstFailure(); failed {
		return errors.New("the status list: " + c.Detail), true
	}
	for _, did := range needs.documents {
		if !slices.Contains(n.documents, did) {
			n.documents = append(n.documents, did)
		}
	}
	if !needs.empty() {
		return nil, false
	}
	return nil, true
}

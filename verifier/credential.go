package verifier

import (
	"crypto/sha256"
	"maps"
	"slices"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/internal/vcdm"
)

// checkCredentials judges what proven credentials say without looking anything up:
// when they are valid, their evidence files, and who may present the mandate to
// whom. The document of a holder whom the mandate does not authorize is never looked
// up.
func (d *decision) checkCredentials() bool {
	for _, c := range d.credentials {
		d.checkValidity(c)
	}
	d.checkEvidence()
	d.checkParties()
	return !d.failedAt(checkHolderAuthorized)
}

// checkValidity: validFrom and validUntil are both inclusive (VC Data Model
// 2.0 section 4.9).
func (d *decision) checkValidity(c *credential) {
	leeway := d.v.cfg.Leeway
	switch {
	case c.valid.HasFrom && d.now.Before(c.valid.From.Add(-leeway)):
		d.fail(checkVCValidity, ReasonCredentialNotYetValid, c.node.Get("validFrom"), "valid from %s, it is %s", stamp(c.valid.From), stamp(d.now))
	case c.valid.HasUntil && d.now.After(c.valid.Until.Add(leeway)):
		d.fail(checkVCValidity, ReasonCredentialExpired, c.node.Get("validUntil"), "valid until %s, it is %s", stamp(c.valid.Until), stamp(d.now))
	case c.node.Get("validUntil").Kind() == canonical.Null:
		d.warn(checkVCValidity, c.node.Get("validUntil"), "validUntil is null: taken as absent")
	default:
		d.pass(checkVCValidity)
	}
}

// checkEvidence compares the evidence files of the request with the digests that
// credentials state. A file that no credential names is a mismatch.
func (d *decision) checkEvidence() {
	if len(d.req.Evidence) == 0 {
		d.skip(checkVCEvidence, "no evidence files were supplied")
		return
	}
	named := map[string]bool{}
	for _, c := range d.credentials {
		for _, member := range []string{"evidence", "evidences"} {
			for e := range vcdm.Many(c.node.Get(member)) {
				d.checkEvidenceEntry(e, named)
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(d.req.Evidence)) {
		if !named[id] {
			d.fail(checkVCEvidence, ReasonEvidenceMismatch, canonical.Value{}, "no credential names the evidence %q", shorten(id))
		}
	}
	d.pass(checkVCEvidence)
}

func (d *decision) checkEvidenceEntry(e canonical.Value, named map[string]bool) {
	id, _ := e.Get("id").String()
	file, supplied := d.req.Evidence[id]
	if !supplied {
		return
	}
	named[id] = true
	digest, _ := e.Get("digestSRI").String()
	if sum := canonical.SRI(sha256.Sum256(file)); digest != sum {
		d.fail(checkVCEvidence, ReasonEvidenceMismatch, e, "the digest of the evidence is %s", sum)
	}
}

// checkParties checks the holder, the verifier and the scope against the mandate.
func (d *decision) checkParties() {
	m := d.mandate
	listed := m.Restricted && (slices.Contains(m.Authorized, d.holder) || slices.Contains(m.Grantors, d.holder))
	if d.holder == m.Subject || listed {
		d.pass(checkHolderAuthorized)
	} else {
		d.fail(checkHolderAuthorized, ReasonHolderNotAuthorized, m.vc.node, "the mandate does not authorize the holder %q", shorten(d.holder))
	}

	switch verifier := d.req.Verifier; {
	case !m.Restricted:
		d.skip(checkVerifierAuthorized, "the mandate does not restrict who may verify it")
	case slices.Contains(m.Authorized, verifier) || verifier == m.vc.issuer:
		d.pass(checkVerifierAuthorized)
	default:
		d.fail(checkVerifierAuthorized, ReasonVerifierNotAuthorized, m.vc.node, "the mandate does not authorize the verifier %q", shorten(verifier))
	}

	switch d.req.Scope {
	case "":
		d.skip(checkScope, "no scope was required")
	case m.Scope:
		d.pass(checkScope)
	default:
		d.fail(checkScope, ReasonScopeMismatch, m.vc.node, "the scope is %q, not %q", shorten(m.Scope), shorten(d.req.Scope))
	}
}

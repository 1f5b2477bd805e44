package verifier

import (
	"slices"

	"github.com/mandate-engine/mandate/didresolve"
)

// holderLookups asks for the document of the holder, whom a proven mandate
// authorizes, and for those of signers that the Config maps to the holder.
func (d *decision) holderLookups() (asked []lookup) {
	for _, p := range d.proofs {
		if why, _ := badMethodURL(p.VerificationMethod); why == "" && d.mayPresent(controllerOf(p)) && d.awaits(nil, p, didresolve.Authentication) {
			asked = append(asked, documentOf(controllerOf(p)))
		}
	}
	return asked
}

// mayPresent reports whether a DID may sign for the holder.
func (d *decision) mayPresent(signer string) bool {
	return signer == d.holder || slices.Contains(d.v.cfg.PresentationSigners[signer], d.holder)
}

// proveHolder checks that the presentation is signed by its holder, or by a signer
// that the Config maps to the holder.
func (d *decision) proveHolder() bool {
	at := d.root.Get("proof")
	for _, p := range d.proofs {
		if why, detail := badMethodURL(p.VerificationMethod); why != "" {
			d.fail(checkHolderKey, why, at, "%s", detail)
			continue
		}
		if !d.mayPresent(controllerOf(p)) {
			d.fail(checkHolderBinding, ReasonHolderMismatch, at, "the key %q is not of the holder %q", shorten(p.VerificationMethod), shorten(d.holder))
			continue
		}
		d.pass(checkHolderBinding)
		key, ok := d.key(checkHolderKey, at, p, didresolve.Authentication)
		if !ok {
			continue
		}
		d.pass(checkHolderKey)
		if d.verifies(nil, p, key) {
			d.pass(checkVPProof)
		} else if !d.awaits(nil, p, didresolve.Authentication) {
			d.fail(checkVPProof, ReasonProofInvalid, at, "the signature does not fit the presentation and the key %q", shorten(p.VerificationMethod))
		}
	}
	return d.passedAt(checkVPProof) && d.passedAt(checkHolderKey) && d.passedAt(checkHolderBinding)
}

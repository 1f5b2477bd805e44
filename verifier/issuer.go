package verifier

import (
	"fmt"
	"slices"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/internal/dataintegrity"
	"github.com/mandate-engine/mandate/internal/didreason"
	"github.com/mandate-engine/mandate/internal/multikey"
)

// issuerLookups asks for the documents of the issuers, and of signers whom an issuer
// has accepted. It asks for nothing once a check has failed. Other signers come in
// actionLookups: anybody can add a proof to a credential, with a DID of his own.
func (d *decision) issuerLookups() (asked []lookup) {
	if d.failed() {
		return nil
	}
	for _, c := range d.credentials {
		asked = append(asked, d.awaited(c, byIssuer)...)
	}
	return asked
}

// awaited returns the documents that have to be looked up before the proofs of a
// credential can be judged: those that count as its issuer's, the others, or both,
// one kind after the other.
func (d *decision) awaited(c *credential, kinds ...bool) (asked []lookup) {
	for _, kind := range kinds {
		for _, p := range c.proofs {
			s := d.standing(c, p)
			if s == unknownSigner {
				asked = append(asked, documentOf(c.issuer))
				break
			}
			if own := s == issuerItself || s == listedSigner; own == kind && d.awaits(c, p, didresolve.AssertionMethod) {
				asked = append(asked, documentOf(controllerOf(p)))
			}
		}
	}
	return asked
}

const byIssuer, byOthers = true, false // kinds of proofs

// proveIssuers checks that every credential is signed by its issuer, and that the
// grantors whom the Config wants have signed.
func (d *decision) proveIssuers() bool {
	for _, c := range d.credentials {
		if len(c.proofs) == 0 { // checkForm has refused it
			d.fail(checkVCProof, ReasonCredentialUnsecured, c.node, "no proof")
		}
		d.proveIssuer(c)
	}
	d.checkGrantors()
	if d.failed() {
		return false
	}
	if d.others == 0 { // otherwise checkOthers passes it
		d.pass(checkVCProof)
	}
	return true
}

// proveIssuer verifies the proofs of a credential that count as its issuer's, and
// counts the others. It decides whose key a proof names before it looks at the
// key, so that no DID is looked up that the issuer has not vouched for.
func (d *decision) proveIssuer(c *credential) {
	own, stranger := 0, ""
	c.proven = false
	for _, p := range c.proofs {
		if why, detail := badMethodURL(p.VerificationMethod); why != "" {
			d.fail(checkIssuerKey, why, c.node, "%s", detail)
			return
		}
		switch d.standing(c, p) {
		case unknownSigner:
			if _, _, err := d.document(c.issuer); err != nil {
				d.failDID(checkIssuerKey, c.node, err)
			}
			return
		case otherSigner:
			stranger = fmt.Sprintf("the key %q is not of the issuer %q", shorten(p.VerificationMethod), shorten(c.issuer))
			if d.v.cfg.IssuerBinding == IssuerListed {
				stranger = fmt.Sprintf("the document of the issuer %q does not list the key %q", shorten(c.issuer), shorten(p.VerificationMethod))
			}
			d.others++
			continue
		case listedSigner:
			issuer, _, _ := d.document(c.issuer)
			d.keys = append(d.keys, usedKey{resolution: issuer, accepted: true})
		}
		own++
		c.proven = d.proveCredential(checkIssuerKey, c, p) || c.proven // in this order: every proof is verified
	}
	if own == 0 {
		d.fail(checkIssuerBinding, ReasonIssuerMismatch, c.node, "%s", stranger)
	} else {
		d.pass(checkIssuerBinding)
	}
}

// A standing says what the signer of a proof is to the issuer of the credential.
type standing int

const (
	unknownSigner standing = iota // the issuer's document has to be looked up (again), or cannot be had
	otherSigner                   // another DID that the issuer has not accepted
	listedSigner                  // another DID, whose key the issuer's document lists
	issuerItself                  // the issuer, or a DID that Config.IssuerSigners maps to it
)

func (d *decision) standing(c *credential, p *dataintegrity.Proof) standing {
	did, cfg := controllerOf(p), &d.v.cfg
	switch {
	case did == c.issuer:
		return issuerItself
	case cfg.IssuerBinding == IssuerMapped && slices.Contains(cfg.IssuerSigners[did], c.issuer):
		return issuerItself
	case cfg.IssuerBinding != IssuerListed:
		return otherSigner
	}
	issuer, refreshed, err := d.document(c.issuer)
	switch {
	case err != nil || issuer == nil:
		return unknownSigner
	case issuer.Document.Lists(p.VerificationMethod, didresolve.AssertionMethod):
		return listedSigner
	case !refreshed:
		return unknownSigner
	}
	return otherSigner
}

// proveCredential verifies one proof of a credential. keyCheck is the check that an
// unusable key fails: issuer.key, or vc.proof for other signers. proveCredential never
// passes vc.proof, because all proofs have to be good.
func (d *decision) proveCredential(keyCheck check, c *credential, p *dataintegrity.Proof) bool {
	key, ok := d.key(keyCheck, c.node, p, didresolve.AssertionMethod)
	if !ok {
		return false
	}
	if keyCheck != checkVCProof {
		d.pass(keyCheck)
	}
	if d.verifies(c, p, key) {
		return true
	}
	if !d.awaits(c, p, didresolve.AssertionMethod) {
		d.fail(checkVCProof, ReasonProofInvalid, c.node, "the signature does not fit the credential and the key %q", shorten(p.VerificationMethod))
	}
	return false
}

// key returns the key of a proof, judged by the verifier's clock. When the key cannot
// be used it fails check c, unless the proof awaits a lookup.
func (d *decision) key(c check, at canonical.Value, p *dataintegrity.Proof, purpose didresolve.Purpose) (key multikey.PublicKey, ok bool) {
	r, refreshed, err := d.document(controllerOf(p))
	if err != nil {
		d.failDID(c, at, err)
	}
	if r == nil {
		return key, false
	}
	method, err := r.Document.VerificationMethod(p.VerificationMethod, purpose, d.now)
	if didresolve.TypeOf(err) == didresolve.ErrMethodNotFound && !refreshed {
		return key, false
	}
	d.keys = append(d.keys, usedKey{r, err == nil, method.Multikey()})
	if err != nil {
		d.failDID(c, at, err)
		return key, false
	}
	return method.Key(), true
}

// failDID records why a DID or a key of it cannot be used.
func (d *decision) failDID(c check, at canonical.Value, err error) {
	d.fail(c, Reason(didreason.Code(err)), at, "%s", shorten(err.Error()))
}

// checkGrantors counts the grantors who have signed. Like all proofs, theirs have to
// verify before anything is allowed.
func (d *decision) checkGrantors() {
	want := d.v.cfg.GrantorProofs
	if want == 0 {
		d.skip(checkGrantorProofs, "no proofs of grantors are required")
		return
	}
	grantors, signed := map[string]bool{}, map[string]bool{}
	for _, g := range d.mandate.Grantors {
		grantors[g] = true
	}
	for _, p := range d.mandate.vc.proofs {
		if did := controllerOf(p); grantors[did] {
			signed[did] = true
		}
	}
	if want == AllGrantors {
		want = max(len(grantors), 1) // a mandate without grantors is denied
	}
	if len(signed) < want {
		d.fail(checkGrantorProofs, ReasonGrantorProofMissing, d.mandate.vc.node, "%d of %d grantors have signed, %d must", len(signed), len(grantors), want)
	}
}

// checkOthers is called by checkAction. It verifies the proofs that are not by issuers. Together with
// proveIssuers, every proof of a credential is then good.
func (d *decision) checkOthers() {
	good := 0
	for _, c := range d.credentials {
		good += d.proveOthers(c)
	}
	if good < d.others {
		return
	}
	d.pass(checkVCProof)
	if d.v.cfg.GrantorProofs != 0 {
		d.pass(checkGrantorProofs)
	}
}

// proveOthers verifies the proofs of a credential that are not by its issuer, and
// returns how many are good.
func (d *decision) proveOthers(c *credential) (good int) {
	for _, p := range c.proofs {
		if d.standing(c, p) == otherSigner && d.proveCredential(checkVCProof, c, p) {
			good++
		}
	}
	return good
}

package verifier

import (
	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/internal/dataintegrity"
	"github.com/mandate-engine/mandate/internal/didreason"
	"github.com/mandate-engine/mandate/internal/multikey"
)

// key returns the key of a proof, judged by the verifier's clock, with the answer
// that it was found in. When the key cannot be used it fails check c, unless a
// lookup may still change that: see awaits.
func (d *decision) key(c check, at canonical.Value, p *dataintegrity.Proof, purpose didresolve.Purpose) (a answer[*didresolve.Resolution], key multikey.PublicKey, ok bool) {
	a, ok = d.answers.documents[controllerOf(p)]
	if !ok {
		return a, key, false
	}
	if a.err != nil {
		d.failDID(c, at, a.err)
		return a, key, false
	}
	method, err := a.value.Document.VerificationMethod(p.VerificationMethod, purpose, d.now)
	if didresolve.TypeOf(err) == didresolve.ErrMethodNotFound && !a.refreshed {
		return a, key, false
	}
	d.keys = append(d.keys, usedKey{a.value, err == nil, method.Multikey()})
	if err != nil {
		d.failDID(c, at, err)
		return a, key, false
	}
	return a, method.Key(), true
}

// failDID records why a DID or a key of it cannot be used.
func (d *decision) failDID(c check, at canonical.Value, err error) {
	d.fail(c, Reason(didreason.Code(err)), at, "%s", shorten(err.Error()))
}

package request

import (
	"context"

	"github.com/mandate-engine/mandate/adapters/fault"
	"github.com/mandate-engine/mandate/adapters/signing"
	"github.com/mandate-engine/mandate/adapters/store"
	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/receipts"
)

// Present makes a presentation of an active mandate: POST /credential/vp/{id},
// with {targetVerifier?}. The holder is the caller, and its key in custody
// signs. The domain is the target verifier, or the caller if none is given.
// The challenge is fresh. The presentation is valid for a few minutes and one
// use. An empty body means {}.
//
// Present does not check that the verifier is listed in the mandate or is its
// issuer, which verification requires.
func (s *Service) Present(ctx context.Context, caller store.Tenant, id string, body []byte) ([]byte, error) {
	o, err := fault.Body(body, smallBody, true)
	if err != nil {
		return nil, err
	}
	domain := o.Text("targetVerifier", maxURL, false)
	if _, err := didresolve.Parse(domain); o.Has("targetVerifier") && err != nil {
		o.Fail("targetVerifier", "invalid_did", "is not a DID")
	}
	if err := o.Err(); err != nil {
		return nil, err
	}
	if domain == "" {
		domain = caller.DID
	}
	signer, err := s.signerOf(ctx, caller)
	if err != nil {
		return nil, err
	}
	challenge, err := s.uuid()
	if err != nil {
		return nil, err
	}
	var answer []byte
	err = s.cfg.Store.Update(ctx, func(tx store.Tx) error {
		r, err := tx.RequestOf(id)
		if r, err = s.readable(caller, r, err); err != nil {
			return err
		}
		c, now := credentialOf(r, id), s.now()
		switch {
		case !r.Canceled.IsZero():
			return fault.New(fault.Conflict, "request_canceled", "the request was cancelled")
		case statusOf(c, now) != statusActive || c.Signed == nil:
			return fault.New(fault.Conflict, "not_active", "the credential is %s", statusOf(c, now))
		}
		vp, err := signing.Presentation(ctx, caller.DID, [][]byte{c.Signed}, signer, signing.Options{Created: now, Challenge: challenge, Domain: []string{domain}})
		if err != nil {
			return err
		}
		d, err := canonical.Parse(vp)
		if err != nil {
			return err
		}
		receipt, err := s.record(ctx, tx, caller.ID, receipts.PresentationCreated, c.ID, map[string]string{"mandate": digest(c.Signed), "presentation": digest(vp)})
		if err != nil {
			return err
		}
		answer, err = withReceipt(object{"presentation": d.Root()}, receipt)
		return err
	})
	return answer, err
}

package request

import (
	"context"
	"crypto/subtle"
	"errors"
	"slices"
	"time"

	"github.com/mandate-engine/mandate/adapters/fault"
	"github.com/mandate-engine/mandate/adapters/store"
	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/receipts"
)

const (
	smallBody = 64 << 10
	// maxFailures is the number of wrong one-time passwords that lock a
	// subject permanently. A new password does not reset the count: otherwise
	// a caller could guess without limit.
	maxFailures = 5
)

// A decision is the parsed decision of a subject.
type decision struct {
	contact, otp string
	accepted     bool
	credentials  []string
}

func readDecision(body []byte) (*decision, error) {
	o, err := fault.Body(body, smallBody, false)
	if err != nil {
		return nil, err
	}
	d := &decision{contact: normalize(o.Text("contact", 254, true)), otp: o.Text("otp", 64, true), accepted: o.Bool("accepted", true), credentials: o.Texts("credentialIds", maxAll, maxText, false)}
	if o.Has("credentialIds") && len(d.credentials) == 0 {
		o.Fail("credentialIds", fault.Value, "is empty")
	}
	return d, o.Err()
}

// Decide records the decision of a subject: POST /request/{id}/decision. It
// requires the one-time password that was sent to the contact. A wrong
// password is Forbidden, and the fifth locks the subject of this request
// permanently. A recorded decision consumes the password. When the last
// subject accepts a credential, it is issued. When any subject rejects it, it
// is rejected.
func (s *Service) Decide(ctx context.Context, caller store.Tenant, id string, body []byte) ([]byte, error) {
	if err := checkObjectID("requestId", id); err != nil {
		return nil, err
	}
	d, err := readDecision(body)
	if err != nil {
		return nil, err
	}
	var before *store.Request
	err = s.cfg.Store.View(ctx, func(tx store.Tx) error {
		before, err = tx.Request(id)
		before, err = s.owned(caller, before, err)
		return err
	})
	if err != nil {
		return nil, err
	}
	identity, err := s.cfg.Identities.Identity(ctx, caller.ID, d.contact)
	if err != nil {
		return nil, err
	}
	var answer []byte
	var refused error // the error for the caller, although the transaction commits
	err = s.cfg.Store.Update(ctx, func(tx store.Tx) error {
		answer, refused = nil, nil
		r, err := tx.Request(id)
		if err != nil {
			return err
		}
		u := subjectOf(r, d.contact)
		if u == nil {
			return fault.At(fault.Invalid, "/contact", "unknown_contact", "is not a subject of the request")
		}
		chosen, err := d.choose(r)
		if err != nil {
			return err
		}
		if refused, err = s.checkOTP(tx, r, u, d.otp); err != nil || refused != nil {
			return err
		}
		if err := s.mayDecide(r, u, identity, chosen); err != nil {
			return err
		}
		u.OTP, u.OTPUntil = nil, time.Time{}
		if err := tx.PutSubject(r.ID, *u); err != nil {
			return err
		}
		answer, err = s.decide(ctx, tx, r, u, d.accepted, chosen)
		return err
	})
	if err == nil {
		err = refused
	}
	if err != nil {
		return nil, err
	}
	return answer, nil
}

// choose returns the credentials that a decision covers.
func (d *decision) choose(r *store.Request) (chosen []*store.Credential, err error) {
	for i, id := range d.credentials {
		at := slices.IndexFunc(r.Credentials, func(c store.Credential) bool { return c.ID == id })
		if at < 0 || slices.Contains(d.credentials[:i], id) {
			o := fault.Of(canonical.Value{}, "")
			o.FailItem("credentialIds", i, "unknown_credential", "is none of the request, or in the list already")
			return nil, o.Err()
		}
		chosen = append(chosen, &r.Credentials[at])
	}
	for i := range r.Credentials {
		if c := &r.Credentials[i]; len(d.credentials) == 0 && c.Status == statusDraft && !decided(c, d.contact) {
			chosen = append(chosen, c)
		}
	}
	return chosen, nil
}

func decided(c *store.Credential, contact string) bool {
	return slices.ContainsFunc(c.Decisions, func(d store.Decision) bool { return d.Contact == contact })
}

// checkOTP compares a one-time password and counts wrong ones. refused is the
// error for the caller; the transaction must commit the count.
func (s *Service) checkOTP(tx store.Tx, r *store.Request, u *store.Subject, otp string) (refused, err error) {
	switch {
	case !r.Canceled.IsZero():
		return fault.New(fault.Conflict, "request_canceled", "the request was cancelled"), nil
	case u.Failures >= maxFailures:
		return fault.New(fault.Locked, "subject_locked", "there were %d wrong one-time passwords", maxFailures), nil
	case u.OTP == nil:
		return fault.New(fault.Forbidden, "otp_used", "the one-time password was used: ask for another"), nil
	}
	right := subtle.ConstantTimeCompare(u.OTP, s.otpMAC(r.ID, u.Contact, otp)) == 1
	switch {
	case right && s.now().Before(u.OTPUntil):
		return nil, nil
	case right:
		return fault.New(fault.Forbidden, "otp_expired", "the one-time password is over: ask for another"), nil
	}
	u.Failures++
	if err := tx.PutSubject(r.ID, *u); err != nil {
		return nil, err
	}
	if u.Failures >= maxFailures {
		return fault.New(fault.Locked, "subject_locked", "there were %d wrong one-time passwords", maxFailures), nil
	}
	return fault.New(fault.Forbidden, "otp_invalid", "the one-time password is wrong"), nil
}

// mayDecide checks the identity of the subject and that the chosen credentials
// are still undecided.
func (s *Service) mayDecide(r *store.Request, u *store.Subject, i store.Identity, chosen []*store.Credential) error {
	b, err := parseBody(r.Body)
	if err != nil {
		return err
	}
	doc, wanted := b.document(u.Contact)
	verified := i.KYC == approved && !i.Verified.IsZero() && (r.SecurityLevel != levelRevalidation || !i.Verified.Before(r.Created))
	switch {
	case (r.SecurityLevel != levelContact || wanted) && !verified:
		return fault.New(fault.Conflict, "identity_required", "the request asks for %s, which nobody has reported of this contact", r.SecurityLevel)
	case wanted && doc != i.DocID:
		return fault.New(fault.Conflict, "document_mismatch", "the identity of this contact has another document")
	case len(chosen) == 0:
		return fault.New(fault.Conflict, "already_decided", "there is nothing left to decide")
	}
	for _, c := range chosen {
		switch {
		case decided(c, u.Contact):
			return fault.New(fault.Conflict, "already_decided", "there is a decision on %s", c.ID)
		case statusOf(c, s.now()) != statusDraft:
			return fault.New(fault.Conflict, "not_open", "%s is %s", c.ID, statusOf(c, s.now()))
		}
	}
	return nil
}

// decide records a decision on each chosen credential, and issues or rejects
// the credentials.
func (s *Service) decide(ctx context.Context, tx store.Tx, r *store.Request, u *store.Subject, accepted bool, chosen []*store.Credential) ([]byte, error) {
	now := s.now()
	rows := []object{}
	for _, c := range chosen {
		document, _, err := documentOf(c)
		if err != nil {
			return nil, err
		}
		id, err := s.urn("decision")
		if err != nil {
			return nil, err
		}
		e, err := s.evidence(r.ID, object{"type": "decision", "id": id, "requestId": r.ID, "credentialId": c.ID, "contact": u.Contact, "subject": u.DID,
			"accepted": accepted, "decidedAt": now.Format(millis), "method": "otp", "securityLevel": r.SecurityLevel,
			"documentDigest": canonical.SRI(document.SHA256())})
		if err != nil {
			return nil, err
		}
		d := store.Decision{ID: id, Contact: u.Contact, Accepted: accepted, At: now, Evidence: e.ID}
		if err := errors.Join(tx.InsertEvidence(e), tx.InsertDecision(r.ID, c.ID, d)); err != nil {
			return nil, err
		}
		c.Decisions = append(c.Decisions, d)
		switch {
		case !accepted:
			c.Status = statusRejected
			err = tx.PutCredential(*c)
		case s.allAccepted(r, c):
			err = s.issue(ctx, tx, r, c)
		}
		if err != nil {
			return nil, err
		}
		rows = append(rows, object{"id": c.ID, "status": c.Status, "decisionId": d.ID})
	}
	return canonical.Marshal(object{"requestId": r.ID, "contact": u.Contact, "accepted": accepted, "decidedAt": now.Format(millis), "credentials": rows})
}

// allAccepted reports whether every subject of a request has accepted a
// credential.
func (s *Service) allAccepted(r *store.Request, c *store.Credential) bool {
	for _, u := range r.Subjects {
		if !slices.ContainsFunc(c.Decisions, func(d store.Decision) bool { return d.Contact == u.Contact && d.Accepted }) {
			return false
		}
	}
	return len(r.Subjects) > 0
}

// Cancel cancels a request: DELETE /request/{id}. DRAFT and ACTIVE credentials
// become CANCELED. An ACTIVE one is also revoked in its status list. Other
// credentials keep their status.
func (s *Service) Cancel(ctx context.Context, caller store.Tenant, id string) ([]byte, error) {
	if err := checkObjectID("requestId", id); err != nil {
		return nil, err
	}
	var answer []byte
	err := s.cfg.Store.Update(ctx, func(tx store.Tx) error {
		r, err := tx.Request(id)
		if r, err = s.owned(caller, r, err); err != nil {
			return err
		}
		if !r.Canceled.IsZero() {
			return fault.New(fault.Conflict, "request_canceled", "the request was cancelled")
		}
		now := s.now()
		rows := []object{}
		for i := range r.Credentials {
			c := &r.Credentials[i]
			switch c.Status {
			case statusActive:
				_, err = s.revoke(ctx, tx, r, c, statusCanceled, "")
			case statusDraft:
				c.Status = statusCanceled
				err = tx.PutCredential(*c)
			}
			if err != nil {
				return err
			}
			rows = append(rows, object{"id": c.ID, "status": c.Status})
		}
		if err := tx.CancelRequest(id, now); err != nil {
			return err
		}
		answer, err = canonical.Marshal(object{"requestId": id, "canceledAt": now.Format(millis), "credentials": rows})
		return err
	})
	return answer, err
}

// open reports whether a contact has a credential left to decide.
func open(r *store.Request, contact string) bool {
	return slices.ContainsFunc(r.Credentials, func(c store.Credential) bool { return c.Status == statusDraft && !decided(&c, contact) })
}

// Revoke revokes an issued credential: DELETE /credential/revoke/{id}, with
// {reason?} of at most 200 characters. An empty body means {}. The receipt has
// the digest of the reason, not the reason.
func (s *Service) Revoke(ctx context.Context, caller store.Tenant, id string, body []byte) ([]byte, error) {
	o, err := fault.Body(body, smallBody, true)
	if err != nil {
		return nil, err
	}
	reason := o.Text("reason", maxText, false)
	if err := o.Err(); err != nil {
		return nil, err
	}
	var answer []byte
	err = s.cfg.Store.Update(ctx, func(tx store.Tx) error {
		r, err := tx.RequestOf(id)
		if r, err = s.owned(caller, r, err); err != nil {
			return err
		}
		c := credentialOf(r, id)
		if c.Status != statusActive { // expired credentials can still be revoked
			return fault.New(fault.Conflict, "not_active", "the credential is %s", c.Status)
		}
		receipt, err := s.revoke(ctx, tx, r, c, statusRevoked, reason)
		if err != nil {
			return err
		}
		answer, err = withReceipt(object{"credentialId": id, "status": statusRevoked, "revokedAt": c.Revoked.Format(millis)}, receipt)
		return err
	})
	return answer, err
}

func credentialOf(r *store.Request, id string) *store.Credential {
	for i := range r.Credentials {
		if r.Credentials[i].ID == id {
			return &r.Credentials[i]
		}
	}
	return nil
}

// withReceipt adds a receipt to an answer, with the bytes that were signed.
func withReceipt(o object, r *receipts.Receipt) ([]byte, error) {
	d, err := canonical.Parse(r.Bytes())
	if err != nil {
		return nil, err
	}
	o["receipt"] = d.Root()
	return canonical.Marshal(o)
}

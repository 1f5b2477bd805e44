package request

import (
	"context"
	"errors"
	"time"

	"github.com/mandate-engine/mandate/adapters/fault"
	"github.com/mandate-engine/mandate/adapters/store"
	"github.com/mandate-engine/mandate/canonical"
)

const (
	// stuckAfter is the age after which an unsent one-time password is stuck:
	// no process is still about to send it.
	stuckAfter = 10 * time.Second
	// maxSweep is the number of requests that one Sweep handles. The next
	// Sweep handles the others.
	maxSweep = 100
	// Limits on resending one-time passwords to one subject of one request:
	// maxResends with resendGap between them, then one per resendLongGap. They
	// prevent flooding of a contact without blocking it forever.
	maxResends    = 10
	resendGap     = time.Minute
	resendLongGap = 24 * time.Hour
)

// notify sends one-time passwords and records which the Notifier accepted. A
// failure does not undo the request: the password can be sent again.
func (s *Service) notify(ctx context.Context, r *store.Request, otps map[string]string) {
	ctx = context.WithoutCancel(ctx) // the request is stored, even if the caller has gone
	language := "ENG"
	if b, err := parseBody(r.Body); err == nil {
		language = b.text("language")
	}
	var sent []store.Subject
	for _, u := range r.Subjects {
		otp, ok := otps[u.Contact]
		if !ok {
			continue
		}
		if err := s.cfg.Notifier.Notify(ctx, Message{To: u.Contact, OTP: otp, Link: s.link(r.ID), RequestID: r.ID, Language: language}); err != nil {
			s.cfg.Log.Error("a one-time password was not sent", "request", r.ID, "error", err)
			continue
		}
		sent = append(sent, u)
	}
	err := s.cfg.Store.Update(ctx, func(tx store.Tx) error {
		now, err := tx.Request(r.ID)
		if err != nil {
			return err
		}
		for _, u := range sent {
			if current := subjectOf(now, u.Contact); current != nil && string(current.OTP) == string(u.OTP) {
				current.Notified = true
				if err := tx.PutSubject(r.ID, *current); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		s.cfg.Log.Error("what was sent was not noted", "request", r.ID, "error", err)
	}
}

// Sweep sends the one-time passwords that were never sent because a process
// died or the [Notifier] failed. It creates a new password for each such
// subject, because the store does not have the old one. Call Sweep when a
// process starts and then about every ten seconds. Several processes may do
// so. A subject may receive two messages, of which the later counts, but never
// none. Failed messages are logged and left to the next call. The error is an
// error of the store.
func (s *Service) Sweep(ctx context.Context) error {
	var ids []string
	err := s.cfg.Store.View(ctx, func(tx store.Tx) (err error) {
		ids, err = tx.Unsent(s.now().Add(otpFor-stuckAfter), maxSweep)
		return err
	})
	for _, id := range ids {
		err = errors.Join(err, ctx.Err())
		if err == nil {
			err = s.sendStuck(ctx, id)
		}
	}
	return err
}

// sendStuck sends the stuck one-time passwords of one request.
func (s *Service) sendStuck(ctx context.Context, id string) error {
	return s.renew(ctx, id, func(r *store.Request, err error) ([]*store.Subject, error) {
		var stuck []*store.Subject
		if err != nil {
			return nil, err
		}
		for i := range r.Subjects {
			if u := &r.Subjects[i]; !u.Notified && u.OTP != nil && !s.now().Before(u.OTPUntil.Add(stuckAfter-otpFor)) {
				stuck = append(stuck, u)
			}
		}
		return stuck, nil
	})
}

// Resend sends new one-time passwords to one contact, or, if contact is "", to
// all contacts with undecided credentials: PATCH
// /request/resend/{id}?contact=. Earlier passwords become invalid. Each
// subject of a request can receive ten, at least a minute apart, and then one
// a day. Resend returns Limited if those limits exclude every subject.
func (s *Service) Resend(ctx context.Context, caller store.Tenant, id, contact string) ([]byte, error) {
	if err := checkObjectID("requestId", id); err != nil {
		return nil, err
	}
	contact = normalize(contact)
	var sent []string
	err := s.renew(ctx, id, func(r *store.Request, err error) ([]*store.Subject, error) {
		if r, err = s.owned(caller, r, err); err != nil {
			return nil, err
		}
		u := subjectOf(r, contact)
		switch {
		case !r.Canceled.IsZero():
			return nil, fault.New(fault.Conflict, "request_canceled", "the request was cancelled")
		case contact != "" && u == nil:
			return nil, fault.Param("contact", "unknown_contact", "is not a subject of the request")
		case u != nil && u.Failures >= maxFailures:
			return nil, fault.New(fault.Locked, "subject_locked", "there were %d wrong one-time passwords", maxFailures)
		case u != nil && !open(r, u.Contact):
			return nil, fault.New(fault.Conflict, "already_decided", "there is nothing left to decide")
		}
		sent = []string{}
		var chosen []*store.Subject
		var wait time.Duration // until the first subject may be sent another
		now := s.now()
		for i := range r.Subjects {
			u := &r.Subjects[i]
			if contact != "" && contact != u.Contact || u.Failures >= maxFailures || !open(r, u.Contact) {
				continue
			}
			if left := resendAt(u).Sub(now); left > 0 {
				if wait == 0 || left < wait {
					wait = left
				}
				continue
			}
			u.Resends, u.Resent = u.Resends+1, now
			chosen, sent = append(chosen, u), append(sent, u.Contact)
		}
		if len(chosen) == 0 && wait > 0 {
			limited := fault.New(fault.Limited, "resend_limit", "a one-time password was sent again a short time ago, or many times")
			limited.RetryAfter = wait
			return nil, limited
		}
		return chosen, nil
	})
	if err != nil {
		return nil, err
	}
	return canonical.Marshal(object{"requestId": id, "contacts": sent})
}

// resendAt returns the time from which a subject may be sent another one-time
// password.
func resendAt(u *store.Subject) time.Time {
	switch {
	case u.Resends == 0:
		return time.Time{}
	case u.Resends < maxResends:
		return u.Resent.Add(resendGap)
	}
	return u.Resent.Add(resendLongGap)
}

// renew gives new one-time passwords to the chosen subjects and sends them
// after storing them. It removes the password of a chosen subject that cannot
// decide any more.
func (s *Service) renew(ctx context.Context, id string, choose func(*store.Request, error) ([]*store.Subject, error)) error {
	var r *store.Request
	var otps map[string]string
	err := s.cfg.Store.Update(ctx, func(tx store.Tx) (err error) {
		otps = map[string]string{}
		r, err = tx.Request(id)
		chosen, err := choose(r, err)
		if err != nil {
			return err
		}
		for _, u := range chosen {
			if r.Canceled.IsZero() && u.Failures < maxFailures && open(r, u.Contact) {
				otps[u.Contact], err = s.newOTP(id, u)
			} else {
				u.OTP, u.OTPUntil = nil, time.Time{}
			}
			if err == nil {
				err = tx.PutSubject(id, *u)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil && len(otps) > 0 {
		s.notify(ctx, r, otps)
	}
	return err
}

func subjectOf(r *store.Request, contact string) *store.Subject {
	for i := range r.Subjects {
		if r.Subjects[i].Contact == contact {
			return &r.Subjects[i]
		}
	}
	return nil
}

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
	// stuckAfter is after which a one-time password that was not sent is one that
	// nobody is about to send.
	stuckAfter = 10 * time.Second
	// maxSweep bounds how many one Sweep sends; the next has the others.
	maxSweep = 100
	// Of one-time passwords that are sent again, to one subject of one request,
	// maxResends may follow each other after resendGap, and others after
	// resendLongGap: a contact is not flooded, and nobody is left without.
	maxResends    = 10
	resendGap     = time.Minute
	resendLongGap = 24 * time.Hour
)

// notify sends one-time passwords, and notes which were handed over. What fails
// does not undo the request: the password can be sent again.
func (s *Service) notify(ctx context.Context, r *store.Request, otps map[string]string) {
	ctx = context.WithoutCancel(ctx) // the request is there, whether or not the caller waits
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
			if have := subjectOf(now, u.Contact); have != nil && string(have.OTP) == string(u.OTP) {
				have.Notified = true
				if err := tx.PutSubject(r.ID, *have); err != nil {
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

// Sweep sends what was never sent, because the process that had to do so died or
// the [Notifier] failed: each such subject gets a new one-time password, since the
// last one is kept by nobody. Call it when a process starts and then about every
// ten seconds; several processes may. A subject may be sent two messages, of
// which the later counts, but never none. What fails is logged, and left to the
// next call; the error is that of the store.
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

// sendStuck sends what was not sent of one request.
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

// Resend sends new one-time passwords, to one contact, or with "" to all that have
// something left to decide: PATCH /request/resend/{id}?contact=. Those that were
// sent before no longer count. A subject of a request can be sent ten of them, each
// a minute after the one before, and then one a day: what is too many is Limited
// when nobody else is left to send to.
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
			return nil, fault.Param("contact", "unknown_contact", "is no subject of the request")
		case u != nil && u.Failures >= maxFailures:
			return nil, fault.New(fault.Locked, "subject_locked", "there were %d wrong one-time passwords", maxFailures)
		case u != nil && !open(r, u.Contact):
			return nil, fault.New(fault.Conflict, "already_decided", "there is nothing left to decide")
		}
		sent = []string{}
		var chosen []*store.Subject
		var wait time.Duration // of who may be sent another first
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

// resendAt is when a subject may be sent another one-time password.
func resendAt(u *store.Subject) time.Time {
	switch {
	case u.Resends == 0:
		return time.Time{}
	case u.Resends < maxResends:
		return u.Resent.Add(resendGap)
	}
	return u.Resent.Add(resendLongGap)
}

// renew gives new one-time passwords to the subjects that are chosen, and sends
// them once they are stored. Subjects with nothing left to decide are left with
// none.
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

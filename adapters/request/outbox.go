package request

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"crypto/rand"

	"github.com/mandate-engine/mandate/adapters/store"
	"github.com/mandate-engine/mandate/canonical"
)

// An Outbox is a Notifier that writes each message to a file of its own, for
// something else to send: {to, kind: "otp", otp, link, requestId, language}, mode
// 0600, in a directory of mode 0700. The names sort by time. A file that ends in
// .json is whole.
type Outbox struct{ Dir string }

// Notify implements [Notifier].
func (o Outbox) Notify(_ context.Context, m Message) error {
	b, err := canonical.Marshal(object{"to": m.To, "kind": "otp", "otp": m.OTP, "link": m.Link, "requestId": m.RequestID, "language": m.Language})
	if err != nil {
		return fmt.Errorf("request: outbox: %w", err)
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return fmt.Errorf("request: outbox: %w", err)
	}
	f, err := os.CreateTemp(o.Dir, ".new-") // of mode 0600
	if err != nil {
		return fmt.Errorf("request: outbox: %w", err)
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		var tail [6]byte
		rand.Read(tail[:])
		err = os.Rename(f.Name(), filepath.Join(o.Dir, fmt.Sprintf("%020d-%s.json", time.Now().UnixNano(), hex.EncodeToString(tail[:]))))
	}
	if err != nil {
		os.Remove(f.Name())
		return fmt.Errorf("request: outbox: %w", err)
	}
	return nil
}

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

// retryNotify sends what the creator of a request has died before sending.
func (s *Service) retryNotify(ctx context.Context, caller store.Tenant, id string) error {
	return s.sendAgain(ctx, caller, id, func(r *store.Request, u *store.Subject) bool {
		return !u.Notified && u.OTP != nil && r.Canceled.IsZero() && s.now().After(r.Created.Add(stuckAfter))
	})
}

// sendAgain makes and sends new one-time passwords to some subjects.
func (s *Service) sendAgain(ctx context.Context, caller store.Tenant, id string, which func(*store.Request, *store.Subject) bool) error {
	var r *store.Request
	var otps map[string]string
	err := s.cfg.Store.Update(ctx, func(tx store.Tx) (err error) {
		otps = map[string]string{}
		r, err = tx.Request(id)
		if r, err = s.owned(tx, caller, r, err); err != nil {
			return err
		}
		for i := range r.Subjects {
			u := &r.Subjects[i]
			if !which(r, u) {
				continue
			}
			if otps[u.Contact], err = s.newOTP(id, u); err != nil {
				return err
			}
			if err := tx.PutSubject(id, *u); err != nil {
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

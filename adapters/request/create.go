package request

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mandate-engine/mandate/adapters/fault"
	"github.com/mandate-engine/mandate/adapters/store"
	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/policy"
)

const (
	createRoute = "POST /request"
	answerFor   = 24 * time.Hour
	maxKey      = 255
	otpFor      = time.Hour
	otpDigits   = 8
	// maxAttempts bounds the attempts to draft a request again after a
	// conflict.
	maxAttempts = 5
)

type object = map[string]any

// Create makes a request: POST /request. With an idempotency key, a second
// call with the same body within 24 hours returns the same answer, with
// replayed set. With another body it is a Mismatch, and while the first call
// runs in this process it is a Conflict. Refused input is not remembered.
// Create calls admit, unless it is nil, before it reads the body or changes
// anything, but not for replays. An error of admit ends the call, so admit can
// be a rate limit.
func (s *Service) Create(ctx context.Context, caller store.Tenant, body []byte, idempotencyKey string, admit func() error) (answer []byte, replayed bool, err error) {
	key := idempotencyKey
	if len(key) >= 2 && key[0] == '"' && key[len(key)-1] == '"' {
		key = key[1 : len(key)-1]
	}
	if idempotencyKey != "" {
		if key == "" || len(key) > maxKey || strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }) {
			return nil, false, fault.Param("Idempotency-Key", fault.Value, "is not 1 to %d visible characters", maxKey)
		}
		done, err := s.begin(caller.ID + " " + key)
		if err != nil {
			return nil, false, err
		}
		defer done()
	}
	a := store.Answer{TenantID: caller.ID, Route: createRoute, Key: key, Fingerprint: sha256.Sum256(body), Until: s.now().Add(answerFor)}
	if key != "" {
		// Before the body is read: an accepted body is not checked again.
		err := s.cfg.Store.View(ctx, func(tx store.Tx) error { return s.replay(tx, &a) })
		if err == nil {
			return a.Body, true, s.sendStuck(ctx, a.RequestID)
		}
		if !errors.Is(err, store.ErrNotFound) {
			return nil, false, err
		}
	}
	if admit != nil {
		if err := admit(); err != nil {
			return nil, false, err
		}
	}
	in, err := readInput(body)
	if err != nil {
		return nil, false, err
	}
	var d *draft
	for attempt := 1; ; attempt++ {
		if d, err = s.draft(ctx, caller, in); err != nil {
			return nil, false, err
		}
		err = s.store(ctx, d, &a, &replayed)
		if !errors.Is(err, store.ErrExists) || attempt == maxAttempts {
			break
		}
	}
	if err != nil {
		return nil, false, err
	}
	if replayed {
		return a.Body, true, nil
	}
	s.notify(ctx, d.request, d.otps)
	return d.answer, false, nil
}

// store stores a draft and its answer. If the key in a already has an answer,
// store fills a with it instead. ErrExists means that another draft may
// succeed.
func (s *Service) store(ctx context.Context, d *draft, a *store.Answer, replayed *bool) error {
	return s.cfg.Store.Update(ctx, func(tx store.Tx) error {
		if a.Key != "" {
			err := s.replay(tx, a)
			if *replayed = err == nil; !errors.Is(err, store.ErrNotFound) {
				return err
			}
			mine := *a
			mine.Body, mine.RequestID = d.answer, d.request.ID
			if err := tx.PutAnswer(mine, s.now()); err != nil {
				return err
			}
		}
		return d.insert(tx)
	})
}

// begin marks an idempotency key as running.
func (s *Service) begin(key string) (done func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.doing[key] {
		return nil, fault.New(fault.Conflict, "idempotency_in_flight", "a call with this Idempotency-Key is running")
	}
	s.doing[key] = true
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.doing, key)
	}, nil
}

// replay fills a with the stored answer of its key, if any.
func (s *Service) replay(tx store.Tx, a *store.Answer) error {
	got, err := tx.Answer(a.TenantID, a.Route, a.Key, s.now())
	if err != nil {
		return err
	}
	if got.Fingerprint != a.Fingerprint {
		return fault.New(fault.Mismatch, "idempotency_mismatch", "the Idempotency-Key was used with another body")
	}
	*a = got
	return nil
}

// A draft is a request before it is stored.
type draft struct {
	request   *store.Request
	users     []store.User // of the subjects
	evidences []store.Evidence
	otps      map[string]string // one-time password by contact
	answer    []byte
}

// draft builds a request from its input.
func (s *Service) draft(ctx context.Context, caller store.Tenant, in *input) (*draft, error) {
	id, err := s.objectID()
	if err != nil {
		return nil, err
	}
	random, err := s.random16()
	if err != nil {
		return nil, err
	}
	now := s.now()
	r := &store.Request{ID: id, TenantID: caller.ID, Created: now, SecurityLevel: in.level, Name: in.name, InternalID: in.internalID,
		Seq: store.NewSeq(now, uint32(random[0])|uint32(random[1])<<8|uint32(random[2])<<16)}
	if !slices.Contains(in.authorized, caller.DID) {
		in.authorized = append(in.authorized, caller.DID)
	}
	r.Body, err = canonical.Marshal(object{"language": in.language, "redirectUrl": orNull(in.redirect), "description": orNull(in.description),
		"pubKey": orNull(in.pubKey), "authorizedDIDs": in.authorized, "documents": in.documents})
	if err != nil {
		return nil, err
	}
	d := &draft{request: r, otps: map[string]string{}}
	templates, actions, err := s.templates(ctx, caller, in)
	if err != nil {
		return nil, err
	}
	if err := s.subjects(ctx, caller, in, d); err != nil {
		return nil, err
	}
	for i, t := range templates {
		if err := s.credential(d, t, actions[i], in.authorized); err != nil {
			return nil, err
		}
	}
	d.answer, err = canonical.Marshal(d.created(s.link(id)))
	return d, err
}

// created returns the answer to a create.
func (d *draft) created(link string) object {
	credentials, subjects := []object{}, []object{}
	for _, c := range d.request.Credentials {
		credentials = append(credentials, object{"id": c.ID, "name": orNull(c.Name), "internalId": orNull(c.InternalID)})
	}
	for _, u := range d.request.Subjects {
		subjects = append(subjects, object{"contact": u.Contact, "id": u.DID, "code": u.Code, "link": link})
	}
	return object{"id": d.request.ID, "credentials": credentials, "subjects": subjects}
}

func (s *Service) link(requestID string) string { return s.cfg.PublicURL + "/link/" + requestID }

// subjects finds or creates the users of the contacts and gives each subject a
// code and a one-time password.
func (s *Service) subjects(ctx context.Context, caller store.Tenant, in *input, d *draft) error {
	err := s.cfg.Store.View(ctx, func(tx store.Tx) error {
		d.users = nil
		for _, c := range in.contacts {
			u, err := tx.User(caller.ID, c)
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				return err
			}
			d.users = append(d.users, u)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for i, contact := range in.contacts {
		if u := &d.users[i]; u.ID == "" {
			did, key, err := s.newDID(ctx, "user")
			if err != nil {
				return err
			}
			id, err := s.hex(12)
			if err != nil {
				return err
			}
			*u = store.User{TenantID: caller.ID, Contact: contact, ID: id, DID: did, Key: key, Created: d.request.Created}
		}
		code, err := s.digits(6)
		if err != nil {
			return err
		}
		subject := store.Subject{Contact: contact, DID: d.users[i].DID, Code: code}
		if d.otps[contact], err = s.newOTP(d.request.ID, &subject); err != nil {
			return err
		}
		d.request.Subjects = append(d.request.Subjects, subject)
	}
	return nil
}

// newOTP gives a subject a one-time password. The store has only its MAC.
func (s *Service) newOTP(requestID string, u *store.Subject) (string, error) {
	otp, err := s.digits(otpDigits)
	u.OTP, u.OTPUntil, u.Notified = s.otpMAC(requestID, u.Contact, otp), s.now().Add(otpFor), false
	return otp, err
}

func (s *Service) otpMAC(requestID, contact, otp string) []byte {
	return s.cfg.Secrets.MAC("otp/"+requestID+"/"+contact, []byte(otp))
}

// insert stores a draft. It returns ErrExists if another call has created one
// of the new users, which then has another DID, or uses the ID of the request.
func (d *draft) insert(tx store.Tx) error {
	for _, u := range d.users {
		have, err := tx.User(u.TenantID, u.Contact)
		switch {
		case errors.Is(err, store.ErrNotFound):
			err = tx.InsertUser(u)
		case err == nil && have.DID != u.DID:
			return store.ErrExists
		}
		if err != nil {
			return err
		}
	}
	if err := tx.InsertRequest(d.request); err != nil {
		return fmt.Errorf("request: a new request: %w", err)
	}
	for _, e := range d.evidences {
		if err := tx.InsertEvidence(e); err != nil {
			return err
		}
	}
	return nil
}

// templates returns all templates of a request and the action of each.
func (s *Service) templates(ctx context.Context, caller store.Tenant, in *input) (list []*template, actions []*action, err error) {
	err = s.cfg.Store.View(ctx, func(tx store.Tx) error {
		list, actions = slices.Clone(in.credentials), nil
		add := func(name string, i int, id string) error {
			t, err := storedTemplate(tx, caller, id)
			if errors.Is(err, store.ErrNotFound) {
				return fault.At(fault.Invalid, fmt.Sprintf("/%s/%d", name, i), "unknown_resource", "there is no such resource")
			}
			if err == nil {
				t.pointer = fmt.Sprintf("/%s/%d", name, i)
				list = append(list, t)
			}
			return err
		}
		for i, id := range in.resources {
			if err := add("resourcesIds", i, id); err != nil {
				return err
			}
		}
		for i, id := range in.groups {
			members, err := groupMembers(tx, caller, id)
			if errors.Is(err, store.ErrNotFound) {
				return fault.At(fault.Invalid, fmt.Sprintf("/groupIds/%d", i), "unknown_resource", "there is no such group")
			}
			for _, m := range members {
				if err == nil {
					err = add("groupIds", i, m)
				}
			}
			if err != nil {
				return err
			}
		}
		if len(list) > maxAll {
			return fault.At(fault.Invalid, "/credentials", fault.TooLong, "with those of resources there are more than %d", maxAll)
		}
		for _, t := range list {
			a, err := s.action(ctx, tx, caller, t)
			if err != nil {
				return err
			}
			actions = append(actions, a)
		}
		return nil
	})
	return list, actions, err
}

// An action is the action version that a mandate references.
type action struct {
	id, digest string
	version    int64
	content    canonical.Value
}

// action finds the newest version of the action of a template and checks the
// userParams of the template against it.
func (s *Service) action(ctx context.Context, tx store.Tx, caller store.Tenant, t *template) (*action, error) {
	if t.action == "" {
		return nil, nil
	}
	e, err := tx.NewestEntry(caller.ID, kindAction, t.action)
	if errors.Is(err, store.ErrNotFound) {
		return nil, fault.At(fault.Invalid, t.pointer+"/id", "unknown_action", "there is no such action")
	}
	if err != nil {
		return nil, err
	}
	content, err := contentOf(e)
	if err != nil {
		return nil, err
	}
	compiled, err := policy.Compile(content)
	if err != nil {
		return nil, fmt.Errorf("request: a published action does not compile: %w", err)
	}
	params := t.userParams
	if params.Kind() == canonical.Absent {
		params = emptyObject()
	}
	dec, err := compiled.Evaluate(ctx, policy.Input{UserParams: params, ExecutionParams: emptyObject(), Now: s.now()})
	if err != nil {
		return nil, err
	}
	if dec.Reason == policy.ReasonUserParamsInvalid {
		where, why := "", "do not fit the action"
		if len(dec.Faults) > 0 {
			where, why = dec.Faults[0].Pointer, dec.Faults[0].Message
		}
		return nil, fault.At(fault.Invalid, t.pointer+"/userParams"+where, "user_params_invalid", "%s", why)
	}
	return &action{id: e.Name, version: e.Version, digest: e.Digest, content: content}, nil
}

func emptyObject() canonical.Value {
	d, err := canonical.Parse([]byte("{}"))
	if err != nil {
		panic(err) // impossible: it is an object
	}
	return d.Root()
}

// orNull returns s, or nil for an empty s.
func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

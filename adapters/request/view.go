package request

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/mandate-engine/mandate/adapters/fault"
	"github.com/mandate-engine/mandate/adapters/store"
	"github.com/mandate-engine/mandate/canonical"
)

// A requestBody holds the members of a request that have no column.
type requestBody struct{ canonical.Value }

func parseBody(b []byte) (requestBody, error) {
	d, err := canonical.Limits{MaxBytes: maxBody}.Parse(b)
	if err != nil {
		return requestBody{}, fmt.Errorf("request: a stored request: %w", err)
	}
	return requestBody{d.Root()}, nil
}

func (b requestBody) text(name string) string {
	s, _ := b.Get(name).String()
	return s
}

func (b requestBody) authorized() (dids []string) {
	for _, e := range b.Get("authorizedDIDs").Elements() {
		s, _ := e.String()
		dids = append(dids, s)
	}
	return dids
}

// document returns the ID of the document that a contact must have, if any.
func (b requestBody) document(contact string) (id string, wanted bool) {
	return b.Get("documents").Get(contact).String()
}

// Detail returns a request: GET /request/{id}.
func (s *Service) Detail(ctx context.Context, caller store.Tenant, id string) ([]byte, error) {
	if err := checkObjectID("requestId", id); err != nil {
		return nil, err
	}
	var r *store.Request
	users := map[string]store.User{}
	err := s.cfg.Store.View(ctx, func(tx store.Tx) error {
		var err error
		r, err = tx.Request(id)
		if r, err = s.readable(caller, r, err); err != nil {
			return err
		}
		for _, u := range r.Subjects {
			if users[u.Contact], err = tx.User(r.TenantID, u.Contact); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	body, err := parseBody(r.Body)
	if err != nil {
		return nil, err
	}
	subjects, credentials := []object{}, []object{}
	for _, u := range r.Subjects {
		identity, err := s.cfg.Identities.Identity(ctx, r.TenantID, u.Contact)
		if err != nil {
			return nil, err
		}
		_, wanted := body.document(u.Contact)
		subjects = append(subjects, subjectJSON(u, users[u.Contact], identity, r.SecurityLevel != levelContact || wanted))
	}
	for i := range r.Credentials {
		row, err := s.credentialJSON(&r.Credentials[i])
		if err != nil {
			return nil, err
		}
		credentials = append(credentials, row)
	}
	o := object{
		"id": r.ID, "securityLevel": r.SecurityLevel, "createdAt": r.Created.Format(millis), "name": orNull(r.Name), "internalId": orNull(r.InternalID),
		"canceledAt": timeOrNull(r.Canceled), "subjects": subjects, "credentials": credentials,
	}
	for _, name := range []string{"language", "redirectUrl", "description", "pubKey", "authorizedDIDs"} {
		o[name] = body.Get(name)
	}
	return canonical.Marshal(o)
}

func timeOrNull(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.Format(millis)
}

func subjectJSON(u store.Subject, user store.User, i store.Identity, asked bool) object {
	status, kyc := "NONE", any(nil)
	if i.KYC == approved {
		status = "HUMANOS"
	}
	if asked {
		kyc = "PENDING"
		if i.KYC != "" {
			kyc = i.KYC
		}
	}
	return object{
		"id": u.DID, "contact": u.Contact, "internalId": orNull(u.InternalID), "createdAt": user.Created.Format(millis),
		"contacts": []object{{"id": user.ID, "contact": u.Contact}}, "organization": object{"contacts": []string{}},
		"identityStatus": status, "kyc": kyc,
	}
}

// credentialJSON returns one element of the credentials of a detail. A
// credential that is not issued is shown as the document to agree to, without
// proofs.
func (s *Service) credentialJSON(c *store.Credential) (object, error) {
	document, body, err := documentOf(c)
	if err != nil {
		return nil, err
	}
	shown := any(nil)
	if c.Signed != nil {
		d, err := canonical.Limits{MaxBytes: maxBody}.Parse(c.Signed)
		if err != nil {
			return nil, err
		}
		shown = d.Root()
	} else {
		unsigned := object{"proofs": []any{}}
		for name, v := range document.Members() {
			unsigned[name] = v
		}
		shown = unsigned
	}
	decisions := []object{}
	for _, d := range c.Decisions {
		decisions = append(decisions, object{"id": d.ID, "contact": d.Contact, "accepted": d.Accepted, "decidedAt": d.At.Format(millis)})
	}
	return object{
		"id": c.ID, "resourceType": c.Type, "status": statusOf(c, s.now()), "w3cCredential": shown, "name": orNull(c.Name), "internalId": orNull(c.InternalID),
		"description": body.Get("description"), "placements": body.Get("placements"), "tags": []string{}, "decisions": decisions,
	}, nil
}

// Credential returns one element of the credentials of a detail: GET
// /credential/{id}.
func (s *Service) Credential(ctx context.Context, caller store.Tenant, id string) ([]byte, error) {
	var r *store.Request
	err := s.cfg.Store.View(ctx, func(tx store.Tx) (err error) {
		r, err = tx.RequestOf(id)
		r, err = s.readable(caller, r, err)
		return err
	})
	if err != nil {
		return nil, err
	}
	row, err := s.credentialJSON(credentialOf(r, id))
	if err != nil {
		return nil, err
	}
	return canonical.Marshal(row)
}

// Evidence returns a JSON record, the bytes that the digest in a credential
// covers: GET /evidence/{id}.
func (s *Service) Evidence(ctx context.Context, caller store.Tenant, id string) ([]byte, error) {
	var e store.Evidence
	err := s.cfg.Store.View(ctx, func(tx store.Tx) (err error) {
		var r *store.Request
		if e, err = tx.Evidence(id); err == nil {
			r, err = tx.Request(e.RequestID)
		}
		_, err = s.readable(caller, r, err)
		return err
	})
	if err != nil {
		return nil, err
	}
	return e.Bytes, nil
}

// A params reads query parameters and refuses repeated ones.
type params struct {
	query map[string][]string
	err   error
}

func (p *params) fail(name, code, format string, args ...any) {
	if p.err == nil {
		p.err = fault.Param(name, code, format, args...)
	}
}

func (p *params) text(name string, max int) string {
	v := p.query[name]
	if len(v) == 0 {
		return ""
	}
	switch {
	case len(v) > 1:
		p.fail(name, fault.Value, "is given more than once")
	case !utf8.ValidString(v[0]):
		p.fail(name, fault.Value, "is not UTF-8")
	case utf8.RuneCountInString(v[0]) > max:
		p.fail(name, fault.TooLong, "has more than %d characters", max)
	}
	return v[0]
}

func (p *params) number(name string, min, max, or int) int {
	s := p.text(name, 20)
	if s == "" {
		if len(p.query[name]) > 0 {
			p.fail(name, fault.Type, "is not a number")
		}
		return or
	}
	n, err := strconv.Atoi(s)
	switch {
	case err != nil && !strings.ContainsFunc(s, func(r rune) bool { return r < '0' || r > '9' }):
		p.fail(name, fault.OutOfRange, "is not %d to %d", min, max)
	case err != nil:
		p.fail(name, fault.Type, "is not a whole number")
	case n < min || n > max:
		p.fail(name, fault.OutOfRange, "is not %d to %d", min, max)
	}
	return n
}

// day returns the first instant of the UTC day of a date or time.
func (p *params) day(name string) time.Time {
	s := p.text(name, 64)
	if s == "" && len(p.query[name]) == 0 {
		return time.Time{}
	}
	t, _, err := parseTime(s)
	if err != nil {
		p.fail(name, fault.Value, "is neither a date nor a time with a zone")
	}
	return t.Truncate(24 * time.Hour)
}

const maxPage = 1 << 30

// filter reads the parameters of a list.
func filter(query map[string][]string) (store.Filter, error) {
	p := &params{query: query}
	f := store.Filter{Limit: p.number("pageSize", 5, 100, 10), Search: p.text("search", 120), Contact: normalize(p.text("contact", 254)), DID: p.text("did", maxURL),
		SubjectInternalID: p.text("subjectInternalId", maxText), InternalID: p.text("internalId", maxText), CredentialInternalID: p.text("credentialInternalId", maxText)}
	f.Offset = f.Limit * p.number("pageIndex", 0, maxPage, 0)
	for _, l := range query["securityLevel"] {
		known := false
		for _, k := range levels {
			known = known || k == l
		}
		if !known {
			p.fail("securityLevel", fault.Value, "is none of %s", strings.Join(levels, ", "))
		}
		f.SecurityLevels = append(f.SecurityLevels, l)
	}
	if len(f.SecurityLevels) > len(levels) {
		p.fail("securityLevel", fault.TooLong, "is given more than %d times", len(levels))
	}
	f.From, f.To = p.day("dateFrom"), p.day("dateTo")
	if !f.To.IsZero() {
		switch {
		case f.From.IsZero():
			p.fail("dateTo", fault.Value, "needs dateFrom")
		case f.To.Before(f.From):
			p.fail("dateTo", fault.OutOfRange, "is before dateFrom")
		}
		f.To = f.To.Add(24 * time.Hour)
	}
	return f, p.err
}

// List returns a page of the caller's own requests: GET /request. query holds
// the parameters under their documented names, with brackets and comma lists
// already parsed. Unknown parameters are ignored. An empty filter selects all
// requests.
func (s *Service) List(ctx context.Context, caller store.Tenant, query map[string][]string) ([]byte, error) {
	f, err := filter(query)
	if err != nil {
		return nil, err
	}
	f.TenantID = caller.ID
	var page []*store.Request
	var total int
	err = s.cfg.Store.View(ctx, func(tx store.Tx) (err error) { page, total, err = tx.ListRequests(f); return err })
	if err != nil {
		return nil, err
	}
	data := []object{}
	for _, r := range page {
		body, err := parseBody(r.Body)
		if err != nil {
			return nil, err
		}
		subjects, credentials := []object{}, []object{}
		for _, u := range r.Subjects {
			subjects = append(subjects, object{"contact": u.Contact, "did": u.DID, "internalId": orNull(u.InternalID), "name": orNull(u.Name)})
		}
		for i := range r.Credentials {
			c := &r.Credentials[i]
			status := statusOf(c, s.now())
			if status == statusDraft {
				status = "PENDING" // the name in lists
			}
			credentials = append(credentials, object{"id": c.ID, "resourceType": c.Type, "status": status, "name": orNull(c.Name), "internalId": orNull(c.InternalID)})
		}
		data = append(data, object{"id": r.ID, "securityLevel": r.SecurityLevel, "createdAt": r.Created.Format(millis), "name": orNull(r.Name), "internalId": orNull(r.InternalID),
			"language": body.Get("language"), "redirectUrl": body.Get("redirectUrl"), "credentials": credentials, "subjects": subjects})
	}
	return canonical.Marshal(object{"data": data, "totalPages": (total + f.Limit - 1) / f.Limit})
}

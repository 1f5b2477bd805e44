package request

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/mandate-engine/mandate/adapters/signing"
	"github.com/mandate-engine/mandate/adapters/store"
	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/receipts"
)

const (
	contextV2  = "https://www.w3.org/ns/credentials/v2"
	contextVIA = "https://via.humanos.dev/ns/v1"
	// millis is the format of times in answers.
	millis = "2006-01-02T15:04:05.000Z"
)

// Statuses of credentials. EXPIRED is never stored, because it depends on the
// time.
const (
	statusDraft    = "DRAFT"
	statusActive   = "ACTIVE"
	statusRejected = "REJECTED"
	statusCanceled = "CANCELED"
	statusRevoked  = "REVOKED"
	statusExpired  = "EXPIRED"
)

// credential adds a credential to a draft: the document that subjects agree
// to, and the evidence of its data.
func (s *Service) credential(d *draft, t *template, a *action, authorized []string) error {
	id, err := s.urn("credential")
	if err != nil {
		return err
	}
	evidences := []object{}
	if t.data.Kind() != canonical.Absent && t.data.Len() > 0 {
		e, err := s.evidence(d.request.ID, t.data)
		if err != nil {
			return err
		}
		d.evidences = append(d.evidences, e)
		evidences = append(evidences, s.evidenceRef(e))
	}
	grantors := []string{}
	for _, u := range d.request.Subjects {
		grantors = append(grantors, u.DID)
	}
	mandate := object{"grantor": grantors, "scope": t.scope, "context": object{"authorizedDIDs": authorized}}
	if a != nil {
		mandate["action"] = object{"id": a.id, "version": a.version, "digestSRI": a.digest, "content": a.content}
		if t.userParams.Kind() != canonical.Absent {
			mandate["userParams"] = t.userParams
		}
	}
	from := t.from
	if from.IsZero() {
		from = d.request.Created
	}
	document := object{
		"@context":          []string{contextV2, contextVIA},
		"id":                id,
		"type":              []string{"VerifiableCredential", "VIAMandate"},
		"issuer":            s.did,
		"validFrom":         stamp(from),
		"credentialSubject": object{"id": grantors[0], "mandate": mandate},
		"evidences":         evidences,
	}
	if !t.until.IsZero() {
		document["validUntil"] = stamp(t.until)
	}
	body, err := canonical.Marshal(object{"description": orNull(t.description), "placements": orEmpty(t.placements), "document": document})
	if err != nil {
		return err
	}
	d.request.Credentials = append(d.request.Credentials, store.Credential{ID: id, RequestID: d.request.ID, Type: t.kind, Status: statusDraft,
		Name: t.name, InternalID: t.internalID, Until: t.until, Body: body, Slot: -1})
	return nil
}

func orEmpty(list []canonical.Value) []canonical.Value {
	if list == nil {
		return []canonical.Value{}
	}
	return list
}

// stamp formats a time in seconds, or in milliseconds if it has a fraction.
func stamp(t time.Time) string {
	if t.Nanosecond() != 0 {
		return t.UTC().Format(millis)
	}
	return t.UTC().Format("2006-01-02T15:04:05Z")
}

// evidence returns an evidence record: canonical JSON.
func (s *Service) evidence(requestID string, of any) (store.Evidence, error) {
	id, err := s.urn("evidence")
	if err != nil {
		return store.Evidence{}, err
	}
	b, err := canonical.Marshal(of)
	return store.Evidence{ID: id, RequestID: requestID, Bytes: b}, err
}

// evidenceRef returns the reference to a record in a credential. The digest
// covers the bytes that Evidence returns, which are canonical.
func (s *Service) evidenceRef(e store.Evidence) object {
	return object{"id": e.ID, "digestSRI": digest(e.Bytes), "location": s.cfg.PublicURL + "/evidence/" + e.ID}
}

// documentOf returns the document of a stored credential, without a proof.
func documentOf(c *store.Credential) (document canonical.Value, body canonical.Value, err error) {
	d, err := canonical.Limits{MaxBytes: maxBody}.Parse(c.Body)
	if err != nil {
		return document, body, fmt.Errorf("request: credential %s: %w", c.ID, err)
	}
	return d.Root().Get("document"), d.Root(), nil
}

// issue signs a credential that every subject has accepted. It adds the
// records of the decisions and an entry in a status list.
func (s *Service) issue(ctx context.Context, tx store.Tx, r *store.Request, c *store.Credential) error {
	document, _, err := documentOf(c)
	if err != nil {
		return err
	}
	members := object{}
	for name, v := range document.Members() {
		members[name] = v
	}
	evidences := []any{}
	for _, e := range document.Get("evidences").Elements() {
		evidences = append(evidences, e)
	}
	for _, d := range c.Decisions {
		e, err := tx.Evidence(d.Evidence)
		if err != nil {
			return err
		}
		evidences = append(evidences, s.evidenceRef(e))
	}
	members["evidences"] = evidences
	if c.Slot, err = tx.NextSlot(); err != nil {
		return err
	}
	members["credentialStatus"] = object{
		"type":                 "BitstringStatusListEntry",
		"statusPurpose":        "revocation",
		"statusListIndex":      strconv.FormatInt(c.Slot%listEntries, 10),
		"statusListCredential": s.listURL(c.Slot / listEntries),
	}
	unsigned, err := canonical.Marshal(members)
	if err != nil {
		return err
	}
	if c.Signed, err = signing.Credential(ctx, unsigned, s.signer, signing.Options{Created: s.now()}); err != nil {
		return err
	}
	c.Status = statusActive
	if err := tx.PutCredential(*c); err != nil {
		return err
	}
	_, err = s.record(ctx, tx, r.TenantID, receipts.MandateIssued, c.ID, map[string]string{"mandate": digest(c.Signed)})
	return err
}

// revoke revokes an issued credential. Every status list signed afterwards
// shows it.
func (s *Service) revoke(ctx context.Context, tx store.Tx, r *store.Request, c *store.Credential, status, reason string) (*receipts.Receipt, error) {
	c.Status, c.Revoked = status, s.now()
	if err := tx.PutCredential(*c); err != nil {
		return nil, err
	}
	digests := map[string]string{"mandate": digest(c.Signed)}
	if reason != "" {
		digests["reason"] = digest([]byte(reason))
	}
	return s.record(ctx, tx, r.TenantID, receipts.MandateRevoked, c.ID, digests)
}

// statusOf returns the status of a credential at a time.
func statusOf(c *store.Credential, now time.Time) string {
	if (c.Status == statusActive || c.Status == statusDraft) && !c.Until.IsZero() && now.After(c.Until) {
		return statusExpired
	}
	return c.Status
}

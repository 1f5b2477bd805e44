package store

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// InsertRequest implements [Requests].
func (t *tx) InsertRequest(r *Request) error {
	search := searchText(r)
	if err := t.one(ErrExists, "INSERT INTO requests (id, seq, tenant, created, canceled, level, name, internal_id, search, body) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING",
		r.ID, r.Seq, r.TenantID, ms(r.Created), ms(r.Canceled), r.SecurityLevel, r.Name, r.InternalID, search, r.Body); err != nil {
		return err
	}
	if _, err := t.exec("INSERT INTO request_grams (rowid, grams) VALUES ($1, $2)", r.Seq,
		strings.Join(append(grams(search, 1), tenantToken(r.TenantID)), " ")); err != nil {
		return err
	}
	if _, err := t.exec("INSERT INTO request_counts (tenant, n) VALUES ($1, 1) ON CONFLICT (tenant) DO UPDATE SET n = request_counts.n + 1", r.TenantID); err != nil {
		return err
	}
	if err := t.addText(r.TenantID, r.Seq, search); err != nil {
		return err
	}
	for n, s := range r.Subjects {
		if _, err := t.exec("INSERT INTO subjects (request, n, tenant, seq, contact, did, name, internal_id, code, otp, otp_until, failures, notified, resends, resent) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
			r.ID, n, r.TenantID, r.Seq, s.Contact, s.DID, s.Name, s.InternalID, s.Code, s.OTP, ms(s.OTPUntil), s.Failures, flag(s.Notified), s.Resends, ms(s.Resent)); err != nil {
			return err
		}
	}
	for n, c := range r.Credentials {
		if err := t.one(ErrExists, "INSERT INTO credentials (id, request, n, tenant, seq, type, status, name, internal_id, until, body, signed, slot, revoked) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) ON CONFLICT DO NOTHING",
			c.ID, r.ID, n, r.TenantID, r.Seq, c.Type, c.Status, c.Name, c.InternalID, ms(c.Until), c.Body, c.Signed, c.Slot, ms(c.Revoked)); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) requests(clause string, args ...any) (list []*Request, err error) {
	err = t.rows("SELECT id, seq, tenant, created, canceled, level, name, internal_id, body FROM requests "+clause, args, func(r scanner) error {
		q := &Request{}
		var created, canceled int64
		err := r.Scan(&q.ID, &q.Seq, &q.TenantID, &created, &canceled, &q.SecurityLevel, &q.Name, &q.InternalID, &q.Body)
		q.Created, q.Canceled = at(created), at(canceled)
		list = append(list, q)
		return err
	})
	return list, err
}

func (t *tx) subjects(where string, args []any, byID map[string]*Request) error {
	return t.rows("SELECT request, contact, did, name, internal_id, code, otp, otp_until, failures, notified, resends, resent FROM subjects WHERE "+where, args, func(r scanner) error {
		var s Subject
		var id string
		var until, notified, resent int64
		if err := r.Scan(&id, &s.Contact, &s.DID, &s.Name, &s.InternalID, &s.Code, &s.OTP, &until, &s.Failures, &notified, &s.Resends, &resent); err != nil {
			return err
		}
		s.OTPUntil, s.Notified, s.Resent = at(until), notified != 0, at(resent)
		byID[id].Subjects = append(byID[id].Subjects, s)
		return nil
	})
}

// Request implements [Requests].
func (t *tx) Request(id string) (*Request, error) {
	list, err := t.requests("WHERE id = $1", id)
	if err == nil && len(list) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	q := list[0]
	if err := t.subjects("request = $1 ORDER BY n", []any{id}, map[string]*Request{id: q}); err != nil {
		return nil, err
	}
	err = t.rows("SELECT id, request, type, status, name, internal_id, until, body, signed, slot, revoked FROM credentials WHERE request = $1 ORDER BY n", []any{id}, func(r scanner) error {
		var c Credential
		var until, revoked int64
		err := r.Scan(&c.ID, &c.RequestID, &c.Type, &c.Status, &c.Name, &c.InternalID, &until, &c.Body, &c.Signed, &c.Slot, &revoked)
		c.Until, c.Revoked = at(until), at(revoked)
		q.Credentials = append(q.Credentials, c)
		return err
	})
	if err != nil {
		return nil, err
	}
	return q, t.rows("SELECT id, credential, contact, accepted, decided, evidence FROM decisions WHERE request = $1 ORDER BY n", []any{id}, func(r scanner) error {
		var d Decision
		var credential string
		var accepted, decided int64
		if err := r.Scan(&d.ID, &credential, &d.Contact, &accepted, &decided, &d.Evidence); err != nil {
			return err
		}
		d.Accepted, d.At = accepted != 0, at(decided)
		for i := range q.Credentials {
			if c := &q.Credentials[i]; c.ID == credential {
				c.Decisions = append(c.Decisions, d)
			}
		}
		return nil
	})
}

// RequestOf implements [Requests].
func (t *tx) RequestOf(credentialID string) (*Request, error) {
	var id string
	if err := t.row("SELECT request FROM credentials WHERE id = $1", []any{credentialID}, &id); err != nil {
		return nil, err
	}
	return t.Request(id)
}

// CancelRequest implements [Requests].
func (t *tx) CancelRequest(id string, when time.Time) error {
	return t.one(ErrNotFound, "UPDATE requests SET canceled = $1 WHERE id = $2", ms(when), id)
}

// unsent is the query of Unsent.
const unsent = "SELECT request FROM subjects WHERE notified = 0 AND otp IS NOT NULL AND otp_until <= $1 ORDER BY otp_until LIMIT $2"

// Unsent implements [Requests].
func (t *tx) Unsent(until time.Time, limit int) (ids []string, err error) {
	err = t.rows(unsent, []any{ms(until), limit}, func(r scanner) error {
		var id string
		err := r.Scan(&id)
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
		return err
	})
	return ids, err
}

// PutSubject implements [Requests].
func (t *tx) PutSubject(requestID string, s Subject) error {
	return t.one(ErrNotFound, "UPDATE subjects SET otp = $1, otp_until = $2, failures = $3, notified = $4, resends = $5, resent = $6 WHERE request = $7 AND contact = $8",
		s.OTP, ms(s.OTPUntil), s.Failures, flag(s.Notified), s.Resends, ms(s.Resent), requestID, s.Contact)
}

// PutCredential implements [Requests].
func (t *tx) PutCredential(c Credential) error {
	return t.one(ErrNotFound, "UPDATE credentials SET status = $1, signed = $2, slot = $3, revoked = $4 WHERE id = $5",
		c.Status, c.Signed, c.Slot, ms(c.Revoked), c.ID)
}

// InsertDecision implements [Requests].
func (t *tx) InsertDecision(requestID, credentialID string, d Decision) error {
	return t.one(ErrExists, "INSERT INTO decisions (id, request, n, credential, contact, accepted, decided, evidence) SELECT $1, $2, COUNT(*), $3, $4, $5, $6, $7 FROM decisions WHERE request = $2 ON CONFLICT DO NOTHING",
		d.ID, requestID, credentialID, d.Contact, flag(d.Accepted), ms(d.At), d.Evidence)
}

// InsertEvidence and Evidence implement [Requests].
func (t *tx) InsertEvidence(e Evidence) error {
	return t.one(ErrExists, "INSERT INTO evidences (id, request, bytes) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING", e.ID, e.RequestID, e.Bytes)
}

func (t *tx) Evidence(id string) (e Evidence, err error) {
	err = t.row("SELECT id, request, bytes FROM evidences WHERE id = $1", []any{id}, &e.ID, &e.RequestID, &e.Bytes)
	return e, err
}

// NextSlot implements [Requests].
func (t *tx) NextSlot() (slot int64, err error) {
	err = t.row("SELECT COALESCE(MAX(slot), -1) + 1 FROM credentials WHERE slot >= 0", nil, &slot)
	return slot, err
}

// RevokedSlots implements [Requests].
func (t *tx) RevokedSlots(first, end int64) (slots []int64, err error) {
	if first < 0 || end < first {
		return nil, fmt.Errorf("store: there are no slots from %d to %d", first, end)
	}
	err = t.rows("SELECT slot FROM credentials WHERE revoked > 0 AND slot >= $1 AND slot < $2", []any{first, end}, func(r scanner) error {
		var s int64
		err := r.Scan(&s)
		slots = append(slots, s)
		return err
	})
	return slots, err
}

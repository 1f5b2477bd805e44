package store

import (
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"time"
)

// Setting implements [Settings].
func (t *tx) Setting(name string) (value []byte, err error) {
	err = t.row("SELECT value FROM settings WHERE name = $1", []any{name}, &value)
	return value, err
}

// PutSetting implements [Settings].
func (t *tx) PutSetting(name string, value []byte) error {
	_, err := t.exec("INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value", name, value)
	return err
}

// InsertTenant implements [Tenants].
func (t *tx) InsertTenant(n Tenant) error {
	return t.one(ErrExists, "INSERT INTO tenants (id, name, did, public, handle, created) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
		n.ID, n.Name, n.DID, []byte(n.Key.Public), n.Key.Handle, ms(n.Created))
}

func (t *tx) tenant(where, value string) (n Tenant, err error) {
	var public []byte
	var created int64
	err = t.row("SELECT id, name, did, public, handle, created FROM tenants WHERE "+where+" = $1", []any{value},
		&n.ID, &n.Name, &n.DID, &public, &n.Key.Handle, &created)
	n.Key.Public, n.Created = ed25519.PublicKey(public), at(created)
	return n, err
}

// Tenant, TenantByName and TenantByDID implement [Tenants].
func (t *tx) Tenant(id string) (Tenant, error)         { return t.tenant("id", id) }
func (t *tx) TenantByName(name string) (Tenant, error) { return t.tenant("name", name) }
func (t *tx) TenantByDID(did string) (Tenant, error)   { return t.tenant("did", did) }

const keyColumns = "id, tenant, name, hash, secret, strict, version, created, expires, revoked"

// PutAPIKey implements [APIKeys].
func (t *tx) PutAPIKey(k APIKey) error {
	_, err := t.exec("INSERT INTO api_keys ("+keyColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		ON CONFLICT (id) DO UPDATE SET name = excluded.name, hash = excluded.hash, secret = excluded.secret, strict = excluded.strict,
		version = excluded.version, expires = excluded.expires, revoked = excluded.revoked`,
		k.ID, k.TenantID, k.Name, k.Hash[:], k.Secret, flag(k.Strict), k.Version, ms(k.Created), ms(k.Expires), ms(k.Revoked))
	return err
}

func (t *tx) apiKeys(clause string, args ...any) (list []APIKey, err error) {
	err = t.rows("SELECT "+keyColumns+" FROM api_keys "+clause, args, func(r scanner) error {
		var k APIKey
		var hash []byte
		var strict, created, expires, revoked int64
		if err := r.Scan(&k.ID, &k.TenantID, &k.Name, &hash, &k.Secret, &strict, &k.Version, &created, &expires, &revoked); err != nil {
			return err
		}
		if len(hash) != len(k.Hash) {
			return fmt.Errorf("store: the hash of key %s has %d bytes", k.ID, len(hash))
		}
		copy(k.Hash[:], hash)
		k.Strict, k.Created, k.Expires, k.Revoked = strict != 0, at(created), at(expires), at(revoked)
		list = append(list, k)
		return nil
	})
	return list, err
}

func (t *tx) apiKey(clause string, arg any) (APIKey, error) {
	list, err := t.apiKeys(clause, arg)
	if err == nil && len(list) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return APIKey{}, err
	}
	return list[0], nil
}

// APIKeyByHash, APIKey and APIKeys implement [APIKeys].
func (t *tx) APIKeyByHash(hash [sha256.Size]byte) (APIKey, error) {
	return t.apiKey("WHERE hash = $1", hash[:])
}
func (t *tx) APIKey(id string) (APIKey, error) { return t.apiKey("WHERE id = $1", id) }
func (t *tx) APIKeys() ([]APIKey, error)       { return t.apiKeys("ORDER BY created, id") }

// Answer implements [Answers].
func (t *tx) Answer(tenantID, route, key string, now time.Time) (Answer, error) {
	a := Answer{TenantID: tenantID, Route: route, Key: key}
	var fingerprint []byte
	var until int64
	err := t.row("SELECT fingerprint, body, request, until FROM answers WHERE tenant = $1 AND route = $2 AND key = $3 AND until > $4",
		[]any{tenantID, route, key, ms(now)}, &fingerprint, &a.Body, &a.RequestID, &until)
	if err == nil && len(fingerprint) != len(a.Fingerprint) {
		err = fmt.Errorf("store: a fingerprint has %d bytes", len(fingerprint))
	}
	copy(a.Fingerprint[:], fingerprint)
	a.Until = at(until)
	return a, err
}

// PutAnswer implements [Answers].
func (t *tx) PutAnswer(a Answer, now time.Time) error {
	// Delete expired answers, slightly more than are added.
	if _, err := t.exec(`DELETE FROM answers WHERE (tenant, route, key) IN
		(SELECT tenant, route, key FROM answers WHERE until <= $1 ORDER BY until LIMIT 4) OR tenant = $2 AND route = $3 AND key = $4 AND until <= $1`,
		ms(now), a.TenantID, a.Route, a.Key); err != nil {
		return err
	}
	return t.one(ErrExists, "INSERT INTO answers (tenant, route, key, fingerprint, body, request, until) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
		a.TenantID, a.Route, a.Key, a.Fingerprint[:], a.Body, a.RequestID, ms(a.Until))
}

// InsertEntry implements [Catalog].
func (t *tx) InsertEntry(e Entry) error {
	return t.one(ErrExists, "INSERT INTO catalog (id, tenant, kind, name, version, digest, body, created) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING",
		e.ID, e.TenantID, e.Kind, e.Name, e.Version, e.Digest, e.Body, ms(e.Created))
}

func (t *tx) entries(clause string, args ...any) (list []Entry, err error) {
	err = t.rows("SELECT id, tenant, kind, name, version, digest, body, created FROM catalog "+clause, args, func(r scanner) error {
		var e Entry
		var created int64
		err := r.Scan(&e.ID, &e.TenantID, &e.Kind, &e.Name, &e.Version, &e.Digest, &e.Body, &created)
		e.Created = at(created)
		list = append(list, e)
		return err
	})
	return list, err
}

func (t *tx) entry(clause string, args ...any) (Entry, error) {
	list, err := t.entries(clause+" LIMIT 1", args...)
	if err == nil && len(list) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return Entry{}, err
	}
	return list[0], nil
}

// Entry, NewestEntry, EntryByDigest and Entries implement [Catalog].
func (t *tx) Entry(tenantID, kind, id string) (Entry, error) {
	return t.entry("WHERE id = $1 AND tenant = $2 AND kind = $3", id, tenantID, kind)
}

func (t *tx) NewestEntry(tenantID, kind, name string) (Entry, error) {
	return t.entry("WHERE tenant = $1 AND kind = $2 AND name = $3 ORDER BY version DESC", tenantID, kind, name)
}

func (t *tx) EntryByDigest(digest string) (Entry, error) {
	return t.entry("WHERE digest = $1 AND digest <> ''", digest)
}

func (t *tx) Entries(tenantID, kind string, limit int) ([]Entry, error) {
	return t.entries("WHERE tenant = $1 AND kind = $2 ORDER BY created DESC, version DESC, id LIMIT $3", tenantID, kind, limit)
}

func (t *tx) user(clause string, args ...any) (u User, err error) {
	var public []byte
	var created, verified int64
	err = t.row("SELECT tenant, contact, id, did, public, handle, created, kyc, doc_id, verified FROM users WHERE "+clause, args,
		&u.TenantID, &u.Contact, &u.ID, &u.DID, &public, &u.Key.Handle, &created, &u.Identity.KYC, &u.Identity.DocID, &verified)
	u.Key.Public, u.Created, u.Identity.Verified = ed25519.PublicKey(public), at(created), at(verified)
	return u, err
}

// User, UserByDID, InsertUser and SetIdentity implement [Users].
func (t *tx) User(tenantID, contact string) (User, error) {
	return t.user("tenant = $1 AND contact = $2", tenantID, contact)
}
func (t *tx) UserByDID(did string) (User, error) { return t.user("did = $1", did) }

func (t *tx) InsertUser(u User) error {
	return t.one(ErrExists, "INSERT INTO users (tenant, contact, id, did, public, handle, created, kyc, doc_id, verified) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING",
		u.TenantID, u.Contact, u.ID, u.DID, []byte(u.Key.Public), u.Key.Handle, ms(u.Created), u.Identity.KYC, u.Identity.DocID, ms(u.Identity.Verified))
}

func (t *tx) SetIdentity(tenantID, contact string, i Identity) error {
	return t.one(ErrNotFound, "UPDATE users SET kyc = $1, doc_id = $2, verified = $3 WHERE tenant = $4 AND contact = $5",
		i.KYC, i.DocID, ms(i.Verified), tenantID, contact)
}

// InsertPassport and Passport implement [Passports].
func (t *tx) InsertPassport(p Passport) error {
	return t.one(ErrExists, "INSERT INTO passports (id, tenant, did, type, name, public, handle, body, receipt, created) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING",
		p.ID, p.TenantID, p.DID, p.Type, p.Name, []byte(p.Key.Public), p.Key.Handle, p.Body, p.ReceiptID, ms(p.Created))
}

func (t *tx) Passport(id string) (p Passport, err error) {
	var public []byte
	var created int64
	err = t.row("SELECT id, tenant, did, type, name, public, handle, body, receipt, created FROM passports WHERE id = $1", []any{id},
		&p.ID, &p.TenantID, &p.DID, &p.Type, &p.Name, &public, &p.Key.Handle, &p.Body, &p.ReceiptID, &created)
	p.Key.Public, p.Created = ed25519.PublicKey(public), at(created)
	return p, err
}

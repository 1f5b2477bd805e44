// Package store answers one question: what is kept, and what holds together?
//
// A Store runs functions in transactions. Whatever one Update writes is there as
// a whole and durable when it returns nil, or not at all, whichever process it
// runs in and however that ends; it sees the database as if no other ran at the
// same time. The receipt of an event and its entry in the log belong to the same
// Update as the event.
//
// [Open] makes one on a database of database/sql. It imports no driver: the
// program that links the package chooses one. Times are kept to the millisecond.
package store

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"time"
)

// Errors of a transaction.
var (
	// ErrNotFound: there is no such row.
	ErrNotFound = errors.New("store: not found")
	// ErrExists: there is one already with a name that has to be unique.
	ErrExists = errors.New("store: exists already")
)

// A Store is safe for concurrent use, and by several processes at once.
type Store interface {
	// View runs f on one state of the store. What f writes is an error.
	View(ctx context.Context, f func(Tx) error) error
	// Update runs f and commits when it returns nil. It may run f again after
	// a conflict, so f must not do anything that cannot be done twice. The
	// error of f is returned as it is.
	Update(ctx context.Context, f func(Tx) error) error
}

// A Tx is what may be done in one transaction. It is for the function it is
// given to, alone. Rows that do not exist are ErrNotFound.
type Tx interface {
	Tenants
	APIKeys
	Answers
	Requests
	Catalog
	Users
	Passports
	Receipts
	Settings
}

// Settings are what the installation knows of itself, by name.
type Settings interface {
	Setting(name string) ([]byte, error)
	PutSetting(name string, value []byte) error
}

// A CustodyKey is an Ed25519 key that the service holds for somebody. Handle is
// whatever the key store needs to sign with it: never the key itself.
type CustodyKey struct {
	Public ed25519.PublicKey
	Handle []byte
}

// ServiceTenant is the ID of the row that holds the service's own key.
const ServiceTenant = "service"

// A Tenant is a party with keys for the service.
type Tenant struct {
	ID      string // opaque, of the service
	Name    string // unique
	DID     string // unique
	Key     CustodyKey
	Created time.Time
}

// Tenants of the service.
type Tenants interface {
	InsertTenant(t Tenant) error // ErrExists
	Tenant(id string) (Tenant, error)
	TenantByName(name string) (Tenant, error)
	TenantByDID(did string) (Tenant, error)
}

// An APIKey lets a tenant in. Neither the bearer token nor the signature secret
// is kept as it is.
type APIKey struct {
	ID       string
	TenantID string
	Name     string
	Hash     [sha256.Size]byte // of the bearer token
	Secret   []byte            // the signature secret, sealed
	Strict   bool              // signatures also cover method and target
	Version  string            // default API-Version, "" for the newest
	Created  time.Time
	Expires  time.Time // zero: never
	Revoked  time.Time // zero: not
}

// APIKeys of tenants.
type APIKeys interface {
	// PutAPIKey inserts a key, or replaces the one with its ID.
	PutAPIKey(k APIKey) error
	APIKeyByHash(hash [sha256.Size]byte) (APIKey, error)
	APIKey(id string) (APIKey, error)
	APIKeys() ([]APIKey, error) // all, oldest first
}

// An Answer is what a call with an idempotency key was answered.
type Answer struct {
	TenantID, Route, Key string
	Fingerprint          [sha256.Size]byte // of the raw body
	Body                 []byte
	RequestID            string    // what it made
	Until                time.Time // when it may be forgotten
}

// Answers to calls with idempotency keys.
type Answers interface {
	// Answer returns the answer to a key; one that is over by now is none.
	Answer(tenantID, route, key string, now time.Time) (Answer, error)
	// PutAnswer remembers an answer, and forgets some that are over.
	PutAnswer(a Answer, now time.Time) error
}

// A Receipt is a signed receipt, and where it stands in the log.
type Receipt struct {
	ID       string
	TenantID string
	Bytes    []byte
	Index    int64
}

// Receipts, each in the log as well.
type Receipts interface {
	// PutReceipt stores the exact bytes and appends them to the log.
	PutReceipt(tenantID, id string, bytes []byte) (index int64, err error)
	Receipt(id string) (Receipt, error)
}

// A User is a contact of a tenant: the same one in all of its requests.
type User struct {
	TenantID string
	Contact  string
	ID       string // opaque
	DID      string // unique
	Key      CustodyKey
	Created  time.Time
	// Identity is what an operator says of the user, all zero for nothing.
	Identity Identity
}

// An Identity is what is known of who uses a contact.
type Identity struct {
	KYC      string // PENDING, APPROVED, REJECTED; "" when nobody asked
	DocID    string // of the document that was shown
	Verified time.Time
}

// Users of tenants.
type Users interface {
	User(tenantID, contact string) (User, error)
	UserByDID(did string) (User, error)
	InsertUser(u User) error
	SetIdentity(tenantID, contact string, i Identity) error
}

// A Passport is an identity with a key in custody.
type Passport struct {
	ID, TenantID, DID, Type, Name string
	Key                           CustodyKey
	Body                          []byte // JSON: metadata, capabilities
	ReceiptID                     string // of its registration
	Created                       time.Time
}

// Passports of tenants.
type Passports interface {
	InsertPassport(p Passport) error
	Passport(id string) (Passport, error)
}

// An Entry is something a tenant published: a version of an action, or a
// template of credentials.
type Entry struct {
	ID       string // of this version
	TenantID string
	Kind     string // action, resource, group
	Name     string // of an action: its versions share it
	Version  int64  // from 1
	Digest   string // SRI of an action's content
	Body     []byte // JSON
	Created  time.Time
}

// Catalog of what tenants published.
type Catalog interface {
	InsertEntry(e Entry) error
	Entry(tenantID, kind, id string) (Entry, error)
	// NewestEntry returns the newest version with a name.
	NewestEntry(tenantID, kind, name string) (Entry, error)
	// EntryByDigest finds content, whoever published it.
	EntryByDigest(digest string) (Entry, error)
	// Entries returns at most limit of them, newest first.
	Entries(tenantID, kind string, limit int) ([]Entry, error)
}

// Package store answers one question: what is kept, and what holds together?
// It implements the transactional storage of the service.
//
// A Store runs functions in transactions. Updates are atomic, durable and
// serializable: when Update returns nil, all its writes are on disk; otherwise
// none of them is, even if the process dies. This holds across processes. The
// receipt of an event and its log entry are written in the same Update as the
// event.
//
// [Open] returns a Store on a database/sql database. The package imports no
// driver; the program chooses one. Times have millisecond precision.
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
	// ErrNotFound means that a row does not exist.
	ErrNotFound = errors.New("store: not found")
	// ErrExists means that a unique value is already taken.
	ErrExists = errors.New("store: exists already")
)

// A Store is safe for concurrent use by goroutines and processes.
type Store interface {
	// View runs f on one snapshot of the store. Writes in f are errors.
	View(ctx context.Context, f func(Tx) error) error
	// Update runs f and commits if f returns nil. It may run f again after a
	// conflict, so f must be repeatable. It returns the error of f unchanged.
	Update(ctx context.Context, f func(Tx) error) error
}

// A Tx has the operations of one transaction. It is valid only in the function
// that receives it. Reading a row that does not exist is ErrNotFound.
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

// Settings are named values of the installation.
type Settings interface {
	Setting(name string) ([]byte, error)
	PutSetting(name string, value []byte) error
}

// A CustodyKey is an Ed25519 key that the service holds for a tenant or user.
// Handle is the key store's reference to it, never the key itself.
type CustodyKey struct {
	Public ed25519.PublicKey
	Handle []byte
}

// ServiceTenant is the ID of the row with the service's own key.
const ServiceTenant = "service"

// A Tenant is a customer of the service, with a key.
type Tenant struct {
	ID      string // opaque, chosen by the service
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

// An APIKey authenticates a tenant. The store has neither the bearer token nor
// the signature secret in clear.
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
	Revoked  time.Time // zero: not revoked
}

// APIKeys of tenants.
type APIKeys interface {
	// PutAPIKey inserts a key or replaces the key with the same ID.
	PutAPIKey(k APIKey) error
	APIKeyByHash(hash [sha256.Size]byte) (APIKey, error)
	APIKey(id string) (APIKey, error)
	APIKeys() ([]APIKey, error) // all, oldest first
}

// An Answer is the stored answer to a call with an idempotency key.
type Answer struct {
	TenantID, Route, Key string
	Fingerprint          [sha256.Size]byte // of the raw body
	Body                 []byte
	RequestID            string    // the created request
	Until                time.Time // end of retention
}

// Answers to calls with idempotency keys.
type Answers interface {
	// Answer returns the answer for a key, or ErrNotFound if it is absent or
	// expired at now.
	Answer(tenantID, route, key string, now time.Time) (Answer, error)
	// PutAnswer stores an answer and deletes some expired ones.
	PutAnswer(a Answer, now time.Time) error
}

// A Receipt is a signed receipt with its index in the log.
type Receipt struct {
	ID       string
	TenantID string
	Bytes    []byte
	Index    int64
}

// Receipts, each also in the log.
type Receipts interface {
	// PutReceipt stores the exact bytes and appends them to the log.
	PutReceipt(tenantID, id string, bytes []byte) (index int64, err error)
	Receipt(id string) (Receipt, error)
}

// A User is a contact of a tenant, shared by all of the tenant's requests.
type User struct {
	TenantID string
	Contact  string
	ID       string // opaque
	DID      string // unique
	Key      CustodyKey
	Created  time.Time
	// Identity is set by an operator. Zero means none.
	Identity Identity
}

// An Identity is the verified identity of the user of a contact.
type Identity struct {
	KYC      string // PENDING, APPROVED, REJECTED; "" when not checked
	DocID    string // ID of the document shown
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
	ReceiptID                     string // receipt of the registration
	Created                       time.Time
}

// Passports of tenants.
type Passports interface {
	InsertPassport(p Passport) error
	Passport(id string) (Passport, error)
}

// An Entry is published by a tenant: an action version, a credential template
// or a group of templates.
type Entry struct {
	ID       string // of this version
	TenantID string
	Kind     string // action, resource, group
	Name     string // of an action; its versions share it
	Version  int64  // from 1
	Digest   string // SRI of an action's content
	Body     []byte // JSON
	Created  time.Time
}

// Catalog of published entries.
type Catalog interface {
	InsertEntry(e Entry) error
	Entry(tenantID, kind, id string) (Entry, error)
	// NewestEntry returns the newest version with a name.
	NewestEntry(tenantID, kind, name string) (Entry, error)
	// EntryByDigest finds an entry of any tenant by its digest.
	EntryByDigest(digest string) (Entry, error)
	// Entries returns at most limit entries, newest first.
	Entries(tenantID, kind string, limit int) ([]Entry, error)
}

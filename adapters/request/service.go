package request

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/mandate-engine/mandate/adapters/fault"
	"github.com/mandate-engine/mandate/adapters/signing"
	"github.com/mandate-engine/mandate/adapters/store"
	"github.com/mandate-engine/mandate/adapters/vault"
	"github.com/mandate-engine/mandate/receipts"
	"github.com/mandate-engine/mandate/verifier"
)

// A Notifier sends one-time passwords to subjects. Messages are secret.
type Notifier interface {
	Notify(ctx context.Context, m Message) error
}

// A Message is the message for one subject.
type Message struct {
	To        string
	OTP       string
	Link      string
	RequestID string
	Language  string // ENG, PRT
}

// Identities reports the identity of the user of a contact.
type Identities interface {
	Identity(ctx context.Context, tenantID, contact string) (store.Identity, error)
}

// A Sealer computes a MAC of secrets that must not be readable in the
// database, only comparable. [vault.Vault] implements it.
type Sealer interface {
	MAC(context string, data []byte) []byte
}

// Config configures a Service. Store, Keys, Secrets, Notifier and PublicURL are
// required.
type Config struct {
	Store    store.Store
	Keys     vault.KeyStore
	Secrets  Sealer
	Notifier Notifier
	// Identities nil means the identities in the store, which an operator
	// sets.
	Identities Identities
	// PublicURL is the base URL of links (/link/{id}), evidence
	// (/evidence/{id}) and status lists (/status/{n}): scheme, host and a path
	// without a trailing slash. Issued credentials contain it. A later change
	// does not alter them, and mandates with a status list at the old URL are
	// denied.
	PublicURL string
	// PublicHost is the host of the service's DIDs. If set, new DIDs are
	// did:web:<host>:platform|user:<uuid>. Otherwise they are did:key.
	PublicHost string
	// StatusTTL is the time for which a verifier may cache a status list. A
	// revocation may take that long to reach it. Zero means five minutes.
	StatusTTL time.Duration
	// Log receives failures to send messages, without the message text. Nil
	// means no log.
	Log *slog.Logger
	// Now is the clock. Nil means time.Now.
	Now func() time.Time
	// Rand is the source of IDs and one-time passwords. Nil means crypto/rand.
	Rand io.Reader
}

// A Service is safe for concurrent use. It is a [verifier.StatusSource], a
// [policy.Source] and a [didresolve.Resolver] for its own status lists,
// actions and DIDs.
type Service struct {
	cfg    Config
	signer receipts.Signer
	did    string // of the service

	mu    sync.Mutex
	doing map[string]bool // idempotency keys of running calls
	lists map[int64]list  // signed status lists
}

// New checks cfg. On the first start it also makes the key of the service.
func New(ctx context.Context, cfg Config) (*Service, error) {
	if cfg.Store == nil || cfg.Keys == nil || cfg.Secrets == nil || cfg.Notifier == nil {
		return nil, errors.New("request: Config.Store, Keys, Secrets and Notifier are required")
	}
	if u, err := url.Parse(cfg.PublicURL); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || strings.HasSuffix(cfg.PublicURL, "/") {
		return nil, fmt.Errorf("request: PublicURL %.100q is not an https URL without a trailing slash", cfg.PublicURL)
	}
	if cfg.StatusTTL < 0 {
		return nil, errors.New("request: StatusTTL is negative")
	}
	if cfg.StatusTTL == 0 {
		cfg.StatusTTL = 5 * time.Minute
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Rand == nil {
		cfg.Rand = rand.Reader
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Identities == nil {
		cfg.Identities = storedIdentities{cfg.Store}
	}
	s := &Service{cfg: cfg, doing: map[string]bool{}, lists: map[int64]list{}}
	t, err := s.tenant(ctx, store.ServiceTenant, " service") // a tenant name cannot begin with a space
	if err != nil {
		return nil, err
	}
	if s.signer, err = s.signerOf(ctx, t); err != nil {
		return nil, err
	}
	s.did = t.DID
	return s, nil
}

// Signer returns the signer with the service's own key. It signs mandates,
// status lists and receipts. Its DID is the issuer to trust.
func (s *Service) Signer() receipts.Signer { return s.signer }

// signerOf returns the signer with a tenant's key.
func (s *Service) signerOf(ctx context.Context, t store.Tenant) (receipts.Signer, error) {
	method := ""
	if !strings.HasPrefix(t.DID, "did:key:") {
		method = t.DID + keyFragment
	}
	signer, err := s.cfg.Keys.Signer(ctx, t.Key.Public, t.Key.Handle, method)
	if err != nil {
		return nil, fmt.Errorf("request: the key of %.100q: %w", t.DID, err)
	}
	if signing.DID(signer) != t.DID {
		return nil, fmt.Errorf("request: the key of %.100q is of %.100q", t.DID, signing.DID(signer))
	}
	return signer, nil
}

// Tenant returns the tenant with a name of 1 to 200 characters. It creates the
// tenant if it does not exist.
func (s *Service) Tenant(ctx context.Context, name string) (store.Tenant, error) {
	if n := utf8.RuneCountInString(name); n == 0 || n > 200 || !utf8.ValidString(name) || strings.TrimSpace(name) != name || strings.ContainsFunc(name, unicode.IsControl) {
		return store.Tenant{}, fault.New(fault.Invalid, fault.Value, "a tenant has a name of 1 to 200 characters without spaces around it")
	}
	return s.tenant(ctx, "", name)
}

func (s *Service) tenant(ctx context.Context, id, name string) (t store.Tenant, err error) {
	byName := func(tx store.Tx) (err error) { t, err = tx.TenantByName(name); return err }
	if err = s.cfg.Store.View(ctx, byName); !errors.Is(err, store.ErrNotFound) {
		return t, err
	}
	if id == "" {
		if id, err = s.hex(12); err != nil {
			return t, err
		}
	}
	did, key, err := s.newDID(ctx, "platform")
	if err != nil {
		return t, err
	}
	made := store.Tenant{ID: id, Name: name, DID: did, Key: key, Created: s.now()}
	err = s.cfg.Store.Update(ctx, func(tx store.Tx) error {
		if err := byName(tx); !errors.Is(err, store.ErrNotFound) {
			return err // another call created it first
		}
		t = made
		return tx.InsertTenant(made)
	})
	return t, err
}

// SetIdentity sets the verified identity of a user of a tenant. It is for
// operators.
func (s *Service) SetIdentity(ctx context.Context, tenantID, contact string, i store.Identity) error {
	switch i.KYC {
	case "", "PENDING", "APPROVED", "REJECTED":
	default:
		return fault.New(fault.Invalid, fault.Value, "kyc is none of PENDING, APPROVED, REJECTED")
	}
	if i.Verified.IsZero() && i.KYC == approved {
		i.Verified = s.now()
	}
	err := s.cfg.Store.Update(ctx, func(tx store.Tx) error { return tx.SetIdentity(tenantID, normalize(contact), i) })
	if errors.Is(err, store.ErrNotFound) {
		return fault.New(fault.NotFound, "unknown_contact", "no request was ever made to this contact")
	}
	return err
}

const approved = "APPROVED"

type storedIdentities struct{ store store.Store }

func (s storedIdentities) Identity(ctx context.Context, tenantID, contact string) (i store.Identity, err error) {
	err = s.store.View(ctx, func(tx store.Tx) error {
		u, err := tx.User(tenantID, contact)
		i = u.Identity
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		return store.Identity{}, nil
	}
	return i, err
}

// KeepReceipt stores the receipt of a decision and appends it to the log. Call
// it before sending the decision: do not send an allow if KeepReceipt fails.
func (s *Service) KeepReceipt(ctx context.Context, caller store.Tenant, r *receipts.Receipt) error {
	if r == nil {
		return errors.New("request: there is no receipt")
	}
	return s.cfg.Store.Update(ctx, func(tx store.Tx) error {
		_, err := tx.PutReceipt(caller.ID, r.ID(), r.Bytes())
		return err
	})
}

// Receipt returns a receipt as signed: GET /receipt/{id}. Only the tenant that
// caused the receipt may read it.
func (s *Service) Receipt(ctx context.Context, caller store.Tenant, id string) ([]byte, error) {
	var r store.Receipt
	err := s.cfg.Store.View(ctx, func(tx store.Tx) (err error) { r, err = tx.Receipt(id); return err })
	if errors.Is(err, store.ErrNotFound) || err == nil && r.TenantID != caller.ID {
		return nil, fault.New(fault.NotFound, "unknown_receipt", "there is no such receipt")
	}
	return r.Bytes, err
}

// record signs the receipt of an event and stores it.
func (s *Service) record(ctx context.Context, tx store.Tx, tenantID string, event receipts.Event, subject string, digests map[string]string) (*receipts.Receipt, error) {
	random, err := s.random16()
	if err != nil {
		return nil, err
	}
	r, err := receipts.SignRecord(ctx, receipts.Record{ID: receipts.NewID(random), Time: s.now(), Event: event, Subject: subject, Digests: digests,
		Engine: receipts.Engine{Name: "mandate", Version: verifier.Version}}, s.signer)
	if err != nil {
		return nil, err
	}
	_, err = tx.PutReceipt(tenantID, r.ID(), r.Bytes())
	return r, err
}

// now returns the time to the millisecond, as it is stored.
func (s *Service) now() time.Time { return s.cfg.Now().UTC().Truncate(time.Millisecond) }

// owned returns a request if the caller made it.
func (s *Service) owned(caller store.Tenant, r *store.Request, err error) (*store.Request, error) {
	if errors.Is(err, store.ErrNotFound) || err == nil && r.TenantID != caller.ID {
		return nil, fault.New(fault.NotFound, "not_found", "there is none, or not for you")
	}
	return r, err
}

// readable returns a request if the caller made it or is in authorizedDIDs.
func (s *Service) readable(caller store.Tenant, r *store.Request, err error) (*store.Request, error) {
	if err == nil && r.TenantID != caller.ID {
		b, err := parseBody(r.Body)
		if err != nil {
			return nil, err
		}
		for _, did := range b.authorized() {
			if did == caller.DID {
				return r, nil
			}
		}
	}
	return s.owned(caller, r, err)
}

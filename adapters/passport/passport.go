// Package passport answers one question: who is this identity, and who vouches
// for its key? It implements passports: key pairs in custody with a did:key,
// registered in the log of receipts. One operator runs that log; it is not a
// distributed ledger.
package passport

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/mandate-engine/mandate/adapters/fault"
	"github.com/mandate-engine/mandate/adapters/store"
	"github.com/mandate-engine/mandate/adapters/vault"
	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/internal/multikey"
	"github.com/mandate-engine/mandate/receipts"
	"github.com/mandate-engine/mandate/receipts/translog"
	"github.com/mandate-engine/mandate/verifier"
)

// A Prover signs checkpoints of the log. It is a note.Signer of
// golang.org/x/mod.
type Prover interface {
	Name() string
	KeyHash() uint32
	Sign(message []byte) ([]byte, error)
}

// Config configures a Service. Store, Keys and Signer are required.
type Config struct {
	Store  store.Store
	Keys   vault.KeyStore
	Signer receipts.Signer // signs the receipts of registrations
	// Log and Prover prove that a registration is in the log. If either is
	// nil, Get returns receipts without a proof.
	Log    translog.Source
	Prover Prover
	// Now is the clock. Nil means time.Now.
	Now func() time.Time
	// Rand is the source of IDs. Nil means crypto/rand.
	Rand io.Reader
}

// A Service is safe for concurrent use. Errors that the caller can correct are
// a [fault.Error].
type Service struct{ cfg Config }

// New checks cfg.
func New(cfg Config) (*Service, error) {
	if cfg.Store == nil || cfg.Keys == nil || cfg.Signer == nil {
		return nil, errors.New("passport: Config.Store, Keys and Signer are required")
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Rand == nil {
		cfg.Rand = rand.Reader
	}
	return &Service{cfg}, nil
}

// Limits of the input.
const (
	maxBody         = 64 << 10
	maxName         = 200
	maxMetadata     = 8 << 10 // bytes of the canonical form
	maxCapabilities = 50
	maxCapability   = 200
)

type object = map[string]any

// Create makes a passport and returns the JSON of its data: POST /v1/passports
// with {type, name, metadata?, capabilities?}. It creates and seals a key
// pair, stores the passport, signs a receipt of the registration and appends
// it to the log, all in one transaction. The receipt is the first entry of the
// passport's provenance.
func (s *Service) Create(ctx context.Context, caller store.Tenant, body []byte) ([]byte, error) {
	p, err := read(body)
	if err != nil {
		return nil, err
	}
	p.Created, p.TenantID = s.cfg.Now().UTC().Truncate(time.Millisecond), caller.ID
	if p.Key.Public, p.Key.Handle, err = s.cfg.Keys.NewKey(ctx); err != nil {
		return nil, fmt.Errorf("passport: %w", err)
	}
	public, err := multikey.NewPublicKey(p.Key.Public)
	if err != nil {
		return nil, fmt.Errorf("passport: %w", err)
	}
	p.DID = "did:key:" + public.String()
	var random [16]byte
	if _, err := io.ReadFull(s.cfg.Rand, random[:]); err != nil {
		return nil, fmt.Errorf("passport: %w", err)
	}
	p.ID = "passport_" + hex.EncodeToString(random[:12])
	if _, err := io.ReadFull(s.cfg.Rand, random[:]); err != nil {
		return nil, fmt.Errorf("passport: %w", err)
	}
	data := view(p)
	b, err := canonical.Marshal(data)
	if err != nil {
		return nil, fmt.Errorf("passport: %w", err)
	}
	d, err := canonical.Parse(b)
	if err != nil {
		return nil, fmt.Errorf("passport: %w", err)
	}
	receipt, err := receipts.SignRecord(ctx, receipts.Record{ID: receipts.NewID(random), Time: p.Created, Event: receipts.PassportRegistered, Subject: p.DID,
		Digests: map[string]string{"passport": canonical.SRI(d.Root().SHA256())}, Engine: receipts.Engine{Name: "mandate", Version: verifier.Version}}, s.cfg.Signer)
	if err != nil {
		return nil, fmt.Errorf("passport: %w", err)
	}
	p.ReceiptID = receipt.ID()
	err = s.cfg.Store.Update(ctx, func(tx store.Tx) error {
		if _, err := tx.PutReceipt(caller.ID, receipt.ID(), receipt.Bytes()); err != nil {
			return err
		}
		return tx.InsertPassport(p)
	})
	return b, err
}

// read reads the body of a call.
func read(body []byte) (p store.Passport, err error) {
	o, err := fault.Body(body, maxBody, false)
	if err != nil {
		return p, err
	}
	p.Type, p.Name = o.Enum("type", "", "individual", "organization", "agent"), o.Text("name", maxName, true)
	if strings.TrimSpace(p.Name) == "" {
		o.Fail("name", fault.Value, "is empty")
	}
	keep := object{"capabilities": o.Texts("capabilities", maxCapabilities, maxCapability, false)}
	if m := o.Object("metadata", false); m != nil {
		if n := len(m.Value.AppendCanonical(nil)); n > maxMetadata {
			o.Fail("metadata", fault.TooLong, "has more than %d bytes", maxMetadata)
		}
		keep["metadata"] = m.Value
	}
	if err := o.Err(); err != nil {
		return p, err
	}
	p.Body, err = canonical.Marshal(keep)
	return p, err
}

func view(p store.Passport) object {
	return object{"passportId": p.ID, "did": p.DID, "type": p.Type, "name": p.Name, "publicKey": "0x" + hex.EncodeToString(p.Key.Public),
		"createdAt": p.Created.Format("2006-01-02T15:04:05.000Z")}
}

// Get returns the JSON of a passport's data: the answer of Create, metadata
// and capabilities, and registration: {receipt, index, proof?}. The proof is a
// C2SP tlog-proof that the receipt is in the log, with a checkpoint made now.
// Only the tenant that made a passport may read it.
func (s *Service) Get(ctx context.Context, caller store.Tenant, id string) ([]byte, error) {
	var p store.Passport
	var r store.Receipt
	err := s.cfg.Store.View(ctx, func(tx store.Tx) (err error) {
		if p, err = tx.Passport(id); err == nil {
			r, err = tx.Receipt(p.ReceiptID)
		}
		return err
	})
	if errors.Is(err, store.ErrNotFound) || err == nil && p.TenantID != caller.ID {
		return nil, fault.New(fault.NotFound, "not_found", "there is no such passport")
	}
	if err != nil {
		return nil, err
	}
	body, err := canonical.Parse(p.Body)
	if err != nil {
		return nil, fmt.Errorf("passport: %w", err)
	}
	receipt, err := canonical.Parse(r.Bytes)
	if err != nil {
		return nil, fmt.Errorf("passport: %w", err)
	}
	registration := object{"receipt": receipt.Root(), "index": r.Index}
	if s.cfg.Log != nil && s.cfg.Prover != nil {
		checkpoint, err := translog.Sign(s.cfg.Log, s.cfg.Log.Size(), s.cfg.Prover)
		if err != nil {
			return nil, fmt.Errorf("passport: %w", err)
		}
		proof, err := translog.ProveInclusion(s.cfg.Log, r.Index, checkpoint)
		if err != nil {
			return nil, fmt.Errorf("passport: %w", err)
		}
		registration["proof"] = string(proof)
	}
	data := view(p)
	data["registration"], data["capabilities"] = registration, body.Root().Get("capabilities")
	if m := body.Root().Get("metadata"); m.Kind() != canonical.Absent {
		data["metadata"] = m
	}
	return canonical.Marshal(data)
}

// NewProver returns a Prover that signs with the Ed25519 key of signer. public
// is its public key. origin is the name of the log.
func NewProver(origin string, public []byte, signer receipts.Signer) (Prover, error) {
	v, err := translog.NewVerifier(origin, public)
	if err != nil {
		return nil, err
	}
	return prover{v.Name(), v.KeyHash(), signer}, nil
}

type prover struct {
	name   string
	hash   uint32
	signer receipts.Signer
}

func (p prover) Name() string    { return p.name }
func (p prover) KeyHash() uint32 { return p.hash }
func (p prover) Sign(message []byte) ([]byte, error) {
	return p.signer.Sign(context.Background(), message)
}

package receipts

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/internal/dataintegrity"
	"github.com/mandate-engine/mandate/internal/jsonread"
	"github.com/mandate-engine/mandate/internal/multikey"
)

// Completeness tells whether receipts may be missing.
type Completeness string

// Unproven means that nothing shows that the receipt is in a log, or that the log
// is complete. Verify sees no log, so it always returns this.
const Unproven Completeness = "unproven"

// ErrNotVerified is wrapped by the errors of [Verify] that concern the receipt: it
// is malformed, was changed, or is not of a pinned issuer. Any other error means
// that the receipt could not be checked.
var ErrNotVerified = errors.New("receipts: not verified")

// A VerifyConfig tells whose receipts to accept. The zero value accepts none.
type VerifyConfig struct {
	// Issuers are the DIDs whose receipts are accepted.
	Issuers []string
	// Resolver finds the issuers' documents. Nil resolves only did:key.
	Resolver didresolve.Resolver
	// At is the time at which the key must be neither expired nor revoked.
	// Required.
	At time.Time
	// Retired are keys that issuers have withdrawn. A receipt by such a key is
	// accepted if the log proves that it was signed before.
	Retired []RetiredKey
	// Index is the proven index of the receipt in the log of its issuer, or nil.
	// Only receipts by retired keys need it. It must be proven against a
	// checkpoint signed by another key: the holder of the retired key could sign
	// a log of one entry.
	Index *int64
}

// A RetiredKey is a key that its issuer has withdrawn, even if the issuer's document
// still has it.
type RetiredKey struct {
	VerificationMethod string // the DID URL that receipts name
	PublicKeyMultibase string
	// Size is the size of the log at the last checkpoint before the key was
	// retired. Someone with the key can still sign receipts with any time in
	// them, but cannot insert them into the log before that.
	Size int64
}

// A Verified is the content of a receipt whose signature is valid.
type Verified struct {
	ID, Issuer   string
	Time         time.Time
	Event        Event
	Decision     string // "allow" or "deny"; "" if the event is not a decision
	Reason       string // on a deny
	Credential   string // id of the mandate, or Subject of a record
	OutcomeOf    Link   // set if the event is an outcome
	Completeness Completeness
	// Document is the receipt that was verified, proof included.
	Document canonical.Value
}

// Verify checks one receipt: that it is strict JSON and has the members of a
// receipt, that its issuer is one of cfg.Issuers, and that it has an
// eddsa-jcs-2022 proof for assertionMethod by a key of the issuer. It looks up the
// key itself. If there is an error, do not trust the receipt.
//
// Verify does not check that the receipt is in a log, that the decision was right,
// or that the stated time is true.
func Verify(ctx context.Context, receipt []byte, cfg VerifyConfig) (*Verified, error) {
	if cfg.At.IsZero() {
		return nil, errors.New("receipts: VerifyConfig.At is not set")
	}
	d, err := canonical.Parse(receipt)
	if err != nil {
		return nil, notVerified("%v", err)
	}
	v, err := read(d.Root())
	if err != nil {
		return nil, err
	}
	if !slices.Contains(cfg.Issuers, v.Issuer) {
		return nil, notVerified("the issuer %.200q is not among the pinned ones", v.Issuer)
	}
	proofs, bad := dataintegrity.Parse(d.Root(), false)
	if bad != nil {
		return nil, notVerified("%v", bad)
	}
	for _, p := range proofs { // at least one
		if err := verifyProof(ctx, p, v.Issuer, cfg); err != nil {
			return nil, err
		}
	}
	return v, nil
}

func verifyProof(ctx context.Context, p *dataintegrity.Proof, issuer string, cfg VerifyConfig) error {
	const tolerance = time.Minute
	for _, bad := range []*dataintegrity.Error{
		p.CheckPurpose(dataintegrity.AssertionMethod),
		p.CheckExpiry(cfg.At, tolerance),
		p.CheckCreated(cfg.At, tolerance),
	} {
		if bad != nil {
			return notVerified("%v", bad)
		}
	}
	if did, _, err := splitMethod(p.VerificationMethod); err != nil || did != issuer {
		return notVerified("the key %.200q is not the issuer's", p.VerificationMethod)
	}
	resolver := cfg.Resolver
	if resolver == nil {
		resolver = didresolve.Key()
	}
	key, err := findKey(ctx, resolver, p.VerificationMethod, issuer, cfg)
	if err != nil {
		return err
	}
	if !p.Verify(key) {
		return notVerified("the signature does not fit the receipt and the key %.200q", p.VerificationMethod)
	}
	return nil
}

// findKey looks up a key of the issuer. A cached document may lack a new key, so
// findKey asks once for a newer document. Only cfg.Retired tells which keys are
// retired: a did:key always has its key, and an old document lists old keys.
func findKey(ctx context.Context, resolver didresolve.Resolver, url, issuer string, cfg VerifyConfig) (multikey.PublicKey, error) {
	for _, k := range cfg.Retired {
		if k.VerificationMethod == url {
			return k.key(cfg.Index)
		}
	}
	var prior *didresolve.Resolution
	for {
		resolution, err := didresolve.Lookup(ctx, resolver, issuer, prior)
		if err != nil {
			return multikey.PublicKey{}, unresolved(issuer, err)
		}
		method, err := resolution.Document.VerificationMethod(url, didresolve.AssertionMethod, cfg.At)
		switch {
		case err == nil:
			return method.Key(), nil
		case didresolve.TypeOf(err) == didresolve.ErrMethodNotFound && prior == nil:
			prior = resolution
		default:
			return multikey.PublicKey{}, notVerified("%v", err)
		}
	}
}

// key returns the key, for a receipt that is proven to be older than the last
// checkpoint before it was retired.
func (k RetiredKey) key(index *int64) (multikey.PublicKey, error) {
	switch {
	case index == nil:
		return multikey.PublicKey{}, notVerified("the key %.200q is retired, and nothing proves that the receipt is older: prove that it stands in the log", k.VerificationMethod)
	case *index < 0 || *index >= k.Size:
		return multikey.PublicKey{}, notVerified("the key %.200q is retired: it signed entry %d of the log, and its last checkpoint covers %d", k.VerificationMethod, *index, k.Size)
	}
	key, err := multikey.ParsePublicKey(k.PublicKeyMultibase)
	if err != nil {
		return key, fmt.Errorf("receipts: the retired key %.200q: %w", k.VerificationMethod, err)
	}
	return key, nil
}

// unresolved keeps "there is no such DID" apart from "could not find out".
func unresolved(issuer string, err error) error {
	if didresolve.TypeOf(err) != didresolve.ErrInternal {
		return notVerified("%v", err)
	}
	return fmt.Errorf("receipts: resolving %.200q: %w", issuer, err)
}

// read checks the structure of a receipt and returns its main members, not
// yet believed.
func read(root canonical.Value) (*Verified, error) {
	r := jsonread.New(root)
	subject := r.In(root.Get("credentialSubject"))
	v := &Verified{
		ID:           filled(&r, "id"),
		Issuer:       filled(&r, "issuer"),
		Event:        Event(filled(&subject, "event")),
		Completeness: Unproven,
		Document:     root,
	}
	_, isRecord := recordEvents[v.Event]
	if isRecord {
		readRecord(v, &subject)
	} else {
		v.Decision = filled(&subject, "decision")
		if subject.Has("reason") {
			v.Reason = filled(&subject, "reason")
		}
	}
	if subject.Has("id") {
		v.Credential = filled(&subject, "id")
	}
	filled(&r, "timestamp")
	v.Time = r.Time("timestamp")
	if f := r.Fault(); f != nil {
		return nil, notVerified("%s", f.Message)
	}
	// A proof covers the contexts that it names; more in the document would pass
	// and give its terms another meaning.
	if string(root.Get("@context").AppendCanonical(nil)) != `["`+contextCredential+`","`+contextUndefined+`"]` {
		return nil, notVerified("@context is not that of a receipt")
	}
	types := map[string]bool{}
	for _, e := range root.Get("type").Elements() {
		if s, ok := e.String(); ok {
			types[s] = true
		}
	}
	if !types["VerifiableCredential"] || !types[receiptType] {
		return nil, notVerified("type does not name VerifiableCredential and %s", receiptType)
	}
	allow := v.Event == Approved && v.Decision == "allow" && v.Reason == ""
	deny := v.Event == Denied && v.Decision == "deny" && v.Reason != ""
	if !allow && !deny && !isRecord {
		return nil, notVerified("event %.40q, decision %.40q and reason %.40q do not fit", v.Event, v.Decision, v.Reason)
	}
	return v, nil
}

// filled reads a string that is not empty.
func filled(r *jsonread.Reader, name string) string {
	s, ok := r.At.Get(name).String()
	if !ok || s == "" {
		r.Fail(r.At, "%s is not a string with text in it", name)
	}
	return s
}

func notVerified(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrNotVerified, fmt.Sprintf(format, args...))
}

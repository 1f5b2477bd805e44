package bundle

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"time"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/internal/quote"
	"github.com/mandate-engine/mandate/policy"
	"github.com/mandate-engine/mandate/receipts"
	"github.com/mandate-engine/mandate/verifier"
)

// A Reproduction is what deciding again from a bundle led to.
type Reproduction struct {
	Decision string // "allow" or "deny"
	Reason   verifier.Reason
	// Body is the canonical form of the receipt without its proof.
	Body []byte
	// Difference says where Body is not that of the receipt, "" when it is the
	// same, byte for byte.
	Difference string
}

// Reproduce decides again from a bundle alone and compares with the receipt of the
// first decision. Its signature is not looked at: verify it first.
//
// An error means that nothing could be reproduced: the bundle is of another
// version of the engine whose bundles mean something else, or lacks something
// that the decision asks for.
func Reproduce(ctx context.Context, b *verifier.Bundle, receipt []byte) (*Reproduction, error) {
	d, err := canonical.Parse(receipt)
	if err != nil {
		return nil, fmt.Errorf("bundle: the receipt: %w", err)
	}
	if b.Engine != verifier.Version {
		return nil, fmt.Errorf("bundle: it is of version %.40q of the engine, this one is %s", b.Engine, verifier.Version)
	}
	method, _ := d.Root().Get("proof").Get("verificationMethod").String()
	s := &seams{bundle: b, method: method}
	cfg := b.Config
	cfg.Resolver, cfg.Signer, cfg.Replay, cfg.Rand, cfg.Now = s, s, s, bytes.NewReader(b.Random[:]), func() time.Time { return b.Now }
	if cfg.Status != nil {
		cfg.Status = s
	}
	if cfg.Actions != nil {
		cfg.Actions = s
	}
	if cfg.ContextChecker != nil {
		cfg.ContextChecker = s
	}
	v, err := verifier.New(cfg)
	if err != nil {
		return nil, fmt.Errorf("bundle: the settings: %w", err)
	}
	res, err := v.Verify(ctx, b.Request)
	out := &Reproduction{Decision: "allow"}
	var made *receipts.Receipt
	var deny *verifier.DenyError
	switch {
	case err == nil:
		made = res.Receipt
	case errors.As(err, &deny):
		out.Decision, out.Reason, made = "deny", deny.Reason, deny.Receipt
	default:
		return nil, fmt.Errorf("bundle: deciding again: %w", err)
	}
	if made == nil {
		return nil, fmt.Errorf("bundle: deciding again: %w", deny.Unwrap())
	}
	again, err := canonical.Parse(made.Bytes())
	if err != nil {
		return nil, fmt.Errorf("bundle: %w", err)
	}
	out.Body = again.Root().AppendCanonical(nil, canonical.Omit("proof"))
	if !bytes.Equal(out.Body, d.Root().AppendCanonical(nil, canonical.Omit("proof"))) {
		out.Difference = difference(d.Root(), again.Root(), true)
	}
	return out, nil
}

// difference names the first member in which two documents differ.
func difference(a, b canonical.Value, top bool) string {
	if a.Kind() == canonical.Object && b.Kind() == canonical.Object {
		for name, v := range a.Members() {
			if top && name == "proof" {
				continue
			}
			if d := difference(v, b.Get(name), false); d != "" {
				return d
			}
		}
		for name, v := range b.Members() {
			if a.Get(name).Kind() == canonical.Absent && !(top && name == "proof") {
				return fmt.Sprintf("%s: the receipt has none, deciding again gives %s", v.Pointer(), text(v))
			}
		}
		return ""
	}
	if a.Kind() == canonical.Array && b.Kind() == canonical.Array && a.Len() == b.Len() {
		for i, v := range a.Elements() {
			if d := difference(v, b.Index(i), false); d != "" {
				return d
			}
		}
		return ""
	}
	if text(a) == text(b) {
		return ""
	}
	return fmt.Sprintf("%s: the receipt has %s, deciding again gives %s", a.Pointer(), text(a), text(b))
}

// text returns the canonical form of a value, cut short.
func text(v canonical.Value) string {
	if v.Kind() == canonical.Absent {
		return "none"
	}
	return quote.Cut(string(v.AppendCanonical(nil)), 200)
}

// seams answers everything that a decision asks for from a bundle.
type seams struct {
	bundle   *verifier.Bundle
	method   string
	contexts int
}

type actionSource interface {
	Action(ctx context.Context, ref policy.Ref) ([]byte, error)
}

var errAbsent = errors.New("the bundle does not have it")

func (s *seams) Resolve(_ context.Context, did string) (*didresolve.Resolution, error) {
	a, ok := s.bundle.Documents[did]
	switch {
	case !ok:
		return nil, fmt.Errorf("the document of %.200q: %w", did, errAbsent)
	case a.Err != nil:
		return nil, a.Err
	}
	doc, err := didresolve.ParseDocument(a.Bytes)
	if err != nil {
		return nil, err
	}
	return &didresolve.Resolution{Document: doc, Source: a.Source, RetrievedAt: a.RetrievedAt}, nil
}

func (s *seams) StatusList(_ context.Context, url string) ([]byte, error) {
	a, ok := s.bundle.Lists[url]
	switch {
	case !ok:
		return nil, fmt.Errorf("the status list %.200q: %w", url, errAbsent)
	case a.Bytes == nil:
		return nil, verifier.ErrNoStatusList
	}
	return a.Bytes, nil
}

func (s *seams) Action(_ context.Context, ref policy.Ref) ([]byte, error) {
	a, ok := s.bundle.Actions[ref]
	switch {
	case !ok:
		return nil, fmt.Errorf("the action %.200q: %w", ref.ID, errAbsent)
	case a.Bytes == nil:
		return nil, policy.ErrNotFound
	}
	return a.Bytes, nil
}

func (s *seams) CheckContext(canonical.Value) error {
	if s.contexts >= len(s.bundle.Contexts) {
		return errAbsent
	}
	s.contexts++
	if !s.bundle.Contexts[s.contexts-1] {
		return errors.New("the ContextChecker objected")
	}
	return nil
}

func (s *seams) Use(context.Context, [32]byte, time.Time, time.Time) (bool, error) {
	return !s.bundle.Replayed, nil
}

// VerificationMethod and Sign make a receipt whose signature means nothing.
func (s *seams) VerificationMethod() string { return s.method }

func (s *seams) Sign(context.Context, []byte) ([]byte, error) {
	return make([]byte, ed25519.SignatureSize), nil
}

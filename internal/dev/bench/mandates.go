package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"runtime"
	"time"

	"github.com/mandate-engine/mandate/adapters/signing"
	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/internal/sample"
	"github.com/mandate-engine/mandate/receipts"
	"github.com/mandate-engine/mandate/verifier"
)

// A party has a key.
type party struct {
	signer *receipts.KeySigner
	did    string
}

func newParty(key ed25519.PrivateKey) party {
	s, err := receipts.NewKeySigner(key, "")
	check(err)
	return party{s, signing.DID(s)}
}

// stranger returns the n-th unknown party.
func stranger(n int) party {
	seed := sha256.Sum256(binary.BigEndian.AppendUint64([]byte("stranger"), uint64(n)))
	return newParty(ed25519.NewKeyFromSeed(seed[:]))
}

// A world has the parties of the sample and issues mandates like it.
type world struct {
	issuer, holder party
	unsigned       []byte // the sample's credential without its proof
	made           int
}

func newWorld() *world {
	d, err := canonical.Parse(sample.Credential())
	check(err)
	return &world{issuer: newParty(sample.Key(1)), holder: newParty(sample.Key(2)), unsigned: d.Root().AppendCanonical(nil, canonical.Omit("proof"))}
}

// issue signs the sample's mandate with a new id.
func (w *world) issue(issuer, holder party) []byte {
	w.made++
	vc := bytes.ReplaceAll(w.unsigned, []byte(sample.MandateID), fmt.Appendf(nil, "urn:via:credential:550e8400-e29b-41d4-a716-%012d", w.made))
	vc = bytes.ReplaceAll(vc, []byte(sample.Issuer), []byte(issuer.did))
	vc = bytes.ReplaceAll(vc, []byte(sample.Holder), []byte(holder.did))
	return signCredential(vc, issuer)
}

func signCredential(vc []byte, issuer party) []byte {
	out, err := signing.Credential(context.Background(), vc, issuer.signer, signing.Options{Created: sample.Now()})
	check(err)
	return out
}

// present makes a presentation of mandates with a new challenge.
func (w *world) present(holder party, vcs ...[]byte) verifier.Request {
	w.made++
	challenge := fmt.Sprintf("1f44d55f-f161-4938-a659-%012d", w.made)
	vp, err := signing.Presentation(context.Background(), "", vcs, holder.signer,
		signing.Options{Created: sample.Now().Add(-30 * time.Second), Challenge: challenge, Domain: []string{sample.Verifier}})
	check(err)
	return verifier.Request{Presentation: vp, ExecutionParams: sample.ParamsAllow(), Challenge: challenge}
}

// newMandate returns a request with a new mandate of known parties.
func (w *world) newMandate() verifier.Request {
	return w.present(w.holder, w.issue(w.issuer, w.holder))
}

// config returns the configuration of a verifier that allows the mandates of a
// world.
func config() verifier.Config {
	return verifier.Config{Resolver: didresolve.Key(), Signer: newParty(sample.Key(9)).signer, TrustedIssuers: []string{sample.Issuer},
		Verifier: sample.Verifier, Now: sample.Now, ChallengeLifetime: time.Minute}
}

func newVerifier(cfg verifier.Config) *verifier.Verifier {
	v, err := verifier.New(cfg)
	check(err)
	return v
}

// A supply holds requests for single use.
type supply struct {
	more  func() verifier.Request
	ready []verifier.Request
}

// turns is the number of slices for which requests are made at a time.
const turns = 32

// prepare makes requests when none are left, and then collects garbage. Making
// a request leaves nine times the garbage of deciding it, which would
// otherwise be charged to the decisions. The collections caused by the
// decisions fall into about one slice in thirty; collectorRows measures them.
func (s *supply) prepare(runs int) {
	if len(s.ready) >= runs {
		return
	}
	for len(s.ready) < turns*runs {
		s.ready = append(s.ready, s.more())
	}
	runtime.GC()
}

func (s *supply) next() verifier.Request {
	r := s.ready[len(s.ready)-1]
	s.ready = s.ready[:len(s.ready)-1]
	return r
}

// allow runs a request that must be allowed.
func allow(v *verifier.Verifier, r verifier.Request) {
	_, err := v.Verify(context.Background(), r)
	check(err)
}

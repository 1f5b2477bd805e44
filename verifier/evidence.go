package verifier

import (
	"errors"
	"time"

	"github.com/mandate-engine/mandate/policy"
)

// A Bundle is everything that one decision rests on: package verifier/bundle
// writes it, and decides again from it. It holds the parameters and the salt of
// the receipt's commitment, and shares no memory with the request but the
// documents in it, which nobody modifies.
type Bundle struct {
	Engine string // version
	// Config are the settings, defaults filled in. Of its interfaces those are set
	// that a decision can do without.
	Config  Config
	Request Request // whole, with the defaults filled in
	Now     time.Time
	Random  [32]byte // the receipt's id and salt
	// Documents are DID documents by DID, Lists status lists by URL.
	Documents, Lists map[string]Answer
	Actions          map[policy.Ref]Answer
	Contexts         []bool // whether the ContextChecker agreed, in the order it was asked
	Replayed         bool   // the presentation was used before
}

// An Answer is what a lookup found.
type Answer struct {
	Bytes []byte // as received; nil when there is nothing
	Err   error  // why there is nothing, or why it cannot be read
	// Source and RetrievedAt are those of a DID document.
	Source      string
	RetrievedAt time.Time
}

// bundle returns the evidence of a verdict, nil unless the Config keeps it.
func (v *Verifier) bundle(d *verdict, random randomness) *Bundle {
	if !v.cfg.KeepBundle {
		return nil
	}
	b := &Bundle{Engine: Version, Config: v.cfg, Request: d.s.whole, Now: d.s.now, Contexts: d.s.contexts, Replayed: d.ledger.failedAt(checkReplay),
		Documents: map[string]Answer{}, Lists: map[string]Answer{}, Actions: map[policy.Ref]Answer{}}
	b.Config.Resolver, b.Config.Signer, b.Config.Replay, b.Config.Rand, b.Config.Now, b.Config.SignatureVerifier = nil, nil, nil, nil, nil, nil
	copy(b.Random[:16], random.id[:])
	copy(b.Random[16:], random.salt[:])
	if d.evidence == nil {
		return b
	}
	for _, f := range d.evidence.documents {
		a := f.answer
		b.Documents[f.about] = Answer{Err: a.err}
		if a.err == nil {
			b.Documents[f.about] = Answer{a.value.Document.Raw(), nil, a.value.Source, a.value.RetrievedAt}
		}
	}
	for _, f := range d.evidence.lists {
		b.Lists[f.about] = f.answer.received(ErrNoStatusList)
	}
	for _, f := range d.evidence.actions {
		b.Actions[f.about] = f.answer.received(errNoAction)
	}
	return b
}

// received returns what a source answered; nothing is what it says when there is
// nothing, which an empty answer is not.
func (a answer[T]) received(nothing error) Answer {
	if errors.Is(a.err, nothing) {
		return Answer{Err: a.err}
	}
	return Answer{Bytes: append([]byte{}, a.raw...), Err: a.err}
}

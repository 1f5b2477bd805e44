package verifier

import (
	"bytes"
	"slices"
	"time"

	"github.com/mandate-engine/mandate/policy"
)

// A Bundle is everything that one decision rests on: package verifier/bundle
// writes it, and decides again from it. It holds the parameters and the salt of
// the receipt's commitment. It shares no memory with the request or the Verifier.
type Bundle struct {
	Engine string // version
	// Config are the settings with defaults filled in. Resolver, Signer, Replay, Rand,
	// Now and SignatureVerifier are nil. Status, Actions and ContextChecker are those of
	// the Verifier's Config.
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

// bundle returns what a decision rests on, nil unless the Config wants it.
func (d *decision) bundle(random randomness) *Bundle {
	if !d.v.cfg.KeepBundle {
		return nil
	}
	b := &Bundle{Engine: Version, Config: d.v.cfg, Request: *d.original, Now: d.now, Contexts: d.contexts, Replayed: d.failedAt(checkReplay), Random: random,
		Documents: map[string]Answer{}, Lists: map[string]Answer{}, Actions: map[policy.Ref]Answer{}}
	b.Config.PresentationSigners, b.Config.IssuerSigners = cloneLists(b.Config.PresentationSigners), cloneLists(b.Config.IssuerSigners)
	b.Config.TrustedIssuers, b.Config.Contexts = slices.Clone(b.Config.TrustedIssuers), slices.Clone(b.Config.Contexts)
	b.Config.Resolver, b.Config.Signer, b.Config.Replay, b.Config.Rand, b.Config.Now, b.Config.SignatureVerifier = nil, nil, nil, nil, nil, nil
	for l, a := range d.answers {
		kept := Answer{Bytes: bytes.Clone(a.raw), Err: a.err}
		switch l.kind {
		case ofDocument:
			if r := a.resolution; r != nil {
				kept = Answer{r.Document.Raw(), nil, r.Source, r.RetrievedAt}
			}
			b.Documents[l.ref.ID] = kept
		case ofList:
			b.Lists[l.ref.ID] = kept
		case ofAction:
			b.Actions[l.ref] = kept
		}
	}
	return b
}

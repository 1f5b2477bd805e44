package receipts

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/internal/dataintegrity"
	"github.com/mandate-engine/mandate/internal/jsonwrite"
	"github.com/mandate-engine/mandate/internal/proofs"
	"github.com/mandate-engine/mandate/internal/vcdm"
)

// This file writes receipts as canonical JSON, members in the order of their names.
// Building maps and sorting them took longer than the signature does; the tests
// still do, and compare.

// MaxBytes is the maximum size of a receipt: no log accepts a longer entry.
const MaxBytes = 65_535

// maxProofValue is more than proofValue and the name of the proof member take.
const maxProofValue = 128

// contexts is the @context of every receipt and of its proof.
const contexts = `["` + contextCredential + `","` + contextUndefined + `"]`

// sign writes the receipt of a body or, if body is nil, of a record, and signs it.
func sign(ctx context.Context, id string, at time.Time, engine Engine, signer Signer, body *Body, record *Record) (*Receipt, error) {
	method := signer.VerificationMethod() // called once: issuer and proof must name the same key, and keys may rotate
	issuer, _, err := splitMethod(method)
	if err != nil {
		return nil, err
	}
	if err := checkEnvelope(id, at, engine); err != nil {
		return nil, err
	}
	at = at.UTC().Truncate(time.Millisecond)
	buf := buffers.Get().(*[]byte)
	w := jsonwrite.Writer{Dst: append((*buf)[:0], '{')}
	w.Raw("@context", []byte(contexts))
	w.Object("credentialSubject")
	if body != nil {
		err = body.write(&w)
	} else {
		err = record.write(&w)
	}
	if err != nil {
		return nil, err
	}
	w.Close('}')
	w.Must("id", id)
	w.Must("issuer", issuer)
	beforeProof := len(w.Dst)
	writeTime(&w, "timestamp", at)
	w.Raw("type", []byte(`["VerifiableCredential","`+receiptType+`"]`))
	w.Name("validFrom")
	w.Dst = append(at.AppendFormat(append(w.Dst, '"'), time.RFC3339), '"') // without milliseconds, so never after the timestamp
	w.Close('}')
	if errors.Is(w.Err, errBody) {
		return nil, w.Err
	} else if w.Err != nil {
		return nil, fmt.Errorf("receipts: %w", w.Err)
	}
	out, err := insertProof(ctx, w.Dst, beforeProof, method, at, signer)
	if err != nil {
		return nil, err
	}
	if *buf = w.Dst; cap(w.Dst) <= maxBuffer {
		buffers.Put(buf)
	}
	return &Receipt{id: id, time: at, bytes: out}, nil
}

// insertProof returns a copy of a document with a proof at the offset place. It may
// write to the memory behind document.
func insertProof(ctx context.Context, document []byte, place int, method string, at time.Time, signer Signer) ([]byte, error) {
	draft, err := proofs.NewDraft(document[len(document):], contexts, method, proofs.Options{Purpose: dataintegrity.AssertionMethod, Created: at})
	if err != nil {
		return nil, fmt.Errorf("receipts: %w", err)
	}
	size := len(document) + draft.Len() + maxProofValue
	if size > MaxBytes {
		return nil, fmt.Errorf("%w: a receipt of some %d bytes, at most %d fit into a log", errBody, size, MaxBytes)
	}
	out := append(append(make([]byte, 0, size), document[:place]...), `,"proof":`...)
	if out, err = draft.AppendSigned(ctx, out, signer, sha256.Sum256(document)); err != nil {
		return nil, fmt.Errorf("receipts: %w", err)
	}
	return append(out, document[place:]...), nil
}

// buffers holds the memory in which sign writes a receipt before its size is known.
// The receipt is a copy. Without the pool, making a receipt takes 8 % longer.
var buffers = sync.Pool{New: func() any {
	buf := make([]byte, 0, 6<<10) // enough for the receipt of a usual decision
	return &buf
}}

// maxBuffer is the size up to which a buffer is kept.
const maxBuffer = 16 << 10

var errBody = errors.New("receipts: body is incomplete")

// checkEnvelope checks the fields that every receipt needs.
func checkEnvelope(id string, at time.Time, engine Engine) error {
	switch {
	case !strings.HasPrefix(id, idPrefix):
		return fmt.Errorf("%w: id %.100q", errBody, id)
	case at.IsZero() || at.UTC().Year() < 1 || at.UTC().Year() > 9999:
		return fmt.Errorf("%w: no time that four digits can tell", errBody)
	case engine.Name == "":
		return fmt.Errorf("%w: no engine", errBody)
	}
	return nil
}

func sri(b []byte) string { return canonical.SRI(sha256.Sum256(b)) }

// writeID writes the id of a subject. It must be a URL (VC Data Model 2.0 section
// 4.4), as other verifiers refuse the receipt if it is not.
func writeID(w *jsonwrite.Writer, id string) {
	if id != "" && !vcdm.IsURL(id) && w.Err == nil {
		w.Err = fmt.Errorf("%w: id %.100q is no URL", errBody, id)
	}
	w.Put("id", id)
}

// writeTime writes a member that is a time in UTC, to the millisecond, unless t is
// zero. It uses the layout RFC3339, as package time formats others half as fast.
func writeTime(w *jsonwrite.Writer, name string, t time.Time) {
	if t.IsZero() {
		return
	}
	t = t.UTC()
	w.Name(name)
	w.Dst = t.AppendFormat(append(w.Dst, '"'), time.RFC3339)
	ms := t.Nanosecond() / 1e6
	w.Dst = append(w.Dst[:len(w.Dst)-len("Z")], '.', byte('0'+ms/100), byte('0'+ms/10%10), byte('0'+ms%10), 'Z', '"')
}

// write writes the subject of a decision's receipt.
func (b *Body) write(w *jsonwrite.Writer) error {
	allow := b.Decision == "allow" && b.Event == Approved && b.Reason == ""
	deny := b.Decision == "deny" && b.Event == Denied && b.Reason != ""
	if !allow && !deny {
		return fmt.Errorf("%w: event %q, decision %q and reason %q do not fit", errBody, b.Event, b.Decision, b.Reason)
	}
	w.Array("checks")
	for i := range b.Checks {
		w.Element()
		b.Checks[i].write(w)
	}
	w.Close(']')
	w.Must("decision", b.Decision)
	b.Engine.write(w)
	w.Array("evaluations")
	for i := range b.Evaluations {
		w.Element()
		b.Evaluations[i].write(w)
	}
	w.Close(']')
	w.Must("event", string(b.Event))
	writeID(w, b.Credential)
	if b.Policy != nil {
		b.Policy.write(w)
	}
	w.Put("reason", b.Reason)
	b.Request.write(w)
	return nil
}

func (e *Engine) write(w *jsonwrite.Writer) {
	w.Object("engine")
	w.Must("name", e.Name)
	w.Must("version", e.Version)
	w.Close('}')
}

func (p *Policy) write(w *jsonwrite.Writer) {
	w.Object("policy")
	w.Put("digest", p.Digest)
	w.Put("id", p.ID)
	w.Put("profile", p.Profile)
	if p.Version != 0 {
		w.Name("version")
		if w.Dst = strconv.AppendInt(w.Dst, p.Version, 10); w.Err == nil && (p.Version > 1<<53-1 || p.Version < -(1<<53-1)) {
			w.Err = fmt.Errorf("%w: version %d is beyond 2^53-1", errBody, p.Version)
		}
	}
	w.Close('}')
}

func (r *Request) write(w *jsonwrite.Writer) {
	w.Object("request")
	w.Put("challengeDigest", r.ChallengeDigest)
	w.Texts("domain", r.Domain)
	w.Put("holder", r.Holder)
	w.Texts("insecure", r.Insecure)
	w.Put("mandateDigest", r.MandateDigest)
	w.Texts("modes", r.Modes)
	w.Flag("paramsBound", r.ParamsBound)
	w.Put("paramsCommitment", r.ParamsCommitment)
	w.Put("presentationDigest", r.PresentationDigest)
	w.Put("proofForm", r.ProofForm)
	w.Put("tool", r.Tool)
	w.Put("unverifiedCredential", r.UnverifiedCredential)
	w.Put("unverifiedHolder", r.UnverifiedHolder)
	w.Put("verifier", r.Verifier)
	w.Close('}')
}

func (c *Check) write(w *jsonwrite.Writer) {
	e := cmp.Or(c.Finding, &Finding{})
	writeTime(w, "asOf", e.AsOf)
	w.Must("check", c.Check)
	w.Put("code", c.Code)
	w.Put("did", e.DID)
	w.Put("documentDigest", e.DocumentDigest)
	w.Put("publicKeyMultibase", e.Key)
	w.Must("result", c.Result)
	writeTime(w, "retrievedAt", e.RetrievedAt)
	w.Put("source", e.Source)
	w.Close('}')
}

func (e *Evaluation) write(w *jsonwrite.Writer) {
	w.Put("code", e.Code)
	w.Must("result", e.Result)
	w.Must("rule", e.Rule)
	w.Close('}')
}

// write writes the subject of a record's receipt.
func (r *Record) write(w *jsonwrite.Writer) error {
	isOutcome, known := recordEvents[r.Event]
	if !known {
		return fmt.Errorf("%w: event %.40q is none of a record", errBody, r.Event)
	}
	if linked := r.OutcomeOf.ID != "" && r.OutcomeOf.Digest != ""; linked != isOutcome || !isOutcome && r.OutcomeOf != (Link{}) {
		return fmt.Errorf("%w: event %q and the outcome of %.100q do not fit", errBody, r.Event, r.OutcomeOf.ID)
	}
	if isOutcome && !strings.HasPrefix(r.OutcomeOf.ID, idPrefix) {
		return fmt.Errorf("%w: %.100q is no receipt", errBody, r.OutcomeOf.ID)
	}
	if len(r.Digests) > 0 {
		b, err := canonical.Marshal(r.Digests)
		if err != nil {
			return fmt.Errorf("receipts: %w", err)
		}
		w.Name("digests")
		w.Dst = append(w.Dst, b...)
	}
	r.Engine.write(w)
	w.Must("event", string(r.Event))
	writeID(w, r.Subject)
	if isOutcome {
		w.Object("outcomeOf")
		w.Must("digest", r.OutcomeOf.Digest)
		w.Must("id", r.OutcomeOf.ID)
		w.Close('}')
	}
	return nil
}

package receipts

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/internal/dataintegrity"
	"github.com/mandate-engine/mandate/internal/proofs"
	"github.com/mandate-engine/mandate/internal/sample"
)

// The other way to write a receipt: through maps, [canonical.Marshal] and the
// general way to make a proof. Slower, and obviously right.

// millis is the format of times in receipts.
const millis = "2006-01-02T15:04:05.000Z"

// document builds the unsigned receipt.
func (b *Body) document(issuer string) ([]byte, error) {
	allow := b.Decision == "allow" && b.Event == Approved && b.Reason == ""
	deny := b.Decision == "deny" && b.Event == Denied && b.Reason != ""
	if !allow && !deny {
		return nil, fmt.Errorf("%w: event %q, decision %q and reason %q do not fit", errBody, b.Event, b.Decision, b.Reason)
	}
	subject := object{
		"event":       string(b.Event),
		"decision":    b.Decision,
		"request":     b.Request.document(),
		"checks":      listOf(b.Checks, Check.document),
		"evaluations": listOf(b.Evaluations, Evaluation.document),
	}
	subject.put("id", b.Credential)
	subject.put("reason", b.Reason)
	if b.Policy != nil {
		p := object{}
		p.put("id", b.Policy.ID)
		if b.Policy.Version != 0 {
			p["version"] = b.Policy.Version
		}
		p.put("digest", b.Policy.Digest)
		p.put("profile", b.Policy.Profile)
		subject["policy"] = p
	}
	return envelope(b.ID, issuer, b.Time, b.Engine, subject)
}

// envelope puts a subject into a credential.
func envelope(id, issuer string, at time.Time, engine Engine, subject object) ([]byte, error) {
	switch {
	case !strings.HasPrefix(id, idPrefix):
		return nil, fmt.Errorf("%w: id %.100q", errBody, id)
	case at.IsZero():
		return nil, fmt.Errorf("%w: no time", errBody)
	case engine.Name == "":
		return nil, fmt.Errorf("%w: no engine", errBody)
	}
	subject["engine"] = object{"name": engine.Name, "version": engine.Version}
	return canonical.Marshal(object{
		"@context":          []string{contextCredential, contextUndefined},
		"id":                id,
		"type":              []string{"VerifiableCredential", receiptType},
		"issuer":            issuer,
		"timestamp":         at.UTC().Format(millis),
		"validFrom":         at.UTC().Format("2006-01-02T15:04:05Z"), // truncated, so never after the timestamp
		"credentialSubject": subject,
	})
}

// An object is a JSON object under construction.
type object map[string]any

func (o object) put(name, value string) {
	if value != "" {
		o[name] = value
	}
}

func (o object) putTime(name string, t time.Time) {
	if !t.IsZero() {
		o[name] = t.UTC().Format(millis)
	}
}

func listOf[T any](in []T, f func(T) object) []object {
	out := make([]object, 0, len(in))
	for _, v := range in {
		out = append(out, f(v))
	}
	return out
}

func orEmpty(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

func (r Request) document() object {
	o := object{
		"domain":      orEmpty(r.Domain),
		"paramsBound": r.ParamsBound,
		"modes":       orEmpty(r.Modes),
		"insecure":    orEmpty(r.Insecure),
	}
	o.put("tool", r.Tool)
	o.put("paramsCommitment", r.ParamsCommitment)
	o.put("presentationDigest", r.PresentationDigest)
	o.put("mandateDigest", r.MandateDigest)
	o.put("holder", r.Holder)
	o.put("unverifiedCredential", r.UnverifiedCredential)
	o.put("unverifiedHolder", r.UnverifiedHolder)
	o.put("verifier", r.Verifier)
	o.put("challengeDigest", r.ChallengeDigest)
	o.put("proofForm", r.ProofForm)
	return o
}

func (c Check) document() object {
	o := object{"check": c.Check, "result": c.Result}
	o.put("code", c.Code)
	if e := c.Finding; e != nil {
		o.put("did", e.DID)
		o.put("documentDigest", e.DocumentDigest)
		o.put("publicKeyMultibase", e.Key)
		o.put("source", e.Source)
		o.putTime("retrievedAt", e.RetrievedAt)
		o.putTime("asOf", e.AsOf)
	}
	return o
}

func (e Evaluation) document() object {
	o := object{"rule": e.Rule, "result": e.Result}
	o.put("code", e.Code)
	return o
}

func (r *Record) document(issuer string) ([]byte, error) {
	isOutcome, known := recordEvents[r.Event]
	if !known {
		return nil, fmt.Errorf("%w: event %.40q is none of a record", errBody, r.Event)
	}
	if linked := r.OutcomeOf.ID != "" && r.OutcomeOf.Digest != ""; linked != isOutcome || !isOutcome && r.OutcomeOf != (Link{}) {
		return nil, fmt.Errorf("%w: event %q and the outcome of %.100q do not fit", errBody, r.Event, r.OutcomeOf.ID)
	}
	subject := object{"event": string(r.Event)}
	subject.put("id", r.Subject)
	if isOutcome {
		subject["outcomeOf"] = object{"id": r.OutcomeOf.ID, "digest": r.OutcomeOf.Digest}
	}
	if len(r.Digests) > 0 {
		subject["digests"] = maps.Clone(r.Digests)
	}
	return envelope(r.ID, issuer, r.Time, r.Engine, subject)
}

func (s *oracleSigner) sign(t *testing.T, at time.Time, unsigned []byte, err error) []byte {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	d, err := canonical.Parse(unsigned)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := proofs.Create(context.Background(), d.Root(), s.KeySigner, proofs.Options{Purpose: dataintegrity.AssertionMethod, Created: at})
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

type oracleSigner struct{ *KeySigner }

// TestBothWaysWriteTheSame: random receipts, byte for byte.
func TestBothWaysWriteTheSame(t *testing.T) {
	key, err := NewKeySigner(sample.Key(9), "")
	if err != nil {
		t.Fatal(err)
	}
	oracle := &oracleSigner{key}
	issuer, _, _ := strings.Cut(key.VerificationMethod(), "#")
	r := rand.New(rand.NewPCG(1, 2))
	text := func() string {
		return []string{"", "a", "did:x:y#z", "é", "\u2028 \"quoted\" \\ \n\x00", "𝄞", "sha256-x", "\x7f"}[r.IntN(8)]
	}
	url := func() string { return []string{"", "urn:x:1", "did:web:é.example"}[r.IntN(3)] }
	texts := func() []string {
		var out []string
		for range r.IntN(4) {
			out = append(out, text())
		}
		return out
	}
	when := func() time.Time {
		if r.IntN(3) == 0 {
			return time.Time{}
		}
		return time.Unix(r.Int64N(4e9), r.Int64N(1e9)).In(time.FixedZone("", 3600))
	}
	for i := range 2000 {
		id, at, engine := NewID([16]byte{byte(i), byte(i >> 8)}), when().Add(time.Hour), Engine{Name: "e" + text(), Version: text()}
		if i%4 == 0 {
			rec := Record{ID: id, Time: at, Event: []Event{Completed, MandateRevoked, LogGap, Failed}[i/4%4], Subject: url(), Engine: engine}
			if recordEvents[rec.Event] {
				rec.OutcomeOf = Link{NewID([16]byte{1}), "sha256-" + text()}
			}
			for range r.IntN(3) {
				rec.Digests = map[string]string{"z" + text(): text(), "a" + text(): text()}
			}
			got, err := SignRecord(context.Background(), rec, key)
			if err != nil {
				t.Fatal(err)
			}
			unsigned, err := rec.document(issuer)
			if want := oracle.sign(t, at, unsigned, err); !bytes.Equal(got.Bytes(), want) {
				t.Fatalf("got  %s\nwant %s", got.Bytes(), want)
			}
			continue
		}
		b := Body{ID: id, Time: at, Event: Approved, Decision: "allow", Credential: url(), Engine: engine, Request: Request{Tool: text(), ParamsCommitment: text(),
			PresentationDigest: text(), MandateDigest: text(), Holder: text(), Verifier: text(), UnverifiedCredential: text(), UnverifiedHolder: text(),
			Domain: texts(), ChallengeDigest: text(), ParamsBound: i%2 == 0, ProofForm: text(), Modes: texts(), Insecure: texts()}}
		if i%4 == 1 {
			b.Event, b.Decision, b.Reason = Denied, "deny", "r"+text()
		}
		if i%3 == 0 {
			b.Policy = &Policy{ID: text(), Version: r.Int64N(3), Digest: text(), Profile: text()}
		}
		for range r.IntN(4) {
			c := Check{Check: text(), Result: text(), Code: text()}
			if r.IntN(2) == 0 {
				c.Finding = &Finding{DID: text(), DocumentDigest: text(), Source: text(), Key: text(), RetrievedAt: when(), AsOf: when()}
			}
			b.Checks = append(b.Checks, c)
			b.Evaluations = append(b.Evaluations, Evaluation{text(), text(), text()})
		}
		got, err := Sign(context.Background(), b, key)
		if err != nil {
			t.Fatal(err)
		}
		unsigned, err := b.document(issuer)
		if want := oracle.sign(t, at, unsigned, err); !bytes.Equal(got.Bytes(), want) {
			t.Fatalf("got  %s\nwant %s", got.Bytes(), want)
		}
	}
}

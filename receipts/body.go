package receipts

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/mandate-engine/mandate/canonical"
)

// millis is the seeds' form of a time: UTC with three decimals.
const millis = "2006-01-02T15:04:05.000Z"

// Commitment binds a receipt to parameters without showing them: the SRI of
// JCS({"params": …, "salt": …}), the salt 128 random bits in base64url without
// padding. Whoever is given the salt and the parameters can compute it again;
// whoever is not learns nothing from it.
func Commitment(salt [16]byte, params canonical.Value) (string, error) {
	b, err := canonical.Marshal(map[string]any{"salt": EncodeSalt(salt), "params": params})
	if err != nil {
		return "", fmt.Errorf("receipts: commitment: %w", err)
	}
	return canonical.SRI(sha256.Sum256(b)), nil
}

// EncodeSalt returns the text form of a salt.
func EncodeSalt(salt [16]byte) string { return base64.RawURLEncoding.EncodeToString(salt[:]) }

// splitMethod splits an absolute DID URL with a fragment.
func splitMethod(method string) (did, fragment string, err error) {
	did, fragment, ok := strings.Cut(method, "#")
	if !ok || fragment == "" || !strings.HasPrefix(did, "did:") {
		return "", "", fmt.Errorf("receipts: verification method %.100q is no DID URL with a fragment", method)
	}
	return did, fragment, nil
}

var errBody = errors.New("receipts: body is incomplete")

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
		"checks":      list(b.Checks, Check.document),
		"evaluations": list(b.Evaluations, Evaluation.document),
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

func sri(b []byte) string { return canonical.SRI(sha256.Sum256(b)) }

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

func list[T any](in []T, f func(T) object) []object {
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
	o.put("did", c.DID)
	o.put("documentDigest", c.DocumentDigest)
	o.put("publicKeyMultibase", c.Key)
	o.put("source", c.Source)
	o.putTime("retrievedAt", c.RetrievedAt)
	o.putTime("asOf", c.AsOf)
	return o
}

func (e Evaluation) document() object {
	o := object{"rule": e.Rule, "result": e.Result}
	o.put("code", e.Code)
	return o
}

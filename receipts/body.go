package receipts

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/internal/jsonescape"
	"github.com/mandate-engine/mandate/internal/jsonwrite"
	"github.com/mandate-engine/mandate/internal/vcdm"
)

// millis is the seeds' form of a time: UTC with three decimals.
const millis = "2006-01-02T15:04:05.000Z"

// Commitment binds a receipt to parameters without showing them: the SRI of
// JCS({"params": …, "salt": …}), the salt 128 random bits in base64url without
// padding. Whoever is given the salt and the parameters can compute it again;
// whoever is not learns nothing from it.
func Commitment(salt [16]byte, params canonical.Value) (string, error) {
	if params.Kind() == canonical.Absent {
		return "", fmt.Errorf("receipts: commitment: there are no parameters")
	}
	work := borrow()
	b := params.AppendCanonical(append(work.text[:0], `{"params":`...))
	b = append(base64.RawURLEncoding.AppendEncode(append(b, `,"salt":"`...), salt[:]), `"}`...) // base64url needs no escapes
	sum := sha256.Sum256(b)
	work.giveBack(b)
	return canonical.SRI(sum), nil
}

// EncodeSalt returns the text form of a salt.
func EncodeSalt(salt [16]byte) string { return base64.RawURLEncoding.EncodeToString(salt[:]) }

// splitMethod splits an absolute DID URL with a fragment and nothing else.
func splitMethod(method string) (did, fragment string, err error) {
	did, fragment, ok := strings.Cut(method, "#")
	if _, bad := didresolve.Parse(did); !ok || fragment == "" || bad != nil {
		return "", "", fmt.Errorf("receipts: verification method %.100q is no DID URL with a fragment", method)
	}
	return did, fragment, nil
}

var errBody = errors.New("receipts: body is incomplete")

// checkEnvelope checks what every receipt needs.
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

// writeID writes the id of a subject, which has to be a URL (VC Data Model 2.0 section
// 4.4): other verifiers refuse what is none.
func writeID(w *jsonwrite.Writer, id string) {
	if id != "" && !vcdm.IsURL(id) && w.Err == nil {
		w.Err = fmt.Errorf("%w: id %.100q is no URL", errBody, id)
	}
	w.Put("id", id)
}

func writeTime(w *jsonwrite.Writer, name string, t time.Time) {
	if !t.IsZero() {
		w.Name(name)
		w.Dst = append(appendMillis(append(w.Dst, '"'), t.UTC()), '"')
	}
}

// appendMillis is AppendFormat(dst, millis) for times in UTC of years of four
// digits, in a third of the time.
func appendMillis(dst []byte, t time.Time) []byte {
	year, month, day := t.Date()
	if year < 0 || year > 9999 {
		return t.AppendFormat(dst, millis)
	}
	hour, minute, second := t.Clock()
	two := func(n int, after byte) { dst = append(dst, byte('0'+n/10), byte('0'+n%10), after) }
	dst = append(dst, byte('0'+year/1000), byte('0'+year/100%10))
	two(year%100, '-')
	two(int(month), '-')
	two(day, 'T')
	two(hour, ':')
	two(minute, ':')
	two(second, '.')
	ms := t.Nanosecond() / 1e6
	return append(dst, byte('0'+ms/100), byte('0'+ms/10%10), byte('0'+ms%10), 'Z')
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
		w.Next()
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
	if c.Evidence == nil && c.Code == "" && (c.Result == "pass" || jsonescape.Plain(c.Result)) && jsonescape.Plain(c.Check) { // as in most of some forty rows
		w.Dst = append(append(append(append(append(w.Dst, `{"check":"`...), c.Check...), `","result":"`...), c.Result...), `"}`...)
		return
	}
	e := cmp.Or(c.Evidence, &Evidence{})
	w.Open('{')
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

package receipts

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/internal/dataintegrity"
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
	b := params.AppendCanonical(append(make([]byte, 0, 512), `{"params":`...))
	b = append(append(append(b, `,"salt":"`...), EncodeSalt(salt)...), `"}`...) // base64url needs no escapes
	return sri(b), nil
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

// A writer writes canonical JSON member by member: whoever calls it does so in
// the order of the names, which are plain ASCII. Building maps and sorting them
// took longer than the signature; a test compares what both ways write.
type writer struct {
	dst []byte
	err error // the first one
}

// name begins a member.
func (w *writer) name(name string) {
	w.next()
	w.dst = append(append(append(w.dst, '"'), name...), `":`...)
}

// next begins a member or an element.
func (w *writer) next() {
	if last := w.dst[len(w.dst)-1]; last != '{' && last != '[' {
		w.dst = append(w.dst, ',')
	}
}

func (w *writer) open(c byte)  { w.dst = append(w.dst, c) }
func (w *writer) close(c byte) { w.dst = append(w.dst, c) }

func (w *writer) text(s string) {
	var err error
	if w.dst, err = canonical.AppendString(w.dst, s); err != nil && w.err == nil {
		w.err = fmt.Errorf("receipts: %w", err)
	}
}

// must writes a member, put only one that is not empty.
func (w *writer) must(name, value string) {
	w.name(name)
	w.text(value)
}

func (w *writer) put(name, value string) {
	if value != "" {
		w.must(name, value)
	}
}

// id writes the id of a subject, which has to be a URL (VC Data Model 2.0 section
// 4.4): other verifiers refuse what is none.
func (w *writer) id(id string) {
	if id != "" && !dataintegrity.IsURL(id) && w.err == nil {
		w.err = fmt.Errorf("%w: id %.100q is no URL", errBody, id)
	}
	w.put("id", id)
}

func (w *writer) flag(name string, value bool) {
	w.name(name)
	w.dst = strconv.AppendBool(w.dst, value)
}

func (w *writer) time(name string, t time.Time) {
	if !t.IsZero() {
		w.name(name)
		w.dst = append(appendMillis(append(w.dst, '"'), t.UTC()), '"')
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

func (w *writer) texts(name string, list []string) {
	w.array(name)
	for _, s := range list {
		w.next()
		w.text(s)
	}
	w.close(']')
}

// object begins a member that is an object, array one that is an array; close
// ends either. What writes their members is called by name, so that a writer
// stays on the stack: with functions passed in, it did not.
func (w *writer) object(name string) { w.name(name); w.open('{') }
func (w *writer) array(name string)  { w.name(name); w.open('[') }

// element begins an element that is an object.
func (w *writer) element() { w.next(); w.open('{') }

// write writes the subject of a decision's receipt.
func (b *Body) write(w *writer) error {
	allow := b.Decision == "allow" && b.Event == Approved && b.Reason == ""
	deny := b.Decision == "deny" && b.Event == Denied && b.Reason != ""
	if !allow && !deny {
		return fmt.Errorf("%w: event %q, decision %q and reason %q do not fit", errBody, b.Event, b.Decision, b.Reason)
	}
	w.array("checks")
	for i := range b.Checks {
		w.element()
		b.Checks[i].write(w)
	}
	w.close(']')
	w.must("decision", b.Decision)
	b.Engine.write(w)
	w.array("evaluations")
	for i := range b.Evaluations {
		w.element()
		b.Evaluations[i].write(w)
	}
	w.close(']')
	w.must("event", string(b.Event))
	w.id(b.Credential)
	if b.Policy != nil {
		b.Policy.write(w)
	}
	w.put("reason", b.Reason)
	b.Request.write(w)
	return nil
}

func (e *Engine) write(w *writer) {
	w.object("engine")
	w.must("name", e.Name)
	w.must("version", e.Version)
	w.close('}')
}

func (p *Policy) write(w *writer) {
	w.object("policy")
	w.put("digest", p.Digest)
	w.put("id", p.ID)
	w.put("profile", p.Profile)
	if p.Version != 0 {
		w.name("version")
		if w.dst = strconv.AppendInt(w.dst, p.Version, 10); w.err == nil && (p.Version > 1<<53-1 || p.Version < -(1<<53-1)) {
			w.err = fmt.Errorf("%w: version %d is beyond 2^53-1", errBody, p.Version)
		}
	}
	w.close('}')
}

func (r *Request) write(w *writer) {
	w.object("request")
	w.put("challengeDigest", r.ChallengeDigest)
	w.texts("domain", r.Domain)
	w.put("holder", r.Holder)
	w.texts("insecure", r.Insecure)
	w.put("mandateDigest", r.MandateDigest)
	w.texts("modes", r.Modes)
	w.flag("paramsBound", r.ParamsBound)
	w.put("paramsCommitment", r.ParamsCommitment)
	w.put("presentationDigest", r.PresentationDigest)
	w.put("proofForm", r.ProofForm)
	w.put("tool", r.Tool)
	w.put("unverifiedCredential", r.UnverifiedCredential)
	w.put("unverifiedHolder", r.UnverifiedHolder)
	w.put("verifier", r.Verifier)
	w.close('}')
}

func (c *Check) write(w *writer) {
	w.time("asOf", c.AsOf)
	w.must("check", c.Check)
	w.put("code", c.Code)
	w.put("did", c.DID)
	w.put("documentDigest", c.DocumentDigest)
	w.put("publicKeyMultibase", c.Key)
	w.must("result", c.Result)
	w.time("retrievedAt", c.RetrievedAt)
	w.put("source", c.Source)
	w.close('}')
}

func (e *Evaluation) write(w *writer) {
	w.put("code", e.Code)
	w.must("result", e.Result)
	w.must("rule", e.Rule)
	w.close('}')
}

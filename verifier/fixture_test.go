package verifier_test

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/internal/dataintegrity"
	"github.com/mandate-engine/mandate/internal/proofs"
	"github.com/mandate-engine/mandate/internal/sample"
	"github.com/mandate-engine/mandate/internal/sample/samplesign"
	"github.com/mandate-engine/mandate/internal/statuslist"
	"github.com/mandate-engine/mandate/policy"
	"github.com/mandate-engine/mandate/receipts"
	"github.com/mandate-engine/mandate/verifier"
)

// signer signs with the sample key of the seed, which it names by its did:key.
func signer(t testing.TB, seed byte) *receipts.KeySigner {
	t.Helper()
	return samplesign.Signer(t, seed, "")
}

// receiptSigner signs the receipts of tests.
func receiptSigner(t testing.TB) *receipts.KeySigner { return signer(t, 9) }

// config returns a Config that allows the sample.
func config(t testing.TB) verifier.Config {
	return verifier.Config{
		Resolver:       didresolve.Key(),
		Signer:         receiptSigner(t),
		TrustedIssuers: []string{sample.Issuer},
		Verifier:       sample.Verifier,
		Now:            sample.Now,
	}
}

func newVerifier(t testing.TB, cfg verifier.Config) *verifier.Verifier {
	t.Helper()
	v, err := verifier.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// decide decides a request with a new verifier.
func decide(t testing.TB, cfg verifier.Config, req verifier.Request) (*verifier.Result, error) {
	t.Helper()
	return newVerifier(t, cfg).Verify(context.Background(), req)
}

// request returns a Request that is allowed.
func request() verifier.Request {
	return verifier.Request{Presentation: sample.Presentation(), ExecutionParams: sample.ParamsAllow(), Challenge: sample.Challenge}
}

// presenting returns the sample's request with another presentation.
func presenting(presentation []byte) verifier.Request {
	req := request()
	req.Presentation = presentation
	return req
}

// object is a JSON object that a test builds.
type object = map[string]any

func toObject(t testing.TB, b []byte) object {
	t.Helper()
	var o object
	if err := json.Unmarshal(b, &o); err != nil {
		t.Fatal(err)
	}
	return o
}

func toJSON(t testing.TB, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func parseValue(t testing.TB, b []byte) canonical.Value {
	t.Helper()
	d, err := canonical.Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	return d.Root()
}

// unsigned returns the sample's mandate without its proof, after change, which may be
// nil.
func unsigned(t testing.TB, change func(vc, mandate object)) []byte {
	t.Helper()
	vc := toObject(t, sample.Credential())
	delete(vc, "proof")
	if change != nil {
		change(vc, vc["credentialSubject"].(object)["mandate"].(object))
	}
	return toJSON(t, vc)
}

// issue returns the sample's mandate after change, signed by its issuer.
func issue(t testing.TB, change func(vc, mandate object)) []byte {
	t.Helper()
	return samplesign.Credential(t, unsigned(t, change), signer(t, 1))
}

// present returns a presentation of credentials by the sample's holder.
func present(t testing.TB, challenge string, credentials ...[]byte) []byte {
	t.Helper()
	return presentAs(t, signer(t, 2), challenge, credentials...)
}

// presentAs returns a presentation of credentials whose holder is the signer's DID.
func presentAs(t testing.TB, s proofs.Signer, challenge string, credentials ...[]byte) []byte {
	t.Helper()
	return samplesign.Presentation(t, credentials, s, proofs.Options{Created: sample.Now().Add(-30 * time.Second), Challenge: challenge})
}

// addProof adds a proof for a purpose to the proofs of a document. A proof for
// authentication has the challenge and is for the sample's verifier.
func addProof(t testing.TB, document []byte, s proofs.Signer, purpose, challenge string) []byte {
	t.Helper()
	o := proofs.Options{Add: true, Purpose: purpose, Created: sample.Now()}
	if purpose == dataintegrity.Authentication {
		o.Challenge, o.Domain = challenge, []string{sample.Verifier}
	}
	return samplesign.Document(t, document, s, o)
}

// statusListURL is the id of the status list of tests.
const statusListURL = "https://issuer.example/status/1"

// statusList returns a status list of the sample's issuer in which the indexes are
// set.
func statusList(t testing.TB, purpose string, set ...int) []byte {
	t.Helper()
	return statusListBy(t, sample.Issuer, signer(t, 1), purpose, set...)
}

// statusListBy returns a status list of another issuer.
func statusListBy(t testing.TB, issuer string, s proofs.Signer, purpose string, set ...int) []byte {
	t.Helper()
	bits := make([]byte, statuslist.MinEntries/8)
	for _, i := range set {
		bits[i/8] |= 0x80 >> (i % 8)
	}
	return samplesign.Credential(t, toJSON(t, object{
		"@context": []string{"https://www.w3.org/ns/credentials/v2"},
		"id":       statusListURL,
		"type":     []string{"VerifiableCredential", "BitstringStatusListCredential"},
		"issuer":   issuer,
		"credentialSubject": object{
			"id": statusListURL + "#list", "type": "BitstringStatusList", "statusPurpose": purpose, "encodedList": statuslist.Encode(bits),
		},
	}), s)
}

// withStatus gives a credential an entry in the status list of tests.
func withStatus(index string) func(vc, mandate object) {
	return func(vc, _ object) {
		vc["credentialStatus"] = object{"type": "BitstringStatusListEntry", "statusPurpose": "revocation",
			"statusListIndex": index, "statusListCredential": statusListURL}
	}
}

// actions is a policy.Source by digest.
type actions map[string][]byte

func (a actions) Action(_ context.Context, ref policy.Ref) ([]byte, error) {
	if b, ok := a[ref.Digest]; ok {
		return b, nil
	}
	return nil, policy.ErrNotFound
}

// byReference makes a mandate reference its action, and adds the action to source.
func byReference(t testing.TB, source actions) func(vc, mandate object) {
	return func(_, mandate object) {
		action := mandate["action"].(object)
		content := toJSON(t, action["content"])
		delete(action, "content")
		digest := canonical.SRI(parseValue(t, content).SHA256())
		action["digestSRI"] = digest
		source[digest] = content
	}
}

// outcome says in a word what Verify returned: "allow", a reason, a request
// kind, or "none".
func outcome(res *verifier.Result, err error) string {
	var deny *verifier.DenyError
	var bad *verifier.RequestError
	switch {
	case err == nil && res != nil:
		return "allow"
	case errors.As(err, &deny):
		return string(deny.Reason)
	case errors.As(err, &bad):
		return string(bad.Kind)
	}
	return "none"
}

// report writes what Verify returned as JSON: the decision, what it rests on, and the
// receipt. If a text of the outcome has no JSON form, the test fails.
func report(t testing.TB, res *verifier.Result, err error) string {
	t.Helper()
	var o object
	var checks []verifier.Check
	var evaluations []policy.Evaluation
	var faults []policy.Fault
	var receipt *receipts.Receipt
	var deny *verifier.DenyError
	switch {
	case err == nil:
		o = object{"decision": "allow", "credential": res.Credential, "salt": res.Salt, "paramsBound": res.ParamsBound}
		checks, evaluations, receipt = res.Checks(), res.Evaluations, res.Receipt
	case errors.As(err, &deny):
		o = object{"decision": "deny", "credential": deny.Credential, "salt": deny.Salt,
			"reason": string(deny.Reason), "check": deny.Check, "pointer": deny.Pointer, "detail": deny.Detail}
		checks, evaluations, faults, receipt = deny.Checks(), deny.Evaluations, deny.Faults, deny.Receipt
	default:
		o = object{"decision": "none", "error": strconv.QuoteToASCII(err.Error())}
		var bad *verifier.RequestError
		if errors.As(err, &bad) {
			o["kind"], o["offset"], o["pointer"], o["limit"] = string(bad.Kind), bad.Offset, bad.Pointer, bad.Limit
		}
	}
	if receipt != nil {
		o["receipt"] = string(receipt.Bytes())
	}
	rows := []any{}
	for _, c := range checks {
		rows = append(rows, []string{c.Check, c.Result, string(c.Code), c.Pointer, c.Detail})
	}
	for _, e := range evaluations {
		rows = append(rows, []string{e.Rule, string(e.Result), string(e.Code), e.Reason, e.PassesIf})
	}
	for _, f := range faults {
		rows = append(rows, []string{f.Pointer, f.Code, f.Message})
	}
	o["rows"] = rows
	b, marshalErr := canonical.Marshal(o)
	if marshalErr != nil {
		t.Errorf("the outcome has no JSON form: %v", marshalErr)
	}
	return string(b)
}

// denied decides a request that is denied, and returns the deny and its receipt.
func denied(t testing.TB, cfg verifier.Config, req verifier.Request) (*verifier.DenyError, *receipts.Receipt) {
	t.Helper()
	_, err := decide(t, cfg, req)
	var deny *verifier.DenyError
	if !errors.As(err, &deny) || deny.Receipt == nil {
		t.Fatalf("no deny with a receipt: %v", err)
	}
	return deny, deny.Receipt
}

// lists is a status source of lists in memory, by their URL.
type lists map[string][]byte

func (l lists) StatusList(_ context.Context, url string) ([]byte, error) {
	if b, ok := l[url]; ok {
		return b, nil
	}
	return nil, verifier.ErrNoStatusList
}

type resolverFunc func(ctx context.Context, did string) (*didresolve.Resolution, error)

func (f resolverFunc) Resolve(ctx context.Context, did string) (*didresolve.Resolution, error) {
	return f(ctx, did)
}

// zeros is randomness that is always the same.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// A recorder writes down what the engine looks up, in order. What it is asked for
// comes from the implementations that it holds.
type recorder struct {
	didresolve.Resolver
	verifier.StatusSource
	policy.Source
	asked []string // DIDs, URLs of lists, ids and digests of actions
}

func (r *recorder) Resolve(ctx context.Context, did string) (*didresolve.Resolution, error) {
	r.asked = append(r.asked, did)
	return r.Resolver.Resolve(ctx, did)
}

func (r *recorder) Refresh(ctx context.Context, did string, prior *didresolve.Resolution) (*didresolve.Resolution, error) {
	newer, ok := r.Resolver.(didresolve.Refresher)
	if !ok {
		return prior, nil
	}
	r.asked = append(r.asked, did)
	return newer.Refresh(ctx, did, prior)
}

func (r *recorder) StatusList(ctx context.Context, url string) ([]byte, error) {
	r.asked = append(r.asked, url)
	return r.StatusSource.StatusList(ctx, url)
}

func (r *recorder) Action(ctx context.Context, ref policy.Ref) ([]byte, error) {
	r.asked = append(r.asked, ref.ID, ref.Digest)
	return r.Source.Action(ctx, ref)
}

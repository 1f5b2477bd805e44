package verifier_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/mandate-engine/mandate/adapters/signing"
	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/internal/sample"
	"github.com/mandate-engine/mandate/policy"
	"github.com/mandate-engine/mandate/receipts"
	"github.com/mandate-engine/mandate/verifier"
)

func signer(t testing.TB, key ed25519.PrivateKey) *receipts.KeySigner {
	t.Helper()
	s, err := receipts.NewKeySigner(key, "")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// receiptKey signs the receipts of tests.
func receiptKey() ed25519.PrivateKey { return sample.Key(9) }

// config returns a Config that allows the sample.
func config(t testing.TB) verifier.Config {
	return verifier.Config{
		Resolver:       didresolve.Key(),
		Signer:         signer(t, receiptKey()),
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

// request returns a Request that is allowed.
func request() verifier.Request {
	return verifier.Request{Presentation: sample.Presentation(), ExecutionParams: sample.ParamsAllow(), Challenge: sample.Challenge}
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

// issue signs the sample's mandate anew, after change.
func issue(t testing.TB, change func(vc, mandate object)) []byte {
	t.Helper()
	vc := toObject(t, sample.Credential())
	delete(vc, "proof")
	if change != nil {
		change(vc, vc["credentialSubject"].(object)["mandate"].(object))
	}
	signed, err := signing.Credential(context.Background(), toJSON(t, vc), signer(t, sample.Key(1)), signing.Options{Created: sample.Now()})
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

// present signs a presentation of credentials as the sample's holder does.
func present(t testing.TB, challenge string, credentials ...[]byte) []byte {
	t.Helper()
	vp, err := signing.Presentation(context.Background(), "", credentials, signer(t, sample.Key(2)),
		signing.Options{Created: sample.Now().Add(-30 * time.Second), Challenge: challenge, Domain: []string{sample.Verifier}})
	if err != nil {
		t.Fatal(err)
	}
	return vp
}

// statusListURL is where the list of the fixtures stands.
const statusListURL = "https://issuer.example/status/1"

// statusList signs a status list in which the given indexes are set.
func statusList(t testing.TB, purpose string, set ...int) []byte {
	t.Helper()
	bits := make([]byte, 131072/8)
	for _, i := range set {
		bits[i/8] |= 0x80 >> (i % 8)
	}
	var buf bytes.Buffer
	z := gzip.NewWriter(&buf)
	z.Write(bits)
	z.Close()
	list, err := signing.Credential(context.Background(), toJSON(t, object{
		"@context": []string{"https://www.w3.org/ns/credentials/v2"},
		"id":       statusListURL,
		"type":     []string{"VerifiableCredential", "BitstringStatusListCredential"},
		"issuer":   sample.Issuer,
		"credentialSubject": object{
			"id": statusListURL + "#list", "type": "BitstringStatusList", "statusPurpose": purpose,
			"encodedList": "u" + base64.RawURLEncoding.EncodeToString(buf.Bytes()),
		},
	}), signer(t, sample.Key(1)), signing.Options{Created: sample.Now()})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

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

// byReference makes a mandate reference its action, which it returns.
func byReference(t testing.TB, source actions) func(vc, mandate object) {
	return func(_, mandate object) {
		action := mandate["action"].(object)
		content := toJSON(t, action["content"])
		delete(action, "content")
		d, err := canonical.Parse(content)
		if err != nil {
			t.Fatal(err)
		}
		digest := canonical.SRI(d.Root().SHA256())
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

// lists is a status source of lists in memory, by their URL.
type lists map[string][]byte

func (l lists) StatusList(_ context.Context, url string) ([]byte, error) {
	if b, ok := l[url]; ok {
		return b, nil
	}
	return nil, verifier.ErrNoStatusList
}

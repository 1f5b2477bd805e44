package didresolve_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/didresolve/resolvertest"
)

const (
	webDID = "did:web:example.com"
	keyDID = "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp"
	seedID = "did:key:z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH"
)

var now = time.Date(2026, 5, 2, 10, 15, 30, 0, time.UTC)

func document(t *testing.T, id string) *didresolve.Document {
	t.Helper()
	d, err := didresolve.ParseDocument([]byte(`{"id":"` + id + `"}`))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestConformance(t *testing.T) {
	static := didresolve.Static(document(t, webDID), document(t, "did:via:humanos:user-1"))
	tests := []struct {
		name   string
		r      didresolve.Resolver
		known  []string
		absent string
	}{
		{"Key", didresolve.Key(), []string{keyDID, seedID}, ""},
		{"JWK", didresolve.JWK(), []string{"did:jwk:eyJjcnYiOiJFZDI1NTE5Iiwia3R5IjoiT0tQIiwieCI6Ik8yb252TTYycEMxaW82alFLbThOYzJVeUZYY2Q0a09tT3NCSW9ZdFoyaWsifQ"}, ""},
		{"Static", static, []string{webDID, "did:via:humanos:user-1"}, "did:web:example.org"},
		{"Chain", didresolve.Chain(didresolve.Key(), static), []string{webDID, keyDID}, "did:web:example.org"},
	}
	for _, tt := range tests {
		if err := resolvertest.Check(tt.r, tt.known, tt.absent); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

func TestKey(t *testing.T) {
	res, err := didresolve.Key().Resolve(context.Background(), keyDID)
	if err != nil {
		t.Fatal(err)
	}
	if res.Source != "did:key" || !res.RetrievedAt.IsZero() || res.Document.ID() != keyDID {
		t.Errorf("got %+v", res)
	}
	multikey := strings.TrimPrefix(keyDID, "did:key:")
	vm := keyDID + "#" + multikey
	for _, p := range []didresolve.Purpose{didresolve.AssertionMethod, didresolve.Authentication, didresolve.CapabilityInvocation, didresolve.CapabilityDelegation} {
		m, err := res.Document.VerificationMethod(vm, p, now)
		if err != nil || m.Key().String() != multikey || m.Type != "Multikey" || m.Controller != keyDID {
			t.Errorf("%s: %+v, %v", p, m, err)
		}
	}
	// Other fragments occur in practice, but the method defines only one.
	for _, fragment := range []string{"", "#keys-1", "#key-1", "#0", "#" + multikey[1:], "#" + strings.TrimPrefix(seedID, "did:key:")} {
		want := didresolve.ErrMethodNotFound
		if fragment == "" {
			want = didresolve.ErrInvalidVerificationMethod
		}
		if _, err := res.Document.VerificationMethod(keyDID+fragment, didresolve.AssertionMethod, now); !errors.Is(err, want) {
			t.Errorf("%s: %v", fragment, err)
		}
	}
	const want = `{"@context":["https://www.w3.org/ns/did/v1.1"],"assertionMethod":["DID#KEY"],"authentication":["DID#KEY"],` +
		`"capabilityDelegation":["DID#KEY"],"capabilityInvocation":["DID#KEY"],"id":"DID",` +
		`"verificationMethod":[{"controller":"DID","id":"DID#KEY","publicKeyMultibase":"KEY","type":"Multikey"}]}`
	if got := string(res.Document.Raw()); got != strings.NewReplacer("DID", keyDID, "KEY", multikey).Replace(want) {
		t.Errorf("document %s", got)
	}
}

func TestKeyRefused(t *testing.T) {
	const (
		invalid     = didresolve.ErrInvalidDID
		unsupported = didresolve.ErrFeatureNotSupported
	)
	tests := []struct {
		name, did string
		want      didresolve.ErrorType
		detail    string
	}{
		{"another method", webDID, didresolve.ErrMethodNotSupported, "not a did:key"},
		{"version", "did:key:1.1:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp", invalid, "with a version"},
		{"base64url", "did:key:u7QE7aie8zraktLWKjqNAqbw1zZTIVdx3iQ6Y6wEihi1naKQ", invalid, "prefix is 'u'"},
		{"base16", "did:key:fed013b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29", invalid, "prefix is 'f'"},
		{"z alone", "did:key:z", invalid, "holds no bytes"},
		{"percent-encoded", "did:key:%7A6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp", invalid, "prefix is '%'"},
		{"character too many", keyDID + "2", invalid, "multikey:"},
		{"character too few", keyDID[:len(keyDID)-1], invalid, "multikey:"},
		{"129 characters", "did:key:z" + strings.Repeat("2", 128), invalid, "at most 128"},
		{"all-zero key", "did:key:z6MkeTG3bFFSLYVU7VqhgZxqr6YzpaGrQtFMh1uvqGy1vDnP", invalid, "small order"},
		{"private key", "did:key:z3u2en7t5LR2WtQH5PfFqMqwVHBeXouLzo6haApm8XHqvjxq", invalid, "private key"},
		{"X25519", "did:key:z6LShs9GGnqk85isEBzzshkuVWrVKsRp24GnDuHk8QWkARMW", unsupported, "X25519"},
		{"P-256", "did:key:zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169", unsupported, "P-256"},
	}
	for _, tt := range tests {
		res, err := didresolve.Key().Resolve(context.Background(), tt.did)
		if res != nil || didresolve.TypeOf(err) != tt.want || !strings.Contains(err.Error(), tt.detail) {
			t.Errorf("%s: got %v, %v; want %s, %q", tt.name, res, err, tt.want, tt.detail)
		}
		if err != nil && strings.Contains(err.Error(), "5LR2WtQH5P") {
			t.Errorf("%s: the message contains the private key", tt.name)
		}
	}
}

// TestOfficialDIDKeys compares only the ids of methods, because the published
// did:key vectors use older key types. The tests of package multikey compare the
// keys.
func TestOfficialDIDKeys(t *testing.T) {
	dir := filepath.Join("..", "..", "shared", "vectors", "did-key-official")
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("third-party vectors are not here: %s", dir)
	}
	tests := []struct {
		file string
		want didresolve.ErrorType
	}{
		{"ed25519-x25519.json", ""},
		{"secp256k1.json", didresolve.ErrFeatureNotSupported},
		{"nist-curves.json", didresolve.ErrFeatureNotSupported},
		{"bls12381.json", didresolve.ErrInvalidDID}, // too long
		{"rsa.json", didresolve.ErrInvalidDID},      // too long
	}
	for _, tt := range tests {
		b, err := os.ReadFile(filepath.Join(dir, tt.file))
		if err != nil {
			t.Fatal(err)
		}
		var dids map[string]struct {
			DidDocument struct{ AssertionMethod []string }
		}
		if err := json.Unmarshal(b, &dids); err != nil || len(dids) == 0 {
			t.Fatalf("%s: %d DIDs, %v", tt.file, len(dids), err)
		}
		for did, v := range dids {
			res, err := didresolve.Key().Resolve(context.Background(), did)
			if didresolve.TypeOf(err) != tt.want {
				t.Errorf("%s: %s: got %v, want %q", tt.file, did, err, tt.want)
			}
			if err != nil {
				continue
			}
			if len(v.DidDocument.AssertionMethod) != 1 {
				t.Errorf("%s: %d methods", did, len(v.DidDocument.AssertionMethod))
			}
			for _, id := range v.DidDocument.AssertionMethod {
				if _, err := res.Document.VerificationMethod(id, didresolve.AssertionMethod, now); err != nil {
					t.Error(err)
				}
			}
		}
	}
}

func TestStatic(t *testing.T) {
	once, twice := document(t, webDID), document(t, "did:web:example.net")
	r := didresolve.Static(nil, once, &didresolve.Document{}, twice, twice)
	tests := []struct {
		did  string
		want didresolve.ErrorType
	}{
		{webDID, ""},
		{"did:web:Example.com", didresolve.ErrNotFound},
		{"did:web:example.org", didresolve.ErrNotFound},
		{"did:web:example.net", didresolve.ErrInvalidDIDDocument},
		{keyDID, didresolve.ErrMethodNotSupported},
		{"", didresolve.ErrInvalidDID},
		{webDID + "#key-1", didresolve.ErrInvalidDID},
	}
	for _, tt := range tests {
		res, err := r.Resolve(context.Background(), tt.did)
		if didresolve.TypeOf(err) != tt.want || (res == nil) != (tt.want != "") {
			t.Errorf("%s: got %v, %v; want %s", tt.did, res, err, tt.want)
		}
	}
	for _, twins := range [][]*didresolve.Document{{once, document(t, webDID)}, {once, once, once}} {
		if _, err := didresolve.Static(twins...).Resolve(context.Background(), webDID); didresolve.TypeOf(err) != didresolve.ErrInvalidDIDDocument {
			t.Errorf("%d documents: %v", len(twins), err)
		}
	}
	if _, err := didresolve.Static().Resolve(context.Background(), webDID); didresolve.TypeOf(err) != didresolve.ErrMethodNotSupported {
		t.Errorf("no documents: %v", err)
	}
}

// fixed is a resolver with one result for all DIDs. It counts the calls.
type fixed struct {
	res   *didresolve.Resolution
	err   error
	calls *int
}

func (a fixed) Resolve(context.Context, string) (*didresolve.Resolution, error) {
	if a.calls != nil {
		*a.calls++
	}
	return a.res, a.err
}

func TestChain(t *testing.T) {
	good := fixed{res: &didresolve.Resolution{Document: document(t, webDID), Source: "test"}}
	fails := func(t didresolve.ErrorType) didresolve.Resolver { return fixed{err: &didresolve.Error{Type: t}} }
	boom := errors.New("boom")

	tests := []struct {
		name  string
		chain []didresolve.Resolver
		want  didresolve.ErrorType
	}{
		{"nothing", nil, didresolve.ErrMethodNotSupported},
		{"first document", []didresolve.Resolver{good, fails(didresolve.ErrDeactivated)}, ""},
		{"continues after not found", []didresolve.Resolver{fails(didresolve.ErrNotFound), good}, ""},
		{"continues after method not supported", []didresolve.Resolver{fails(didresolve.ErrMethodNotSupported), good}, ""},
		{"stops at a joined not found", []didresolve.Resolver{fixed{err: errors.Join(&didresolve.Error{Type: didresolve.ErrNotFound})}, good}, didresolve.ErrInternal},
		{"continues after a bare not found", []didresolve.Resolver{fixed{err: didresolve.ErrNotFound}, good}, ""},
		{"stops at deactivated", []didresolve.Resolver{fails(didresolve.ErrDeactivated), good}, didresolve.ErrDeactivated},
		{"stops at an invalid DID", []didresolve.Resolver{fails(didresolve.ErrInvalidDID), good}, didresolve.ErrInvalidDID},
		{"stops at an invalid document", []didresolve.Resolver{fails(didresolve.ErrInvalidDIDDocument), good}, didresolve.ErrInvalidDIDDocument},
		{"stops at an unsupported feature", []didresolve.Resolver{fails(didresolve.ErrFeatureNotSupported), good}, didresolve.ErrFeatureNotSupported},
		{"stops at an outage", []didresolve.Resolver{fails(didresolve.ErrInternal), good}, didresolve.ErrInternal},
		{"stops at an unknown error", []didresolve.Resolver{fixed{err: boom}, good}, didresolve.ErrInternal},
		{"stops at a deadline", []didresolve.Resolver{fixed{err: context.DeadlineExceeded}, good}, didresolve.ErrInternal},
		{"stops at a retryable not found", []didresolve.Resolver{fixed{err: &didresolve.Error{Type: didresolve.ErrNotFound, Retryable: true}}, good}, didresolve.ErrInternal},
		{"stops at neither document nor error", []didresolve.Resolver{fixed{}, good}, didresolve.ErrInternal},
		{"no document", []didresolve.Resolver{fixed{res: &didresolve.Resolution{}}, good}, didresolve.ErrInternal},
		{"document of another DID", []didresolve.Resolver{fixed{res: &didresolve.Resolution{Document: document(t, "did:web:evil.com")}}, good}, didresolve.ErrInvalidDocumentID},
		{"id in another case", []didresolve.Resolver{fixed{res: &didresolve.Resolution{Document: document(t, "did:web:Example.com")}}, good}, didresolve.ErrInvalidDocumentID},
		{"nil resolver", []didresolve.Resolver{nil, good}, didresolve.ErrInternal},
		{"not found wins", []didresolve.Resolver{fails(didresolve.ErrNotFound), fails(didresolve.ErrMethodNotSupported)}, didresolve.ErrNotFound},
		{"not found wins in either order", []didresolve.Resolver{fails(didresolve.ErrMethodNotSupported), fails(didresolve.ErrNotFound)}, didresolve.ErrNotFound},
		{"no resolver supports the method", []didresolve.Resolver{didresolve.Key(), didresolve.Static()}, didresolve.ErrMethodNotSupported},
	}
	for _, tt := range tests {
		res, err := didresolve.Chain(tt.chain...).Resolve(context.Background(), webDID)
		if didresolve.TypeOf(err) != tt.want || (res == nil) != (tt.want != "") {
			t.Errorf("%s: got %v, %v; want %s", tt.name, res, err, tt.want)
		}
	}

	if _, err := didresolve.Chain(fixed{err: boom}).Resolve(context.Background(), webDID); !errors.Is(err, boom) {
		t.Errorf("the cause is lost: %v", err)
	}
	// Chain calls no resolver for a malformed DID or with a cancelled context.
	calls := 0
	r := didresolve.Chain(fixed{err: boom, calls: &calls})
	if _, err := r.Resolve(context.Background(), "did:web:"); didresolve.TypeOf(err) != didresolve.ErrInvalidDID || calls != 0 {
		t.Errorf("malformed: %v after %d calls", err, calls)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := r.Resolve(ctx, webDID); didresolve.TypeOf(err) != didresolve.ErrInternal || !errors.Is(err, context.Canceled) || calls != 0 {
		t.Errorf("cancelled: %v after %d calls", err, calls)
	}
	// Chain does not keep the slice of the caller.
	rs := []didresolve.Resolver{good}
	r = didresolve.Chain(rs...)
	rs[0] = nil
	if _, err := r.Resolve(context.Background(), webDID); err != nil {
		t.Error(err)
	}
}

// TestKeyDocumentIsCanonical: Raw of a did:key document is its canonical form.
func TestKeyDocumentIsCanonical(t *testing.T) {
	res, err := didresolve.Key().Resolve(t.Context(), keyDID)
	if err != nil {
		t.Fatal(err)
	}
	want, err := canonical.Transform(res.Document.Raw())
	if err != nil {
		t.Fatal(err)
	}
	if got := res.Document.Raw(); string(got) != string(want) {
		t.Errorf("%s\nwant %s", got, want)
	}
}

package didresolve

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/mandate-engine/mandate/internal/multikey"
	"github.com/mandate-engine/mandate/internal/sample"
)

// A key that is no point does not leave a derived document by accident.
func TestSound(t *testing.T) {
	id := multikey.EncodeBase58(append([]byte{0xed, 1, 2}, make([]byte, 31)...))
	did := "did:key:" + id
	res, ok, err := Derive(Key(), did)
	if !ok || err != nil {
		t.Fatal(ok, err)
	}
	for range 2 {
		if m, err := res.Document.VerificationMethod(did+"#"+id, AssertionMethod, judged); TypeOf(err) != ErrInvalidVerificationMethod || !m.Key().IsZero() {
			t.Errorf("the key of no point: %v, %v", m, err)
		}
		if _, err := res.Document.VerificationMethod(did+"#z", AssertionMethod, judged); TypeOf(err) != ErrMethodNotFound {
			t.Errorf("a key that it does not have: %v", err)
		}
		if err := res.Document.Sound(); TypeOf(err) != ErrInvalidDID {
			t.Errorf("Sound: %v", err)
		}
	}
	if m, err := res.Document.UnprovenMethod(did+"#"+id, AssertionMethod, judged); err != nil || m.Key().IsZero() || m.Key().Verify(nil, make([]byte, 64)) {
		t.Errorf("UnprovenMethod: %v, %v", m, err)
	}
	for name, d := range map[string]*Document{"nil": nil, "zero": {}} {
		if err := d.Sound(); TypeOf(err) != ErrInvalidDocument {
			t.Errorf("the %s document is sound: %v", name, err)
		}
	}
	if res, err := Key().Resolve(t.Context(), sample.Issuer); err != nil || res.Document.Sound() != nil {
		t.Errorf("a key that is a point: %v", err)
	}
}

// What is derived is what is resolved, and nothing is derived that somebody else in
// the chain might have to say something about.
func TestDerive(t *testing.T) {
	const jwk = "did:jwk:eyJjcnYiOiJFZDI1NTE5Iiwia3R5IjoiT0tQIiwieCI6IjExcVlBWUt4Q3JmVlNfN1R5V1FIT2c3aGN2UGFwaU1scndJYWFQY0hVUm8ifQ"
	// opaque resolves like another, and does not say how.
	type opaque struct{ Resolver }
	noPoint := "did:key:" + multikey.EncodeBase58(append([]byte{0xed, 1, 2}, make([]byte, 31)...))
	if _, err := Key().Resolve(t.Context(), noPoint); TypeOf(err) != ErrInvalidDID || !strings.Contains(err.Error(), "not on the curve") {
		t.Errorf("a key that is no point: %v", err)
	}
	for _, tt := range []struct {
		name     string
		resolver Resolver
		derives  []string
	}{
		{"key", Key(), []string{"key"}},
		{"jwk", JWK(), []string{"jwk"}},
		{"both", Chain(Key(), JWK()), []string{"key", "jwk"}},
		{"behind a chain", Chain(Chain(JWK()), Key()), nil},
		{"behind a chain that has others", Chain(Chain(Static()), Key()), nil},
		{"behind a chain that has one that does not say", Chain(Chain(opaque{Key()}), JWK()), nil},
		{"before a chain", Chain(Key(), Chain(JWK())), []string{"key"}},
		{"pinned", Pinned(nil, Key()), nil},
		{"pinned in a chain", Chain(Pinned(nil, Key()), Key()), nil},
		{"cached", &Cache{Resolver: Key()}, nil},
		{"nothing", nil, nil},
		{"others behind them", Chain(Key(), Static(), JWK()), []string{"key"}},
		{"others before them", Chain(Static(), Key(), JWK()), nil},
		{"nothing before them", Chain(nil, Key()), nil},
		{"none", Chain(), nil},
		{"one that does not say", Chain(opaque{Key()}, JWK()), nil},
	} {
		for _, did := range []string{sample.Issuer, jwk, "did:key:z6Mk", "did:key:1.1:z6Mk", "did:jwk:x", "did:key:", "did:keyx:y", "did:web:example.com", "", "did:key:zDnaeucDGfhXHoJVqot3p21RuupNJ2fZrs8Lb1GV83VnSo2jR", noPoint, noPoint} {
			got, ok, gotErr := Derive(tt.resolver, did)
			want := false
			for _, method := range tt.derives {
				want = want || len(did) > 8 && did[:8] == "did:"+method+":" || did == "did:"+method+":"
			}
			if ok != want {
				t.Errorf("%s: %q derived: %t, want %t", tt.name, did, ok, want)
			}
			if !ok {
				continue
			}
			if gotErr == nil {
				gotErr = got.Document.Sound()
			}
			res, err := tt.resolver.Resolve(context.Background(), did)
			if fmt.Sprint(err) != fmt.Sprint(gotErr) || TypeOf(err) != TypeOf(gotErr) || (res == nil) != (gotErr != nil) {
				t.Errorf("%s: %q is derived with %v, resolved with %v", tt.name, did, gotErr, err)
			}
			if res != nil && (!reflect.DeepEqual(res.Document.Raw(), got.Document.Raw()) || res.Source != got.Source || res.RetrievedAt != got.RetrievedAt) {
				t.Errorf("%s: %q: derived %+v, resolved %+v", tt.name, did, got, res)
			}
		}
	}
}

package receipts_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/internal/multikey"
	"github.com/mandate-engine/mandate/receipts"
)

const rotating = "did:web:receipts.example"

func multibase(t testing.TB, seed byte) string {
	t.Helper()
	k, err := multikey.NewPublicKey(key(seed)[32:])
	if err != nil {
		t.Fatal(err)
	}
	return k.String()
}

// holding is the issuer's document with one key, and more members of its method.
func holding(t testing.TB, method string, seed byte, more map[string]any) didresolve.Resolver {
	t.Helper()
	m := map[string]any{"id": method, "type": "Multikey", "controller": rotating, "publicKeyMultibase": multibase(t, seed)}
	for k, v := range more {
		m[k] = v
	}
	b, err := json.Marshal(map[string]any{"id": rotating, "verificationMethod": []any{m}, "assertionMethod": []any{method}})
	if err != nil {
		t.Fatal(err)
	}
	d, err := didresolve.ParseDocument(b)
	if err != nil {
		t.Fatal(err)
	}
	return didresolve.Static(d)
}

// An issuer signs under key 1, rotates to key 2 when its log has 10 entries, and
// somebody who has key 1 signs on.
func TestRotation(t *testing.T) {
	const first, second = rotating + "#key-1", rotating + "#key-2"
	old := mustSign(t, allowBody(), keySigner(t, 1, first)).Bytes()
	now := holding(t, second, 2, nil)
	retired := receipts.RetiredKey{VerificationMethod: first, PublicKeyMultibase: multibase(t, 1), Size: 10}
	index := func(i int64) *int64 { return &i }
	for _, tt := range []struct {
		name     string
		resolver didresolve.Resolver
		receipt  []byte
		retired  []receipts.RetiredKey
		index    *int64
		want     string
	}{
		{"before the rotation", holding(t, first, 1, nil), old, nil, nil, ""},
		{"after it, without the log", now, old, nil, nil, "verification method not found"},
		{"after it, the key known, without the log", now, old, []receipts.RetiredKey{retired}, nil, "nothing proves that the receipt is older"},
		{"after it, in the log in time", now, old, []receipts.RetiredKey{retired}, index(9), ""},
		{"after it, the first entry", now, old, []receipts.RetiredKey{retired}, index(0), ""},
		{"signed on with the retired key", now, old, []receipts.RetiredKey{retired}, index(10), "it signed entry 10 of the log, and its last checkpoint covers 10"},
		{"a negative index", now, old, []receipts.RetiredKey{retired}, index(-1), "entry -1"},
		{"another key under its name", now, old, []receipts.RetiredKey{{first, multibase(t, 3), 10}}, index(1), "does not fit"},
		{"another name", now, old, []receipts.RetiredKey{{second, multibase(t, 1), 10}}, index(1), "verification method not found"},
		{"the zero size", now, old, []receipts.RetiredKey{{first, multibase(t, 1), 0}}, index(0), "covers 0"},
		{"no key", now, old, []receipts.RetiredKey{{first, "z", 10}}, index(0), "the retired key"},
		{"revoked in place", holding(t, first, 1, map[string]any{"revoked": "2026-05-03T00:00:00Z"}), old, []receipts.RetiredKey{retired}, index(9), ""},
		{"revoked in place, not in time", holding(t, first, 1, map[string]any{"revoked": "2026-05-03T00:00:00Z"}), old, []receipts.RetiredKey{retired}, index(11), "is retired"},
		{"expired in place", holding(t, first, 1, map[string]any{"expires": "2026-05-03T00:00:00Z"}), old, []receipts.RetiredKey{retired}, index(9), ""},
		{"not yet revoked", holding(t, first, 1, map[string]any{"revoked": "2027-05-03T00:00:00Z"}), old, []receipts.RetiredKey{retired}, index(11), "is retired"},
		{"not revoked at all, in time", holding(t, first, 1, nil), old, []receipts.RetiredKey{retired}, index(3), ""},
		{"not revoked at all, without the log", holding(t, first, 1, nil), old, []receipts.RetiredKey{retired}, nil, "nothing proves that the receipt is older"},
		{"the new key", now, mustSign(t, allowBody(), keySigner(t, 2, second)).Bytes(), []receipts.RetiredKey{retired}, nil, ""},
	} {
		v, err := receipts.Verify(context.Background(), tt.receipt, receipts.VerifyConfig{Issuers: []string{rotating}, Resolver: tt.resolver,
			At: at.AddDate(0, 1, 0), Retired: tt.retired, Index: tt.index})
		switch {
		case tt.want == "" && err != nil:
			t.Errorf("%s: %v", tt.name, err)
		case tt.want != "" && (err == nil || v != nil || !strings.Contains(err.Error(), tt.want)):
			t.Errorf("%s: got %v, want %q", tt.name, err, tt.want)
		case tt.want == "the retired key" && errors.Is(err, receipts.ErrNotVerified):
			t.Errorf("%s: a bad setting says nothing about the receipt", tt.name)
		}
	}
}

// kept answers with an old document until it is asked for a newer one.
type kept struct{ old, new didresolve.Resolver }

func (k kept) Resolve(ctx context.Context, did string) (*didresolve.Resolution, error) {
	return k.old.Resolve(ctx, did)
}

func (k kept) Refresh(ctx context.Context, did string, _ *didresolve.Resolution) (*didresolve.Resolution, error) {
	return k.new.Resolve(ctx, did)
}

// A receipt under a key that is new is checked against a newer document.
func TestNewKeyIsLookedForOnce(t *testing.T) {
	const first, second = rotating + "#key-1", rotating + "#key-2"
	r := mustSign(t, allowBody(), keySigner(t, 2, second)).Bytes()
	cfg := receipts.VerifyConfig{Issuers: []string{rotating}, At: at.Add(time.Minute)}
	cfg.Resolver = kept{holding(t, first, 1, nil), holding(t, second, 2, nil)}
	if _, err := receipts.Verify(context.Background(), r, cfg); err != nil {
		t.Error(err)
	}
	cfg.Resolver = kept{holding(t, first, 1, nil), holding(t, first, 1, nil)}
	if _, err := receipts.Verify(context.Background(), r, cfg); !errors.Is(err, receipts.ErrNotVerified) {
		t.Errorf("got %v", err)
	}
}

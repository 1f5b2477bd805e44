package verifier_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/mandate-engine/mandate/adapters/signing"
	"github.com/mandate-engine/mandate/internal/sample"
	"github.com/mandate-engine/mandate/verifier"
	"github.com/mandate-engine/mandate/verifier/replay"
)

// presentWith signs a presentation of the sample's mandate.
func presentWith(t testing.TB, o signing.Options) []byte {
	t.Helper()
	o.Domain = []string{sample.Verifier}
	vp, err := signing.Presentation(context.Background(), "", [][]byte{sample.Credential()}, signer(t, sample.Key(2)), o)
	if err != nil {
		t.Fatal(err)
	}
	return vp
}

// TestUsedUp: neither the challenge nor the presentation is accepted again,
// whichever way it is asked for, and whatever the presentation says of its end.
func TestUsedUp(t *testing.T) {
	now := sample.Now()
	created := now.Add(-30 * time.Second)
	short := issue(t, func(vc, _ object) { vc["validUntil"] = "2026-05-02T10:16:02Z" })
	shortVP, err := signing.Presentation(context.Background(), "", [][]byte{short}, signer(t, sample.Key(2)),
		signing.Options{Created: created, Challenge: "c", Domain: []string{sample.Verifier}})
	if err != nil {
		t.Fatal(err)
	}
	plain := presentWith(t, signing.Options{Created: created, Challenge: "c"})
	again := presentWith(t, signing.Options{Created: created, Challenge: "c", Nonce: "another"})
	expiring := presentWith(t, signing.Options{Created: created, Challenge: "c", Expires: now.Add(2 * time.Second)})
	timeless := presentWith(t, signing.Options{Challenge: "c"})
	type step struct {
		vp        []byte
		challenge string
		after     time.Duration
		want      string
	}
	const used = "presentation_replayed"
	tests := map[string][]step{
		"the same twice":                         {{plain, "c", 0, "allow"}, {plain, "c", 0, used}},
		"another presentation for the challenge": {{plain, "c", 0, "allow"}, {again, "c", time.Second, used}},
		"a proof that ends first":                {{expiring, "c", 0, "allow"}, {plain, "c", time.Minute, used}},
		"a credential that ends first":           {{shortVP, "c", 0, "allow"}, {plain, "c", time.Minute, used}},
		"without created":                        {{timeless, "c", 0, "allow"}, {plain, "c", 10 * time.Minute, used}},
		"years later":                            {{plain, "c", 0, "allow"}, {plain, "c", 5 * 365 * 24 * time.Hour, used}},
		"first with, then without the challenge": {{plain, "c", 0, "allow"}, {plain, "", 0, used}},
		"first without, then with the challenge": {{plain, "", 0, "allow"}, {plain, "c", 0, used}},
		"at the last moment without a challenge": {{plain, "", 0, "allow"}, {plain, "", 4*time.Minute + 30*time.Second, used}},
		"another one without a challenge":        {{plain, "", 0, "allow"}, {again, "", 0, "allow"}},
		"the challenge is another":               {{plain, "c", 0, "allow"}, {plain, "d", 0, "challenge_mismatch"}},
	}
	for name, steps := range tests {
		t.Run(name, func(t *testing.T) {
			at := now
			cfg := config(t)
			cfg.Now = func() time.Time { return at }
			cfg.Replay = &replay.Memory{MaxEntries: 8}
			v := newVerifier(t, cfg)
			for i, s := range steps {
				at = now.Add(s.after)
				res, err := v.Verify(context.Background(), verifier.Request{Presentation: s.vp, ExecutionParams: sample.ParamsAllow(), Challenge: s.challenge})
				if got := outcome(res, err); got != s.want {
					t.Errorf("step %d: got %s (%v), want %s", i, got, err, s.want)
				}
			}
		})
	}
}

func TestChallengeLifetime(t *testing.T) {
	at := sample.Now()
	cfg := config(t)
	cfg.Now = func() time.Time { return at }
	cfg.ChallengeLifetime = 10 * time.Minute
	m := &replay.Memory{MaxEntries: 2}
	cfg.Replay = m
	v := newVerifier(t, cfg)
	ask := func(challenge string) string {
		vp := presentWith(t, signing.Options{Challenge: challenge})
		res, err := v.Verify(context.Background(), verifier.Request{Presentation: vp, ExecutionParams: sample.ParamsAllow(), Challenge: challenge})
		if errors.Is(err, replay.ErrFull) {
			return "full"
		}
		return outcome(res, err)
	}
	for i, step := range []struct {
		after     time.Duration
		challenge string
		want      string
	}{
		{0, "a", "allow"}, {0, "b", "allow"}, {0, "c", "full"}, {10 * time.Minute, "a", "presentation_replayed"},
		{10 * time.Minute, "c", "full"}, {10*time.Minute + 1, "c", "allow"},
	} {
		at = sample.Now().Add(step.after)
		if got := ask(step.challenge); got != step.want {
			t.Errorf("step %d: got %s, want %s", i, got, step.want)
		}
	}
}

// A memory that was full has room as soon as an entry is over, in whatever
// order the entries came.
func TestFullMemoryEmpties(t *testing.T) {
	m := &replay.Memory{MaxEntries: 2}
	now := sample.Now()
	for i, step := range []struct {
		key       byte
		at, until time.Duration
		full      bool
	}{
		{1, 0, time.Hour, false}, {2, 0, 2 * time.Hour, false}, {3, 0, time.Hour, true}, {3, time.Hour, time.Hour, true},
		{3, time.Hour + 1, 70 * time.Minute, false}, {4, 65 * time.Minute, 3 * time.Hour, true}, {4, 71 * time.Minute, 3 * time.Hour, false},
	} {
		first, err := m.Use(context.Background(), [32]byte{step.key}, now.Add(step.at), now.Add(step.until))
		if errors.Is(err, replay.ErrFull) != step.full || first == step.full {
			t.Errorf("step %d: %v, %v; want full %v", i, first, err, step.full)
		}
	}
}

package verifier_test

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/internal/proofs"
	"github.com/mandate-engine/mandate/internal/sample"
	"github.com/mandate-engine/mandate/internal/sample/samplesign"
	"github.com/mandate-engine/mandate/verifier"
	"github.com/mandate-engine/mandate/verifier/replay"
)

const replayed = "presentation_replayed"

// An allow uses up the presentation and the challenge; a deny uses up neither.
func TestReplay(t *testing.T) {
	deny, respelled, unchallenged := request(), request(), request()
	deny.ExecutionParams = sample.ParamsDeny()
	unchallenged.Challenge, respelled.Challenge = "", ""
	respelled.Presentation, _ = canonical.Transform(respelled.Presentation)
	other := unchallenged
	other.Presentation = present(t, "", sample.Credential())
	type step struct {
		req  verifier.Request
		want string
	}
	for name, steps := range map[string][]step{
		"with a challenge": {
			{deny, "rule_failed"},
			{request(), "allow"},
			{request(), replayed},
			{presenting(present(t, sample.Challenge, sample.Credential())), replayed}, // another presentation for the same challenge
			{deny, "rule_failed"},
		},
		"without a challenge": { // the presentation itself counts, however it is spelled
			{unchallenged, "allow"},
			{respelled, replayed},
			{other, "allow"},
		},
	} {
		v := newVerifier(t, config(t))
		for i, step := range steps {
			if res, err := v.Verify(t.Context(), step.req); outcome(res, err) != step.want {
				t.Errorf("%s, step %d: got %s (%v), want %s", name, i, outcome(res, err), err, step.want)
			}
		}
	}
}

// presentWith returns a presentation of the sample's mandate whose proof has the options.
func presentWith(t testing.TB, o proofs.Options) []byte {
	t.Helper()
	return samplesign.Presentation(t, [][]byte{sample.Credential()}, signer(t, 2), o)
}

// Verify does not accept a used challenge or presentation again, with the challenge or
// without, whenever the proof or the credential says that it expires.
func TestReplayUntilExpiry(t *testing.T) {
	now := sample.Now()
	created := now.Add(-30 * time.Second)
	short := issue(t, func(vc, _ object) { vc["validUntil"] = "2026-05-02T10:16:02Z" })
	shortVP := present(t, "c", short)
	plain := presentWith(t, proofs.Options{Created: created, Challenge: "c"})
	again := presentWith(t, proofs.Options{Created: created, Challenge: "c", Nonce: "another"})
	expiring := presentWith(t, proofs.Options{Created: created, Challenge: "c", Expires: now.Add(2 * time.Second)})
	timeless := presentWith(t, proofs.Options{Challenge: "c"})
	type step struct {
		vp        []byte
		challenge string
		after     time.Duration
		want      string
	}
	tests := map[string][]step{
		"the same twice":                         {{plain, "c", 0, "allow"}, {plain, "c", 0, replayed}},
		"another presentation for the challenge": {{plain, "c", 0, "allow"}, {again, "c", time.Second, replayed}},
		"a proof that ends first":                {{expiring, "c", 0, "allow"}, {plain, "c", time.Minute, replayed}},
		"a credential that ends first":           {{shortVP, "c", 0, "allow"}, {plain, "c", time.Minute, replayed}},
		"without created":                        {{timeless, "c", 0, "allow"}, {plain, "c", 10 * time.Minute, replayed}},
		"years later":                            {{plain, "c", 0, "allow"}, {plain, "c", 5 * 365 * 24 * time.Hour, replayed}},
		"first with, then without the challenge": {{plain, "c", 0, "allow"}, {plain, "", 0, replayed}},
		"first without, then with the challenge": {{plain, "", 0, "allow"}, {plain, "c", 0, replayed}},
		"at the last moment without a challenge": {{plain, "", 0, "allow"}, {plain, "", 4*time.Minute + 30*time.Second, replayed}},
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
				res, err := v.Verify(t.Context(), verifier.Request{Presentation: s.vp, ExecutionParams: sample.ParamsAllow(), Challenge: s.challenge})
				if got := outcome(res, err); got != s.want {
					t.Errorf("step %d: got %s (%v), want %s", i, got, err, s.want)
				}
			}
		})
	}
}

// A used challenge is remembered for the ChallengeLifetime, to its last instant.
func TestChallengeLifetime(t *testing.T) {
	at := sample.Now()
	cfg := config(t)
	cfg.Now = func() time.Time { return at }
	cfg.ChallengeLifetime = 10 * time.Minute
	cfg.Replay = &replay.Memory{MaxEntries: 2}
	v := newVerifier(t, cfg)
	ask := func(challenge string) string {
		vp := presentWith(t, proofs.Options{Challenge: challenge})
		res, err := v.Verify(t.Context(), verifier.Request{Presentation: vp, ExecutionParams: sample.ParamsAllow(), Challenge: challenge})
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

// Verify uses up a presentation also if the MaxAge is so long that it never gets stale.
func TestReplayWithHugeMaxAge(t *testing.T) {
	cfg := config(t)
	cfg.MaxAge = math.MaxInt64
	v := newVerifier(t, cfg)
	req := request()
	req.Challenge = ""
	for _, want := range []string{"allow", replayed} {
		res, err := v.Verify(t.Context(), req)
		if got := outcome(res, err); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// A presentation that is signed twice is used up with either proof alone.
func TestReplayOfOneOfTwoProofs(t *testing.T) {
	v := newVerifier(t, config(t))
	req := request()
	req.Presentation, req.Challenge = withSetAndChain(t), ""
	ask := func() string {
		res, err := v.Verify(t.Context(), req)
		return outcome(res, err)
	}
	if got := ask(); got != "allow" {
		t.Fatal(got)
	}
	doc := toObject(t, req.Presentation)
	for i, proof := range doc["proof"].([]any) {
		doc["proof"] = proof
		req.Presentation = toJSON(t, doc)
		if got := ask(); got != replayed {
			t.Errorf("proof %d alone: %s", i, got)
		}
	}
}

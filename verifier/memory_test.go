package verifier_test

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/mandate-engine/mandate/internal/sample"
	"github.com/mandate-engine/mandate/policy"
	"github.com/mandate-engine/mandate/verifier"
)

// raced reports whether the race detector slows everything down tenfold.
func raced() bool {
	info, _ := debug.ReadBuildInfo()
	return info != nil && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}

// heapBytes returns the bytes that are in use.
func heapBytes() int {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// growth returns by how many bytes the heap grows while v decides n requests, after
// warm others.
func growth(t *testing.T, v *verifier.Verifier, warm, n int, request func(i int) verifier.Request) int {
	t.Helper()
	var before int
	for i := range warm + n {
		if i == warm {
			before = heapBytes()
		}
		if _, err := v.Verify(context.Background(), request(i)); err != nil {
			t.Fatalf("request %d: %v", i, err)
		}
	}
	after := heapBytes()
	runtime.KeepAlive(v)
	runtime.KeepAlive(request) // and its requests
	return after - before
}

// What the caches of a Verifier may keep, in bytes, as their packages document it.
const (
	replayEntry = 130       // replay.DefaultMaxEntries says so; the map it is in may be half empty
	noise       = 512 << 10 // buffers that are reused, and the runtime's own
)

// TestMemoryOfMandates verifies many mandates once each, and checks that no more memory
// stays in use than the caches are documented to keep.
func TestMemoryOfMandates(t *testing.T) {
	issued := func(i int, description string) verifier.Request {
		id := fmt.Sprintf("urn:via:credential:550e8400-e29b-41d4-a716-%012d", i)
		vc := issue(t, func(vc, mandate object) {
			vc["id"] = id
			if description != "" {
				mandate["action"].(object)["content"].(object)["description"] = description
			}
		})
		return verifier.Request{Presentation: present(t, id, vc), ExecutionParams: sample.ParamsAllow(), Challenge: id}
	}
	action, err := policy.Compile(parseValue(t, sample.Credential()).Get("credentialSubject").Get("mandate").Get("action").Get("content"))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name    string
		n       int
		replay  bool // used presentations are remembered
		actions bool // each mandate has an action of its own
		most    int
	}{
		{"10,000 mandates", 10_000, false, false, noise},
		{"2,000 mandates, used presentations remembered", 2000, true, false, 2*2000*2*replayEntry + noise}, // a proof and a challenge each
		{"1,000 mandates with 1,000 actions", 1000, false, true, policy.DefaultMaxActions*action.Memory() + noise},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if raced() {
				tt.n /= 10
			}
			cfg := config(t)
			cfg.InsecureAllowReplay = !tt.replay
			got := growth(t, newVerifier(t, cfg), 64, tt.n, func(i int) verifier.Request {
				if tt.actions {
					return issued(i, fmt.Sprintf("Action %d", i))
				}
				return issued(i, "")
			})
			t.Logf("they leave %d KiB, documented are %d KiB", got>>10, tt.most>>10)
			if got > tt.most {
				t.Errorf("they leave %d bytes behind, more than %d", got, tt.most)
			}
		})
	}
}

// TestMemoryIsFlat checks that the memory that stays in use does not grow with the
// number of verifications, which is VERIFICATIONS. A second passes before each one. A
// presentation comes again after its challenge has expired, a mandate more often.
func TestMemoryIsFlat(t *testing.T) {
	n := 20_000
	if raced() {
		n /= 5
	}
	if s := os.Getenv("VERIFICATIONS"); s != "" {
		n, _ = strconv.Atoi(s)
	}
	now, cfg := sample.Now(), config(t)
	cfg.ChallengeLifetime = time.Minute
	cfg.Now = func() time.Time { return now }
	const ring = 512 // longer than a presentation is remembered: MaxAge and MaxFuture
	var requests []verifier.Request
	for i := range ring {
		id := fmt.Sprintf("urn:via:credential:%d", i%(ring/4))
		vc := issue(t, func(vc, _ object) { vc["id"] = id })
		challenge := "challenge " + strconv.Itoa(i)
		requests = append(requests, verifier.Request{Presentation: present(t, challenge, vc), ExecutionParams: sample.ParamsAllow(), Challenge: challenge})
	}
	warm := max(n/4, 4*ring)
	got := growth(t, newVerifier(t, cfg), warm, n-warm, func(i int) verifier.Request {
		now = now.Add(time.Second)
		return requests[i%ring]
	})
	t.Logf("verifications %d to %d leave %d KiB", warm, n, got>>10)
	if got > noise {
		t.Errorf("%d verifications left %d bytes behind", n-warm, got)
	}
}

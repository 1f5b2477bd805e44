package verifier_test

import (
	"context"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/policy"
	"github.com/mandate-engine/mandate/verifier"
)

// A hoarder keeps what it is asked for, as a cache of its user would.
type hoarder struct {
	mu      sync.Mutex
	strings []string
}

func (k *hoarder) keep(s ...string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.strings = append(k.strings, s...)
}

func (k *hoarder) Resolve(ctx context.Context, did string) (*didresolve.Resolution, error) {
	k.keep(did)
	return didresolve.Key().Resolve(ctx, strings.Clone(did))
}

func (k *hoarder) StatusList(_ context.Context, url string) ([]byte, error) {
	k.keep(url)
	return nil, verifier.ErrNoStatusList
}

func (k *hoarder) Action(_ context.Context, ref policy.Ref) ([]byte, error) {
	k.keep(ref.ID, ref.Digest)
	return nil, policy.ErrNotFound
}

// What the Config's implementations keep of what they are asked for does not keep
// the presentation.
func TestWhatIsAskedForKeepsNoPresentation(t *testing.T) {
	k := &hoarder{}
	cfg := config(t)
	cfg.Resolver, cfg.Status, cfg.Actions = k, k, k
	v := newVerifier(t, cfg)
	vc := issue(t, func(vc, mandate object) {
		withStatus("7")(vc, nil)
		mandate["action"].(object)["digestSRI"] = "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
		delete(mandate["action"].(object), "content")
		vc["name"] = strings.Repeat("x", 500<<10)
	})
	presentation := present(t, "c", vc)
	const n = 16
	before := heapBytes()
	for range n {
		_, err := v.Verify(t.Context(), verifier.Request{Presentation: presentation, Challenge: "c"})
		if got := outcome(nil, err); got != "status_unknown" {
			t.Fatal(got)
		}
	}
	grew := heapBytes() - before
	runtime.KeepAlive(presentation)
	if asked := strings.Join(k.strings, " "); len(k.strings) != 5*n || !strings.Contains(asked, statusListURL) || !strings.Contains(asked, "sha256-AAAA") {
		t.Fatalf("%d strings: %.300s", len(k.strings), asked)
	}
	if grew > len(presentation) {
		t.Errorf("%d bytes are kept after %d presentations of %d", grew, n, len(presentation))
	}
}

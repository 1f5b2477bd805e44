package verifier_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/internal/sample"
	"github.com/mandate-engine/mandate/policy"
	"github.com/mandate-engine/mandate/receipts"
	"github.com/mandate-engine/mandate/verifier"
	"github.com/mandate-engine/mandate/verifier/replay"
)

// faults makes the nth call to any interface of the Config go wrong.
type faults struct {
	calls  int
	at     int // the call that goes wrong, from 1; 0 for none
	mode   string
	cancel context.CancelFunc
	hit    string // where it went wrong
	seams  map[string]int
}

var errFault = errors.New("injected fault")

// call counts a call. An error means that the call has to fail with it.
func (f *faults) call(ctx context.Context, seam string) error {
	f.calls++
	f.seams[seam]++
	if f.calls != f.at {
		return nil
	}
	f.hit = seam
	switch f.mode {
	case "panic":
		panic("injected panic")
	case "timeout":
		f.cancel()
		if ctx.Done() != nil { // the seams without a ctx fail at once
			<-ctx.Done()
			return ctx.Err()
		}
	case "late":
		f.cancel() // and answers all the same
		return nil
	}
	return errFault
}

type faultyResolver struct{ *faults }

func (f faultyResolver) Resolve(ctx context.Context, did string) (*didresolve.Resolution, error) {
	if err := f.call(ctx, "resolver"); err != nil {
		return nil, err
	}
	return didresolve.Key().Resolve(ctx, did)
}

type faultyLists struct {
	*faults
	next lists
}

func (f faultyLists) StatusList(ctx context.Context, url string) ([]byte, error) {
	if err := f.call(ctx, "status"); err != nil {
		return nil, err
	}
	return f.next.StatusList(ctx, url)
}

type faultyActions struct {
	*faults
	next actions
}

func (f faultyActions) Action(ctx context.Context, ref policy.Ref) ([]byte, error) {
	if err := f.call(ctx, "actions"); err != nil {
		return nil, err
	}
	return f.next.Action(ctx, ref)
}

type faultyReplay struct {
	*faults
	next replay.Memory
}

func (f *faultyReplay) Use(ctx context.Context, key [32]byte, now, until time.Time) (bool, error) {
	if err := f.call(ctx, "replay"); err != nil {
		return true, err // the worst an implementation can say beside an error
	}
	return f.next.Use(ctx, key, now, until)
}

type faultySigner struct {
	*faults
	receipts.Signer
}

func (f faultySigner) Sign(ctx context.Context, message []byte) ([]byte, error) {
	if err := f.call(ctx, "signer"); err != nil {
		return nil, err
	}
	return f.Signer.Sign(ctx, message)
}

func (f faultySigner) VerificationMethod() string {
	if err := f.call(context.TODO(), "signer name"); err != nil {
		return ""
	}
	return f.Signer.VerificationMethod()
}

type faultyRandom struct{ *faults }

func (f faultyRandom) Read(p []byte) (int, error) {
	if err := f.call(context.TODO(), "random"); err != nil {
		return 0, err
	}
	return rand.Read(p)
}

type faultyContexts struct{ *faults }

func (f faultyContexts) CheckContext(canonical.Value) error {
	if f.calls+1 == f.at && f.mode != "panic" && f.mode != "late" {
		f.calls++
		return nil // an error of this one is a verdict, not a fault
	}
	return f.call(context.TODO(), "context checker")
}

// config returns a Config in which every interface counts its calls.
func (f *faults) config(t *testing.T, l lists, source actions) verifier.Config {
	cfg := config(t)
	cfg.Resolver = faultyResolver{f}
	cfg.Status = faultyLists{f, l}
	cfg.Actions = faultyActions{f, source}
	cfg.Replay = &faultyReplay{faults: f}
	cfg.Signer = faultySigner{f, receiptSigner(t)}
	cfg.Rand = faultyRandom{f}
	cfg.ContextChecker = faultyContexts{f}
	cfg.Now = func() time.Time {
		if f.call(context.TODO(), "clock") != nil {
			return time.Time{}
		}
		return sample.Now()
	}
	return cfg
}

// TestFaults makes every single call of a decision fail, time out, come late,
// and panic. No fault turns a decision into an allow, and a deny has the reason
// that it has without the fault.
func TestFaults(t *testing.T) {
	source := actions{}
	vc := issue(t, func(vc, mandate object) {
		withStatus("94567")(vc, mandate)
		byReference(t, source)(vc, mandate)
	})
	for _, base := range []struct {
		name, want string
		params     []byte
		set        []int
	}{
		{"allow", "allow", sample.ParamsAllow(), nil},
		{"deny by a rule", "rule_failed", sample.ParamsDeny(), nil},
		{"deny by status", "credential_revoked", sample.ParamsAllow(), []int{94567}},
	} {
		list := statusList(t, "revocation", base.set...)
		vp := present(t, "c", vc)
		run := func(f *faults) (*verifier.Result, error) {
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			f.cancel, f.seams = cancel, map[string]int{}
			v := newVerifier(t, f.config(t, lists{statusListURL: list}, source))
			return v.Verify(ctx, verifier.Request{Presentation: vp, ExecutionParams: base.params, Challenge: "c"})
		}
		clean := &faults{}
		if res, err := run(clean); outcome(res, err) != base.want {
			t.Fatalf("%s: without a fault: %s, %v", base.name, outcome(res, err), err)
		}
		want := []string{"resolver", "status", "actions", "signer", "random", "context checker", "clock"}
		if base.want == "allow" {
			want = append(want, "replay")
		}
		for _, seam := range want {
			if clean.seams[seam] == 0 {
				t.Errorf("%s: no call to the %s", base.name, seam)
			}
		}
		for n := 1; n <= clean.calls; n++ {
			for _, mode := range []string{"error", "timeout", "late", "panic"} {
				f := &faults{at: n, mode: mode}
				res, err := run(f)
				got := outcome(res, err)
				name := fmt.Sprintf("%s: call %d (%s), %s", base.name, n, f.hit, mode)
				if f.hit == "" {
					if got != base.want {
						t.Errorf("%s: nothing went wrong, but %s", name, got)
					}
					continue
				}
				// A call that only came late, and needs no ctx, has succeeded. Whether
				// the decision notices that ctx is done depends on the calls after it.
				late := mode == "late"
				switch {
				case got == "allow" && !(late && base.want == "allow" && f.hit == "signer"):
					t.Errorf("%s: ALLOWED", name)
				case got != "none" && got != base.want:
					t.Errorf("%s: %s, want none or %s", name, got, base.want)
				case got == "none" && res != nil:
					t.Errorf("%s: a result beside the error", name)
				}
				var deny *verifier.DenyError
				if errors.As(err, &deny) && deny.Receipt == nil && errors.Unwrap(deny) == nil {
					t.Errorf("%s: neither a receipt nor the reason for there being none", name)
				}
			}
		}
		t.Logf("%s: %d calls", base.name, clean.calls)
	}
}

// Verify does not decide if the context is done before the call.
func TestDoneContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	res, err := newVerifier(t, config(t)).Verify(ctx, request())
	var none *verifier.NoDecisionError
	if outcome(res, err) != "none" || !errors.As(err, &none) || !errors.Is(err, context.Canceled) || !none.Retryable {
		t.Errorf("got %v, %v", res, err)
	}
}

// A context that is done after the last lookup, before the rules have run, is no
// decision.
func TestContextDoneBeforeRules(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	cfg := config(t)
	signatures := 0
	cfg.SignatureVerifier = signatureFunc(func() bool {
		if signatures++; signatures == 2 { // the presentation's
			cancel()
		}
		return true
	})
	res, err := newVerifier(t, cfg).Verify(ctx, request())
	var none *verifier.NoDecisionError
	if outcome(res, err) != "none" || !errors.As(err, &none) || none.Looking != "rules" {
		t.Errorf("got %v, %v", res, err)
	}
}

// An error of the resolver says when to retry, and the NoDecisionError says it too.
func TestNoDecisionRetryAfter(t *testing.T) {
	cfg := config(t)
	cfg.Resolver = failing(&didresolve.Error{Type: didresolve.ErrInternal, Retryable: true, RetryAfter: 7 * time.Second})
	res, err := decide(t, cfg, request())
	var none *verifier.NoDecisionError
	if !errors.As(err, &none) || !none.Retryable || none.RetryAfter != 7*time.Second || none.Looking != "resolver" {
		t.Fatalf("got %v, %+v", res, err)
	}
}

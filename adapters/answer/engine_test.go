package answer_test

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/mandate-engine/mandate/adapters/answer"
	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/internal/sample"
	"github.com/mandate-engine/mandate/internal/sample/samplesign"
	"github.com/mandate-engine/mandate/verifier"
)

func newVerifier(t testing.TB, r didresolve.Resolver) *verifier.Verifier {
	t.Helper()
	v, err := verifier.New(verifier.Config{Resolver: r, Signer: samplesign.Signer(t, 9, ""), TrustedIssuers: []string{sample.Issuer},
		Verifier: sample.Verifier, Now: sample.Now, InsecureAllowReplay: true})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// JSON answers a RequestError of the engine with its kind.
func TestKindsOfRequestErrors(t *testing.T) {
	v := newVerifier(t, didresolve.Key())
	for _, tt := range []struct {
		vp, params string
		want       verifier.RequestKind
	}{
		{"{", "", verifier.MalformedJSON},
		{"[]", "", verifier.NotAPresentation},
		{string(sample.Presentation()), " []", verifier.MalformedParams},
		{strings.Repeat("[", 200), "", verifier.TooLarge},
	} {
		a := toObject(t, answer.JSON(v.Verify(t.Context(), verifier.Request{Presentation: []byte(tt.vp), ExecutionParams: []byte(tt.params)})))
		if a["decision"] != "none" || a["error"].(object)["kind"] != string(tt.want) {
			t.Errorf("answer %v, want %s", a, tt.want)
		}
	}
}

type outage struct{ err error }

func (o outage) Resolve(context.Context, string) (*didresolve.Resolution, error) { return nil, o.err }

// JSON answers an outage with the time after which to retry.
func TestRetryAfter(t *testing.T) {
	v := newVerifier(t, outage{&didresolve.Error{Type: didresolve.ErrInternal, Retryable: true, RetryAfter: 7 * time.Second}})
	a := toObject(t, answer.JSON(v.Verify(t.Context(), verifier.Request{Presentation: sample.Presentation(), Challenge: sample.Challenge})))
	if e := a["error"].(object); e["kind"] != "unavailable" || e["retryable"] != true || e["retryAfterSeconds"] != 7.0 {
		t.Errorf("answer %v", a)
	}
}

// FuzzJSON checks that the answer to any request is canonical JSON.
func FuzzJSON(f *testing.F) {
	f.Add(sample.Presentation(), sample.ParamsAllow())
	f.Add(sample.Presentation(), sample.ParamsDeny())
	f.Add(sample.Presentation(), sample.ParamsInvalid())
	f.Add([]byte(`{"type":"VerifiablePresentation"}`), []byte(`{}`))
	v := newVerifier(f, didresolve.Key())
	f.Fuzz(func(t *testing.T, vp, params []byte) {
		a := answer.JSON(v.Verify(t.Context(), verifier.Request{Presentation: vp, ExecutionParams: params, Challenge: sample.Challenge}))
		if again, err := canonical.Transform(a); err != nil || !bytes.Equal(again, a) {
			t.Fatalf("the answer is not canonical JSON: %v", err)
		}
	})
}

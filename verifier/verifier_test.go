package verifier_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mandate-engine/mandate/adapters/answer"
	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/internal/sample"
	"github.com/mandate-engine/mandate/policy"
	"github.com/mandate-engine/mandate/receipts"
	"github.com/mandate-engine/mandate/verifier"
	"github.com/mandate-engine/mandate/verifier/replay"
)

func TestSample(t *testing.T) {
	tests := []struct {
		name        string
		params      []byte
		want        string
		evaluations []string
		faults      []string
	}{
		{"allow", sample.ParamsAllow(), "allow", []string{
			"amount-cap pass Expression evaluated to true",
			"same-currency pass Expression evaluated to true",
			"city-allowed pass Expression evaluated to true",
		}, nil},
		{"deny", sample.ParamsDeny(), "rule_failed", []string{
			"amount-cap fail Expression evaluated to false: executionParams.amount (900) <= userParams.maxAmount (500)",
			"same-currency pass Expression evaluated to true",
			`city-allowed fail Expression evaluated to false: executionParams.city ("Faro") in userParams.allowedCities (["Lisboa", "Porto"])`,
		}, nil},
		{"invalid", sample.ParamsInvalid(), "execution_params_invalid", nil, []string{"/amount type", "/city missing", "/cty undeclared"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			req := request()
			req.ExecutionParams = tt.params
			res, err := newVerifier(t, config(t)).Verify(context.Background(), req)
			if got := outcome(res, err); got != tt.want {
				t.Fatalf("got %s, want %s: %v", got, tt.want, err)
			}
			var evaluations []policy.Evaluation
			var faults []string
			var receipt *receipts.Receipt
			var deny *verifier.DenyError
			if errors.As(err, &deny) {
				evaluations, receipt = deny.Evaluations, deny.Receipt
				for _, f := range deny.Faults {
					faults = append(faults, f.Pointer+" "+f.Code)
				}
			} else {
				evaluations, receipt = res.Evaluations, res.Receipt
			}
			var lines []string
			for _, e := range evaluations {
				lines = append(lines, fmt.Sprintf("%s %s %s", e.Rule, e.Result, e.Reason))
			}
			if !slices.Equal(lines, tt.evaluations) || !slices.Equal(faults, tt.faults) {
				t.Errorf("evaluations %q, faults %q", lines, faults)
			}
			issuer, _, _ := strings.Cut(signer(t, receiptKey()).VerificationMethod(), "#")
			got, err := receipts.Verify(context.Background(), receipt.Bytes(), receipts.VerifyConfig{Issuers: []string{issuer}, At: sample.Now()})
			if err != nil {
				t.Fatalf("the receipt does not verify: %v", err)
			}
			if want := tt.want; (got.Decision == "allow") != (want == "allow") || want != "allow" && got.Reason != want {
				t.Errorf("the receipt says %s %s", got.Decision, got.Reason)
			}
			for _, secret := range []string{"420.5", "900", "Faro", "Lisboa"} {
				if bytes.Contains(receipt.Bytes(), []byte(`"`+secret+`"`)) || bytes.Contains(receipt.Bytes(), []byte(" ("+secret)) {
					t.Errorf("the receipt shows the parameter %s", secret)
				}
			}
		})
	}
}

func TestEveryByte(t *testing.T) {
	everyByte(t, sample.Presentation())
}

// everyByte changes every byte of a presentation in several ways. Whatever is
// not the same document is never allowed.
func everyByte(t *testing.T, presentation []byte) {
	cfg := config(t)
	cfg.InsecureAllowReplay = true
	v := newVerifier(t, cfg)
	original, err := canonical.Transform(presentation)
	if err != nil {
		t.Fatal(err)
	}
	same, tried := 0, 0
	for i := range presentation {
		for _, mask := range []byte{0x01, 0x02, 0x20, 0x80, 0xff} {
			req := request()
			req.Presentation = slices.Clone(presentation)
			req.Presentation[i] ^= mask
			tried++
			res, err := v.Verify(context.Background(), req)
			if got := outcome(res, err); got == "allow" {
				form, _ := canonical.Transform(req.Presentation)
				if !bytes.Equal(form, original) {
					t.Fatalf("byte %d ^ %#x: allowed a changed presentation", i, mask)
				}
				same++
			} else if got == "none" {
				t.Fatalf("byte %d ^ %#x: no decision: %v", i, mask, err)
			}
		}
	}
	t.Logf("%d changes, %d of them to white space alone", tried, same)
	if same == tried {
		t.Error("nothing was refused")
	}
}

func TestEveryMember(t *testing.T) {
	everyMember(t, sample.Presentation(), nil)
}

// everyMember deletes every member and array element of a presentation, one at a
// time, adds one to every object and array, and replaces every value. Nothing of
// it is allowed but what tolerated names.
func everyMember(t *testing.T, presentation []byte, tolerated map[string]bool) {
	cfg := config(t)
	cfg.InsecureAllowReplay = true
	v := newVerifier(t, cfg)
	tried, allowed := 0, map[string]bool{}
	try := func(what string, doc any) {
		tried++
		req := request()
		req.Presentation = toJSON(t, doc)
		res, err := v.Verify(context.Background(), req)
		switch got := outcome(res, err); {
		case got == "allow" && tolerated[what]:
			allowed[what] = true
		case got == "allow" || got == "none":
			t.Errorf("%s: %s", what, got)
		}
	}
	var root any = toObject(t, presentation)
	var walk func(path string, node any, put func(any))
	walk = func(path string, node any, put func(any)) {
		switch n := node.(type) {
		case object:
			for k, child := range n {
				delete(n, k)
				try("without "+path+"/"+k, root)
				n[k] = child
				walk(path+"/"+k, child, func(c any) { n[k] = c })
			}
			n["extra"] = "x"
			try("more in "+path, root)
			delete(n, "extra")
		case []any:
			for i := range n {
				put(slices.Delete(slices.Clone(n), i, i+1))
				try(fmt.Sprintf("without %s/%d", path, i), root)
				put(n)
				walk(fmt.Sprintf("%s/%d", path, i), n[i], func(c any) { n[i] = c })
			}
			put(append(slices.Clone(n), "https://www.w3.org/ns/credentials/undefined-terms/v2"))
			if path != "/@context" && path != "/verifiableCredential/0/@context" {
				try("more in "+path, root)
			}
			put(n)
		}
		for _, other := range []any{nil, "", 1.5, object{}, []any{}} {
			if path != "" && string(toJSON(t, other)) != string(toJSON(t, node)) {
				put(other)
				try(fmt.Sprintf("%s is %v", path, other), root)
				put(node)
			}
		}
	}
	walk("", root, func(any) {})
	if tried < 500 {
		t.Errorf("only %d documents were tried", tried)
	}
	if len(allowed) != len(tolerated) {
		t.Errorf("allowed are %v, of %v", allowed, tolerated)
	}
	t.Logf("%d documents", tried)
}

// A document's @context may be longer than the one that was signed, and only
// by known contexts.
func TestContextBeyondTheProof(t *testing.T) {
	for context2, want := range map[string]string{
		"https://www.w3.org/ns/credentials/undefined-terms/v2": "allow",
		"https://evil.example/v1":                              "context_not_allowed",
	} {
		doc := toObject(t, sample.Presentation())
		doc["@context"] = append(doc["@context"].([]any), context2)
		req := request()
		req.Presentation = toJSON(t, doc)
		res, err := newVerifier(t, config(t)).Verify(context.Background(), req)
		if got := outcome(res, err); got != want {
			t.Errorf("%s: got %s, want %s", context2, got, want)
		}
	}
}

func TestRequestsThatCannotBeJudged(t *testing.T) {
	tests := []struct {
		name   string
		vp     string
		params string
		kind   verifier.RequestKind
		offset int
		limit  int
	}{
		{"empty", "", "", verifier.MalformedJSON, 0, 0},
		{"not JSON", "{", "", verifier.MalformedJSON, 1, 0},
		{"trailing bytes", string(sample.Presentation()) + "x", "", verifier.MalformedJSON, len(sample.Presentation()), 0},
		{"byte order mark", "\ufeff{}", "", verifier.MalformedJSON, 0, 0},
		{"repeated member", `{"a":1,"a":2}`, "", verifier.MalformedJSON, 7, 0},
		{"an array", "[]", "", verifier.NotAPresentation, 0, 0},
		{"a string", `"x"`, "", verifier.NotAPresentation, 0, 0},
		{"null", `null`, "", verifier.NotAPresentation, 0, 0},
		{"no type", `{}`, "", verifier.NotAPresentation, 0, 0},
		{"a credential", string(sample.Credential()), "", verifier.NotAPresentation, 0, 0},
		{"an enveloped presentation", `{"type":"EnvelopedVerifiablePresentation"}`, "", verifier.NotAPresentation, 0, 0},
		{"type in another case", `{"type":"verifiablepresentation"}`, "", verifier.NotAPresentation, 0, 0},
		{"type holds a number", `{"type":["VerifiablePresentation",1]}`, "", verifier.NotAPresentation, 0, 0},
		{"parameters are not JSON", string(sample.Presentation()), `{"a":}`, verifier.MalformedParams, 5, 0},
		{"parameters are an array", string(sample.Presentation()), ` []`, verifier.MalformedParams, 1, 0},
		{"parameters repeat a member", string(sample.Presentation()), `{"amount":1,"\u0061mount":900}`, verifier.MalformedParams, 12, 0},
		{"too long", strings.Repeat(" ", canonical.DefaultMaxBytes+1), "", verifier.TooLarge, canonical.DefaultMaxBytes, canonical.DefaultMaxBytes},
		{"too deep", strings.Repeat("[", 200), "", verifier.TooLarge, 128, 128},
		{"parameters too long", string(sample.Presentation()), strings.Repeat(" ", canonical.DefaultMaxBytes+1), verifier.TooLarge, canonical.DefaultMaxBytes, canonical.DefaultMaxBytes},
	}
	v := newVerifier(t, config(t))
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			res, err := v.Verify(context.Background(), verifier.Request{Presentation: []byte(tt.vp), ExecutionParams: []byte(tt.params), Challenge: sample.Challenge})
			var bad *verifier.RequestError
			if !errors.As(err, &bad) || res != nil {
				t.Fatalf("got %v, %v", res, err)
			}
			if bad.Kind != tt.kind || bad.Offset != tt.offset || bad.Limit != tt.limit || bad.Error() == "" {
				t.Errorf("got %s at %d, limit %d; want %s at %d, limit %d", bad.Kind, bad.Offset, bad.Limit, tt.kind, tt.offset, tt.limit)
			}
			var cause *canonical.Error
			if errors.As(err, &cause) != (tt.kind != verifier.NotAPresentation && !strings.Contains(tt.name, "array")) {
				t.Errorf("cause: %v", cause)
			}
			if answer := toObject(t, answer.JSON(res, err)); answer["decision"] != "none" || answer["error"].(object)["kind"] != string(tt.kind) {
				t.Errorf("answer %v", answer)
			}
		})
	}
}

func TestNewRefuses(t *testing.T) {
	tests := map[string]func(*verifier.Config){
		"Resolver":       func(c *verifier.Config) { c.Resolver = nil },
		"Signer":         func(c *verifier.Config) { c.Signer = nil },
		"TrustedIssuers": func(c *verifier.Config) { c.TrustedIssuers = nil },
		"exclude":        func(c *verifier.Config) { c.InsecureTrustAnyIssuer = true },
		"TrustedIssuers: didresolve: invalid did": func(c *verifier.Config) { c.TrustedIssuers = []string{sample.Issuer, "acme"} },
		"MaxAge":           func(c *verifier.Config) { c.MaxAge = -1 },
		"MaxFuture":        func(c *verifier.Config) { c.MaxFuture = -1 },
		"Leeway":           func(c *verifier.Config) { c.Leeway = -1 },
		"unknown IssuerBi": func(c *verifier.Config) { c.IssuerBinding = 9 },
		"MaxStatusAge":     func(c *verifier.Config) { c.MaxStatusAge = -1 },
		"go together":      func(c *verifier.Config) { c.IssuerBinding = verifier.IssuerMapped },
		"GrantorProofs is": func(c *verifier.Config) { c.GrantorProofs = -2 },
		"IssuerSigners go": func(c *verifier.Config) { c.IssuerSigners = map[string][]string{sample.Issuer: {sample.Issuer}} },
	}
	for want, change := range tests {
		cfg := config(t)
		change(&cfg)
		if v, err := verifier.New(cfg); err == nil || v != nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v", want, err)
		}
	}
	if v, err := verifier.New(verifier.Config{}); err == nil || v != nil {
		t.Error("the zero Config is accepted")
	}
}

func TestVerifierMustBeNamed(t *testing.T) {
	cfg := config(t)
	cfg.Verifier = ""
	res, err := newVerifier(t, cfg).Verify(context.Background(), request())
	if outcome(res, err) != "none" {
		t.Errorf("got %v, %v", res, err)
	}
	req := request()
	req.Verifier = sample.Verifier
	if res, err := newVerifier(t, cfg).Verify(context.Background(), req); outcome(res, err) != "allow" {
		t.Errorf("got %v", err)
	}
}

func TestConfigIsCopied(t *testing.T) {
	cfg := config(t)
	cfg.PresentationSigners = map[string][]string{"did:x:y": {"did:x:z"}}
	v := newVerifier(t, cfg)
	cfg.TrustedIssuers[0] = "did:x:changed"
	cfg.PresentationSigners["did:x:y"][0] = "changed"
	if res, err := v.Verify(context.Background(), request()); outcome(res, err) != "allow" {
		t.Errorf("the verifier changed with its Config: %v", err)
	}
}

func TestReplay(t *testing.T) {
	v := newVerifier(t, config(t))
	deny := request()
	deny.ExecutionParams = sample.ParamsDeny()
	vp2 := request()
	vp2.Presentation = present(t, sample.Challenge, sample.Credential())
	for i, step := range []struct {
		req  verifier.Request
		want string
	}{
		{deny, "rule_failed"}, // a deny does not use the presentation up
		{request(), "allow"},
		{request(), "presentation_replayed"},
		{vp2, "presentation_replayed"}, // another presentation for the same challenge
		{deny, "rule_failed"},
	} {
		if res, err := v.Verify(context.Background(), step.req); outcome(res, err) != step.want {
			t.Errorf("step %d: got %s, want %s", i, outcome(res, err), step.want)
		}
	}

	// Without a challenge the presentation itself counts, however it is spelled.
	v = newVerifier(t, config(t))
	first, second := request(), request()
	first.Challenge, second.Challenge = "", ""
	second.Presentation, _ = canonical.Transform(second.Presentation)
	other := first
	other.Presentation = present(t, "", sample.Credential())
	for i, step := range []struct {
		req  verifier.Request
		want string
	}{{first, "allow"}, {second, "presentation_replayed"}, {other, "allow"}} {
		if res, err := v.Verify(context.Background(), step.req); outcome(res, err) != step.want {
			t.Errorf("without challenge, step %d: got %s (%v), want %s", i, outcome(res, err), err, step.want)
		}
	}
}

func TestConcurrentUseAllowsOnce(t *testing.T) {
	v := newVerifier(t, config(t))
	results := make(chan string)
	const n = 16
	for range n {
		go func() {
			res, err := v.Verify(context.Background(), request())
			results <- outcome(res, err)
		}()
	}
	count := map[string]int{}
	for range n {
		count[<-results]++
	}
	if count["allow"] != 1 || count["presentation_replayed"] != n-1 {
		t.Errorf("got %v", count)
	}
}

func TestDryRun(t *testing.T) {
	v := newVerifier(t, config(t))
	for range 2 {
		p, err := v.DryRun(context.Background(), request())
		if err != nil || !p.Allow || p.Deny != nil || len(p.Evaluations) != 3 {
			t.Fatalf("got %+v, %v", p, err)
		}
		if a := toObject(t, answer.Preview(p)); a["decision"] != "allow" || a["dryRun"] != true || a["receipt"] != nil {
			t.Errorf("answer %v", a)
		}
	}
	deny := request()
	deny.ExecutionParams = sample.ParamsDeny()
	p, err := v.DryRun(context.Background(), deny)
	if err != nil || p.Allow || p.Deny == nil || p.Deny.Reason != verifier.ReasonRuleFailed || p.Deny.Receipt != nil {
		t.Fatalf("got %+v, %v", p, err)
	}
	if a := toObject(t, answer.Preview(p)); a["decision"] != "deny" || a["reason"] != "rule_failed" || a["receipt"] != nil {
		t.Errorf("answer %v", a)
	}
	if a := toObject(t, answer.Preview(&verifier.Preview{})); a["decision"] != "deny" {
		t.Errorf("the zero Preview answers %v", a)
	}
	if _, err := v.DryRun(context.Background(), verifier.Request{}); err == nil {
		t.Error("an empty request is judged")
	}
}

// The memory that a request costs is bounded by the limits, not by its size.
func TestHostileSizesCostLittle(t *testing.T) {
	long := func(edit func(vp object)) []byte {
		vp := toObject(t, sample.Presentation())
		edit(vp)
		return toJSON(t, vp)
	}
	proof := func(vp object) object { return vp["proof"].(object) }
	manyProofs := make([]any, 100_000)
	tests := []struct {
		name string
		vp   []byte
		want string
		max  uint64
	}{
		{"100 MB of brackets", bytes.Repeat([]byte("["), 100<<20), "too_large", 64 << 10},
		{"10^7 arrays deep", bytes.Repeat([]byte("["), 10_000_000), "too_large", 64 << 10},
		{"1 MB of brackets", bytes.Repeat([]byte("["), 1<<20), "too_large", 2 << 20},
		{"a multibase string of 1 MB", long(func(vp object) { proof(vp)["proofValue"] = "z" + strings.Repeat("A", 1<<20) }), "too_large", 64 << 10},
		{"a multibase string of 900 KB", long(func(vp object) { proof(vp)["proofValue"] = "z" + strings.Repeat("A", 900_000) }), "proof_invalid", 8 << 20},
		{"100,000 proofs", long(func(vp object) { vp["proof"] = manyProofs }), "too_large", 12 << 20},
		{"50,000 proofs", long(func(vp object) { vp["proof"] = manyProofs[:50_000] }), "too_many_proofs", 12 << 20},
		{"50,000 credentials", long(func(vp object) { vp["verifiableCredential"] = manyProofs[:50_000] }), "malformed_presentation", 12 << 20},
		{"17 credentials", long(func(vp object) {
			vc := vp["verifiableCredential"].([]any)[0]
			vp["verifiableCredential"] = slices.Repeat([]any{vc}, 17)
		}), "malformed_presentation", 4 << 20},
		{"a verification method of 900 KB", long(func(vp object) { proof(vp)["verificationMethod"] = "did:key:z" + strings.Repeat("A", 900_000) }), "verification_method_invalid", 16 << 20},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := newVerifier(t, config(t))
			req := verifier.Request{Presentation: tt.vp, ExecutionParams: sample.ParamsAllow(), Challenge: sample.Challenge}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			res, err := v.Verify(context.Background(), req)
			runtime.ReadMemStats(&after)
			if got := outcome(res, err); got != tt.want {
				t.Fatalf("got %s, want %s: %v", got, tt.want, err)
			}
			if got := after.TotalAlloc - before.TotalAlloc; got > tt.max {
				t.Errorf("allocated %d bytes, want at most %d", got, tt.max)
			}
			if n := len(answer.JSON(res, err)); n > 20_000 {
				t.Errorf("the answer has %d bytes", n)
			}
			if len(err.Error()) > 1000 {
				t.Errorf("the error has %d bytes", len(err.Error()))
			}
		})
	}
}

func TestDeniedDIDsAreNotLookedUp(t *testing.T) {
	stranger := func(vp object) { vp["proof"].(object)["verificationMethod"] = "did:web:attacker.example#key" }
	tests := []struct {
		name   string
		change func(vp object)
		want   string
		asked  []string
	}{
		{"untrusted issuer", func(vp object) { vp["verifiableCredential"].([]any)[0].(object)["issuer"] = "did:web:attacker.example" }, "issuer_untrusted", nil},
		{"key of another than the issuer", func(vp object) { stranger(vp["verifiableCredential"].([]any)[0].(object)) }, "issuer_mismatch", nil},
		{"another domain", func(vp object) { vp["proof"].(object)["domain"] = "did:web:other.example" }, "domain_mismatch", nil},
		{"holder that no mandate names", func(vp object) { stranger(vp); vp["holder"] = "did:web:attacker.example" }, "holder_not_authorized", []string{sample.Issuer}},
		{"key of another than the holder", stranger, "holder_mismatch", []string{sample.Issuer}},
		{"forged credential", func(vp object) {
			vp["verifiableCredential"].([]any)[0].(object)["validFrom"] = "2024-01-01T00:00:00Z"
			stranger(vp)
		}, "proof_invalid", []string{sample.Issuer}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := &recordingResolver{next: didresolve.Key()}
			cfg := config(t)
			cfg.Resolver = r
			vp := toObject(t, sample.Presentation())
			tt.change(vp)
			req := request()
			req.Presentation = toJSON(t, vp)
			res, err := newVerifier(t, cfg).Verify(context.Background(), req)
			if got := outcome(res, err); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
			if !slices.Equal(r.asked, tt.asked) {
				t.Errorf("asked for %q, want %q", r.asked, tt.asked)
			}
		})
	}
}

type recordingResolver struct {
	next  didresolve.Resolver
	asked []string
}

func (r *recordingResolver) Resolve(ctx context.Context, did string) (*didresolve.Resolution, error) {
	r.asked = append(r.asked, did)
	return r.next.Resolve(ctx, did)
}

func TestMemoryReplay(t *testing.T) {
	ctx, now := context.Background(), sample.Now()
	key := func(i int) [32]byte { return [32]byte{byte(i), byte(i >> 8), byte(i >> 16)} }
	m := &replay.Memory{MaxEntries: 3}
	use := func(i int, at, until time.Time) (bool, error) { return m.Use(ctx, key(i), at, until) }
	for i, step := range []struct {
		key       int
		at, until time.Time
		first     bool
		err       error
	}{
		{1, now, now.Add(time.Minute), true, nil},
		{1, now.Add(time.Minute), now.Add(time.Hour), false, nil}, // still remembered at the last instant
		{2, now, now.Add(2 * time.Minute), true, nil},
		{3, now, time.Time{}, true, nil},                                           // for good
		{4, now.Add(time.Minute), now.Add(time.Hour), false, replay.ErrFull},       // nothing is evicted
		{1, now.Add(time.Minute + 1), now.Add(time.Hour), true, nil},               // over, so it counts as new
		{2, now.Add(10 * time.Minute), now.Add(time.Hour), true, nil},              //
		{3, now.Add(100000 * time.Hour), now.Add(time.Hour), false, nil},           // never over
		{5, now.Add(2 * time.Hour), now.Add(3 * time.Hour), true, nil},             // 1 and 2 were swept
		{6, now.Add(2 * time.Hour), now.Add(3 * time.Hour), true, nil},             //
		{7, now.Add(2 * time.Hour), now.Add(3 * time.Hour), false, replay.ErrFull}, //
	} {
		first, err := use(step.key, step.at, step.until)
		if first != step.first || !errors.Is(err, step.err) {
			t.Errorf("step %d: got %v, %v; want %v, %v", i, first, err, step.first, step.err)
		}
	}
	done, cancel := context.WithCancel(ctx)
	cancel()
	if first, err := m.Use(done, key(8), now, now); first || err == nil {
		t.Error("a done context is a first use")
	}
	big := &replay.Memory{}
	for i := range 5000 {
		at := now.Add(time.Duration(i) * time.Second)
		if first, err := big.Use(ctx, key(i), at, at.Add(time.Minute)); !first || err != nil {
			t.Fatalf("use %d: %v, %v", i, first, err)
		}
	}
}

// Text of a presentation or of parameters that is cut short in a message must
// stay valid: else nobody could sign a receipt of the denial.
func TestLongTextIsCutBetweenCharacters(t *testing.T) {
	for n := range 4 {
		long := strings.Repeat("a", n) + strings.Repeat("é", 150) + strings.Repeat("🏨", 100)
		vp := toObject(t, sample.Presentation())
		vc := vp["verifiableCredential"].([]any)[0].(object)
		tests := map[string]func(req *verifier.Request){
			"tool":      func(req *verifier.Request) { req.ExecutionParams = toJSON(t, object{"tool": long}) },
			"challenge": func(req *verifier.Request) { req.Challenge = long },
			"scope":     func(req *verifier.Request) { req.Scope = long },
			"mandate":   func(req *verifier.Request) { req.Mandate = long },
			"suite": func(req *verifier.Request) {
				vp["proof"].(object)["cryptosuite"] = long
				req.Presentation = toJSON(t, vp)
			},
			"issuer": func(req *verifier.Request) {
				vc["issuer"] = "did:x:" + long
				req.Presentation = toJSON(t, vp)
			},
			"member": func(req *verifier.Request) {
				vc["proof"].(object)["challenge"] = object{long: 1}
				req.Presentation = toJSON(t, vp)
			},
			"context": func(req *verifier.Request) {
				vc["@context"] = []string{"https://www.w3.org/ns/credentials/v2", "x:" + long}
				req.Presentation = toJSON(t, vp)
			},
			"rule": func(req *verifier.Request) {
				req.Presentation = present(t, sample.Challenge, issue(t, func(_, mandate object) {
					mandate["action"].(object)["content"].(object)["rules"] = []object{{"name": long, "expression": long}}
				}))
			},
		}
		for name, change := range tests {
			req := request()
			change(&req)
			res, err := newVerifier(t, config(t)).Verify(context.Background(), req)
			var deny *verifier.DenyError
			if !errors.As(err, &deny) {
				t.Errorf("%s: got %s, %v", name, outcome(res, err), err)
				continue
			}
			if deny.Receipt == nil {
				t.Errorf("%s: no receipt: %v", name, err)
			}
			if a := toObject(t, answer.JSON(res, err)); a["decision"] != "deny" || a["reason"] != string(deny.Reason) {
				t.Errorf("%s: answered %v, want deny %s", name, a["decision"], deny.Reason)
			}
		}
	}
}

func TestZeroDenyError(t *testing.T) {
	if got := (&verifier.DenyError{}).Error(); got != "verifier: denied: no reason recorded" {
		t.Errorf("got %q", got)
	}
}

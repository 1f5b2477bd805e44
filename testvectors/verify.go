package testvectors

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/policy"
	"github.com/mandate-engine/mandate/receipts"
	"github.com/mandate-engine/mandate/verifier"
)

type value = canonical.Value

// A verifyCase is one request with all inputs of the decision.
type verifyCase struct {
	cfg     verifier.Config
	request verifier.Request
	before  []earlier
	now     time.Time
	signer  *receipts.KeySigner // signs the receipts
}

// An earlier is the same request with other parameters, made before.
type earlier struct {
	params   []byte
	decision string
}

// readVerify reads the area verify. Input: a presentation, execution
// parameters, the configuration, and the world. Outcome: the decision.
func readVerify(in, want *reader) runner {
	c := parseVerify(in)
	readDecision(want)
	return func(ctx context.Context) (outcome, string) {
		o, err := c.run(ctx)
		if err != nil {
			return o, err.Error()
		}
		return o, ""
	}
}

func parseVerify(in *reader) *verifyCase {
	c := &verifyCase{now: in.Time("now")}
	settings := in.object("config")
	c.cfg = readConfig(settings)
	settings.Done()
	c.cfg.Now = func() time.Time { return c.now }
	signer, err := receiptSigner()
	if err != nil {
		in.fail("%v", err)
	}
	c.signer = signer
	c.cfg.Rand = zeros{}
	c.cfg.Resolver = readResolver(in)
	c.cfg.Status = readLists(in)
	c.cfg.Actions = readActions(in)

	request := in.object("request")
	c.request = readRequest(request)
	request.Done()
	in.objects("before", func(r *reader) {
		c.before = append(c.before, earlier{r.document("executionParams"), r.oneOf("decision", "allow", "deny")})
	})
	return c
}

func readConfig(r *reader) verifier.Config {
	cfg := verifier.Config{
		TrustedIssuers:          r.TextsIf("trustedIssuers"),
		Verifier:                r.TextIf("verifier"),
		MaxAge:                  time.Duration(r.integer("maxAgeSeconds")) * time.Second,
		MaxFuture:               time.Duration(r.integer("maxFutureSeconds")) * time.Second,
		Leeway:                  time.Duration(r.integer("leewaySeconds")) * time.Second,
		MaxStatusAge:            time.Duration(r.integer("maxStatusAgeSeconds")) * time.Second,
		RequireParamsBinding:    r.flag("requireParamsBinding"),
		AllowActionless:         r.flag("allowActionless"),
		W3COnly:                 r.flag("w3cOnly"),
		Contexts:                r.TextsIf("contexts"),
		InsecureTrustAnyIssuer:  r.flag("insecureTrustAnyIssuer"),
		InsecureAllowUnbound:    r.flag("insecureAllowUnbound"),
		InsecureAllowReplay:     r.flag("insecureAllowReplay"),
		InsecureUnpinnedActions: r.flag("insecureUnpinnedActions"),
	}
	if r.Has("issuerBinding") {
		cfg.IssuerBinding = map[string]verifier.IssuerBinding{"strict": verifier.IssuerStrict, "listed": verifier.IssuerListed,
			"mapped": verifier.IssuerMapped}[r.oneOf("issuerBinding", "strict", "listed", "mapped")]
	}
	cfg.IssuerSigners = readSigners(r, "issuerSigners", "issuers")
	cfg.PresentationSigners = readSigners(r, "presentationSigners", "holders")
	if cfg.GrantorProofs = r.integer("grantorProofs"); r.flag("allGrantorProofs") {
		cfg.GrantorProofs = verifier.AllGrantors
	}
	return cfg
}

// readSigners reads the signers that may sign for others.
func readSigners(r *reader, name, forWhom string) map[string][]string {
	var m map[string][]string
	r.objects(name, func(s *reader) {
		if m == nil {
			m = map[string][]string{}
		}
		m[s.Text("signer")] = s.TextsIf(forWhom)
	})
	return m
}

func readRequest(r *reader) verifier.Request {
	req := verifier.Request{
		Presentation:    r.document("presentation"),
		ExecutionParams: r.document("executionParams"),
		Verifier:        r.TextIf("verifier"),
		Challenge:       r.TextIf("challenge"),
		Domain:          r.TextsIf("domain"),
		Scope:           r.TextIf("scope"),
		Mandate:         r.TextIf("mandate"),
	}
	if req.Presentation == nil {
		r.fail("presentation is missing")
	}
	r.objects("evidence", func(e *reader) {
		if req.Evidence == nil {
			req.Evidence = map[string][]byte{}
		}
		req.Evidence[e.Text("id")] = e.bytes()
	})
	return req
}

// readLists reads the available status lists. If the member is absent, there
// is no source of lists.
func readLists(in *reader) verifier.StatusSource {
	if !in.Has("statusLists") {
		return nil
	}
	s := lists{}
	in.objects("statusLists", func(r *reader) { s[r.Text("url")] = r.document("credential") })
	return s
}

type lists map[string][]byte

// StatusList implements [verifier.StatusSource]. A list without a credential
// is unavailable.
func (s lists) StatusList(_ context.Context, url string) ([]byte, error) {
	list, known := s[url]
	switch {
	case !known:
		return nil, verifier.ErrNoStatusList
	case list == nil:
		return nil, fmt.Errorf("%s cannot be fetched now", url)
	}
	return list, nil
}

// readActions reads the contents of referenced actions. If the member is
// absent, there is no source of actions.
func readActions(in *reader) policy.Source {
	if !in.Has("actions") {
		return nil
	}
	var s actions
	in.objects("actions", func(r *reader) {
		s = append(s, action{r.Text("id"), int64(r.integer("version")), r.document("content")})
	})
	return s
}

type action struct {
	id      string
	version int64
	content []byte
}

type actions []action

// Action implements [policy.Source]. A mandate without a version gets the
// first action with the id; the digest then decides. An action without a
// content is unavailable.
func (s actions) Action(_ context.Context, ref policy.Ref) ([]byte, error) {
	for _, a := range s {
		if a.id != ref.ID || ref.Version != 0 && a.version != ref.Version {
			continue
		}
		if a.content == nil {
			return nil, fmt.Errorf("%s cannot be looked up now", a.id)
		}
		return a.content, nil
	}
	return nil, policy.ErrNotFound
}

func readDecision(want *reader) {
	switch want.oneOf("decision", "allow", "deny", "none") {
	case "allow":
		want.Text("credentialId")
		want.Bool("paramsBound")
		want.oneOf("proofForm", "w3c", "via")
		want.TextsIf("insecure")
		want.TextsIf("warnings")
		want.Get("evaluations")
	case "deny":
		want.Text("reason")
		want.Text("check")
	case "none":
		want.Text("error")
		want.integer("offset")
		want.TextIf("pointer")
		want.integer("limit")
	}
	readEvaluations(want)
}

// zeros is the random source of cases: random values are not part of an
// outcome.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

// receiptSeed is the byte that the seed of the receipt key repeats.
const receiptSeed = 9

func receiptSigner() (*receipts.KeySigner, error) {
	return receipts.NewKeySigner(ed25519.NewKeyFromSeed(slices.Repeat([]byte{receiptSeed}, ed25519.SeedSize)), "")
}

// run runs the request with a new engine. The error is the error of Verify:
// nil for allow only.
func (c *verifyCase) run(ctx context.Context) (outcome, error) {
	cfg := c.cfg
	cfg.Signer = c.signer
	v, err := verifier.New(cfg)
	if err != nil {
		return nil, err
	}
	isWarm := ctx.Value(warm{}) != nil
	for i, b := range c.before {
		req := c.request
		req.ExecutionParams = b.params
		o, err := c.decide(ctx, v, req, isWarm)
		if o["decision"] != b.decision {
			return nil, fmt.Errorf("earlier request %d: %v (%w)", i, o["decision"], err)
		}
	}
	return c.decide(ctx, v, c.request, isWarm)
}

// decide makes one request and converts the answer to an outcome. Every allow
// and deny must have a receipt that verifies and states the same decision.
func (c *verifyCase) decide(ctx context.Context, v *verifier.Verifier, req verifier.Request, warm bool) (outcome, error) {
	if warm {
		for range 2 { // a preview does not consume anything
			_, _ = v.DryRun(ctx, req)
		}
	}
	res, err := v.Verify(ctx, req)
	var deny *verifier.DenyError
	var bad *verifier.RequestError
	switch {
	case err == nil:
		o := outcome{
			"decision":     "allow",
			"credentialId": res.Credential,
			"paramsBound":  res.ParamsBound,
		}
		o.rules(orEmpty(res.Evaluations), nil)
		warnings := []string{}
		for _, check := range res.Checks() {
			if check.Result == verifier.Warn {
				warnings = append(warnings, check.Check)
			}
		}
		if len(warnings) > 0 {
			o["warnings"] = warnings
		}
		return o, c.receipt(ctx, o, res.Receipt, "")
	case errors.As(err, &deny):
		o := outcome{"decision": "deny", "reason": string(deny.Reason), "check": deny.Check}
		o.rules(deny.Evaluations, deny.Faults)
		if bad := c.receipt(ctx, o, deny.Receipt, string(deny.Reason)); bad != nil {
			return o, bad
		}
		return o, err
	case errors.As(err, &bad):
		o := outcome{"decision": "none", "error": string(bad.Kind)}
		if bad.Offset >= 0 {
			o["offset"] = bad.Offset
		}
		if bad.Limit > 0 { // the pointer of a value that is too deep is truncated
			o["limit"] = bad.Limit
		} else {
			o.put("pointer", bad.Pointer)
		}
		return o, err
	}
	return outcome{"decision": "none", "error": "unavailable"}, err
}

func orEmpty(e []policy.Evaluation) []policy.Evaluation {
	if e == nil {
		return []policy.Evaluation{}
	}
	return e
}

// receipt checks the receipt of a decision and adds the information that only
// the receipt has. If the receipt does not verify, the outcome says so and
// matches no case.
func (c *verifyCase) receipt(ctx context.Context, o outcome, r *receipts.Receipt, reason string) error {
	err := errors.New("there is no receipt")
	var verified *receipts.Verified
	if r != nil {
		issuer, _, _ := strings.Cut(c.signer.VerificationMethod(), "#")
		verified, err = receipts.Verify(ctx, r.Bytes(), receipts.VerifyConfig{Issuers: []string{issuer}, At: c.now})
	}
	if err == nil && (verified.Decision != o["decision"] || verified.Reason != reason) {
		err = errors.New("the receipt says something else than the answer")
	}
	if err != nil {
		o["receipt"] = err.Error()
		return err
	}
	if o["decision"] != "allow" {
		return nil
	}
	request := verified.Document.Get("credentialSubject").Get("request")
	form, _ := request.Get("proofForm").String()
	o["proofForm"] = form
	if insecure := request.Get("insecure"); insecure.Len() > 0 {
		o["insecure"] = insecure
	}
	return nil
}

package testvectors

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/receipts"
	"github.com/mandate-engine/mandate/verifier"
)

var loadOnce = sync.OnceValues(Load)

func load(t testing.TB) []Case {
	t.Helper()
	cases, err := loadOnce()
	if err != nil {
		t.Fatal(err)
	}
	return cases
}

// documents returns the parsed case files by id.
func documents(t testing.TB) map[string]canonical.Value {
	t.Helper()
	docs := map[string]canonical.Value{}
	for _, c := range load(t) {
		b, err := fs.ReadFile(builtin, "data/"+c.ID+".json")
		if err != nil {
			t.Fatal(err)
		}
		d, err := canonical.Parse(b)
		if err != nil {
			t.Fatal(err)
		}
		docs[c.ID] = d.Root()
	}
	return docs
}

func TestCorpus(t *testing.T) {
	var results []Result
	for _, c := range load(t) {
		r := Run(t.Context(), c)
		if warm := RunWarm(t.Context(), c); warm.Got != r.Got {
			t.Errorf("%s: %s, and once it is remembered %s", c.ID, r.Got, warm.Got)
		}
		if results = append(results, r); !r.Passed {
			t.Errorf("%s: %s\n got  %s\n want %s\n said %s", c.ID, c.Comment, r.Got, r.Want, r.Detail)
		}
	}
	all, areas := Count(results)
	if all.Total < 150 || all.Failed != 0 || all.Passed != all.Total {
		t.Errorf("totals are %+v", all)
	}
	sum := 0
	for _, name := range slices.Sorted(maps.Keys(areas)) {
		t.Logf("%-14s %d", name, areas[name].Total)
		sum += areas[name].Total
	}
	if len(areas) != 12 || sum != all.Total {
		t.Errorf("%d areas with %d cases, want 12 with %d", len(areas), sum, all.Total)
	}
}

// Cases are independent: they may run concurrently and repeatedly.
func TestCorpusConcurrently(t *testing.T) {
	cases := load(t)
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for _, c := range cases {
				if r := Run(t.Context(), c); !r.Passed {
					t.Errorf("%s: got %s, want %s", c.ID, r.Got, r.Want)
				}
			}
		})
	}
	wg.Wait()
}

// Verify returns a nil error for allow and only for allow. Every allow and
// deny has a receipt that verifies.
func TestNilErrorMeansAllow(t *testing.T) {
	signer, err := receiptSigner()
	if err != nil {
		t.Fatal(err)
	}
	issuer, _, _ := strings.Cut(signer.VerificationMethod(), "#")
	decided := map[string]int{}
	for id, doc := range documents(t) {
		if !strings.HasPrefix(id, "verify/") {
			continue
		}
		r := newReader(doc)
		c := parseVerify(r.object("input"))
		if err := r.Err(); err != nil {
			t.Fatal(err)
		}
		cfg := c.cfg
		cfg.Signer = signer
		v, err := verifier.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range c.before {
			req := c.request
			req.ExecutionParams = b.params
			_, err := v.Verify(t.Context(), req)
			if (err == nil) != (b.decision == "allow") {
				t.Errorf("%s: the request before: %v, want %s", id, err, b.decision)
			}
		}
		want, _ := doc.Get("expect").Get("decision").String()
		decided[want]++
		res, err := v.Verify(t.Context(), c.request)
		if (err == nil) != (want == "allow") || (res != nil) != (err == nil) {
			t.Errorf("%s: result %v, error %v, want %s", id, res != nil, err, want)
			continue
		}
		var deny *verifier.DenyError
		if errors.As(err, &deny) != (want == "deny") {
			t.Errorf("%s: %T, want %s", id, err, want)
			continue
		}
		var receipt *receipts.Receipt
		switch {
		case res != nil:
			receipt = res.Receipt
		case deny != nil:
			receipt = deny.Receipt
		default:
			continue
		}
		if receipt == nil {
			t.Errorf("%s: %s without a receipt", id, want)
			continue
		}
		got, err := receipts.Verify(t.Context(), receipt.Bytes(), receipts.VerifyConfig{Issuers: []string{issuer}, At: c.now})
		if err != nil || got.Decision != want {
			t.Errorf("%s: the receipt of a %s: %v", id, want, err)
		}
	}
	for _, d := range []string{"allow", "deny", "none"} {
		if decided[d] < 10 {
			t.Errorf("only %d cases of %s", decided[d], d)
		}
	}
}

// If one code covers several reasons, the text of the engine must name the
// reason of the case.
func TestRefusalNamesReason(t *testing.T) {
	said := map[string]string{}
	for _, c := range load(t) {
		r := Run(t.Context(), c)
		said[c.ID] = r.Detail
	}
	for id, want := range map[string]string{
		"receipt/allow-with-reason":          "do not fit",
		"receipt/context-appended":           "@context is not that of a receipt",
		"receipt/created-ahead":              "proof_from_future",
		"receipt/did-unknown":                "not found",
		"receipt/duplicate-member":           "duplicate_key",
		"receipt/evaluation-changed":         "signature does not fit",
		"receipt/event-and-decision":         "do not fit",
		"receipt/flipped":                    "signature does not fit",
		"receipt/key-revoked":                "key revoked",
		"receipt/nobody-pinned":              "pinned",
		"receipt/other-type":                 "VerificationReceipt",
		"receipt/outage":                     "cannot be looked up",
		"receipt/proof-empty-array":          "proof_missing",
		"receipt/purpose":                    "proof_purpose_mismatch",
		"receipt/stranger-as-issuer":         "pinned",
		"receipt/stranger-in-its-name":       "not the issuer's",
		"receipt/time-changed":               "signature does not fit",
		"receipt/unknown-event":              "do not fit",
		"receipt/unsigned":                   "proof_missing",
		"receipt/via-proofs":                 "proof_missing",
		"verify/status-changed":              "signature",
		"verify/status-id-of-list":           "that of its list",
		"verify/status-index-negative":       "whole number",
		"verify/status-index-number":         "index",
		"verify/status-index-outside":        "outside",
		"verify/status-no-source":            "no source",
		"verify/status-not-found":            "no such status list",
		"verify/status-not-gzip":             "gzip",
		"verify/status-other-issuer":         "another issuer",
		"verify/status-other-trusted-issuer": "another issuer",
		"verify/status-signed-by-stranger":   "is not of the issuer",
		"verify/status-proof-purpose":        "proof_purpose_mismatch",
		"verify/status-proof-expired":        "proof_expired",
		"verify/status-proof-from-future":    "proof_from_future",
		"verify/status-no-fragment":          "no fragment",
		"verify/status-other-list":           "status/2",
		"verify/status-list-without-id":      "has the id",
		"verify/status-list-type":            "another type",
		"verify/status-list-malformed":       "malformed",
		"verify/status-list-context":         "accepted contexts",
		"verify/status-index-leading-zeros":  "whole number",
		"verify/status-too-many-entries":     "more than 4",
		"verify/status-other-purpose":        "another purpose",
		"verify/status-size-8":               "131072",
		"verify/status-too-short":            "131072",
		"verify/status-unknown-purpose":      "no known meaning",
		"verify/status-unknown-type":         "type",
		"verify/status-unsigned":             "proof_missing",

		"verify/status-size-without-messages": "no messages for them",
		"verify/status-size-nine":             "from 1 to 8",
		"verify/status-size-zero":             "from 1 to 8",
		"verify/status-two-bits-outside":      "outside",
		"verify/status-two-bits-too-short":    "131072",
		"verify/status-list-huge":             "16 MiB",
		"verify/status-list-cut-short":        "decompressed",
		"verify/status-list-checksum":         "decompressed",
		"verify/status-list-zlib":             "gzip",
		"verify/status-list-line-break":       "base64url",
		"verify/status-list-no-prefix":        "base64url",
		"verify/status-message-decimal":       "each of 2 values",
		"verify/status-too-many-of-all":       "more than 16",
		"verify/vc-related-twice":             "id of its own",
		"verify/vc-status-empty-list":         "empty list",
		"verify/vc-subject-empty-list":        "empty list",
		"did/web-long-host":                   "253",
		"did/method-methods-too-many":         "more than 100",
		"dataintegrity/via-chain":             "form chains",
		"dataintegrity/domain-empty-list":     `"/proof/domain"`,
		"dataintegrity/chain-name-list-empty": "1 to 16",

		"log/checkpoint-size-changed":       "invalid signature",
		"log/checkpoint-other-key":          "no verifiable signatures",
		"log/checkpoint-other-origin":       "no verifiable signatures",
		"log/consistency-fork":              "does not begin with",
		"log/consistency-fork-same-size":    "does not begin with",
		"log/consistency-shrunk":            "for an old size of 3",
		"log/consistency-shrunk-renamed":    "does not begin with",
		"log/consistency-other-old-size":    "for an old size of 2",
		"log/inclusion-inner-node":          "not at 0",
		"log/inclusion-other-index":         "not at 2",
		"log/inclusion-index-leading-zero":  "not in the form",
		"log/inclusion-checkpoint-unsigned": "no verifiable signatures",

		"dataintegrity/array-of-string":         `"/proof/0"`,
		"dataintegrity/challenge-number":        `"/proof/challenge"`,
		"dataintegrity/context-absent":          "does not begin with",
		"dataintegrity/context-inserted":        `"/proof/@context/1"`,
		"dataintegrity/context-reordered":       `"/proof/@context/0"`,
		"dataintegrity/context-shortened":       "does not begin with",
		"dataintegrity/created-changed":         "signature does not fit",
		"dataintegrity/created-no-such-day":     "no such day",
		"dataintegrity/created-null":            `"/proof/created"`,
		"dataintegrity/created-short-hour":      `"/proof/created"`,
		"dataintegrity/created-without-offset":  "no time zone",
		"dataintegrity/document-changed":        "signature does not fit",
		"dataintegrity/document-member-added":   "signature does not fit",
		"dataintegrity/domain-number":           `"/proof/domain"`,
		"dataintegrity/empty-object":            "missing",
		"dataintegrity/id-not-a-url":            `"/proof/id"`,
		"dataintegrity/no-method":               "verificationMethod is missing",
		"dataintegrity/no-purpose":              "proofPurpose is missing",
		"dataintegrity/other-key":               "signature does not fit",
		"dataintegrity/previous-proof-missing":  `"/proof/previousProof"`,
		"dataintegrity/previous-proof-self":     `"/proof/previousProof"`,
		"dataintegrity/proof-context-empty":     `"/proof/@context"`,
		"dataintegrity/proof-context-shortened": "signature does not fit",
		"dataintegrity/proof-member-added":      "signature does not fit",
		"dataintegrity/signature-malleated":     "signature does not fit",
		"dataintegrity/signature-small-order-r": "signature does not fit",
		"dataintegrity/signature-zero":          "signature does not fit",
		"dataintegrity/string":                  "proof is of type string",
		"dataintegrity/suite-array":             `"/proof/cryptosuite"`,
		"dataintegrity/value-63-bytes":          "63 bytes",
		"dataintegrity/value-65-bytes":          "65 bytes",
		"dataintegrity/value-absent":            "proofValue is missing",
		"dataintegrity/value-array":             `"/proof/proofValue"`,
		"dataintegrity/value-base64url":         "prefix",
		"dataintegrity/value-empty":             "proofValue is empty",
		"dataintegrity/value-hex":               "prefix",
		"dataintegrity/value-leading-one":       "65 bytes",
		"dataintegrity/value-no-prefix":         "prefix",
	} {
		if got, ok := said[id]; !ok || !strings.Contains(got, want) {
			t.Errorf("%s: said %q, want %q in it", id, got, want)
		}
	}
}

func TestRunFails(t *testing.T) {
	cases := load(t)
	allow := cases[slices.IndexFunc(cases, func(c Case) bool { return c.ID == "verify/allow-at-cap" })]
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	other := allow
	other.expect = []byte(`{"decision":"deny"}`)
	panics := Case{ID: "x", run: func(context.Context) (outcome, string) { panic("broken") }}
	unwritable := Case{ID: "x", run: func(context.Context) (outcome, string) { return outcome{"x": 1 << 60}, "" }}
	for _, tt := range []struct {
		name   string
		ctx    context.Context
		c      Case
		detail string
	}{
		{"zero case", t.Context(), Case{}, "not loaded"},
		{"cancelled", cancelled, allow, "canceled"},
		{"another outcome", t.Context(), other, ""},
		{"panic", t.Context(), panics, "panic: broken"},
		{"outcome without a JSON form", t.Context(), unwritable, "unsafe_integer"},
	} {
		if r := Run(tt.ctx, tt.c); r.Passed || !strings.Contains(r.Detail, tt.detail) {
			t.Errorf("%s: passed %v, %q", tt.name, r.Passed, r.Detail)
		}
	}
	if (Result{}).Passed {
		t.Error("the zero Result has passed")
	}
}

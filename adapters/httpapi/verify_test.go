package httpapi

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/mandate-engine/mandate/internal/sample"
)

func TestVerify(t *testing.T) {
	vp := string(sample.Presentation())
	tests := []struct {
		name, body string
		status     int
		code       string // decision and reason, or code
		pointer    string
	}{
		{"allow", body(sample.Presentation(), sample.ParamsAllow()), 200, "allow", ""},
		{"deny", body(sample.Presentation(), sample.ParamsDeny()), 403, "deny rule_failed", ""},
		{"invalid params", body(sample.Presentation(), sample.ParamsInvalid()), 403, "deny execution_params_invalid", ""},
		{"no params", `{"presentation":` + vp + `}`, 403, "deny execution_params_invalid", ""},
		{"other members", `{"agentId":"x","presentation":` + vp + `,"active":true}`, 403, "deny execution_params_invalid", ""},
		{"no body", "", 400, "malformed_json", ""},
		{"no JSON", "presentation", 400, "malformed_json", ""},
		{"an array", "[]", 400, "malformed_json", ""},
		{"more than one document", "{} {}", 400, "malformed_json", ""},
		{"presentation twice", `{"presentation":{},"presentation":` + vp + `}`, 400, "malformed_json", "/presentation"},
		{"params twice", `{"presentation":` + vp + `,"executionParams":{},"executionParams":{"a":1}}`, 400, "malformed_json", "/executionParams"},
		{"a member twice, deep", `{"presentation":` + vp + `,"executionParams":{"a":{"b":1,"b":2}}}`, 400, "malformed_json", "/executionParams/a/b"},
		{"no presentation", `{"executionParams":{}}`, 400, "not_a_presentation", "/presentation"},
		{"presentation in another case", `{"Presentation":` + vp + `}`, 400, "not_a_presentation", "/presentation"},
		{"presentation null", `{"presentation":null}`, 400, "not_a_presentation", "/presentation"},
		{"presentation as text", `{"presentation":"{}"}`, 400, "not_a_presentation", "/presentation"},
		{"presentation without a type", `{"presentation":{}}`, 400, "not_a_presentation", "/presentation"},
		{"params null", `{"presentation":` + vp + `,"executionParams":null}`, 400, "malformed_params", "/executionParams"},
		{"params as an array", `{"presentation":` + vp + `,"executionParams":[]}`, 400, "malformed_params", "/executionParams"},
		{"too deep", `{"presentation":` + strings.Repeat("[", 200) + strings.Repeat("]", 200) + `}`, 400, "too_large", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, nil)
			status, m, _ := w.do(w.request("POST", "/credential/verify", tt.body))
			code := fmt.Sprint(m["code"])
			if m["decision"] != nil {
				code = strings.TrimSuffix(fmt.Sprint(m["decision"], " ", m["reason"]), " <nil>")
			}
			if status != tt.status || code != tt.code {
				t.Fatalf("got %d %q, want %d %q: %v", status, code, tt.status, tt.code, m)
			}
			if status == 400 && tt.pointer != "" && m["pointer"] != tt.pointer {
				t.Errorf("pointer %v, want %q", m["pointer"], tt.pointer)
			}
			if status == 400 && (m["pointer"] == nil || len(w.shelf.kept) != 0) {
				t.Errorf("without a decision: pointer %v, %d receipts", m["pointer"], len(w.shelf.kept))
			}
			if status != 400 {
				receipt, _ := m["receipt"].(map[string]any)
				if receipt["id"] == nil || receipt["timestamp"] == nil || len(w.shelf.kept) != 1 || !strings.Contains(string(w.shelf.kept[0]), fmt.Sprint(receipt["id"])) {
					t.Errorf("receipt %v is not the one that was kept", receipt["id"])
				}
			}
		})
	}
}

// TestVerifierIsCallingTenant sends the same presentation as another tenant.
func TestVerifierIsCallingTenant(t *testing.T) {
	w := newWorld(t, func(c *Config) {
		k := c.Keys.(keys)[token1]
		k.Tenant.DID = sample.Subject
		c.Keys.(keys)[token1] = k
	})
	status, m, _ := w.do(w.request("POST", "/credential/verify", body(sample.Presentation(), sample.ParamsAllow())))
	if status != 403 || m["reason"] != "domain_mismatch" {
		t.Errorf("got %d %v, want 403 domain_mismatch", status, m["reason"])
	}
}

func TestVerifyTwice(t *testing.T) {
	w := newWorld(t, nil)
	payload := body(sample.Presentation(), sample.ParamsAllow())
	if status, m, _ := w.do(w.request("POST", "/credential/verify", payload)); status != 200 {
		t.Fatalf("the first: %d %v", status, m)
	}
	if status, m, _ := w.do(w.request("POST", "/v1/credential/verify", payload)); status != 403 || m["reason"] != "presentation_replayed" {
		t.Errorf("the second: %d %v", status, m["reason"])
	}
}

// TestReceiptNotKept checks that an allow becomes an error if its receipt is
// not stored, and that a deny is sent without a receipt.
func TestReceiptNotKept(t *testing.T) {
	for _, tt := range []struct {
		name   string
		params []byte
		status int
		want   string
	}{
		{"allow", sample.ParamsAllow(), 503, "none"},
		{"deny", sample.ParamsDeny(), 403, "deny"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, nil)
			w.shelf.fail = errors.New("no space left on 10.0.0.7")
			status, m, _ := w.do(w.request("POST", "/credential/verify", body(sample.Presentation(), tt.params)))
			if status != tt.status || m["decision"] != tt.want || m["receipt"] != nil || m["salt"] != nil {
				t.Errorf("got %d %v, want %d %s without a receipt", status, m, tt.status, tt.want)
			}
		})
	}
}

// TestNoDecision checks that an outage gives no decision and that its cause is
// not sent.
func TestNoDecision(t *testing.T) {
	w := newWorld(t, nil)
	r := w.request("POST", "/credential/verify", body(sample.Presentation(), sample.ParamsAllow()))
	w.Server.cfg.Now = func() time.Time { return sample.Now() }
	w.now = time.Time{} // without a valid time there is no decision
	status, m, _ := w.do(r)
	if status != 503 || m["code"] != "no_decision" || m["decision"] != "none" || m["receipt"] != nil {
		t.Errorf("got %d %v", status, m)
	}
}

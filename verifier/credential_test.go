package verifier_test

import (
	"testing"

	"github.com/mandate-engine/mandate/internal/sample"
	"github.com/mandate-engine/mandate/verifier"
)

// The evidence of a credential may be one object or a list. A file of the request
// must be named, with a digest that fits; evidence without a file is not compared.
func TestEvidenceFiles(t *testing.T) {
	const digest = "sha256-LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=" // of hello
	entry := func(id, digest string) object { return object{"id": id, "type": "X", "digestSRI": digest} }
	const mismatch = "evidence_mismatch"
	for _, tt := range []struct {
		name     string
		evidence any
		want     string
	}{
		{"an object", entry("urn:e:1", digest), "allow"},
		{"a list", []any{entry("urn:e:1", digest)}, "allow"},
		{"one of two", []any{entry("urn:e:2", "x"), entry("urn:e:1", digest)}, "allow"},
		{"a wrong digest", entry("urn:e:1", "sha256-x"), mismatch},
		{"of another name", entry("urn:e:2", digest), mismatch},
	} {
		req := request()
		req.Presentation = present(t, req.Challenge, issue(t, func(vc, _ object) { vc["evidence"] = tt.evidence }))
		req.Evidence = map[string][]byte{"urn:e:1": []byte("hello")}
		res, err := decide(t, config(t), req)
		if got := outcome(res, err); got != tt.want {
			t.Errorf("%s: got %s (%v), want %s", tt.name, got, err, tt.want)
		}
	}
}

// A presentation may have 16 status entries: each decompresses a list.
func TestStatusEntryLimit(t *testing.T) {
	cfg := config(t)
	cfg.Status = lists{statusListURL: statusList(t, "revocation")}
	with4Entries := func(vc, m object) {
		withStatus("5")(vc, m)
		one := vc["credentialStatus"]
		vc["credentialStatus"] = []any{one, one, one, one}
	}
	mandate := issue(t, with4Entries)
	other := issue(t, func(vc, m object) {
		with4Entries(vc, m)
		vc["type"], vc["id"] = []string{"VerifiableCredential"}, "urn:x:1"
	})
	for _, tt := range []struct {
		credentials [][]byte
		want        verifier.Reason
	}{
		{[][]byte{mandate, other, other, other}, "allow"},
		{[][]byte{mandate, other, other, other, other}, verifier.ReasonStatusUnknown},
	} {
		req := request()
		req.Presentation = present(t, sample.Challenge, tt.credentials...)
		res, err := decide(t, cfg, req)
		if got := outcome(res, err); got != string(tt.want) {
			t.Errorf("%d entries: got %s (%v), want %s", 4*len(tt.credentials), got, err, tt.want)
		}
	}
}

package signing_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/mandate-engine/mandate/adapters/signing"
	"github.com/mandate-engine/mandate/adapters/status"
	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/internal/sample"
	"github.com/mandate-engine/mandate/verifier"
)

const listURL = "https://issuer.example/status/1"

// A mandate with a status entry is allowed until its bit is set, and again
// after the bit is cleared. The bits of other entries do not matter.
func TestRevoke(t *testing.T) {
	ctx, at := context.Background(), sample.Now()
	list, err := signing.NewStatusList(listURL, "revocation", 200_000)
	if err != nil {
		t.Fatal(err)
	}
	const index = 199_999
	var vc map[string]any
	if err := json.Unmarshal(sample.Credential(), &vc); err != nil {
		t.Fatal(err)
	}
	delete(vc, "proof")
	if vc["credentialStatus"], err = list.Entry(index); err != nil {
		t.Fatal(err)
	}
	unsigned, _ := json.Marshal(vc)
	signed, err := signing.Credential(ctx, unsigned, signer(t, 1), signing.Options{Created: at})
	if err != nil {
		t.Fatal(err)
	}
	vp, err := signing.Presentation(ctx, "", [][]byte{signed}, signer(t, 2), signing.Options{Created: at, Challenge: "c", Domain: []string{sample.Verifier}})
	if err != nil {
		t.Fatal(err)
	}
	ask := func() string {
		published, err := list.Sign(ctx, signer(t, 1), at, at.Add(time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		if list, err = signing.ParseStatusList(published); err != nil {
			t.Fatal(err)
		}
		v, err := verifier.New(verifier.Config{Resolver: didresolve.Key(), Signer: signer(t, 9), TrustedIssuers: []string{sample.Issuer},
			Verifier: sample.Verifier, Status: status.Lists{listURL: published}, Now: func() time.Time { return at }})
		if err != nil {
			t.Fatal(err)
		}
		_, err = v.Verify(ctx, verifier.Request{Presentation: vp, ExecutionParams: sample.ParamsAllow(), Challenge: "c"})
		var deny *verifier.DenyError
		if errors.As(err, &deny) {
			return string(deny.Reason)
		}
		return fmt.Sprint(err)
	}
	set := func(i int, on bool) {
		t.Helper()
		if err := list.Set(i, on); err != nil {
			t.Fatal(err)
		}
	}
	for i, step := range []struct {
		index int
		on    bool
		want  string
	}{{index - 1, true, "<nil>"}, {index, true, "credential_revoked"}, {index, true, "credential_revoked"}, {index - 1, false, "credential_revoked"}, {index, false, "<nil>"}} {
		set(step.index, step.on)
		if got := ask(); got != step.want {
			t.Errorf("step %d: got %s, want %s", i, got, step.want)
		}
	}
}

func TestStatusListRoundTrip(t *testing.T) {
	ctx, at := context.Background(), sample.Now()
	list, err := signing.NewStatusList(listURL, "suspension", 1)
	if err != nil {
		t.Fatal(err)
	}
	if list.Len() != signing.MinStatusEntries {
		t.Errorf("%d entries", list.Len())
	}
	list.TTL = 5 * time.Minute
	for _, i := range []int{0, 9, list.Len() - 1} {
		if err := list.Set(i, true); err != nil {
			t.Fatal(err)
		}
	}
	for _, i := range []int{-1, list.Len()} {
		if _, err := list.Entry(i); err == nil {
			t.Errorf("entry %d is there", i)
		}
		if err := list.Set(i, true); err == nil || list.IsSet(i) {
			t.Errorf("entry %d is there", i)
		}
	}
	first, err := list.Sign(ctx, signer(t, 1), at, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	again, err := signing.ParseStatusList(first)
	if err != nil {
		t.Fatal(err)
	}
	if again.ID != list.ID || again.Purpose != list.Purpose || again.TTL != list.TTL || again.Len() != list.Len() {
		t.Errorf("got %+v", again)
	}
	for i := range list.Len() {
		if list.IsSet(i) != again.IsSet(i) || list.IsSet(i) != (i == 0 || i == 9 || i == list.Len()-1) {
			t.Fatalf("entry %d", i)
		}
	}
	second, err := again.Sign(ctx, signer(t, 1), at, time.Time{})
	if err != nil || !bytes.Equal(first, second) {
		t.Errorf("the same list is written differently (%v)", err)
	}
}

func TestStatusListRefuses(t *testing.T) {
	ctx, at := context.Background(), sample.Now()
	for name, err := range map[string]error{
		"no URL":            second(signing.NewStatusList("x", "revocation", 1)),
		"needs a purpose":   second(signing.NewStatusList(listURL, "", 1)),
		"larger than":       second(signing.NewStatusList(listURL, "revocation", 1<<30)),
		"syntax":            second(signing.ParseStatusList([]byte("{"))),
		"no status list":    second(signing.ParseStatusList(sample.Credential())),
		"base64url":         second(signing.ParseStatusList([]byte(`{"id":"u:1","type":["VerifiableCredential","BitstringStatusListCredential"],"credentialSubject":{"type":"BitstringStatusList","statusPurpose":"revocation"}}`))),
		"milliseconds":      second(signing.ParseStatusList([]byte(`{"id":"u:1","type":["VerifiableCredential","BitstringStatusListCredential"],"credentialSubject":{"type":"BitstringStatusList","statusPurpose":"revocation","ttl":-1}}`))),
		"needs entries":     second((&signing.StatusList{ID: listURL, Purpose: "revocation"}).Sign(ctx, signer(t, 1), at, at)),
		"before its end":    second(must(t, listURL).Sign(ctx, signer(t, 1), at, at.Add(-time.Second))),
		"a time from":       second(must(t, listURL).Sign(ctx, signer(t, 1), at, at.AddDate(9000, 0, 0))),
		"a time from which": second(must(t, listURL).Sign(ctx, signer(t, 1), time.Time{}, at)),
		"no signer":         second(must(t, listURL).Sign(ctx, nil, at, at)),
		"invalid_utf8":      second(must(t, "u:\xff").Sign(ctx, signer(t, 1), at, at)),
	} {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("got %v, want an error with %q", err, name)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func must(t *testing.T, id string) *signing.StatusList {
	t.Helper()
	l, err := signing.NewStatusList(id, "revocation", 1)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

package viamandate_test

import (
	"testing"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/internal/viamandate"
)

func TestActionHash(t *testing.T) {
	params, err := canonical.Parse([]byte(`{"decisionEventId":"urn:via:event:golden","outcome":"completed"}`))
	if err != nil {
		t.Fatal(err)
	}
	got, err := viamandate.ActionHash("urn:via:credential:golden", "report_outcome", params.Root())
	if err != nil || got != "sha256-2yRGCiqttP5rmvG/RjaNjsM4PPXcubQigkRRiAbYr9Q=" {
		t.Errorf("got %s, %v", got, err)
	}
	if _, err := viamandate.ActionHash("\xff", "", params.Root()); err == nil {
		t.Error("invalid text is hashed")
	}
}

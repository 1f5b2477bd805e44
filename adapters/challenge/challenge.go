// Package challenge makes challenges for presentations.
//
// A verifier gives a challenge out, and expects it in the presentation
// (verifier.Request.Challenge). A bound challenge also commits the presentation to
// one mandate, one action and one set of parameters: the verifier denies the
// presentation for any others.
package challenge

import (
	"fmt"
	"strings"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/internal/viamandate"
)

// Bind returns nonce~sha256-…, the challenge that binds a presentation to a mandate,
// an action and parameters. The second part is the SRI of JCS({"mandateId": …,
// "action": …, "params": …}).
//
// action is the tool that params name, or the name of the mandate's action when it
// declares no tools. nonce should be random: Bind does not check that, and the
// verifier does not remember it unless it expects the challenge.
//
// The error says what has no canonical form, or that nonce is empty or has a "~".
func Bind(nonce, mandateID, action string, params canonical.Value) (string, error) {
	if nonce == "" || strings.Contains(nonce, "~") {
		return "", fmt.Errorf("challenge: the nonce is empty or has a ~")
	}
	hash, err := viamandate.ActionHash(mandateID, action, params)
	if err != nil {
		return "", fmt.Errorf("challenge: %w", err)
	}
	return nonce + "~" + hash, nil
}

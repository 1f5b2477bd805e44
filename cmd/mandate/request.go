package main

import (
	"errors"
	"os"
	"strings"
	"time"

	"github.com/mandate-engine/mandate/adapters/signing"
	"github.com/mandate-engine/mandate/adapters/status"
	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/policy"
	"github.com/mandate-engine/mandate/receipts"
	"github.com/mandate-engine/mandate/verifier"
)

// engine builds the verifier. Every error is bad usage.
func (a *app) engine(v *verification) (*verifier.Verifier, error) {
	if len(v.issuers) == 0 && !v.anyIssuer {
		return nil, unusable("whose mandates count? Name the issuers with --issuer DID, or trust everybody with --insecure-any-issuer")
	}
	if v.dryRun && v.receiptOut.value != "" {
		return nil, unusable("--receipt-out: a dry run makes no receipt")
	}
	if v.dryRun && v.bundle.value != "" {
		return nil, unusable("--bundle: a dry run makes no receipt to reproduce")
	}
	if v.bundle.value != "" {
		if _, err := os.Stat(v.bundle.value); !errors.Is(err, os.ErrNotExist) {
			return nil, unusable("--bundle: %s is there already; nothing was decided", v.bundle.value)
		}
	}
	if v.receiptOut.value != "" {
		if err := overwritable(v.receiptOut.value); err != nil {
			return nil, err
		}
	}
	signers, err := presentationSigners(v.signers)
	if err != nil {
		return nil, err
	}
	resolver, err := a.resolver(v.dids)
	if err != nil {
		return nil, err
	}
	actions, err := a.actions(v.actions)
	if err != nil {
		return nil, err
	}
	lists, err := a.statusLists(v.statusLists)
	if err != nil {
		return nil, err
	}
	key, err := a.receiptSigner(v)
	if err != nil {
		return nil, err
	}
	on := v.verifier.value
	if on == "" {
		on = signing.DID(key)
		a.complain("no --verifier: deciding on behalf of the receipt key, %s", on)
	}
	engine, err := verifier.New(verifier.Config{
		Resolver:               resolver,
		Signer:                 key,
		TrustedIssuers:         v.issuers,
		IssuerBinding:          v.binding.IssuerBinding,
		PresentationSigners:    signers,
		Verifier:               on,
		MaxAge:                 time.Duration(v.maxAge),
		Leeway:                 v.leeway,
		AllowActionless:        v.actionless,
		W3COnly:                v.w3cOnly,
		Actions:                actions,
		Status:                 lists,
		KeepBundle:             v.bundle.value != "",
		InsecureTrustAnyIssuer: v.anyIssuer,
		InsecureAllowUnbound:   v.unbound,
		Now:                    func() time.Time { return v.at.or(a.now) },
		Rand:                   a.rand,
	})
	if err != nil {
		return nil, unusable("%w", err)
	}
	return engine, nil
}

// receiptSigner returns the key of --receipt-key, or a new key.
func (a *app) receiptSigner(v *verification) (receipts.Signer, error) {
	if v.receiptKey.value != "" {
		return a.readKey(v.receiptKey.value)
	}
	key, err := a.newKey()
	if err == nil && !v.dryRun {
		a.complain("the receipt is signed with a new key that is kept nowhere, %s; name one with --receipt-key", signing.DID(key))
	}
	return key, err
}

// presentationSigners parses DID=HOLDER at the first '=': a DID contains none,
// a holder may.
func presentationSigners(flags []string) (map[string][]string, error) {
	signers := map[string][]string{}
	for _, f := range flags {
		did, holder, ok := strings.Cut(f, "=")
		if !ok || holder == "" {
			return nil, unusable("--presentation-signer %q is not DID=HOLDER", f)
		}
		if _, err := didresolve.Parse(did); err != nil {
			return nil, unusable("--presentation-signer: %w", err)
		}
		signers[did] = append(signers[did], holder)
	}
	return signers, nil
}

// actions returns a source of the contents in files, which finds them by
// digest. A reference without a digest is not found, because a content does
// not contain its ID and version.
func (a *app) actions(files []string) (policy.Source, error) {
	var contents [][]byte
	for _, name := range files {
		content, err := a.parse(name) // parse names the file in its error
		if err != nil {
			return nil, err
		}
		contents = append(contents, content.Raw())
	}
	source, err := policy.Static(contents...)
	if err != nil {
		return nil, unusable("%w", err)
	}
	return source, nil
}

// statusLists returns a source of the lists in files, which finds them by
// their id. The engine verifies them.
func (a *app) statusLists(files []string) (verifier.StatusSource, error) {
	if len(files) == 0 {
		return nil, nil
	}
	lists := status.Lists{}
	for _, name := range files {
		list, err := a.parse(name)
		if err != nil {
			return nil, err
		}
		id, _ := list.Get("id").String()
		switch {
		case id == "":
			return nil, unusable("%s: the status list has no id, so that no mandate can mean it", name)
		case lists[id] != nil:
			return nil, unusable("%s: --status-list has given another list with the id %q", name, short(id))
		}
		lists[id] = list.Raw()
	}
	return lists, nil
}

// request reads the input of a verification.
func (a *app) request(name string, v *verification) (verifier.Request, error) {
	req := verifier.Request{
		Challenge: v.challenge.value,
		Domain:    v.domains,
		Scope:     v.scope.value,
		Mandate:   v.mandate.value,
	}
	b, err := a.read(name)
	if err != nil {
		return req, err
	}
	if req.Presentation, req.ExecutionParams, err = splitBody(b); err != nil {
		return req, unusable("%s: %w", name, err)
	}
	if v.params.value != "" {
		req.ExecutionParams, err = a.argument("params", v.params.value)
	}
	return req, err
}

// splitBody distinguishes a body from a presentation and returns the exact
// bytes of the two members of a body. Other input goes to the engine, which
// refuses it.
//
// It refuses a body with further members: one of them, such as an expected
// challenge, may be a condition that would be ignored.
func splitBody(b []byte) (presentation, params []byte, err error) {
	limits := canonical.Limits{
		MaxBytes:  maxInput,
		MaxDepth:  canonical.DefaultMaxDepth + 1,
		MaxValues: 2*canonical.DefaultMaxValues + 1,
	}
	d, err := limits.Parse(b)
	if err != nil {
		return b, nil, nil // the engine reports the error and its location
	}
	root := d.Root()
	if root.Get("type").Kind() != canonical.Absent || root.Get("presentation").Kind() == canonical.Absent {
		return b, nil, nil
	}
	for member := range root.Members() {
		if member != "presentation" && member != "executionParams" {
			return nil, nil, errors.New("a body has the members presentation and executionParams, and no others")
		}
	}
	return root.Get("presentation").Raw(), root.Get("executionParams").Raw(), nil
}

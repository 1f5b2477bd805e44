package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/policy"
)

// checkMandate refuses a mandate that no verifier ever accepts: one without a
// scope, with an action that does not compile, or with invalid userParams. It
// prints warnings on stderr. It does not check other credentials and
// referenced actions.
func (a *app) checkMandate(name string, doc []byte) error {
	d, err := canonical.Parse(doc)
	if err != nil {
		return err
	}
	types := d.Root().Get("type")
	if !slices.ContainsFunc(texted(types), func(s string) bool { return s == "VIAMandate" }) {
		return nil
	}
	subject := d.Root().Get("credentialSubject")
	if subject.Kind() == canonical.Array {
		subject = subject.Index(0)
	}
	mandate := subject.Get("mandate")
	refuse := func(format string, args ...any) error {
		return &exit{exitNo, fmt.Errorf("no verifier accepts this mandate: "+format, args...)}
	}
	if mandate.Kind() != canonical.Object {
		return refuse("credentialSubject has no mandate")
	}
	if scope, ok := mandate.Get("scope").String(); !ok || scope == "" {
		return refuse("it has no scope")
	}
	action := mandate.Get("action")
	if action.Kind() == canonical.Absent {
		a.complain("%s: warning: without an action the mandate is denied, unless a verifier allows that", name)
		return nil
	}
	content := action.Get("content")
	if content.Kind() == canonical.Absent {
		return nil // the verifier has the content
	}
	compiled, err := policy.Compile(content)
	var bad *policy.CompileError
	if errors.As(err, &bad) {
		for _, i := range bad.Issues {
			a.complain("%s: %s: %s", name, i.Severity, short(i.String()))
		}
		return refuse("its action does not compile")
	}
	if err != nil {
		return undecided("%w", err)
	}
	p, err := compiled.Permits(context.Background(), mandate.Get("userParams"), "")
	if err != nil {
		return undecided("%w", err)
	}
	if len(p.Faults) > 0 {
		f := p.Faults[0]
		return refuse("userParams%s: %s", short(f.Pointer), f.Message)
	}
	if string(p.Schema) == "false" {
		a.complain("%s: warning: with these userParams the rules permit nothing", name)
	}
	for _, i := range append(compiled.Warnings(), compiled.Lint()...) {
		a.complain("%s: warning: %s", name, short(i.String()))
	}
	return nil
}

// texted returns the strings of a string or an array.
func texted(v canonical.Value) []string {
	if s, ok := v.String(); ok {
		return []string{s}
	}
	var out []string
	for _, e := range v.Elements() {
		s, _ := e.String()
		out = append(out, s)
	}
	return out
}

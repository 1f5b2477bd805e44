package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/mandate-engine/mandate/canonical"
)

// maxListed bounds the entries of one list that inspect prints.
const maxListed = 64

func (a *app) inspectCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "inspect FILE",
		Short: "Show what a document says, UNVERIFIED",
		Args:  cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			doc, err := a.parse(args[0])
			if err != nil {
				return err
			}
			if doc.Kind() != canonical.Object {
				return unusable("%s: the document is of type %s, not an object", args[0], doc.Kind())
			}
			a.printf("UNVERIFIED: this is what the document says; nothing of it was checked\n")
			inspector{a, 0}.document(doc)
			return nil
		},
	}
}

// An inspector prints claims, indented.
type inspector struct {
	a     *app
	level int
}

func (in inspector) line(name, text string) {
	const column = 14
	in.a.printf("%s%-*s %s\n", strings.Repeat("  ", in.level), max(0, column-2*in.level), name, text)
}

// say prints a member if it is present: a string as its text, any other value
// as in the document.
func (in inspector) say(name string, v canonical.Value) {
	if v.Kind() != canonical.Absent {
		in.line(name, claim(v))
	}
}

// claim returns a value on one line.
func claim(v canonical.Value) string {
	if s, ok := v.String(); ok {
		return short(s)
	}
	if v.Kind() == canonical.Absent {
		return "(absent)"
	}
	return short(string(v.AppendCanonical(nil)))
}

// claims visits the values of a member that is a single value or a list.
func claims(v canonical.Value, visit func(canonical.Value)) (left int) {
	switch v.Kind() {
	case canonical.Absent:
	case canonical.Array:
		for i, e := range v.Elements() {
			if i == maxListed {
				return v.Len() - i
			}
			visit(e)
		}
	default:
		visit(v)
	}
	return 0
}

func (in inspector) list(name string, v canonical.Value, visit func(canonical.Value)) {
	if left := claims(v, visit); left > 0 {
		in.a.printf("%s(%d more of %s)\n", strings.Repeat("  ", in.level), left, name)
	}
}

func (in inspector) deeper() inspector { return inspector{in.a, in.level + 1} }

func (in inspector) document(doc canonical.Value) {
	var types []string
	claims(doc.Get("type"), func(v canonical.Value) { types = append(types, claim(v)) })
	in.line("type", strings.Join(types, ", "))
	for _, name := range []string{"id", "issuer", "holder", "validFrom", "validUntil", "timestamp"} {
		in.say(name, doc.Get(name))
	}
	in.list("credentialSubject", doc.Get("credentialSubject"), func(subject canonical.Value) {
		in.say("subject", subject.Get("id"))
		for _, name := range []string{"event", "decision", "reason"} {
			in.say(name, subject.Get(name))
		}
		in.mandate(subject.Get("mandate"))
	})
	for _, member := range []string{"proof", "proofs"} {
		in.list(member, doc.Get(member), in.proof)
	}
	in.list("verifiableCredential", doc.Get("verifiableCredential"), func(vc canonical.Value) {
		if vc.Kind() != canonical.Object {
			in.line("credential", claim(vc))
			return
		}
		in.a.printf("%scredential\n", strings.Repeat("  ", in.level))
		in.deeper().document(vc)
	})
}

func (in inspector) mandate(m canonical.Value) {
	if m.Kind() == canonical.Absent {
		return
	}
	in.say("scope", m.Get("scope"))
	in.list("grantor", m.Get("grantor"), func(v canonical.Value) { in.say("grantor", v) })
	in.list("authorizedDIDs", m.Get("context").Get("authorizedDIDs"), func(v canonical.Value) { in.say("authorized", v) })
	action := m.Get("action")
	if action.Kind() == canonical.Absent {
		in.line("action", "none")
		return
	}
	content := action.Get("content")
	in.say("action", content.Get("name"))
	inner := in.deeper()
	inner.say("id", action.Get("id"))
	inner.say("version", action.Get("version"))
	inner.say("digest", action.Get("digestSRI"))
	inner.say("tools", content.Get("tools"))
	inner.list("rules", content.Get("rules"), func(rule canonical.Value) {
		text := claim(rule.Get("name")) + ": " + claim(rule.Get("expression"))
		if effect := rule.Get("effect"); effect.Kind() != canonical.Absent {
			text = claim(effect) + " " + text
		}
		inner.line("rule", text)
	})
	for name, v := range m.Get("userParams").Members() {
		in.line("userParam", short(name)+" = "+claim(v))
	}
}

func (in inspector) proof(p canonical.Value) {
	in.line("proof", claim(p.Get("cryptosuite"))+" "+claim(p.Get("proofPurpose")))
	inner := in.deeper()
	inner.say("by", p.Get("verificationMethod"))
	for _, name := range []string{"created", "expires", "challenge", "domain"} {
		inner.say(name, p.Get(name))
	}
}

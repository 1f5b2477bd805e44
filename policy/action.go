package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mandate-engine/mandate/canonical"
)

// An Action is a compiled action version content. It is immutable and safe
// for concurrent use, and does not keep the document it was compiled from.
// The zero Action decides nothing: its Evaluate returns an error.
type Action struct {
	name     string
	exec     *shape
	user     *shape
	rules    []*rule
	warnings []Issue
	memory   int // bytes, about
	digest   string
}

// Compile checks an action version content and compiles its rules. The error
// is a [*CompileError] that lists every issue, up to 256.
//
// The content is an object with the members
//
//   - name, a string, required; description, a string;
//   - profile: "via-cel/1" or absent, which means the same and is a warning;
//   - tools: the tools that the action may be used with, not empty;
//   - executionParams and userParams: the declared shapes, by field name;
//   - rules: at most 64, each with name and expression, and optionally
//     description, appliesTo, effect ("require", the default, or "forbid") and
//     conditions, which are the authoring source and ignored.
//
// A shape that is absent is not the same as {}: without executionParams (or
// userParams) nothing is validated and rules see an untyped map, in which a
// typo is an error at evaluation; with {} every field is undeclared.
//
// A field is a type name or an object with type and optionally items, values,
// required (false), description and hidden (false). Types are
//
//   - string, number, boolean;
//   - date, an RFC 3339 full-date like 2026-05-02, which rules see as string;
//   - url, an absolute http or https URL with lower-case scheme and host and
//     without user information, which rules see as string;
//   - object, whose members are not declared;
//   - array, with items a type again, or array<T>. Without items, elements are
//     of any kind except null.
//
// values lists what a scalar, or the elements of an array, may be. Null counts
// as absent. tool is a reserved string of executionParams: with tools, it has
// to name one of them; without, it is a field like any other.
//
// Any other member of the content or of a field is an issue, and so are
// stepUp and exposure, which this version does not carry out: ignoring a
// restriction would widen what the grantor signed. An unknown member of a rule
// turns that rule alone into [ResultError] at evaluation.
//
// An issue is also: a rule name that is empty or used twice, since evaluations
// could not be told apart; an appliesTo that is empty or names a tool that
// tools does not declare, since an agent could then skip every rule; an
// expression that does not compile to a boolean.
//
// A content without rules compiles. Its declared executionParams are then all
// that restricts it. When it declares none either, nothing does, and it allows
// only executionParams without members, other than a declared tool.
func Compile(content canonical.Value) (a *Action, err error) {
	is := &issues{}
	defer func() {
		// The expression compiler does not recover by itself.
		if r := recover(); r != nil {
			is.content("internal", "the compiler failed: %v", r)
			a, err = nil, &CompileError{Issues: is.list}
		}
	}()
	a = compile(content, is)
	if is.errors > 0 {
		return nil, &CompileError{Issues: is.list}
	}
	a.warnings = is.list
	a.memory += a.weigh()
	a.digest = canonical.SRI(content.SHA256())
	return a, nil
}

// Name returns the name of the action.
func (a *Action) Name() string { return a.name }

// Digest returns the SRI of the SHA-256 of the content's canonical form, by which
// mandates reference it.
func (a *Action) Digest() string { return a.digest }

// HasTools reports whether the content declares tools. Then valid
// executionParams name one of them in the member tool.
func (a *Action) HasTools() bool { return a.exec != nil && a.exec.tools != nil }

// Profile returns the profile that the rules are evaluated under.
func (a *Action) Profile() string { return Profile }

// Memory returns how many bytes a compiled action takes, within a factor of
// two: what Go's garbage collector counts, shared parts of the engine aside.
func (a *Action) Memory() int {
	if a == nil {
		return 0
	}
	return a.memory
}

// Warnings returns the issues that did not keep the content from compiling.
func (a *Action) Warnings() []Issue { return slices.Clone(a.warnings) }

// The parts of Memory, measured with the engine's version: one environment,
// one declared field or value, one rule, one node of its expression, one instruction of
// a pattern.
const (
	envBytes   = 40 << 10
	fieldBytes = 150
	valueBytes = 100 // of a declared list
	ruleBytes  = 2 << 10
	nodeBytes  = 600
	instBytes  = 100
)

func (a *Action) weigh() int {
	n := fieldBytes * (len(a.exec.fields) + len(a.user.fields))
	if len(a.rules) > 0 {
		n += envBytes
	}
	for _, r := range a.rules {
		n += ruleBytes + nodeBytes*r.nodes + len(r.source)
		for _, p := range r.patterns {
			n += instBytes * p.insts
		}
	}
	for _, s := range []*shape{a.exec, a.user} {
		for _, f := range s.fields {
			n += valueBytes * len(f.values)
		}
	}
	return n
}

func compile(content canonical.Value, is *issues) *Action {
	a := &Action{exec: &shape{}, user: &shape{}}
	if content.Kind() != canonical.Object {
		is.content("malformed", "the content is no object")
		return a
	}
	if canonicalExceeds(content, maxContentBytes) {
		is.content("limit", "the content has more than %d bytes", maxContentBytes)
		return a
	}
	content, ok := own(content)
	if !ok {
		is.content("limit", "the content cannot be read again")
		return a
	}
	a.memory = content.Size() // its strings are parts of one text
	members(content, is)
	name, ok := content.Get("name").String()
	if !ok || !validName(name) {
		is.content("missing", "the content has no name of 1 to %d characters", maxNameRunes)
	}
	a.name = name
	profile(content.Get("profile"), is)
	a.exec = readShape(content.Get("executionParams"), "executionParams", is)
	a.exec.setTools(readTools(content.Get("tools"), is), is)
	a.user = readShape(content.Get("userParams"), "userParams", is)

	rules := content.Get("rules")
	switch {
	case rules.Kind() != canonical.Absent && rules.Kind() != canonical.Array:
		is.content("malformed", "rules is no array")
		return a
	case rules.Len() > maxRules:
		is.content("limit", "there are more than %d rules", maxRules)
		return a
	}
	if rules.Len() == 0 && !a.exec.declared {
		// Nothing looks at the parameters: only those without members pass.
		a.exec.declared = true
	}
	a.compileRules(rules, is)
	return a
}

// own returns a copy of a content that was bounded: the strings of a value keep
// the text of its whole document alive, which may be a large presentation.
func own(content canonical.Value) (canonical.Value, bool) {
	limits := canonical.Limits{MaxBytes: maxContentBytes, MaxDepth: maxContentBytes, MaxValues: maxContentBytes}
	d, err := limits.Parse(content.AppendCanonical(nil))
	return d.Root(), err == nil
}

// members refuses the content members that Compile does not list.
func members(content canonical.Value, is *issues) {
	for key, m := range content.Members() {
		switch key {
		case "name", "profile", "tools", "userParams", "executionParams", "rules":
		case "description":
			if m.Kind() != canonical.String {
				is.content("malformed", "description is no string")
			}
		case "stepUp", "exposure":
			is.content("unsupported_feature", "%s is not carried out by this version", key)
		default:
			is.content("unknown_member", "unknown member %s", shown(key))
		}
	}
}

func profile(v canonical.Value, is *issues) {
	if v.Kind() == canonical.Absent {
		is.add(Issue{
			Code:     "profile_absent",
			Message:  "no profile is named; " + Profile + " is assumed",
			Severity: SeverityWarning,
		})
		return
	}
	if s, ok := v.String(); !ok || s != Profile {
		is.content("unknown_profile", "the profile is not %s", Profile)
	}
}

// readTools returns the declared tools, nil when there is no such member.
func readTools(v canonical.Value, is *issues) []string {
	switch {
	case v.Kind() == canonical.Absent:
		return nil
	case v.Kind() != canonical.Array || v.Len() == 0:
		is.content("malformed", "tools is no array with at least one name")
		return nil
	case v.Len() > maxTools:
		is.content("limit", "there are more than %d tools", maxTools)
		return nil
	}
	return readNames(v, "tools", is)
}

// readNames reads an array of distinct names.
func readNames(v canonical.Value, where string, is *issues) []string {
	names := make([]string, 0, v.Len())
	for i, e := range v.Elements() {
		name, ok := e.String()
		switch {
		case !ok || !validName(name):
			is.content("malformed", "%s[%d] is no string of 1 to %d characters", where, i, maxNameRunes)
		case slices.Contains(names, name):
			is.content("duplicate", "%s[%d] stands there twice", where, i)
		default:
			names = append(names, name)
		}
	}
	return names
}

func (a *Action) compileRules(v canonical.Value, is *issues) {
	if v.Len() == 0 {
		return
	}
	c, err := newCompiler(a.exec, a.user)
	if err != nil {
		is.content("internal", "%v", err)
		return
	}
	seen := map[string]bool{}
	for i, e := range v.Elements() {
		r := &rule{name: fmt.Sprintf("rules/%d", i)}
		if e.Kind() != canonical.Object {
			is.rule(r.name, "malformed", "the rule is no object")
			continue
		}
		if name, ok := e.Get("name").String(); ok && validName(name) {
			if seen[name] {
				is.rule(name, "duplicate", "two rules have this name")
			}
			seen[name] = true
			r.name = strings.Clone(name) // it stands in decisions, which others keep
		} else {
			is.rule(r.name, "missing", "the rule has no name of 1 to %d characters", maxNameRunes)
		}
		a.readRule(r, e, is)
		source, ok := e.Get("expression").String()
		if !ok {
			is.rule(r.name, "missing", "the rule has no expression")
			continue
		}
		c.compile(r, source, is)
		a.rules = append(a.rules, r)
	}
	if is.errors == 0 {
		c.plan(a.rules, is)
	}
}

// readRule reads the members of a rule other than name and expression.
func (a *Action) readRule(r *rule, v canonical.Value, is *issues) {
	for key, m := range v.Members() {
		switch key {
		case "name", "expression", "conditions":
		case "description":
			if m.Kind() != canonical.String {
				is.rule(r.name, "malformed", "description is no string")
			}
		case "effect":
			switch s, _ := m.String(); s {
			case "require":
			case "forbid":
				r.forbid = true
			default:
				is.rule(r.name, "unknown_effect", "effect is neither require nor forbid")
			}
		case "appliesTo":
			a.readAppliesTo(r, m, is)
		default:
			r.unknownMember = true
		}
	}
}

func (a *Action) readAppliesTo(r *rule, v canonical.Value, is *issues) {
	if v.Kind() != canonical.Array || v.Len() == 0 || v.Len() > maxTools {
		is.rule(r.name, "malformed", "appliesTo is no array of 1 to %d tools", maxTools)
		return
	}
	for _, e := range v.Elements() {
		tool, ok := e.String()
		if !ok || !slices.Contains(a.exec.tools, tool) {
			is.rule(r.name, "unknown_tool", "appliesTo names a tool that tools does not declare")
			return
		}
		r.appliesTo = append(r.appliesTo, tool)
	}
}

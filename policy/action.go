package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mandate-engine/mandate/canonical"
)

// An Action is a compiled action version content. It is immutable and safe for
// concurrent use. It does not keep the document it was compiled from. Evaluate
// returns an error on the zero Action.
type Action struct {
	name     string
	exec     *shape
	user     *shape
	rules    []*rule
	warnings []Issue
	memory   int // in bytes, approximate
	digest   string
}

// Compile checks an action version content and compiles its rules. The error
// is a [*CompileError] that lists every issue, up to 256.
//
// The content is an object with these members:
//
//   - name: a required string. description: an optional string.
//   - profile: "via-cel/1". An absent member means the same and yields a
//     warning.
//   - tools: the tools that the action may be used with; not empty.
//   - executionParams and userParams: the declared shapes, by field name.
//   - rules: at most 64. A rule has name and expression, and optionally
//     description, appliesTo, effect ("require", the default, or "forbid") and
//     conditions. Compile ignores conditions, the authoring source of the
//     rule.
//
// An absent shape differs from {}. Without executionParams (or userParams)
// nothing is validated, and rules see an untyped map, in which a typo is an
// error at evaluation. With {} every field is undeclared.
//
// A field is a type name, or an object with type and optionally items, values,
// required (false), description and hidden (false). The types are
//
//   - string, number, boolean;
//   - date: an RFC 3339 full-date such as 2026-05-02. Rules see a string.
//   - url: an absolute http or https URL with lower-case scheme and host and
//     without user information. Rules see a string.
//   - object: its members are not declared.
//   - array: items is a type; array<T> is short for it. Without items,
//     elements may be of any type except null.
//
// values lists the allowed values of a scalar, or of the elements of an array.
// Null counts as absent. tool is a reserved string of executionParams: if the
// content declares tools, it must name one of them; otherwise it is a field
// like any other.
//
// Any other member of the content or of a field is an issue. So are stepUp and
// exposure, which this version does not implement: to ignore a restriction
// would allow more than the grantor signed. An unknown member of a rule does
// not fail Compile; that rule evaluates to [ResultError].
//
// Further issues are
//
//   - an empty or repeated rule name, because evaluations could not be told
//     apart;
//   - an appliesTo that is empty or names an undeclared tool, because an agent
//     could then skip every rule;
//   - an expression that does not compile to a boolean.
//
// A content without rules compiles. Then only the declared executionParams
// restrict the agent. If those are absent too, the action allows only
// executionParams without members, apart from a declared tool.
func Compile(content canonical.Value) (a *Action, err error) {
	is := &issues{}
	defer func() {
		// The expression compiler does not recover from its own panics.
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

// Digest returns the SRI digest (SHA-256) of the content's canonical form.
// Mandates reference the content by it.
func (a *Action) Digest() string { return a.digest }

// HasTools reports whether the content declares tools. If so, valid
// executionParams name one of them in the member tool.
func (a *Action) HasTools() bool { return a.exec != nil && a.exec.tools != nil }

// Profile returns the profile that the rules are evaluated under.
func (a *Action) Profile() string { return Profile }

// Memory estimates the size of the compiled action in bytes, within a factor
// of two. It counts heap memory, without the parts of the engine that actions
// share.
func (a *Action) Memory() int {
	if a == nil {
		return 0
	}
	return a.memory
}

// Warnings returns the issues that did not make Compile fail.
func (a *Action) Warnings() []Issue { return slices.Clone(a.warnings) }

// The components of Memory, measured with this version of the engine: an
// environment, a declared field, a declared value, a rule, a node of its
// expression, an instruction of a pattern.
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
		is.content("malformed", "the content is not an object")
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
	a.memory = content.Size() // its strings share one text
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
		is.content("malformed", "rules is not an array")
		return a
	case rules.Len() > maxRules:
		is.content("limit", "there are more than %d rules", maxRules)
		return a
	}
	if rules.Len() == 0 && !a.exec.declared {
		// No rule and no shape checks the parameters: allow only those without
		// members.
		a.exec.declared = true
	}
	a.compileRules(rules, is)
	return a
}

// own returns a copy of a content whose size has been checked. The strings of
// a value keep the text of the whole document in memory, and that document may
// be a large presentation.
func own(content canonical.Value) (canonical.Value, bool) {
	limits := canonical.Limits{MaxBytes: maxContentBytes, MaxDepth: maxContentBytes, MaxValues: maxContentBytes}
	d, err := limits.Parse(content.AppendCanonical(nil))
	return d.Root(), err == nil
}

// members reports an issue for each content member that Compile does not list.
func members(content canonical.Value, is *issues) {
	for key, m := range content.Members() {
		switch key {
		case "name", "profile", "tools", "userParams", "executionParams", "rules":
		case "description":
			if m.Kind() != canonical.String {
				is.content("malformed", "description is not a string")
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

// readTools returns the declared tools, or nil if the member is absent.
func readTools(v canonical.Value, is *issues) []string {
	switch {
	case v.Kind() == canonical.Absent:
		return nil
	case v.Kind() != canonical.Array || v.Len() == 0:
		is.content("malformed", "tools is not an array with at least one name")
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
			is.content("malformed", "%s[%d] is not a string of 1 to %d characters", where, i, maxNameRunes)
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
			is.rule(r.name, "malformed", "the rule is not an object")
			continue
		}
		if name, ok := e.Get("name").String(); ok && validName(name) {
			if seen[name] {
				is.rule(name, "duplicate", "two rules have this name")
			}
			seen[name] = true
			r.name = strings.Clone(name) // callers keep the name in decisions
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

// readRule reads the members of a rule except name and expression.
func (a *Action) readRule(r *rule, v canonical.Value, is *issues) {
	for key, m := range v.Members() {
		switch key {
		case "name", "expression", "conditions":
		case "description":
			if m.Kind() != canonical.String {
				is.rule(r.name, "malformed", "description is not a string")
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
		is.rule(r.name, "malformed", "appliesTo is not an array of 1 to %d tools", maxTools)
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

package reference

import (
	"cmp"
	"fmt"
	"math"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// A typ is the type of a parameter or of an expression: string, number,
// boolean, object, array, time or any. date and url are strings with a format.
type typ struct {
	kind   string
	items  *typ
	values []any
}

type field struct {
	*typ
	required bool
}

// A shape is the declaration of parameters; nil means undeclared.
type shape map[string]field

// An action is a compiled content.
type action struct {
	name       string
	tools      []string // nil: undeclared
	exec, user shape
	rules      []rule
}

type rule struct {
	name          string
	forbid        bool
	unknownMember bool
	appliesTo     []string
	expr          *expr
}

// readAction compiles a content. outside names the first expression outside
// the supported subset of the language.
func readAction(content any) (a *action, ok bool, outside string) {
	o, ok := content.(object)
	a = &action{name: text(o, "name")}
	ok = ok && isName(a.name) && len(canon(o)) <= 256<<10 && optional[string](o, "description") && (!has(o, "profile") || o["profile"] == "via-cel/1")
	for k := range o {
		ok = ok && slices.Contains([]string{"name", "description", "profile", "tools", "userParams", "executionParams", "rules"}, k)
	}
	if has(o, "tools") {
		var fine bool
		a.tools, fine = distinct(o["tools"])
		ok = ok && fine && len(a.tools) <= 64
	}
	for name, s := range map[string]*shape{"executionParams": &a.exec, "userParams": &a.user} {
		if has(o, name) {
			var fine bool
			*s, fine = readShape(o[name])
			ok = ok && fine
		}
	}
	rules := list(o, "rules")
	ok = ok && optional[[]any](o, "rules") && len(rules) <= 64
	if tool, own := a.exec["tool"]; own {
		ok = ok && tool.kind == "string"
	} else if a.tools != nil && a.exec != nil {
		a.exec["tool"] = field{typ: &typ{kind: "string"}}
	}
	if len(rules) == 0 && a.exec == nil {
		a.exec = shape{}
		if a.tools != nil {
			a.exec["tool"] = field{typ: &typ{kind: "string"}}
		}
	}
	names, total := map[string]bool{}, 0
	for _, v := range rules {
		r := rule{name: text(v, "name"), forbid: text(v, "effect") == "forbid"}
		ok = ok && isName(r.name) && !names[r.name] && optional[string](v, "description") &&
			(!has(v, "effect") || r.forbid || text(v, "effect") == "require")
		names[r.name] = true
		for k := range toObject(v) {
			r.unknownMember = r.unknownMember || !slices.Contains([]string{"name", "expression", "conditions", "description", "effect", "appliesTo"}, k)
		}
		if has(v, "appliesTo") {
			for _, t := range list(v, "appliesTo") {
				s, _ := t.(string)
				ok = ok && slices.Contains(a.tools, s)
				r.appliesTo = append(r.appliesTo, s)
			}
			ok = ok && len(r.appliesTo) > 0 && len(r.appliesTo) <= 64
		}
		source := text(v, "expression")
		total += utf8.RuneCountInString(source)
		ok = ok && has(v, "expression") && utf8.RuneCountInString(source) <= 2048 && total <= 32<<10
		if !ok {
			return a, false, outside
		}
		var fault string
		if r.expr, fault = compileExpr(source, a.exec, a.user); fault == faultType {
			ok = false
		} else if fault != "" && outside == "" {
			outside = "the rule " + source
		}
		a.rules = append(a.rules, r)
	}
	return a, ok, outside
}

func isName(s string) bool { return s != "" && utf8.RuneCountInString(s) <= 128 }

// optional reports whether a member is absent or of type T.
func optional[T any](o any, name string) bool {
	_, is := member(o, name).(T)
	return is || !has(o, name)
}

func distinct(v any) (out []string, ok bool) {
	l, _ := v.([]any)
	for _, e := range l {
		s, _ := e.(string)
		if !isName(s) || slices.Contains(out, s) {
			return nil, false
		}
		out = append(out, s)
	}
	return out, len(out) > 0
}

func readShape(v any) (shape, bool) {
	o, ok := v.(object)
	s := shape{}
	ok = ok && len(o) <= 256
	for name, d := range o {
		f := field{typ: readType(d, 0), required: flag(d, "required")}
		fine := f.typ != nil && isName(name)
		for k := range toObject(d) {
			fine = fine && slices.Contains([]string{"type", "items", "values", "description", "required", "hidden"}, k)
		}
		ok = ok && fine && optional[bool](d, "required") && optional[bool](d, "hidden") && optional[string](d, "description")
		s[name] = f
	}
	return s, ok
}

// readType reads a type. It returns nil if v is not a type.
func readType(v any, depth int) *typ {
	if name, ok := v.(string); ok {
		return typeNamed(name, depth)
	}
	o, _ := v.(object)
	t := typeNamed(text(o, "type"), depth)
	for k := range o {
		if depth > 0 && !slices.Contains([]string{"type", "items", "values", "description"}, k) {
			return nil
		}
	}
	if t == nil || depth > 4 {
		return nil
	}
	if has(o, "items") {
		items := readType(o["items"], depth+1)
		if t.kind != "array" || t.items != nil || items == nil {
			return nil
		}
		t.items = items
	}
	if has(o, "values") {
		of := t
		if t.kind == "array" {
			of = t.items
		}
		l := list(o, "values")
		if of == nil || of.kind == "object" || of.kind == "array" || of.values != nil || len(l) == 0 || len(l) > 1000 {
			return nil
		}
		for i, e := range l {
			if len(of.faults("", e, nil)) > 0 || slices.Contains(l[:i], e) {
				return nil
			}
		}
		of.values = l
	}
	return t
}

func typeNamed(name string, depth int) *typ {
	if inner, ok := strings.CutPrefix(name, "array<"); ok && strings.HasSuffix(inner, ">") && depth <= 4 {
		if items := typeNamed(inner[:len(inner)-1], depth+1); items != nil {
			return &typ{kind: "array", items: items}
		}
		return nil
	}
	if depth <= 4 && slices.Contains([]string{"string", "number", "boolean", "date", "url", "object", "array"}, name) {
		return &typ{kind: name}
	}
	return nil
}

// A fault is the pointer and the code of one mismatch of parameters.
type fault [2]string

// faults appends the faults of v for type t.
func (t *typ) faults(at string, v any, out []fault) []fault {
	wrong := fault{at, "type"}
	switch t.kind {
	case "any":
		if v == nil {
			return append(out, wrong)
		}
		return unsafe(at, v, out)
	case "object":
		if notObject(v) {
			return append(out, wrong)
		}
		return unsafe(at, v, out)
	case "array":
		l, ok := v.([]any)
		if !ok {
			return append(out, wrong)
		}
		items := t.items
		if items == nil {
			items = &typ{kind: "any"}
		}
		for i, e := range l {
			out = items.faults(at+"/"+itoa(i), e, out)
		}
		return out
	case "number":
		f, ok := v.(float64)
		if !ok {
			return append(out, wrong)
		}
		if math.Abs(f) > 1<<53-1 {
			return append(out, fault{at, "unsafe_integer"})
		}
	case "boolean":
		if _, ok := v.(bool); !ok {
			return append(out, wrong)
		}
	default:
		s, ok := v.(string)
		if !ok || t.kind == "date" && !isDate(s) || t.kind == "url" && !isWebURL(s) {
			return append(out, wrong)
		}
	}
	if t.values != nil && !slices.Contains(t.values, v) {
		return append(out, fault{at, "value"})
	}
	return out
}

// unsafe finds integers beyond 2^53-1 in undeclared values.
func unsafe(at string, v any, out []fault) []fault {
	switch v := v.(type) {
	case float64:
		if math.Abs(v) > 1<<53-1 {
			out = append(out, fault{at, "unsafe_integer"})
		}
	case []any:
		for i, e := range v {
			out = unsafe(at+"/"+itoa(i), e, out)
		}
	case object:
		for k, e := range v {
			out = unsafe(at+"/"+token(k), e, out)
		}
	}
	return out
}

func isDate(s string) bool {
	t, err := time.Parse(time.DateOnly, s)
	return err == nil && t.Format(time.DateOnly) == s
}

var webURLForm = regexp.MustCompile(`^https?://([a-z0-9_.-]+|\[[0-9a-f:.]+\])(:[1-9][0-9]{0,4})?([/?#][!#-;=?-\[\]_a-z~]*)?$`)

var labelForm = regexp.MustCompile(`^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$`)

// isWebURL requires a host that is a name or an IPv6 address in its canonical
// form.
func isWebURL(s string) bool {
	form := webURLForm.FindStringSubmatch(s)
	if _, err := url.Parse(s); err != nil || form == nil || len(s) > 2048 {
		return false
	}
	host, port := form[1], 0
	fmt.Sscanf(form[2], ":%d", &port)
	if address, isLiteral := strings.CutPrefix(host, "["); isLiteral {
		a, err := netip.ParseAddr(strings.TrimSuffix(address, "]"))
		return err == nil && "["+a.String()+"]" == host && a.Is6() && port <= 65535
	}
	for label := range strings.SplitSeq(host, ".") {
		if !labelForm.MatchString(label) {
			return false
		}
	}
	return len(host) <= 253 && port <= 65535
}

func token(s string) string { return strings.NewReplacer("~", "~0", "/", "~1").Replace(s) }

// params validates parameters and returns them in the form that rules read.
// wrapped is set for the members of a mandate's userParams.
func (a *action) params(s shape, v object, wrapped bool) (object, []fault) {
	if out := bounded("", v, 1, nil); len(out) > 0 {
		return nil, sorted(out)
	}
	if len(canon(v)) > 64<<10 {
		return nil, []fault{{"", "too_large"}}
	}
	var out []fault
	seen := object{}
	for name, m := range v {
		at := "/" + token(name)
		f, declared := s[name]
		if inner, is := unwrap(m); wrapped && is {
			fits := declared && len(f.faults("", m, nil)) == 0
			if fits && len(f.faults("", inner, nil)) == 0 {
				out = append(out, fault{at, "ambiguous"})
			}
			if !fits && (declared || s == nil) {
				if hidden, there := m.(object)["hidden"]; there && hidden != true && hidden != false {
					out = append(out, fault{at + "/hidden", "type"})
				}
				m, at = inner, at+"/value"
			}
		}
		seen[name] = m
		switch {
		case !wrapped && name == "tool" && a.tools != nil: // see below
		case s == nil:
			out = unsafe(at, m, out)
		case !declared:
			out = append(out, fault{at, "undeclared"})
		case m == nil:
			delete(seen, name)
			if f.required {
				out = append(out, fault{at, "missing"})
			}
		default:
			out = f.faults(at, m, out)
		}
	}
	for name, f := range s {
		if _, there := v[name]; f.required && !there && (wrapped || name != "tool" || a.tools == nil) {
			out = append(out, fault{"/" + token(name), "missing"})
		}
	}
	if !wrapped {
		out = a.tool(s, v, out)
	}
	return seen, sorted(out)
}

func (a *action) tool(s shape, v object, out []fault) []fault {
	name, isText := v["tool"].(string)
	f, declared := s["tool"]
	switch {
	case a.tools == nil && s == nil && has(v, "tool") && !isText:
		return append(out, fault{"/tool", "type"})
	case a.tools == nil:
	case !slices.Contains(a.tools, name):
		return append(out, fault{"/tool", "unmanifested_tool"})
	case declared && f.values != nil && !slices.Contains(f.values, any(name)):
		return append(out, fault{"/tool", "value"})
	}
	return out
}

func unwrap(v any) (any, bool) {
	o, _ := v.(object)
	inner, ok := o["value"]
	return inner, ok && len(without(o, "value", "description", "label", "hidden")) == 0
}

func bounded(at string, v any, depth int, out []fault) []fault {
	o, isObject := v.(object)
	l, isList := v.([]any)
	switch {
	case !isObject && !isList:
		return out
	case depth > 8:
		return append(out, fault{at, "too_deep"})
	case len(l) > 1000:
		return append(out, fault{at, "too_many_items"})
	}
	for k, e := range o {
		out = bounded(at+"/"+token(k), e, depth+1, out)
	}
	for i, e := range l {
		out = bounded(at+"/"+itoa(i), e, depth+1, out)
	}
	return out
}

func sorted(out []fault) []fault {
	slices.SortFunc(out, func(a, b fault) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) })
	return out
}

// decide evaluates an action. reason is "" if the rules allow.
func (a *action) decide(user, exec object, now time.Time) (reason string, evaluations []any, faults []fault) {
	u, faults := a.params(a.user, user, true)
	if len(faults) > 0 {
		return "user_params_invalid", nil, faults
	}
	e, faults := a.params(a.exec, exec, false)
	if len(faults) > 0 {
		return "execution_params_invalid", nil, faults
	}
	tool, _ := e["tool"].(string)
	evaluations = []any{}
	failed, erred := false, false
	for _, r := range a.rules {
		result, code := r.evaluate(vars{"executionParams": e, "userParams": u, "now": now}, tool)
		failed, erred = failed || result == "fail", erred || result == "error"
		evaluations = append(evaluations, object{"rule": r.name, "result": result, "code": code})
	}
	switch {
	case failed:
		reason = "rule_failed"
	case erred:
		reason = "rule_error"
	}
	return reason, evaluations, nil
}

func (r rule) evaluate(v vars, tool string) (result, code string) {
	if r.unknownMember {
		return "error", "unknown_member"
	}
	if r.appliesTo != nil && !slices.Contains(r.appliesTo, tool) {
		return "skip", "not_applicable"
	}
	value, code := r.expr.eval(v)
	if code != "" {
		return "error", code
	}
	holds, ok := value.(bool)
	switch {
	case !ok:
		return "error", "not_bool"
	case holds == r.forbid:
		return "fail", "failed"
	}
	return "pass", "ok"
}

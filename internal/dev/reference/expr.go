package reference

import (
	"math"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// The supported subset of the rule language: the operators && || ! < <= > >=
// == != in + - * /, literals, fields, has, size, startsWith, endsWith,
// contains, and one level of all and exists. This is a separate interpreter,
// independent of the engine's CEL library, so that an error of that library is
// detected. compileExpr reports everything else as outside.

const (
	faultType    = "type"    // it does not compile
	faultOutside = "outside" // not supported here
)

type vars map[string]any

// An expr is a typed expression. eval returns a value, or the code of an
// error.
type expr struct {
	t    typ
	eval func(vars) (any, string)
	name string // if it is a variable
	sel  func(vars) (has bool, code string)
	lit  bool
}

var tokens = regexp.MustCompile(`^\s*([A-Za-z_][A-Za-z0-9_]*|[0-9]+(?:\.[0-9]+)?(?:e[0-9]+)?|'[^'\\\n]*'|"[^"\\\n]*"|&&|\|\||[<>=!]=|[-+*/<>!().,\[\]])`)

type compiler struct {
	tokens     []string
	exec, user shape
	scope      map[string]typ
	loops      int
}

func compileExpr(source string, exec, user shape) (e *expr, fault string) {
	c := &compiler{exec: exec, user: user, scope: map[string]typ{}}
	defer func() {
		if r := recover(); r != nil {
			f, ok := r.(string)
			if e, fault = nil, f; !ok || f != faultType && f != faultOutside {
				panic(r)
			}
		}
	}()
	for rest := strings.TrimSpace(source); rest != ""; {
		m := tokens.FindStringSubmatch(rest)
		if m == nil || len(c.tokens) > 120 {
			return nil, faultOutside
		}
		c.tokens, rest = append(c.tokens, m[1]), strings.TrimSpace(rest[len(m[0]):])
	}
	e = c.binary(0)
	if len(c.tokens) > 0 {
		return nil, faultOutside
	}
	if e.t.kind != "boolean" && e.t.kind != "any" {
		return nil, faultType
	}
	return e, ""
}

func (c *compiler) peek() string {
	if len(c.tokens) == 0 {
		return ""
	}
	return c.tokens[0]
}

func (c *compiler) next() string {
	t := c.peek()
	c.demand(t != "", faultOutside)
	c.tokens = c.tokens[1:]
	return t
}

func (c *compiler) demand(ok bool, fault string) {
	if !ok {
		panic(fault)
	}
}

func (c *compiler) want(t string) { c.demand(c.next() == t, faultOutside) }

var levels = [][]string{{"||"}, {"&&"}, {"<", "<=", ">", ">=", "==", "!=", "in"}, {"+", "-"}, {"*", "/"}}

func (c *compiler) binary(level int) *expr {
	if level == len(levels) {
		return c.unary()
	}
	left := c.binary(level + 1)
	for slices.Contains(levels[level], c.peek()) {
		op := c.next()
		left = c.combine(op, left, c.binary(level+1))
	}
	return left
}

// fits reports whether two types can be the same.
func fits(a, b typ) bool {
	if a.kind == "any" || b.kind == "any" {
		return true
	}
	return a.kind == b.kind && (a.kind != "array" || a.items == nil || b.items == nil || fits(*a.items, *b.items))
}

func (c *compiler) combine(op string, l, r *expr) *expr {
	any_ := typ{kind: "any"}
	is := func(kind string) bool { k := typ{kind: kind}; return fits(l.t, k) && fits(r.t, k) }
	e := &expr{t: typ{kind: "boolean"}}
	switch op {
	case "&&", "||":
		c.demand(is("boolean"), faultType)
		e.eval = func(v vars) (any, string) { return logic(op == "||", v, l, r) }
		return e
	case "==", "!=":
		c.demand(fits(l.t, r.t), faultType)
		e.eval = both(l, r, func(x, y any) (any, string) {
			if !sameType(x, y) {
				return nil, "type_mismatch"
			}
			return reflect.DeepEqual(x, y) == (op == "=="), ""
		})
	case "in":
		items := any_
		if r.t.items != nil {
			items = *r.t.items
		}
		c.demand(r.t.kind == "array" || r.t.kind == "any", faultType)
		c.demand(fits(l.t, items), faultType)
		e.eval = both(l, r, contains)
	case "<", "<=", ">", ">=":
		c.demand(is("number") || is("string") || is("time"), faultType)
		e.eval = both(l, r, func(x, y any) (any, string) { return ordered(op, x, y) })
	default:
		c.demand(op != "/" || r.lit && r.t.kind == "number", faultOutside)
		c.demand(is("number") || op == "+" && is("string"), faultType)
		c.demand(l.t.kind != "any" || r.t.kind != "any" || op != "+", faultOutside)
		if op == "/" {
			divisor, _ := r.eval(nil)
			c.demand(divisor != any(0.0), faultType)
		}
		// The profile refuses to divide two integers. This package does not
		// distinguish integer literals, so a literal dividend is outside.
		c.demand(op != "/" || !l.lit, faultOutside)
		e.t = typ{kind: "any"}
		for _, kind := range []string{"number", "string"} {
			if op != "+" && kind == "number" || l.t.kind == kind || r.t.kind == kind {
				e.t.kind = kind
				break
			}
		}
		e.eval = both(l, r, func(x, y any) (any, string) { return arithmetic(op, x, y) })
	}
	return e
}

// logic implements && and ||. A deciding operand on either side takes
// precedence over an error on the other.
func logic(deciding bool, v vars, l, r *expr) (any, string) {
	var first string
	for _, e := range []*expr{l, r} {
		x, code := e.eval(v)
		b, ok := x.(bool)
		if code == "" && ok && b == deciding {
			return deciding, ""
		}
		if code == "" && !ok {
			code = "type_mismatch"
		}
		if first == "" {
			first = code
		}
	}
	if first != "" {
		return nil, first
	}
	return !deciding, ""
}

// both evaluates two operands. An error of either is the result.
func both(l, r *expr, f func(x, y any) (any, string)) func(vars) (any, string) {
	return func(v vars) (any, string) {
		x, code := l.eval(v)
		if code != "" {
			return nil, code
		}
		y, code := r.eval(v)
		if code != "" {
			return nil, code
		}
		return f(x, y)
	}
}

func sameType(x, y any) bool {
	return x == nil || y == nil || reflect.TypeOf(x) == reflect.TypeOf(y)
}

func contains(x, y any) (any, string) {
	l, ok := y.([]any)
	if !ok {
		return nil, "type_mismatch"
	}
	mixed := false
	for _, e := range l {
		if reflect.DeepEqual(x, e) {
			return true, ""
		}
		mixed = mixed || !sameType(x, e)
	}
	if mixed {
		return nil, "type_mismatch"
	}
	return false, ""
}

func ordered(op string, x, y any) (any, string) {
	var order int
	switch a := x.(type) {
	case float64:
		b, ok := y.(float64)
		if !ok {
			return nil, "type_mismatch"
		}
		order = map[bool]int{true: 1}[a > b] - map[bool]int{true: 1}[a < b]
	case string:
		b, ok := y.(string)
		if !ok {
			return nil, "type_mismatch"
		}
		order = strings.Compare(a, b)
	case time.Time:
		b, ok := y.(time.Time)
		if !ok {
			return nil, "type_mismatch"
		}
		order = a.Compare(b)
	default:
		return nil, "type_mismatch"
	}
	return order < 0 && op[0] == '<' || order > 0 && op[0] == '>' || order == 0 && len(op) == 2, ""
}

func arithmetic(op string, x, y any) (any, string) {
	if s, ok := x.(string); ok && op == "+" {
		if t, ok := y.(string); ok {
			return s + t, ""
		}
	}
	a, ok1 := x.(float64)
	b, ok2 := y.(float64)
	if !ok1 || !ok2 {
		return nil, "type_mismatch"
	}
	var z float64
	switch op {
	case "+":
		z = a + b
	case "-":
		z = a - b
	case "*":
		z = a * b
	case "/":
		z = a / b
	}
	if math.IsInf(z, 0) || math.IsNaN(z) {
		return nil, "type_mismatch"
	}
	return z, ""
}

func (c *compiler) unary() *expr {
	if c.peek() == "!" {
		c.next()
		e := c.unary()
		c.demand(fits(e.t, typ{kind: "boolean"}), faultType)
		return &expr{t: typ{kind: "boolean"}, eval: func(v vars) (any, string) {
			x, code := e.eval(v)
			b, ok := x.(bool)
			if code == "" && !ok {
				code = "type_mismatch"
			}
			return !b, code
		}}
	}
	e := c.primary()
	for c.peek() == "." {
		c.next()
		if name := c.next(); c.peek() == "(" {
			e = c.method(e, name)
		} else {
			e = c.selected(e, name)
		}
	}
	return e
}

func literal(t typ, v any) *expr {
	return &expr{t: t, lit: true, eval: func(vars) (any, string) { return v, "" }}
}

func (c *compiler) primary() *expr {
	t := c.next()
	switch {
	case t == "(":
		e := c.binary(0)
		c.want(")")
		return &expr{t: e.t, eval: e.eval, sel: e.sel}
	case t == "[":
		return c.listLiteral()
	case t[0] == '\'' || t[0] == '"':
		return literal(typ{kind: "string"}, t[1:len(t)-1])
	case '0' <= t[0] && t[0] <= '9':
		f, err := strconv.ParseFloat(t, 64)
		c.demand(err == nil && f <= 1<<53-1, faultOutside)
		return literal(typ{kind: "number"}, f)
	case t == "true" || t == "false":
		return literal(typ{kind: "boolean"}, t == "true")
	case t == "now":
		return c.variable(t, typ{kind: "time"})
	case t == "executionParams" || t == "userParams":
		return c.variable(t, typ{kind: "object"})
	case c.peek() == "(" && (t == "has" || t == "size"):
		c.next()
		e := c.binary(0)
		c.want(")")
		if t == "size" {
			return c.size(e)
		}
		c.demand(e.sel != nil, faultOutside)
		return &expr{t: typ{kind: "boolean"}, eval: func(v vars) (any, string) { b, code := e.sel(v); return b, code }}
	}
	local, ok := c.scope[t]
	c.demand(ok, faultOutside)
	return c.variable(t, local)
}

func (c *compiler) variable(name string, t typ) *expr {
	return &expr{t: t, name: name, eval: func(v vars) (any, string) { return v[name], "" }}
}

func (c *compiler) listLiteral() *expr {
	var items []*expr
	for c.peek() != "]" {
		if len(items) > 0 {
			c.want(",")
		}
		items = append(items, c.binary(0))
		c.demand(items[len(items)-1].t.kind == items[0].t.kind, faultOutside)
	}
	c.next()
	c.demand(len(items) > 0, faultOutside)
	return &expr{t: typ{kind: "array", items: &items[0].t}, eval: func(v vars) (any, string) {
		var out []any
		for _, e := range items {
			x, code := e.eval(v)
			if code != "" {
				return nil, code
			}
			out = append(out, x)
		}
		return out, ""
	}}
}

func (c *compiler) selected(of *expr, name string) *expr {
	e := &expr{t: typ{kind: "any"}}
	shapes := map[string]shape{"executionParams": c.exec, "userParams": c.user}
	if s, isVar := shapes[of.name]; isVar && s != nil && c.scope[of.name].kind == "" {
		f, declared := s[name]
		c.demand(declared, faultType)
		e.t = static(*f.typ)
	} else {
		c.demand(of.t.kind == "object" || of.t.kind == "any", faultType)
	}
	e.sel = func(v vars) (bool, string) {
		x, code := of.eval(v)
		o, ok := x.(object)
		if code == "" && !ok {
			code = "missing_field"
		}
		_, there := o[name]
		return there, code
	}
	e.eval = func(v vars) (any, string) {
		there, code := e.sel(v)
		if code == "" && !there {
			code = "missing_field"
		}
		if code != "" {
			return nil, code
		}
		x, _ := of.eval(v)
		return x.(object)[name], ""
	}
	return e
}

// static returns the type in expressions: dates and URLs are strings.
func static(t typ) typ {
	if t.kind == "date" || t.kind == "url" {
		return typ{kind: "string"}
	}
	if t.items != nil {
		items := static(*t.items)
		return typ{kind: "array", items: &items}
	}
	return typ{kind: t.kind}
}

func (c *compiler) method(of *expr, name string) *expr {
	c.want("(")
	if name == "all" || name == "exists" {
		return c.loop(of, name)
	}
	if name == "size" {
		c.want(")")
		return c.size(of)
	}
	f, ok := map[string]func(s, t string) bool{"startsWith": strings.HasPrefix, "endsWith": strings.HasSuffix, "contains": strings.Contains}[name]
	c.demand(ok, faultOutside)
	arg, str := c.binary(0), typ{kind: "string"}
	c.want(")")
	c.demand(fits(of.t, str) && fits(arg.t, str), faultType)
	return &expr{t: typ{kind: "boolean"}, eval: both(of, arg, func(x, y any) (any, string) {
		s, ok1 := x.(string)
		t, ok2 := y.(string)
		if !ok1 || !ok2 {
			return nil, "type_mismatch"
		}
		return f(s, t), ""
	})}
}

func (c *compiler) size(of *expr) *expr {
	c.demand(slices.Contains([]string{"any", "string", "array"}, of.t.kind), faultType)
	return &expr{t: typ{kind: "number"}, eval: func(v vars) (any, string) {
		x, code := of.eval(v)
		switch x := x.(type) {
		case string:
			return float64(utf8.RuneCountInString(x)), code
		case []any:
			return float64(len(x)), code
		}
		if code == "" {
			code = "type_mismatch"
		}
		return nil, code
	}}
}

func (c *compiler) loop(over *expr, name string) *expr {
	variable, item := c.next(), typ{kind: "any"}
	c.want(",")
	c.demand(c.loops == 0 && !slices.Contains([]string{"executionParams", "userParams", "now"}, variable), faultOutside)
	c.demand(over.t.kind == "array" || over.t.kind == "any", faultType)
	if over.t.items != nil {
		item = *over.t.items
	}
	c.loops++
	c.scope[variable] = item
	body := c.binary(0)
	delete(c.scope, variable)
	c.loops--
	c.want(")")
	c.demand(fits(body.t, typ{kind: "boolean"}), faultType)
	return &expr{t: typ{kind: "boolean"}, eval: func(v vars) (any, string) {
		x, code := over.eval(v)
		l, ok := x.([]any)
		if code == "" && !ok {
			code = "type_mismatch"
		}
		if code != "" {
			return nil, code
		}
		all := literal(typ{kind: "boolean"}, name == "all")
		out := any(name == "all")
		for _, e := range l {
			inner := vars{variable: e}
			for k, y := range v {
				inner[k] = y
			}
			if code != "" {
				c := code
				all = &expr{eval: func(vars) (any, string) { return nil, c }}
			}
			if out, code = logic(name == "exists", inner, all, body); code == "" && out != any(name == "all") {
				return out, ""
			}
		}
		return out, code
	}}
}

func itoa(i int) string { return strconv.Itoa(i) }

package main

import (
	"bufio"
	"fmt"
	"go/ast"
	"go/scanner"
	"go/token"
	"go/types"
	"os"
	"regexp"
	"slices"
	"strings"
)

// lookupTypes are the types of package verifier that hold what was looked up for
// a decision or what still has to be.
var lookupTypes = []string{"evidence", "need", "answer", "lookup"}

// trail follows the lookups of one decision through the code of package verifier,
// from Verify on.
type trail struct {
	stops     int // lines that name a value of lookupTypes
	climbs    int // calls that can come back with a lookup missing, so that the caller has to look
	functions int // those that name such a value
	returns   int // in these
	names     int // by which such values go in these
	at        []string
}

func (c *code) trail(g *graph) trail {
	s := c.in("verifier")
	all := g.reach(g.named("verifier", "(*Verifier).Verify"), func(fn *types.Func) bool { return g.home[fn] == s })
	var t trail
	names := map[types.Object]bool{}
	lines := map[token.Position]bool{}
	asks := map[*types.Func]bool{}
	for _, fn := range all {
		had := false
		for v := range fn.Signature().Results().Variables() {
			_, list := v.Type().(*types.Slice)
			asks[fn] = asks[fn] || list && typeName(v.Type()) == "lookup" // it returns what is missing
		}
		ast.Inspect(g.bodies[fn], func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.Ident:
				v, ok := s.info.Uses[n].(*types.Var)
				if !ok {
					if v, ok = s.info.Defs[n].(*types.Var); ok && isLookup(v.Type()) {
						names[v] = true
					}
				}
				if ok && isLookup(v.Type()) {
					had = true
					p := c.fset.Position(n.Pos())
					lines[token.Position{Filename: p.Filename, Line: p.Line}] = true
				}
			case *ast.AssignStmt: // it notes a lookup that is missing
				for _, l := range n.Lhs {
					if sel, ok := l.(*ast.SelectorExpr); ok {
						t := typeName(s.info.Types[sel.X].Type)
						asks[fn] = asks[fn] || t == "need"
					}
				}
			}
			return true
		})
		if had {
			t.functions++
			t.returns += count[*ast.ReturnStmt](g.bodies[fn])
		}
	}
	for grew := true; grew; {
		grew = false
		for _, fn := range all {
			for called := range g.calls[fn] {
				if asks[called] && !asks[fn] {
					asks[fn], grew = true, true
				}
			}
		}
	}
	for _, fn := range all {
		for called, n := range g.calls[fn] {
			if asks[called] {
				t.climbs += n
			}
		}
	}
	t.stops, t.names = len(lines), len(names)
	for p := range lines {
		t.at = append(t.at, fmt.Sprintf("%s:%d", relative(p.Filename), p.Line))
	}
	slices.Sort(t.at)
	return t
}

func isLookup(t types.Type) bool { return slices.Contains(lookupTypes, typeName(t)) }

// typeName returns the name of a type of package verifier, pointers and slices
// taken off, or "".
func typeName(t types.Type) string {
	for {
		switch u := t.(type) {
		case *types.Pointer:
			t = u.Elem()
		case *types.Slice:
			t = u.Elem()
		case *types.Alias:
			t = types.Unalias(u)
		case *types.Named:
			if o := u.Obj(); o.Pkg() != nil && o.Pkg().Path() == module+"verifier" {
				return o.Name()
			}
			return ""
		default:
			return ""
		}
	}
}

func count[N ast.Node](in ast.Node) (n int) {
	ast.Inspect(in, func(x ast.Node) bool {
		if _, ok := x.(N); ok {
			n++
		}
		return true
	})
	return n
}

// sideBySide counts the functions that take what was looked up and what is
// missing as two parameters.
func (c *code) sideBySide() (n int) {
	for _, fd := range c.functions("verifier") {
		var evidence, need bool
		for _, field := range fd.Type.Params.List {
			text := types.ExprString(field.Type)
			evidence, need = evidence || strings.Contains(text, "evidence"), need || strings.Contains(text, "need")
		}
		if evidence && need {
			n++
		}
	}
	return n
}

func (c *code) functions(pkg string) (all []*ast.FuncDecl) {
	for _, f := range c.in(pkg).files {
		for _, d := range f.Decls {
			if fd, ok := d.(*ast.FuncDecl); ok {
				all = append(all, fd)
			}
		}
	}
	return all
}

// exported lists the exported names of a package that are no constants: types,
// functions and variables. Methods and fields belong to their type.
func (c *code) exported(pkg string) (names []string) {
	scope := c.in(pkg).types.Scope()
	for _, name := range scope.Names() {
		o := scope.Lookup(name)
		if _, constant := o.(*types.Const); o.Exported() && !constant {
			names = append(names, name)
		}
	}
	return names
}

// lines counts the lines that hold code: not blank, not only a comment, and not
// the package clause or imports.
func (c *code) lines(pkgs ...string) (n int) {
	for _, pkg := range pkgs {
		for _, f := range c.in(pkg).files {
			for _, d := range f.Decls {
				if gd, ok := d.(*ast.GenDecl); ok && gd.Tok == token.IMPORT {
					continue
				}
				n += c.codeLines(d)
			}
		}
	}
	return n
}

func (c *code) codeLines(d ast.Decl) (n int) {
	from, to := c.fset.Position(d.Pos()), c.fset.Position(d.End())
	text, err := os.ReadFile(from.Filename)
	if err != nil {
		panic(err)
	}
	text = text[from.Offset:to.Offset]
	file := token.NewFileSet().AddFile("", -1, len(text))
	var s scanner.Scanner
	s.Init(file, text, nil, 0)
	for last := 0; ; {
		pos, tok, lit := s.Scan()
		if tok == token.EOF {
			return n
		}
		if tok == token.SEMICOLON && lit == "\n" {
			continue
		}
		first := file.Line(pos)
		end := first + strings.Count(lit, "\n")
		n += end - max(first, last+1) + 1
		last = max(last, end)
	}
}

// stickyReaders lists the types that read members of a JSON object by name and
// keep the first error. Such a type is a struct that has a field for one error, a
// method with a parameter called name, and a canonical.Value as a field or a
// parameter. A type with a list of errors does not count.
func (c *code) stickyReaders() (found []string) {
	for _, s := range c.packages {
		if strings.HasPrefix(s.path, "internal/dev/") {
			continue
		}
		for _, name := range s.types.Scope().Names() {
			o, isType := s.types.Scope().Lookup(name).(*types.TypeName)
			if !isType {
				continue
			}
			named, _ := o.Type().(*types.Named)
			st, ok := o.Type().Underlying().(*types.Struct)
			if named == nil || !ok {
				continue
			}
			var keepsError, seesValue, byName bool
			for f := range st.Fields() {
				text := strings.TrimPrefix(types.TypeString(f.Type(), nil), "*")
				keepsError = keepsError || text == "error" || !strings.HasPrefix(text, "[]") && (strings.HasSuffix(text, "dataintegrity.Error") || strings.HasSuffix(text, ".Fault"))
				seesValue = seesValue || text == module+"canonical.Value"
			}
			for i := range named.NumMethods() {
				for v := range named.Method(i).Signature().Params().Variables() {
					seesValue = seesValue || types.TypeString(v.Type(), nil) == module+"canonical.Value"
					byName = byName || v.Name() == "name"
				}
			}
			if keepsError && seesValue && byName {
				found = append(found, s.path+"."+name)
			}
		}
	}
	return found
}

// cutters lists the functions that cut or quote a text for a message: they take
// a string, return a string, and add an ellipsis or quote it.
func (c *code) cutters() (found []string) {
	for _, s := range c.packages {
		if strings.HasPrefix(s.path, "internal/dev/") {
			continue
		}
		for _, fd := range c.functions(s.path) {
			res := fd.Type.Results
			if fd.Body == nil || fd.Recv != nil || res == nil || len(res.List) != 1 || types.ExprString(res.List[0].Type) != "string" {
				continue
			}
			takesText := false
			for _, p := range fd.Type.Params.List {
				text := types.ExprString(p.Type)
				takesText = takesText || text == "string" || text == "T"
			}
			cuts := false
			ast.Inspect(fd.Body, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.BasicLit:
					cuts = cuts || strings.Contains(n.Value, "…") || strings.Contains(n.Value, `"..."`) || regexp.MustCompile(`%\.\d+q`).MatchString(n.Value)
				case *ast.SelectorExpr:
					cuts = cuts || strings.HasPrefix(n.Sel.Name, "Quote")
				}
				return true
			})
			if takesText && cuts && len(fd.Body.List) <= 12 {
				found = append(found, s.path+"."+fd.Name.Name)
			}
		}
	}
	return found
}

// riddles are patterns of comments that have to be translated while reading, and
// plain those that look like one and are not.
var (
	riddles = regexp.MustCompile(`(?i)\b(of (one|those|what) that|who (asks|is about|has|was|had|presents|calls|waits)|whoever|stands? in\b|(is|are) over\b` +
		`|nothing is what|is what it says|(is|are|was|were|be) no [a-z]|(is|are) none\b|(which|that) nobody|nobody (has|is|modifies|looks|waits)|for good\b|for who\b` +
		`|one after the other|what (is|was) [a-z]+ (is|was|does)|the worst of|is another's|of its own accord|in the place of|is as good as|says so\b|has a say|knows for certain|as good as they)`)
	plain = regexp.MustCompile(`(?i)there (is|are|was|were|must be|can be|may be|to be) (no|none)\b|\b(is|are|was) no (longer|more)\b`)
)

// comments lists the comment lines, in packages whose path begins so, that match
// riddles.
func (c *code) comments(prefixes ...string) (found []string) {
	for _, s := range c.packages {
		if !slices.ContainsFunc(prefixes, func(p string) bool { return s.path == p || strings.HasPrefix(s.path, p+"/") }) {
			continue
		}
		for _, f := range s.files {
			for _, group := range f.Comments {
				for _, comment := range group.List {
					at := c.fset.Position(comment.Pos())
					line := at.Line
					for text := bufio.NewScanner(strings.NewReader(comment.Text)); text.Scan(); line++ {
						if m := riddles.FindString(plain.ReplaceAllString(text.Text(), "")); m != "" {
							found = append(found, fmt.Sprintf("%s:%d: %s", relative(at.Filename), line, strings.TrimSpace(text.Text())))
						}
					}
				}
			}
		}
	}
	return found
}

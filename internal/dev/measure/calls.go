package main

import (
	"go/ast"
	"go/types"
)

// A graph holds the calls between the functions that one package links. A call of
// an interface's method leads to every method that implements it, and a call of a
// function value to every function of that type that is used as a value.
type graph struct {
	calls  map[*types.Func]map[*types.Func]int // how often one calls the other
	bodies map[*types.Func]*ast.FuncDecl
	home   map[*types.Func]*source
}

func (c *code) graph(pkg string) *graph {
	packages := c.linked(pkg)
	g := &graph{map[*types.Func]map[*types.Func]int{}, map[*types.Func]*ast.FuncDecl{}, map[*types.Func]*source{}}
	var methods, values []*types.Func
	for _, s := range packages {
		for _, f := range s.files {
			for _, d := range f.Decls {
				if fd, ok := d.(*ast.FuncDecl); ok && fd.Body != nil {
					fn := s.info.Defs[fd.Name].(*types.Func)
					g.bodies[fn], g.home[fn] = fd, s
					if fd.Recv != nil {
						methods = append(methods, fn)
					}
				}
			}
		}
	}
	for fn, body := range g.bodies {
		for _, id := range identsOf(body.Body, false) {
			if used, ok := g.home[fn].info.Uses[id].(*types.Func); ok {
				values = append(values, used.Origin())
			}
		}
	}
	for _, s := range packages { // and those in tables of the package
		for _, f := range s.files {
			for _, d := range f.Decls {
				if gd, ok := d.(*ast.GenDecl); ok {
					for _, id := range identsOf(gd, false) {
						if used, ok := s.info.Uses[id].(*types.Func); ok {
							values = append(values, used.Origin())
						}
					}
				}
			}
		}
	}
	for fn, body := range g.bodies {
		g.calls[fn] = map[*types.Func]int{}
		info := g.home[fn].info
		ast.Inspect(body.Body, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			if id := calledName(call); id != nil {
				switch called := info.Uses[id].(type) {
				case *types.Func:
					called = called.Origin()
					g.calls[fn][called]++
					for _, m := range methods {
						if implements(m, called) {
							g.calls[fn][m]++
						}
					}
					return true
				case *types.TypeName, *types.Builtin:
					return true
				}
			}
			if tv := info.Types[call.Fun]; tv.Type != nil && !tv.IsType() {
				for _, v := range values {
					if sig, ok := tv.Type.Underlying().(*types.Signature); ok && sameSignature(sig, v.Signature()) {
						g.calls[fn][v]++
					}
				}
			}
			return true
		})
	}
	return g
}

// calledName returns the name of what is called, nil for an expression without
// one.
func calledName(call *ast.CallExpr) *ast.Ident {
	fun := ast.Unparen(call.Fun)
	if x, ok := fun.(*ast.IndexExpr); ok {
		fun = x.X
	}
	switch fun := fun.(type) {
	case *ast.Ident:
		return fun
	case *ast.SelectorExpr:
		return fun.Sel
	}
	return nil
}

// identsOf returns the identifiers below a node, those that are called only when
// called is set.
func identsOf(n ast.Node, called bool) (ids []*ast.Ident) {
	skip := map[*ast.Ident]bool{}
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			if id := calledName(n); id != nil && !called {
				skip[id] = true
			}
		case *ast.Ident:
			if !skip[n] {
				ids = append(ids, n)
			}
		}
		return true
	})
	return ids
}

// implements reports whether method m can be what a call of the interface's
// method called runs.
func implements(m, called *types.Func) bool {
	recv := called.Signature().Recv()
	if recv == nil || m.Name() != called.Name() {
		return false
	}
	iface, ok := recv.Type().Underlying().(*types.Interface)
	return ok && types.Implements(m.Signature().Recv().Type(), iface)
}

// sameSignature compares two signatures. The receiver of a method expression
// counts as its first parameter.
func sameSignature(value, fn *types.Signature) bool {
	bare := types.NewSignatureType(nil, nil, nil, fn.Params(), fn.Results(), fn.Variadic())
	if types.Identical(value, bare) {
		return true
	}
	if fn.Recv() == nil {
		return false
	}
	vars := []*types.Var{fn.Recv()}
	for v := range fn.Params().Variables() {
		vars = append(vars, v)
	}
	return types.Identical(value, types.NewSignatureType(nil, nil, nil, types.NewTuple(vars...), fn.Results(), fn.Variadic()))
}

// named returns the function with that name, such as "(*Verifier).Verify" of a
// package.
func (g *graph) named(pkg, name string) *types.Func {
	for fn := range g.bodies {
		if g.home[fn].path == pkg && shortName(fn) == name {
			return fn
		}
	}
	return nil
}

func shortName(fn *types.Func) string {
	if recv := fn.Signature().Recv(); recv != nil {
		return "(" + types.TypeString(recv.Type(), func(*types.Package) string { return "" }) + ")." + fn.Name()
	}
	return fn.Name()
}

// reach returns the functions that from calls, directly or not, itself included,
// as far as keep lets it look.
func (g *graph) reach(from *types.Func, keep func(*types.Func) bool) (all []*types.Func) {
	seen := map[*types.Func]bool{from: true}
	for all = []*types.Func{from}; ; {
		n := len(all)
		for _, fn := range all {
			for called := range g.calls[fn] {
				if g.bodies[called] != nil && !seen[called] && keep(called) {
					seen[called] = true
					all = append(all, called)
				}
			}
		}
		if len(all) == n {
			return all
		}
	}
}

// path returns a shortest chain of calls from one function to another, which
// need not be of this module.
func (g *graph) path(from *types.Func, to string) []*types.Func {
	before := map[*types.Func]*types.Func{from: nil}
	for level := []*types.Func{from}; len(level) > 0; {
		var next []*types.Func
		for _, fn := range level {
			for called := range g.calls[fn] {
				if _, seen := before[called]; seen {
					continue
				}
				before[called] = fn
				if called.FullName() == to {
					var chain []*types.Func
					for at := called; at != nil; at = before[at] {
						chain = append([]*types.Func{at}, chain...)
					}
					return chain
				}
				next = append(next, called)
			}
		}
		level = next
	}
	return nil
}

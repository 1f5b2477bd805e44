package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

const module = "github.com/mandate-engine/mandate/"

// A source is one package of the module, without its tests.
type source struct {
	path  string // below the module
	files []*ast.File
	types *types.Package // nil for packages that are only read as text
	info  *types.Info
}

// A code is what the figures are read from.
type code struct {
	fset     *token.FileSet
	packages []*source
}

// linked returns the packages that package pkg links, itself included.
func (c *code) linked(pkg string) (all []*source) {
	seen := map[*types.Package]bool{}
	var visit func(p *types.Package)
	visit = func(p *types.Package) {
		if !seen[p] {
			seen[p] = true
			for _, i := range p.Imports() {
				visit(i)
			}
		}
	}
	visit(c.in(pkg).types)
	for _, s := range c.packages {
		if seen[s.types] {
			all = append(all, s)
		}
	}
	return all
}

// load reads the packages that match the patterns, in the order of imports. It
// type-checks them from source, so that a function has one types.Func wherever
// it is called.
func load(patterns ...string) (*code, error) {
	args := append([]string{"list", "-export", "-deps", "-json=ImportPath,Dir,Export,GoFiles,DepOnly"}, patterns...)
	cmd := exec.Command("go", args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	type listed struct {
		ImportPath, Dir, Export string
		GoFiles                 []string
		DepOnly                 bool
	}
	exports := map[string]string{}
	checked := map[string]*types.Package{}
	c := &code{fset: token.NewFileSet()}
	fromExport := importer.ForCompiler(c.fset, "gc", func(path string) (io.ReadCloser, error) {
		if exports[path] == "" {
			return nil, fmt.Errorf("no export data of %s", path)
		}
		return os.Open(exports[path])
	})
	from := importerFunc(func(path string) (*types.Package, error) {
		if p := checked[path]; p != nil {
			return p, nil
		}
		return fromExport.Import(path)
	})
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, err
		}
		exports[p.ImportPath] = p.Export
		if !strings.HasPrefix(p.ImportPath, module) {
			continue
		}
		s := &source{path: strings.TrimPrefix(p.ImportPath, module), info: &types.Info{
			Uses: map[*ast.Ident]types.Object{}, Defs: map[*ast.Ident]types.Object{}, Types: map[ast.Expr]types.TypeAndValue{}}}
		for _, name := range p.GoFiles {
			f, err := parser.ParseFile(c.fset, filepath.Join(p.Dir, name), nil, parser.ParseComments)
			if err != nil {
				return nil, err
			}
			s.files = append(s.files, f)
		}
		conf := types.Config{Importer: from}
		if s.types, err = conf.Check(p.ImportPath, c.fset, s.files, s.info); err != nil {
			return nil, err
		}
		checked[p.ImportPath] = s.types
		c.packages = append(c.packages, s)
	}
	return c, nil
}

type importerFunc func(string) (*types.Package, error)

func (f importerFunc) Import(path string) (*types.Package, error) { return f(path) }

// in returns the package with that path.
func (c *code) in(path string) *source {
	for _, s := range c.packages {
		if s.path == path {
			return s
		}
	}
	return &source{path: path, types: types.NewPackage(path, path), info: &types.Info{}}
}

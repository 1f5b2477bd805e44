package deptest

import (
	"bytes"
	"flag"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const root = "../../"

// sources returns the Go files of a package, tests left out.
func sources(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(root + dir + "/*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: no Go files (%v)", dir, err)
	}
	return slices.DeleteFunc(files, func(f string) bool { return strings.HasSuffix(f, "_test.go") })
}

// lines counts the lines of a package, and those that hold code.
func lines(t *testing.T, dir string) (all, code int) {
	for _, f := range sources(t, dir) {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(b)) {
			all++
			if s := strings.TrimSpace(line); s != "" && !strings.HasPrefix(s, "//") {
				code++
			}
		}
	}
	return all, code
}

// TestSize prints the size of the library beside its budget. The ceilings are
// where it stands, rounded up: growing past one is a decision to write down.
func TestSize(t *testing.T) {
	var text strings.Builder
	total, totalCode, core, coreCode := 0, 0, 0, 0
	for _, dir := range library {
		all, code := lines(t, dir)
		fmt.Fprintf(&text, "%-24s %5d lines, %5d of code\n", dir, all, code)
		total, totalCode = total+all, totalCode+code
		if dir == "verifier" || dir == "internal/dataintegrity" {
			core, coreCode = core+all, coreCode+code
		}
	}
	const coreBudget, libraryBudget = 2500, 7000
	const coreCeiling, ceiling = 2850, 14400 // see docs/decisions/064-size.md
	t.Logf("\n%sverifier + dataintegrity: %d lines, %d of code; budget %d\nlibrary: %d lines, %d of code; budget %d",
		text.String(), core, coreCode, coreBudget, total, totalCode, libraryBudget)
	if coreCode > coreCeiling {
		t.Errorf("verifier and internal/dataintegrity have %d lines of code, the ceiling is %d", coreCode, coreCeiling)
	}
	if totalCode > ceiling {
		t.Errorf("the library has %d lines of code, the ceiling is %d", totalCode, ceiling)
	}
}

func TestFilesAreShort(t *testing.T) {
	for _, dir := range library {
		for _, f := range sources(t, dir) {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			if n := bytes.Count(b, []byte("\n")); n > 600 {
				t.Errorf("%s has %d lines: split it by idea", f, n)
			}
		}
	}
}

var update = flag.Bool("update", false, "write docs/api.txt")

// TestAPI compares the exported API of the packages that others import with
// the committed listing.
func TestAPI(t *testing.T) {
	var text strings.Builder
	for _, dir := range []string{"canonical", "canonical/jsonld", "didresolve", "didresolve/didweb", "policy", "policy/suite", "receipts", "receipts/disklog", "receipts/translog", "receipts/logtest", "verifier", "verifier/bundle", "verifier/replay",
		"adapters/answer", "adapters/fault", "adapters/passport", "adapters/request", "adapters/signing", "adapters/status", "adapters/store", "adapters/store/storetest", "adapters/vault", "testvectors"} {
		fmt.Fprintf(&text, "# %s\n", dir)
		decls := exported(t, dir)
		slices.Sort(decls)
		text.WriteString(strings.Join(decls, "\n"))
		text.WriteString("\n\n")
	}
	const file = root + "docs/api.txt"
	if *update {
		if err := os.WriteFile(file, []byte(text.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) == text.String() {
		return
	}
	have := strings.Split(text.String(), "\n")
	for _, line := range strings.Split(string(want), "\n") {
		if !slices.Contains(have, line) {
			t.Errorf("- %s", line)
		}
	}
	for _, line := range have {
		if !slices.Contains(strings.Split(string(want), "\n"), line) {
			t.Errorf("+ %s", line)
		}
	}
	t.Error("the exported API differs from docs/api.txt; if that is meant: go test ./internal/deptest -run TestAPI -update")
}

// exported returns the exported declarations of a package, one line each.
func exported(t *testing.T, dir string) []string {
	t.Helper()
	var out []string
	fset := token.NewFileSet()
	for _, name := range sources(t, dir) {
		f, err := parser.ParseFile(fset, name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		if f.Name.Name == "main" || !ast.FileExports(f) {
			continue
		}
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Recv != nil && !ast.IsExported(receiver(d.Recv.List[0].Type)) {
					continue
				}
				d.Body, d.Doc = nil, nil
				out = append(out, line(t, fset, d))
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					out = append(out, fromSpec(t, fset, d.Tok, spec)...)
				}
			}
		}
	}
	return out
}

// receiver returns the name of a receiver's type.
func receiver(t ast.Expr) string {
	for {
		switch x := t.(type) {
		case *ast.StarExpr:
			t = x.X
		case *ast.IndexExpr:
			t = x.X
		case *ast.Ident:
			return x.Name
		default:
			return ""
		}
	}
}

func fromSpec(t *testing.T, fset *token.FileSet, tok token.Token, spec ast.Spec) []string {
	switch s := spec.(type) {
	case *ast.ValueSpec:
		var out []string
		for i, n := range s.Names {
			text := tok.String() + " " + n.Name
			if tok == token.CONST && i < len(s.Values) {
				text += " = " + line(t, fset, s.Values[i])
			}
			out = append(out, text)
		}
		return out
	case *ast.TypeSpec:
		head := "type " + s.Name.Name
		switch x := s.Type.(type) {
		case *ast.StructType:
			out := []string{head + " struct"}
			for _, f := range x.Fields.List {
				for _, n := range f.Names {
					out = append(out, head+" struct, "+n.Name+" "+line(t, fset, f.Type))
				}
				if len(f.Names) == 0 {
					out = append(out, head+" struct, embeds "+line(t, fset, f.Type))
				}
			}
			return out
		case *ast.InterfaceType:
			out := []string{head + " interface"}
			for _, m := range x.Methods.List {
				for _, n := range m.Names {
					out = append(out, head+" interface, "+n.Name+strings.TrimPrefix(line(t, fset, m.Type), "func"))
				}
			}
			return out
		default:
			return []string{head + " " + line(t, fset, s.Type)}
		}
	}
	return nil
}

// line prints a node without comments on one line.
func line(t *testing.T, fset *token.FileSet, node ast.Node) string {
	var b bytes.Buffer
	if err := format.Node(&b, fset, node); err != nil {
		t.Fatal(err)
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

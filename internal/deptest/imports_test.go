package deptest

import (
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/mandate-engine/mandate/"

// library are the packages that a service embeds, shared ones included.
var library = []string{"canonical", "didresolve", "policy", "receipts", "receipts/disklog", "receipts/translog", "verifier", "verifier/bundle", "verifier/replay",
	"internal/dataintegrity", "internal/fetchbudget", "internal/jsonescape", "internal/jsonread", "internal/jsonwrite", "internal/memo", "internal/multikey", "internal/proofs", "internal/quote", "internal/statuslist", "internal/vcdm", "internal/viamandate", "internal/xsdtime"}

// A ban keeps packages from linking others, directly or not.
type ban struct {
	who, whom []string
	why       string
}

var bans = []ban{
	{library, []string{"net", "net/http", "os/exec", "database/sql"},
		"the engine does no I/O of its own: what it asks for is asked through an interface that the caller fills"},
	{library, []string{"log", "log/slog"},
		"the library returns, it does not log: what happened is in the result"},
	{[]string{"receipts", "receipts/disklog", "receipts/translog"}, []string{module + "policy", module + "verifier", "github.com/google/cel-go/cel"},
		"a third party checks a receipt without the engine that made it, and without CEL"},
	{[]string{"receipts", "receipts/translog"}, []string{module + "receipts/disklog"},
		"a third party checks a proof without a log on disk"},
	{[]string{"receipts/translog"}, []string{module + "didresolve", module + "receipts"},
		"package receipts can call upon it"},
	{[]string{"canonical", "canonical/jsonld", "internal/jsonread", "internal/multikey", "internal/quote", "internal/xsdtime"}, []string{module + "didresolve", module + "policy", module + "receipts", module + "verifier", module + "internal/dataintegrity"},
		"imports point one way"},
	{[]string{"internal/dataintegrity", "internal/proofs", "internal/vcdm", "internal/viamandate", "internal/statuslist"}, []string{module + "didresolve", module + "policy", module + "receipts", module + "verifier"},
		"imports point one way"},
	{[]string{"policy", "verifier"}, []string{module + "policy/suite"},
		"deciding takes no test files"},
	{library, []string{"testing", module + "internal/sample"},
		"what tests are made of is not in the engine"},
	{[]string{"didresolve", "policy", "receipts"}, []string{module + "verifier"},
		"imports point one way"},
	{[]string{"didresolve", "didresolve/didweb", "internal/safehttp"}, []string{module + "policy", module + "receipts", module + "verifier"},
		"finding a key has nothing to do with rules or receipts"},
	{[]string{"internal/dev/reference"}, []string{module + "canonical", module + "didresolve", module + "internal/dataintegrity", module + "internal/jsonread", module + "internal/multikey", module + "internal/vcdm",
		module + "internal/viamandate", module + "internal/statuslist", module + "internal/xsdtime", module + "policy", module + "receipts", module + "verifier", "github.com/google/cel-go/cel"},
		"what it is compared with must not be in it"},
	{[]string{"policy"}, []string{module + "didresolve", module + "receipts", module + "internal/dataintegrity"},
		"evaluating rules has nothing to do with keys or receipts"},
}

// owners are the only packages that may import a dependency directly.
var owners = map[string][]string{
	"github.com/google/cel-go":             {"policy"}, // so that moving to another release is a change to one package
	"cel.dev/expr":                         {"policy"},
	"google.golang.org/protobuf":           {"policy"},
	"github.com/gowebpki/jcs":              {"canonical", "internal/dev/bench", "internal/dev/reference"}, // the others as what to compare with
	"golang.org/x/time":                    {"adapters/httpapi"},
	"github.com/multiformats/go-multibase": {"internal/multikey"}, // where its cost is bounded
	"filippo.io/edwards25519":              {"internal/multikey"},
	"github.com/piprate/json-gold":         {"canonical/jsonld"},
	"golang.org/x/mod":                     {"adapters/store", "receipts/disklog", "receipts/logtest", "receipts/translog", "cmd/mandate"},
	"github.com/spf13/cobra":               {"cmd/mandate"},
	"go.yaml.in/yaml":                      {"policy/suite"}, // which no engine links
	"modernc.org/sqlite":                   {"cmd/mandate", "internal/dev/bench", "internal/dev/bench/service"},
}

type pkg struct {
	ImportPath string
	Deps       []string
	Imports    []string
}

// load lists the packages of the module.
func load(t *testing.T) map[string]pkg {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Deps,Imports", module+"...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	pkgs := map[string]pkg{}
	for d := json.NewDecoder(strings.NewReader(string(out))); d.More(); {
		var p pkg
		if err := d.Decode(&p); err != nil {
			t.Fatal(err)
		}
		pkgs[strings.TrimPrefix(p.ImportPath, module)] = p
	}
	for _, name := range library {
		if _, ok := pkgs[name]; !ok {
			t.Fatalf("there is no package %s", name)
		}
	}
	return pkgs
}

func TestBans(t *testing.T) {
	pkgs := load(t)
	for _, b := range bans {
		for _, who := range b.who {
			for _, whom := range b.whom {
				if slices.Contains(pkgs[who].Deps, whom) {
					t.Errorf("%s links %s: %s", who, whom, b.why)
				}
			}
		}
	}
	for _, name := range library {
		for _, dep := range pkgs[name].Deps {
			if rest, ours := strings.CutPrefix(dep, module); ours && (strings.HasPrefix(rest, "adapters/") || strings.HasPrefix(rest, "cmd/")) {
				t.Errorf("%s links %s: imports point one way", name, dep)
			}
		}
	}
}

func TestOwners(t *testing.T) {
	for name, p := range load(t) {
		for _, imported := range p.Imports {
			for dep, who := range owners {
				if (imported == dep || strings.HasPrefix(imported, dep+"/")) && !slices.Contains(who, name) {
					t.Errorf("%s imports %s, which only %v may", name, imported, who)
				}
			}
			if imported == "encoding/json" && slices.Contains(library, name) {
				t.Errorf("%s imports encoding/json: it folds the case of member names and takes the last of two, so it does not read what was hashed", name)
			}
		}
	}
}

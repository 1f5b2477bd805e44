package main

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/mod/sumdb/note"

	"github.com/mandate-engine/mandate/internal/sample"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"mandate": main, "runner": runner})
}

// TestScripts runs testdata/*.txt. It adds these commands to those of
// testscript:
//
//	exits N mandate ...       the command ends with exactly that status
//	json POINTER WANT         stdout is one JSON object, and says so; a string
//	                          is compared as its text, anything else as JSON;
//	                          WANT can be absent, or len:N for a list of N
//	jsonenv NAME POINTER      sets a variable to what it says
//	jsonfile FILE POINTER     writes what it says to a file
//	edit FILE OLD NEW         replaces the one occurrence of OLD
//
// The directory of every script contains the files of the hotel sample.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			// By default the race detector makes every process wait a second
			// at its end.
			e.Setenv("GORACE", "atexit_sleep_ms=0")
			e.Setenv("ISSUER", sample.Issuer)
			e.Setenv("HOLDER", sample.Holder)
			e.Setenv("SUBJECT", sample.Subject)
			e.Setenv("VERIFIER", sample.Verifier)
			e.Setenv("CHALLENGE", sample.Challenge)
			e.Setenv("MANDATE", sample.MandateID)
			e.Setenv("AT", sample.Now().Format("2006-01-02T15:04:05Z"))
			logKey, err := note.NewEd25519VerifierKey("log.example/receipts", sample.Key(4).Public().(ed25519.PublicKey))
			if err != nil {
				return err
			}
			e.Setenv("LOGKEY", logKey) // of the key of SEED4
			for i := byte(1); i <= 5; i++ {
				n := strconv.Itoa(int(i))
				e.Setenv("SEED"+n, strings.Repeat("0"+n, 32))
			}
			return os.CopyFS(e.WorkDir, os.DirFS(filepath.Join("..", "..", "internal", "sample", "hotel")))
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":    exits,
			"json":     jsonSays,
			"jsonenv":  jsonEnv,
			"jsonfile": jsonFile,
			"edit":     edit,
		},
	})
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits N command...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit status %d, want %d", got, want)
	}
}

// lookup finds a value in stdout, which must be exactly one JSON object.
func lookup(ts *testscript.TestScript, pointer string) (any, bool) {
	out := ts.ReadFile("stdout")
	dec := json.NewDecoder(strings.NewReader(out))
	dec.UseNumber()
	var o map[string]any
	if err := dec.Decode(&o); err != nil {
		ts.Fatalf("stdout is no JSON object: %v\n%s", err, out)
	}
	if _, err := dec.Token(); err != io.EOF {
		ts.Fatalf("stdout holds more than one JSON object:\n%s", out)
	}
	var v any = o
	for _, token := range strings.Split(pointer, "/")[1:] {
		token = strings.NewReplacer("~1", "/", "~0", "~").Replace(token)
		switch c := v.(type) {
		case map[string]any:
			m, ok := c[token]
			if !ok {
				return nil, false
			}
			v = m
		case []any:
			i, err := strconv.Atoi(token)
			if err != nil || i >= len(c) {
				return nil, false
			}
			v = c[i]
		default:
			return nil, false
		}
	}
	return v, true
}

func textOf(ts *testscript.TestScript, v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	ts.Check(enc.Encode(v))
	return strings.TrimSuffix(b.String(), "\n")
}

func jsonSays(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: json POINTER WANT")
	}
	v, found := lookup(ts, args[0])
	got := "absent"
	if found {
		got = textOf(ts, v)
		if list, ok := v.([]any); ok && strings.HasPrefix(args[1], "len:") {
			got = "len:" + strconv.Itoa(len(list))
		}
	}
	if got != args[1] {
		ts.Fatalf("%s is %s, want %s", args[0], got, args[1])
	}
}

func jsonEnv(ts *testscript.TestScript, _ bool, args []string) {
	v, found := lookup(ts, args[1])
	if !found {
		ts.Fatalf("there is no %s", args[1])
	}
	ts.Setenv(args[0], textOf(ts, v))
}

func jsonFile(ts *testscript.TestScript, _ bool, args []string) {
	v, found := lookup(ts, args[1])
	if !found {
		ts.Fatalf("there is no %s", args[1])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(textOf(ts, v)), 0o600))
}

func edit(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: edit FILE OLD NEW")
	}
	text := ts.ReadFile(args[0])
	if n := strings.Count(text, args[1]); n != 1 {
		ts.Fatalf("%q stands in %s %d times, want 1", args[1], args[0], n)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.Replace(text, args[1], args[2], 1)), 0o600))
}

// TestUsage checks that bad usage does nothing and has status 2.
func TestUsage(t *testing.T) {
	tests := []struct {
		args string
		want string // on stderr
	}{
		{"", "mandate: which command?"},
		{"decide", `unknown command "decide"`},
		{"--json", "unknown flag: --json"},
		{"proof", "mandate proof: which command?"},
		{"proof check", `unknown command "check" for "mandate proof"`},
		{"help nosuch", `no help on ["nosuch"]`},
		{"help policy nosuch", `no help on ["policy" "nosuch"]`},
		{"completion bash", "unknown command"},
		{"serve x", `unknown command "x"`},
		{"serve --addr nowhere", "--addr: "},
		{"serve --addr 127.0.0.1:0 --public-url ftp://example.com", "--public-url is not"},
		{"serve --addr 127.0.0.1:0 --public-url https://example.com/path", "--public-url is not"},
		{"serve --addr 127.0.0.1:0 --database postgres://localhost/x", "--database is not sqlite:FILE"},
		{"serve --creates-per-minute -1", "no whole number from 0"},
		{"admin", "mandate admin: which command?"},
		{"admin key", "mandate admin key: which command?"},
		{"admin key rotate", "accepts 1 arg(s), received 0"},
		{"admin key rotate k --grace -1s", "--grace is negative"},
		{"admin key create --expires 0s", "it is not positive"},
		{"admin key create --api-version today", "--api-version is not a date"},
		{"admin identity", "--contact is required"},
		{"admin identity --contact a@example.com --kyc maybe", "--kyc is neither"},
		{"policy permits x y", "accepts 1 arg(s), received 2"},
		{"policy test", "requires at least 1 arg(s)"},
		{"log", "mandate log: which command?"},
		{"log replay d", "unknown command"},
		{"log append d", "requires at least 2 arg(s), only received 1"},
		{"verify", "accepts 1 arg(s), received 0"},
		{"verify a b", "accepts 1 arg(s), received 2"},
		{"verify x --dry-run false", "accepts 1 arg(s), received 2"},
		{"receipt verify x --bundle f", "unknown flag: --bundle"},
		{"receipt verify x --issuer did:x:y --retired-key f", "--retired-key needs --log-key"},
		{"version x", `unknown command "x"`},
		{"demo x", `unknown command "x"`},
	}
	for _, tt := range tests {
		t.Run(tt.args, func(t *testing.T) {
			var out, diag bytes.Buffer
			code := run(strings.Fields(tt.args), strings.NewReader(""), &out, &diag)
			if code != exitUsage || out.Len() > 0 || !strings.Contains(diag.String(), tt.want) {
				t.Errorf("exit %d, stdout %q, stderr %q; want exit 2 and %q", code, out.String(), diag.String(), tt.want)
			}
		})
	}
}

// TestHelp checks that every command prints its help on stdout.
func TestHelp(t *testing.T) {
	for _, args := range [][]string{{"--help"}, {"help"}, {"help", "verify"}, {"verify", "--help"}, {"policy", "--help"}, {"help", "policy", "eval"}} {
		var out, diag bytes.Buffer
		if code := run(args, nil, &out, &diag); code != exitOK || out.Len() == 0 || diag.Len() > 0 {
			t.Errorf("%v: exit %d, stdout %d bytes, stderr %q", args, code, out.Len(), diag.String())
		}
	}
}

// TestVersion checks that the version equals the engine's version in receipts.
func TestVersion(t *testing.T) {
	var out bytes.Buffer
	if code := run([]string{"version"}, nil, &out, io.Discard); code != exitOK || out.String() != "mandate 0.1.0\n" {
		t.Errorf("exit %d, %q", code, out.String())
	}
}

// A script must use exits with a status: testscript's negation accepts any
// failure.
func TestScriptsNameTheirStatus(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no scripts", err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(string(b), "\n") {
			if line = strings.TrimSpace(line); strings.HasPrefix(line, "exec mandate") || strings.HasPrefix(line, "! ") && strings.Contains(line, "mandate ") {
				t.Errorf("%s:%d: %s", f, i+1, line)
			}
		}
	}
}

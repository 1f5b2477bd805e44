package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/mod/sumdb/note"

	"github.com/mandate-engine/mandate/adapters/signing"
	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/internal/dataintegrity"
	"github.com/mandate-engine/mandate/internal/sample"
	"github.com/mandate-engine/mandate/policy"
	"github.com/mandate-engine/mandate/receipts"
	"github.com/mandate-engine/mandate/receipts/translog"
	"github.com/mandate-engine/mandate/verifier"
)

// counting is a deterministic random source.
type counting struct{ n byte }

func (c *counting) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = c.n
		c.n++
	}
	return len(b), nil
}

// testApp returns an app at the time of the sample.
func testApp(stdin string) (a *app, out, diag *bytes.Buffer) {
	out, diag = &bytes.Buffer{}, &bytes.Buffer{}
	return &app{
		stdin: strings.NewReader(stdin), stdout: &sink{w: out}, stderr: diag, now: sample.Now, rand: &counting{1},
	}, out, diag
}

// verifyArgs returns arguments that verify the sample from stdin.
func verifyArgs(params []byte, more ...string) []string {
	return append([]string{"verify", "-", "--params", string(params), "--issuer", sample.Issuer, "--verifier", sample.Verifier}, more...)
}

// TestClock checks that the clock is used without --at and --created.
func TestClock(t *testing.T) {
	a, out, diag := testApp(string(sample.Presentation()))
	if code := a.run(verifyArgs(sample.ParamsAllow())); code != exitOK {
		t.Errorf("exit %d, stdout %q, stderr %q", code, out, diag)
	}
	a, out, diag = testApp(string(sample.Presentation()))
	a.now = func() time.Time { return sample.Now().Add(verifier.DefaultMaxAge) }
	if code := a.run(verifyArgs(sample.ParamsAllow())); code != exitNo || !strings.HasPrefix(out.String(), "deny presentation_stale\n") {
		t.Errorf("exit %d, stdout %q, stderr %q", code, out, diag)
	}
	key := filepath.Join(t.TempDir(), "key")
	a, _, diag = testApp("")
	if code := a.run([]string{"key", "generate", "--out", key}); code != exitOK {
		t.Fatalf("exit %d, %s", code, diag)
	}
	a, out, diag = testApp("{}")
	if code := a.run([]string{"proof", "create", "-", "--key", key}); code != exitOK || !strings.Contains(out.String(), `"created":"2026-05-02T10:16:00Z"`) {
		t.Errorf("exit %d, stdout %q, stderr %q", code, out, diag)
	}
}

var errBroken = errors.New("broken on purpose")

// TestNoRandomness checks that without random numbers there is no receipt, so
// no allow, and no key.
func TestNoRandomness(t *testing.T) {
	for _, tt := range []struct {
		name string
		args []string
		want int
	}{
		{"allow", verifyArgs(sample.ParamsAllow()), exitUndecided},
		{"key", []string{"key", "generate"}, exitUndecided},
		{"demo", []string{"demo"}, exitNo},
	} {
		a, out, diag := testApp(string(sample.Presentation()))
		a.rand = iotest.ErrReader(errBroken)
		if code := a.run(tt.args); code != tt.want || out.Len() > 0 || !strings.Contains(diag.String(), "broken on purpose") {
			t.Errorf("%s: exit %d, want %d; stdout %q, stderr %q", tt.name, code, tt.want, out, diag)
		}
	}
}

// TestReceiptCannotBeMade makes the receipt's id fail. An allow becomes no
// decision; a deny stays a deny.
func TestReceiptCannotBeMade(t *testing.T) {
	for _, tt := range []struct {
		params   []byte
		want     int
		decision string
	}{
		{sample.ParamsAllow(), exitUndecided, "none"},
		{sample.ParamsDeny(), exitNo, "deny"},
	} {
		a, out, diag := testApp(string(sample.Presentation()))
		a.rand = io.MultiReader(strings.NewReader(strings.Repeat("k", 32)), iotest.ErrReader(errBroken))
		if code := a.run(verifyArgs(tt.params, "--json")); code != tt.want {
			t.Errorf("exit %d, want %d; stderr %q", code, tt.want, diag)
		}
		if got := decisionOf(t, out.Bytes()); got != tt.decision {
			t.Errorf("decision %q, want %q", got, tt.decision)
		}
		if !strings.Contains(diag.String(), "broken on purpose") {
			t.Errorf("stderr %q does not say why", diag)
		}
	}
}

func decisionOf(t *testing.T, answer []byte) string {
	t.Helper()
	d, err := canonical.Parse(answer)
	if err != nil {
		t.Fatalf("%v: %q", err, answer)
	}
	s, _ := d.Root().Get("decision").String()
	return s
}

type failingWriter struct{ after int }

func (w *failingWriter) Write(b []byte) (int, error) {
	if w.after -= len(b); w.after < 0 {
		return 0, errBroken
	}
	return len(b), nil
}

type shortWriter struct{}

func (shortWriter) Write([]byte) (int, error) { return 0, nil }

// TestAnswerNotWritten checks that an allow does not exit 0 if its answer
// could not be written.
func TestAnswerNotWritten(t *testing.T) {
	for _, tt := range []struct {
		name string
		to   io.Writer
		args []string
		want int
	}{
		{"allow", &failingWriter{}, verifyArgs(sample.ParamsAllow()), exitUndecided},
		{"allow, cut short", &failingWriter{after: 10}, verifyArgs(sample.ParamsAllow()), exitUndecided},
		{"allow, without an error", shortWriter{}, verifyArgs(sample.ParamsAllow(), "--json"), exitUndecided},
		{"deny", &failingWriter{}, verifyArgs(sample.ParamsDeny()), exitNo},
		{"demo", &failingWriter{after: 300}, []string{"demo"}, exitUndecided},
		{"version", &failingWriter{}, []string{"version"}, exitUndecided},
	} {
		a, _, diag := testApp(string(sample.Presentation()))
		a.stdout = &sink{w: tt.to}
		if code := a.run(tt.args); code != tt.want {
			t.Errorf("%s: exit %d, want %d; stderr %q", tt.name, code, tt.want, diag)
		}
	}
}

// TestInputFails checks the exit status for unreadable input.
func TestInputFails(t *testing.T) {
	a, out, diag := testApp("")
	a.stdin = iotest.ErrReader(errBroken)
	if code := a.run(verifyArgs(sample.ParamsAllow())); code != exitUsage || out.Len() > 0 || !strings.Contains(diag.String(), "broken on purpose") {
		t.Errorf("exit %d, stdout %q, stderr %q", code, out, diag)
	}
}

// jsonText returns a JSON string of n bytes.
func jsonText(n int) string { return `"` + strings.Repeat("x", n-2) + `"` }

// TestInputLimits checks that every input has a limit, and that the error
// names it.
func TestInputLimits(t *testing.T) {
	for _, tt := range []struct {
		name string
		in   string
		args []string
		want int
		says string
	}{
		{"canonicalize, 1 MiB", jsonText(1 << 20), []string{"canonicalize", "-", "--sha256"}, exitOK, ""},
		{"canonicalize, one byte more", jsonText(1<<20 + 1), []string{"canonicalize", "-"}, exitUsage, "too_large at byte 1048576: document too long: the limit is 1048576\n"},
		{"canonicalize, far more", jsonText(maxInput + 9), []string{"canonicalize", "-"}, exitUsage, "too_large at byte 1048576: document too long: the limit is 1048576\n"},
		{"verify, over 1 MiB", jsonText(1<<20 + 1), verifyArgs(sample.ParamsAllow()), exitUsage, "too_large"},
		{"verify, over 12 MiB", jsonText(maxInput + 1), verifyArgs(sample.ParamsAllow()), exitUsage, "too_large: more than 12582912 bytes"},
		{"inspect, over 12 MiB", jsonText(maxInput + 1), []string{"inspect", "-"}, exitUsage, "too_large: more than 12582912 bytes"},
		{"key file", jsonText(1 << 13), []string{"proof", "create", "x", "--key", "-"}, exitUsage, "not a key file: too_large at byte 4096"},
	} {
		a, _, diag := testApp(tt.in)
		if code := a.run(tt.args); code != tt.want || !strings.Contains(diag.String(), tt.says) {
			t.Errorf("%s: exit %d, want %d; stderr %.200q, want %q", tt.name, code, tt.want, diag, tt.says)
		}
	}
}

// TestBody checks that the presentation in a body keeps its bytes and has the
// same size limit as one on its own.
func TestBody(t *testing.T) {
	const vp = `{ "type" : "VerifiablePresentation", "n": 1.00 }`
	for _, tt := range []struct{ name, in, presentation, params string }{
		{"a presentation", vp, vp, ""},
		{"a body", `{"executionParams": {"a": 1e2}, "presentation": ` + vp + ` }`, vp, `{"a": 1e2}`},
		{"a body without parameters", `{"presentation":` + vp + `}`, vp, ""},
		{"a presentation with a presentation in it", `{"type":"VerifiablePresentation","presentation":{}}`, `{"type":"VerifiablePresentation","presentation":{}}`, ""},
		{"no JSON", `{`, `{`, ""},
		{"no object", `[]`, `[]`, ""},
		{"two presentations", `{"presentation":1,"presentation":2}`, `{"presentation":1,"presentation":2}`, ""},
	} {
		presentation, params, err := splitBody([]byte(tt.in))
		if err != nil || string(presentation) != tt.presentation || string(params) != tt.params {
			t.Errorf("%s: %q, %q, %v", tt.name, presentation, params, err)
		}
	}
	for _, in := range []string{`{"presentation":{},"domain":"x"}`, `{"presentation":{},"ExecutionParams":{}}`} {
		if _, _, err := splitBody([]byte(in)); err == nil {
			t.Errorf("%s: no error", in)
		}
	}
	large := strings.Repeat("[", canonical.DefaultMaxDepth) + strings.Repeat("]", canonical.DefaultMaxDepth)
	if presentation, _, err := splitBody([]byte(`{"presentation":` + large + `}`)); err != nil || string(presentation) != large {
		t.Errorf("a presentation as deep as they may be: %d bytes, %v", len(presentation), err)
	}
}

// TestDemoFitsAScreen checks for 24 lines of 100 columns.
func TestDemoFitsAScreen(t *testing.T) {
	a, out, diag := testApp("")
	a.now = func() time.Time { panic("the demo looks at the clock") }
	if code := a.run([]string{"demo"}); code != exitOK || diag.Len() > 0 {
		t.Fatalf("exit %d, stderr %q", code, diag)
	}
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	if len(lines) > 24 {
		t.Errorf("%d lines", len(lines))
	}
	for _, l := range lines {
		if n := utf8.RuneCountInString(l); n > 100 {
			t.Errorf("%d columns: %s", n, l)
		}
	}
}

// TestForge checks that the demo's forged receipt is well formed, so that only
// its signature is invalid.
func TestForge(t *testing.T) {
	got := string(forge([]byte(`{"credentialSubject":{"decision":"deny","event":"VERIFICATION_DENIED","reason":"rule_failed","request":{}}}`)))
	if want := `{"credentialSubject":{"decision":"allow","event":"VERIFICATION_APPROVED","request":{}}}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestPrintable checks that external text cannot move the cursor or start a
// new line.
func TestPrintable(t *testing.T) {
	for in, want := range map[string]string{
		"":                            "",
		"Lisboa, Århus, 東京 \"1\" \\":  "Lisboa, Århus, 東京 \"1\" \\",
		"\x1b[2J":                     `\x1b[2J`,
		"a\nallow\r\t\x00\x7f":        `a\nallow\r\t\x00\x7f`,
		"a\u202eb\u200bc\u00a0\u2028": `a\u202eb\u200bc\u00a0\u2028`,
		"\xff\xc3":                    `\xff\xc3`,
		"\ufffd\ufffe\U000e0001":      "\ufffd\\ufffe\\U000e0001",
		"\u009b31m":                   `\u009b31m`,
	} {
		if got := printable(in); got != want {
			t.Errorf("printable(%q) = %q, want %q", in, got, want)
		}
	}
	if got := short(strings.Repeat("é", 200)); got != strings.Repeat("é", 150)+"…" {
		t.Errorf("short: %q", got)
	}
	if got := short("x" + strings.Repeat("é", 200)); got != "x"+strings.Repeat("é", 149)+"…" {
		t.Errorf("short in the middle of a character: %q", got)
	}
}

func FuzzPrintable(f *testing.F) {
	f.Add("\x1b]0;x\x07")
	f.Add("a\u202e\xff")
	f.Fuzz(func(t *testing.T, s string) {
		got := printable(s)
		if !utf8.ValidString(got) {
			t.Errorf("%q is not UTF-8", got)
		}
		for _, r := range got {
			if !unicode.IsPrint(r) {
				t.Errorf("%q holds %U", got, r)
			}
		}
		if _, err := canonical.Marshal(got); err != nil {
			t.Error(err)
		}
	})
}

// FuzzSplitBody checks that the engine gets bytes of the input only.
func FuzzSplitBody(f *testing.F) {
	f.Add([]byte(`{"presentation":{"type":"VerifiablePresentation"},"executionParams":{}}`))
	f.Add(sample.Presentation())
	f.Fuzz(func(t *testing.T, b []byte) {
		presentation, params, err := splitBody(b)
		if err == nil && (!bytes.Contains(b, presentation) || !bytes.Contains(b, params)) {
			t.Errorf("%q and %q are not in %q", presentation, params, b)
		}
	})
}

// TestHostileText checks that the reason, rules, faults and checks of an
// answer, which are external, reach a terminal as plain text.
func TestHostileText(t *testing.T) {
	const bad = "x\x1b[2J\nallow\n\u202e"
	a, out, _ := testApp("")
	checks := []verifier.Check{{Check: "rules", Result: verifier.Fail, Code: bad, Detail: bad}}
	a.printDeny("deny", &verifier.DenyError{
		Reason:      bad,
		Credential:  bad,
		Evaluations: []policy.Evaluation{{Rule: bad, Result: policy.ResultFail, Reason: bad}},
		Faults:      []policy.Fault{{Pointer: bad, Code: "type", Message: bad}},
	}, checks)
	a.printDeny("deny", &verifier.DenyError{}, checks)
	a.printAllow("allow", []verifier.Check{{Check: "rules", Result: verifier.Warn, Detail: bad}}, nil)
	results := []receiptResult{
		{file: bad, err: receipts.ErrNotVerified}, {file: bad, err: errors.New(bad)},
		{file: bad, Verified: &receipts.Verified{ID: bad, Decision: "deny", Reason: bad}},
	}
	if err := a.receiptReport(&receiptCheck{}, receiptReport{results: results, completeness: translog.Unproven, unproven: errors.New(bad)}); err != nil {
		t.Error(err)
	}
	if err := a.proofReport(&proofCheck{}, []proofResult{{proof: &dataintegrity.Proof{VerificationMethod: bad}}}, nil, failure{problem: "X", detail: bad}); err == nil {
		t.Error("verified")
	}
	a.complain("%s", bad)
	for _, line := range strings.Split(out.String(), "\n") {
		if strings.ContainsAny(line, "\x1b\u202e") || line == "allow" && !strings.Contains(out.String(), "\nallow\nwarning") {
			t.Errorf("%q", line)
		}
	}
	if n := strings.Count(out.String(), "\nallow\n"); n != 1 { // printed by printAllow
		t.Errorf("%d lines say allow:\n%s", n, out)
	}
}

// TestReceiptNotChecked checks that a receipt that could not be checked is
// neither verified nor refused, and that a refused receipt outweighs it.
func TestReceiptNotChecked(t *testing.T) {
	a, out, _ := testApp("")
	results := []receiptResult{{file: "a", err: errBroken}}
	if err := a.receiptReport(&receiptCheck{json: true}, receiptReport{results: results, completeness: translog.Unproven}); err != nil {
		t.Fatal(err)
	}
	if want := `{"completeness":"unproven","receipts":[{"completeness":"unproven","error":"broken on purpose","file":"a","verified":false}],"verified":false}` + "\n"; out.String() != want {
		t.Errorf("got %s, want %s", out, want)
	}
	for _, tt := range []struct {
		errs []error
		want int
	}{
		{[]error{nil}, exitOK},
		{[]error{nil, errBroken}, exitUndecided},
		{[]error{receipts.ErrNotVerified, errBroken}, exitNo},
		{[]error{errBroken, nil, receipts.ErrNotVerified}, exitNo},
	} {
		var results []receiptResult
		for _, err := range tt.errs {
			results = append(results, receiptResult{err: err})
		}
		if got := receiptStatus(results); got != tt.want {
			t.Errorf("%v: status %d, want %d", tt.errs, got, tt.want)
		}
	}
	if got := receiptStatus(nil); got != exitNo {
		t.Errorf("no receipts: status %d, want %d", got, exitNo)
	}
}

// TestWriteNew checks that an existing file is never replaced.
func TestWriteNew(t *testing.T) {
	name := filepath.Join(t.TempDir(), "f")
	if err := writeNew(name, []byte("one")); err != nil {
		t.Fatal(err)
	}
	if err := writeNew(name, []byte("two")); !errors.Is(err, os.ErrExist) {
		t.Errorf("error %v, want that it exists", err)
	}
	if b, err := os.ReadFile(name); err != nil || string(b) != "one" {
		t.Errorf("%q, %v", b, err)
	}
}

// TestPrintJSON checks that an answer without a JSON form is an error.
func TestPrintJSON(t *testing.T) {
	a, out, _ := testApp("")
	var e *exit
	if err := a.printJSON(object{"x": "\xff"}); !errors.As(err, &e) || e.code != exitUndecided || out.Len() > 0 {
		t.Errorf("error %v, stdout %q", err, out)
	}
}

// TestConformance checks the exit status against the totals, with the built-in
// corpus.
func TestConformance(t *testing.T) {
	a, out, diag := testApp("")
	code := a.run([]string{"conformance", "--json"})
	d, err := canonical.Parse(out.Bytes())
	if err != nil {
		t.Fatalf("%v; exit %d, stderr %q", err, code, diag)
	}
	count := func(name string) int {
		n, ok := d.Root().Get(name).Float64()
		if !ok {
			t.Errorf("no %s", name)
		}
		return int(n)
	}
	total, passed, failed := count("total"), count("passed"), count("failed")
	want := exitNo
	if total > 0 && passed == total {
		want = exitOK
	}
	if code != want || total != passed+failed || d.Root().Get("failures").Len() != failed {
		t.Errorf("exit %d, want %d; %d vectors, %d passed, %d failed", code, want, total, passed, failed)
	}
}

// TestOutcomes checks that receipt verify with a deadline reports the outcome
// of the action for every allow.
func TestOutcomes(t *testing.T) {
	dir, ctx := t.TempDir(), context.Background()
	key, err := receipts.NewKeySigner(sample.Key(9), "")
	if err != nil {
		t.Fatal(err)
	}
	did := signing.DID(key)
	engine := receipts.Engine{Name: "mandate", Version: "1"}
	file := func(name string, r *receipts.Receipt, err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, r.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	allow, err := receipts.Sign(ctx, receipts.Body{ID: receipts.NewID([16]byte{1}), Time: sample.Now(), Event: receipts.Approved, Decision: "allow", Engine: engine}, key)
	a := file("allow.json", allow, err)
	done, err := receipts.SignRecord(ctx, receipts.Record{ID: receipts.NewID([16]byte{2}), Time: sample.Now(), Event: receipts.Completed, OutcomeOf: allow.Link(), Engine: engine}, key)
	d := file("done.json", done, err)
	tests := []struct {
		args, want string
		code       int
	}{
		{a + " " + d, "paired        " + allow.ID() + ": ACTION_COMPLETED, " + done.ID(), 0},
		{a, "overdue       " + allow.ID() + ": no outcome", 1},
		{d, "orphan        " + done.ID() + ": ACTION_COMPLETED of " + allow.ID(), 1},
		{a + " " + d + " --json", `"outcomes":[{"decision":"` + allow.ID() + `","event":"ACTION_COMPLETED","outcome":"` + done.ID() + `","state":"paired"}]`, 0},
		{d + " --json", `"outcomeOf":"` + allow.ID() + `"`, 1},
	}
	for _, tt := range tests {
		app, out, _ := testApp("")
		args := append([]string{"receipt", "verify", "--issuer", did, "--outcome-deadline", "1h", "--at", "2027-01-01T00:00:00Z"}, strings.Fields(tt.args)...)
		if code := app.run(args); code != tt.code || !strings.Contains(out.String(), tt.want) {
			t.Errorf("%s: exit %d, want %d:\n%s\nwant %s", tt.args, code, tt.code, out, tt.want)
		}
	}
}

// TestRetiredKey checks that, after a rotation, receipts under the old key are
// valid up to the size in the log.
func TestRetiredKey(t *testing.T) {
	const did, first = "did:web:receipts.example", "did:web:receipts.example#key-1"
	dir, ctx := t.TempDir(), context.Background()
	file := func(name string, b []byte) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	public := func(n byte) string {
		pair, err := signing.NewKeyPair(sample.Key(n))
		if err != nil {
			t.Fatal(err)
		}
		return pair.PublicKeyMultibase
	}
	doc := file("did.json", []byte(`{"id":"`+did+`","verificationMethod":[{"id":"`+did+`#key-2","type":"Multikey","controller":"`+did+`","publicKeyMultibase":"`+public(2)+`"}],"assertionMethod":["`+did+`#key-2"]}`))
	old, err := receipts.NewKeySigner(sample.Key(1), first)
	if err != nil {
		t.Fatal(err)
	}
	var log translog.Memory
	names := make([]string, 3)
	for i := range names {
		r, err := receipts.Sign(ctx, receipts.Body{ID: receipts.NewID([16]byte{byte(i)}), Time: sample.Now(), Event: receipts.Approved, Decision: "allow",
			Engine: receipts.Engine{Name: "mandate", Version: "1"}}, old)
		if err != nil {
			t.Fatal(err)
		}
		names[i] = file(fmt.Sprint("r", i, ".json"), r.Bytes())
		if _, err := log.Append(ctx, r.Bytes()); err != nil {
			t.Fatal(err)
		}
	}
	logSigner, err := translog.NewSigner("log.example", sample.Key(9))
	if err != nil {
		t.Fatal(err)
	}
	vkey, err := note.NewEd25519VerifierKey("log.example", sample.Key(9).Public().(ed25519.PublicKey))
	if err != nil {
		t.Fatal(err)
	}
	own, err := note.NewEd25519VerifierKey("log.example", sample.Key(1).Public().(ed25519.PublicKey))
	if err != nil {
		t.Fatal(err)
	}
	checkpoint, err := translog.Sign(&log, 3, logSigner)
	if err != nil {
		t.Fatal(err)
	}
	proofs := make([]string, 3)
	for i := range proofs {
		p, err := translog.ProveInclusion(&log, int64(i), checkpoint)
		if err != nil {
			t.Fatal(err)
		}
		proofs[i] = file(fmt.Sprint("p", i), p)
	}
	all := file("checkpoint", checkpoint)
	// The key was retired when the log had two receipts.
	retired := file("retired.json", []byte(`{"verificationMethod":"`+first+`","publicKeyMultibase":"`+public(1)+`","size":2}`))
	for _, tt := range []struct {
		name, want string
		args       []string
		code       int
	}{
		{"not known to be retired", "verification method not found", []string{names[0]}, 1},
		{"without the log", "needs --log-key", []string{names[0], "--retired-key", retired}, 2},
		{"in time", "entry 1 of the log", []string{names[1], "--retired-key", retired, "--log-key", vkey, "--proof", proofs[1]}, 0},
		{"too late", "its last checkpoint covers 2", []string{names[2], "--retired-key", retired, "--log-key", vkey, "--proof", proofs[2]}, 1},
		{"another's proof", "not verified", []string{names[2], "--retired-key", retired, "--log-key", vkey, "--proof", proofs[1]}, 1},
		{"all of the log, one too late", "its last checkpoint covers 2", []string{names[0], names[1], names[2], "--retired-key", retired, "--log-key", vkey, "--checkpoint", all}, 1},
		{"the retired key as the log's", "is the retired key", []string{names[1], "--retired-key", retired, "--log-key", own, "--proof", proofs[1]}, 2},
		{"no such file", "not {verificationMethod", []string{names[0], "--retired-key", doc, "--log-key", vkey, "--proof", proofs[0]}, 2},
	} {
		app, out, diag := testApp("")
		args := append([]string{"receipt", "verify", "--issuer", did, "--did-doc", doc, "--at", "2027-01-01T00:00:00Z"}, tt.args...)
		if code := app.run(args); code != tt.code || !strings.Contains(out.String()+diag.String(), tt.want) {
			t.Errorf("%s: exit %d, want %d:\n%s%s\nwant %s", tt.name, code, tt.code, out, diag, tt.want)
		}
	}
}

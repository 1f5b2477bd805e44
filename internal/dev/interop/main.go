// Command interop writes receipts of every kind, and as many mutations of them,
// for other implementations to verify and to refuse:
//
//	go run ./internal/dev/interop DIR 1000
//
// writes DIR/good.jsonl and DIR/bad.jsonl, one document a line. It is
// deterministic.
package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/mandate-engine/mandate/receipts"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "interop:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("want a folder and a number, got %q", args)
	}
	n, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	reasons, err := reasonsOf("testvectors/data/verify")
	if err != nil {
		return err
	}
	signer, err := receipts.NewKeySigner(ed25519.NewKeyFromSeed(bytes.Repeat([]byte{9}, ed25519.SeedSize)), "")
	if err != nil {
		return err
	}
	var good, bad bytes.Buffer
	random := rand.New(rand.NewPCG(1, 2))
	var decision *receipts.Receipt
	for i := range n {
		r, err := receipt(i, random, reasons, signer, decision)
		if err != nil {
			return err
		}
		if i%4 == 0 {
			decision = r
		}
		mutant, err := mutate(r.Bytes(), random)
		if err != nil {
			return err
		}
		good.Write(append(r.Bytes(), '\n'))
		bad.Write(append(mutant, '\n'))
	}
	if err := os.WriteFile(filepath.Join(args[0], "good.jsonl"), good.Bytes(), 0o600); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(args[0], "bad.jsonl"), bad.Bytes(), 0o600)
}

// reasonsOf returns the reasons that the corpus has cases for: all there are.
func reasonsOf(dir string) ([]string, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("no cases in %s (%v)", dir, err)
	}
	seen := map[string]bool{}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			return nil, err
		}
		var c struct{ Expect struct{ Reason string } }
		if err := json.Unmarshal(b, &c); err != nil {
			return nil, err
		}
		seen[c.Expect.Reason] = true
	}
	delete(seen, "")
	return slices.Sorted(maps.Keys(seen)), nil
}

// receipt signs the i-th receipt: an allow, two denies, and the outcome of the
// last allow, in turns.
func receipt(i int, random *rand.Rand, reasons []string, signer receipts.Signer, decision *receipts.Receipt) (*receipts.Receipt, error) {
	ctx, engine := context.Background(), receipts.Engine{Name: "mandate", Version: "0.1.0"}
	at := time.Date(2026, 5, 2, 10, 16, 0, 0, time.UTC).Add(time.Duration(i) * 1234567 * time.Microsecond)
	var id [16]byte
	for j := range id {
		id[j] = byte(random.Uint32())
	}
	if i%4 == 3 {
		events := []receipts.Event{receipts.Completed, receipts.Failed, receipts.OutcomeUnknown}
		return receipts.SignRecord(ctx, receipts.Record{ID: receipts.NewID(id), Time: at, Event: events[i/4%3], OutcomeOf: decision.Link(), Engine: engine}, signer)
	}
	b := receipts.Body{ID: receipts.NewID(id), Time: at, Event: receipts.Approved, Decision: "allow", Credential: fmt.Sprintf("urn:via:credential:%d", i), Engine: engine,
		Request: receipts.Request{Tool: "book é \u2028 \"" + strconv.Itoa(i), ParamsCommitment: "sha256-x", PresentationDigest: "sha256-y", Holder: "did:key:z6Mk", Verifier: "did:web:v.example",
			Domain: []string{"did:web:v.example"}, ParamsBound: i%3 == 0, ProofForm: "w3c", Modes: []string{"issuer:strict"}, Insecure: []string{}},
		Policy:      &receipts.Policy{ID: "urn:via:action:1", Version: random.Int64N(1 << 53), Digest: "sha256-z", Profile: "via-cel/1"},
		Checks:      []receipts.Check{{Check: "vp.proof", Result: "pass"}, {Check: "key", Result: "pass", Finding: &receipts.Finding{DID: "did:key:z6Mk", RetrievedAt: at}}},
		Evaluations: []receipts.Evaluation{{Rule: "amount-cap", Result: "pass", Code: "ok"}}}
	if i%4 != 0 {
		b.Event, b.Decision, b.Reason = receipts.Denied, "deny", reasons[i%len(reasons)]
	}
	return receipts.Sign(ctx, b, signer)
}

// mutate changes one member somewhere in a document: its value, its name, or
// whether it is there.
func mutate(doc []byte, random *rand.Rand) ([]byte, error) {
	d := json.NewDecoder(bytes.NewReader(doc))
	d.UseNumber()
	var root any
	if err := d.Decode(&root); err != nil {
		return nil, err
	}
	type place struct {
		in   map[string]any
		name string
	}
	var places []place
	var walk func(v any)
	walk = func(v any) {
		switch x := v.(type) {
		case map[string]any:
			for _, name := range slices.Sorted(maps.Keys(x)) {
				places = append(places, place{x, name})
				walk(x[name])
			}
		case []any:
			for _, e := range x {
				walk(e)
			}
		}
	}
	walk(root)
	p := places[random.IntN(len(places))]
	switch random.IntN(3) {
	case 0:
		delete(p.in, p.name)
	case 1:
		p.in[p.name+"2"] = p.in[p.name]
	default:
		switch v := p.in[p.name].(type) {
		case string:
			p.in[p.name] = v + "1"
		case bool:
			p.in[p.name] = !v
		case []any:
			// Not at the end: a document's @context may go on after the proof's
			// (vc-di-eddsa section 3.3.2), which receipts.Verify refuses itself.
			p.in[p.name] = append([]any{"x"}, v...)
		default:
			p.in[p.name] = "x"
		}
	}
	return json.Marshal(root)
}

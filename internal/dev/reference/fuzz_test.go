package reference

import (
	"bytes"
	"cmp"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"maps"
	"math/big"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/mandate-engine/mandate/testvectors"
)

// FuzzReference changes cases of the corpus, signs them again in some cases,
// and compares the outcomes of the engine and the reference, which must be
// equal.
func FuzzReference(f *testing.F) {
	m := newMutator(f)
	for i := range m.ids {
		f.Add(uint16(i), uint64(i))
	}
	f.Fuzz(func(t *testing.T, n uint16, seed uint64) { m.compare(t, n, seed) })
}

// TestMutations does the same with a fixed sequence of changes: 600, or
// MUTATIONS.
func TestMutations(t *testing.T) {
	n, err := strconv.ParseUint(cmp.Or(os.Getenv("MUTATIONS"), "600"), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	m := newMutator(t)
	decided := map[string]int{}
	for seed := range n {
		decided[m.compare(t, uint16(seed), seed)]++
	}
	t.Log(decided)
	for _, d := range []string{"allow", "deny", "none"} {
		if decided[d] < 5 {
			t.Errorf("only %d changed cases are %s", decided[d], d)
		}
	}
}

// A mutator changes cases.
type mutator struct {
	ids   []string
	cases map[string]object
	pool  map[string][]any // values in the corpus by the name of their member
	names []string         // the names in pool
	seen  map[string]bool
	keys  map[string]ed25519.PrivateKey
}

func newMutator(t testing.TB) *mutator {
	m := &mutator{seen: map[string]bool{}, cases: map[string]object{}, pool: map[string][]any{}, keys: map[string]ed25519.PrivateKey{}}
	files := corpus(t)
	for id, file := range files {
		v, err := parse(file)
		if err != nil {
			t.Fatal(err)
		}
		area := text(v, "area")
		if !slices.Contains([]string{"verify", "dataintegrity", "receipt", "log", "time"}, area) || len(file) > 20_000 {
			continue
		}
		m.cases[id] = v.(object)
	}
	m.ids = slices.Sorted(maps.Keys(m.cases))
	for _, id := range m.ids {
		m.gather(m.cases[id]["input"])
	}
	m.names = slices.Sorted(maps.Keys(m.pool))
	for seed := range byte(16) {
		key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, 32))
		m.keys[string(key.Public().(ed25519.PublicKey))] = key
	}
	return m
}

// gather fills the pool with distinct values in a fixed order.
func (m *mutator) gather(v any) {
	switch v := v.(type) {
	case object:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			e := v[name]
			if key := name + "\x00" + string(canon(e)); !m.seen[key] && len(m.pool[name]) < 200 {
				m.seen[key], m.pool[name] = true, append(m.pool[name], e)
			}
			m.gather(e)
		}
	case []any:
		for _, e := range v {
			m.gather(e)
		}
	}
}

// compare returns the decision of a changed case, or the reason why there is
// nothing to compare.
func (m *mutator) compare(t testing.TB, n uint16, seed uint64) string {
	r := rand.New(rand.NewPCG(seed, uint64(n)))
	id := m.ids[int(n)%len(m.ids)]
	c := copied(m.cases[id]).(object)
	input := c["input"].(object)
	for range 1 + r.IntN(6)/4 {
		m.mutate(r, m.target(r, input))
	}
	if r.IntN(4) > 0 {
		m.signAgain(input)
	}
	if req, ok := input["request"].(object); ok && r.IntN(12) == 0 && req["presentation"] != nil {
		req["presentationBytes"] = object{"text": m.respell(r, string(canon(req["presentation"])))}
		delete(req, "presentation")
	}
	file, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	cases, err := testvectors.LoadDir(fstest.MapFS{id + ".json": {Data: file}})
	if err != nil {
		return "no case"
	}
	run := testvectors.Run(t.Context(), cases[0])
	said, _ := parse([]byte(run.Got))
	if again := testvectors.RunWarm(t.Context(), cases[0]); again.Got != run.Got {
		t.Errorf("%s, seed %d: %s, and once it is remembered %s\n%s", id, seed, run.Got, again.Got, file)
	}
	area := text(c, "area")
	if notObject(said) || text(said, "decision") == "" && area == "verify" {
		return "no outcome" // the configuration is refused, or there are more proofs than keys
	}
	want := comparable(area, toObject(said))
	if len(list(want, "faults")) > 90 {
		return "too many faults" // which faults are reported is not specified
	}
	got, err := Decide(file)
	if errors.Is(err, ErrNotCovered) {
		return "not covered"
	}
	if err != nil || string(canon(got)) != string(canon(want)) {
		t.Errorf("%s, seed %d: %v\n reference %s\n engine    %s (%s)\n%s", id, seed, err, canon(got), canon(want), run.Detail, file)
	}
	return cmp.Or(text(said, "decision"), text(said, "verdict"), "verified or not")
}

func copied(v any) any {
	switch v := v.(type) {
	case object:
		out := object{}
		for k, e := range v {
			out[k] = copied(e)
		}
		return out
	case []any:
		out := []any{}
		for _, e := range v {
			out = append(out, copied(e))
		}
		return out
	}
	return v
}

// target picks the part of the input to change: mostly the document.
func (m *mutator) target(r *rand.Rand, input object) any {
	if req, ok := input["request"].(object); ok {
		switch r.IntN(10) {
		case 0:
			return req
		case 1:
			return input["config"]
		case 2:
			return object{"now": input["now"], "input": input} // the time, or anything
		}
		if p, ok := req["presentation"].(object); ok {
			first := append(many(p["verifiableCredential"]), nil)
			if mandate := member(member(first[0], "credentialSubject"), "mandate"); mandate != nil && r.IntN(3) == 0 {
				return mandate
			}
			return p
		}
		return req
	}
	for _, name := range []string{"document", "receipt"} {
		if d, ok := input[name].(object); ok && r.IntN(8) > 0 {
			return d
		}
	}
	return input
}

// mutate changes a value in v, an object or a list.
func (m *mutator) mutate(r *rand.Rand, v any) {
	if in, ok := member(v, "input").(object); ok && r.IntN(2) == 0 {
		in["now"] = pick(r, []any{"2026-05-02T10:16:00Z", "2026-05-02T10:15:30Z", "2026-05-02T10:20:30.5Z", "2027-01-01T00:00:00Z", "2027-01-01T00:00:01Z", "2025-12-31T23:59:59Z", "2026-05-02T12:15:30+02:00"})
		return
	}
	var inner []any
	switch v := v.(type) {
	case object:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			inner = append(inner, v[k])
		}
	case []any:
		inner = v
	}
	inner = slices.DeleteFunc(slices.Clone(inner), func(e any) bool {
		_, isList := e.([]any)
		return notObject(e) && !isList
	})
	if len(inner) > 0 && r.IntN(5) > 0 {
		m.mutate(r, inner[r.IntN(len(inner))])
		return
	}
	switch v := v.(type) {
	case object:
		if len(v) == 0 {
			return
		}
		name := pick(r, slices.Sorted(maps.Keys(v)))
		switch r.IntN(8) {
		case 0, 1:
			delete(v, name)
		case 2:
			other := pick(r, m.names)
			v[other] = copied(pick(r, m.pool[other]))
		case 3:
			v[pick(r, []string{strings.ToUpper(name), name + "s", name + " "})] = v[name]
		default:
			v[name] = m.changed(r, name, v[name])
		}
	case []any:
		if len(v) > 0 {
			i := r.IntN(len(v))
			v[i] = m.changed(r, "", v[i])
		}
	}
}

func pick[T any](r *rand.Rand, l []T) T { return l[r.IntN(len(l))] }

func (m *mutator) changed(r *rand.Rand, name string, v any) any {
	switch r.IntN(6) {
	case 0:
		return pick(r, []any{nil, "", object{}, []any{}, true, 0.0, 1e15, 1e16, "https://www.w3.org/ns/credentials/v2", "did:key:z6Mk"})
	case 1:
		return []any{v}
	case 2:
		if l, ok := v.([]any); ok && len(l) > 0 {
			return pick(r, [][]any{l[1:], append(slices.Clone(l), copied(l[0])), append([]any{copied(l[len(l)-1])}, l...)})
		}
	case 3:
		if s, ok := v.(string); ok {
			return pick(r, []string{s + " ", strings.ToUpper(s), s + "#x", strings.TrimSuffix(s, "Z"), "z" + s})
		}
	}
	if name == "" || len(m.pool[name]) == 0 {
		name = pick(r, m.names)
	}
	return copied(pick(r, m.pool[name]))
}

// respell changes the spelling of a document, or breaks it.
func (m *mutator) respell(r *rand.Rand, s string) string {
	at := r.IntN(len(s))
	switch r.IntN(5) {
	case 0:
		if i := strings.Index(s[at:], "{\""); i >= 0 {
			return s[:at+i+1] + `"type":0,` + s[at+i+1:] // a duplicate if there is a type
		}
	case 1:
		return s[:at]
	case 2:
		return s[:at] + pick(r, []string{" ", "\t", "\x00", ",", "{", `"`, `\u0061`, `\ud800`, "\ufeff", "1", "]"}) + s[at:]
	case 3:
		return strings.Replace(s, `"t`, `"\u0074`, 1+r.IntN(5))
	}
	return " " + s + "\n"
}

// signAgain renews the proofs after a change, if their keys are known.
func (m *mutator) signAgain(input object) {
	w := world{input}
	if vp, ok := member(input["request"], "presentation").(object); ok {
		for _, v := range many(vp["verifiableCredential"]) {
			m.sign(w, v)
		}
		m.sign(w, vp)
	}
	for _, l := range list(input, "statusLists") {
		m.sign(w, member(l, "credential"))
	}
	m.sign(w, input["document"])
	m.sign(w, input["receipt"])
}

func (m *mutator) sign(w world, v any) {
	doc, _ := v.(object)
	for range 2 { // a proof may sign an earlier one
		for _, via := range []bool{false, true} {
			proofs, _, code := parseProofs(doc, via)
			if code != "" {
				continue
			}
			for _, p := range proofs {
				d, reason := w.resolve(controller(p.method))
				if reason != "" {
					continue
				}
				key, _ := keyIn(d, p.method, p.purpose, clock(w.in))
				if private, known := m.keys[string(key)]; known {
					p.node["proofValue"] = encode58(ed25519.Sign(private, p.data))
				}
			}
		}
	}
}

func encode58(b []byte) string {
	var out []byte
	for n, mod := new(big.Int).SetBytes(b), new(big.Int); n.Sign() > 0; {
		n.DivMod(n, big.NewInt(58), mod)
		out = append(out, alphabet[mod.Int64()])
	}
	for i := 0; i < len(b) && b[i] == 0; i++ {
		out = append(out, '1')
	}
	slices.Reverse(out)
	return "z" + string(out)
}

// Package testvectors answers one question: does an implementation decide as
// the documents say?
//
// It holds the public conformance corpus: one JSON file per case, one failure
// per file, with the complete input and the complete outcome. [Load] reads
// the built-in corpus, [LoadDir] any folder of the same form, and [Run] puts
// a case to this engine. README.md beside this file describes the format for
// implementations in other languages, schema.json states it for machines.
//
// A case passes when the outcome equals what the file expects, member for
// member. Texts for people are no part of an outcome; reasons, codes, kinds
// and the names of checks are, and changing one is a breaking change.
package testvectors

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/mandate-engine/mandate/canonical"
)

// Schema is what the member schema of every case file says.
const Schema = "mandate-vectors/1"

// maxFileBytes bounds one case file, and what its byte strings expand to.
const maxFileBytes = 4 << 20

//go:embed data
var builtin embed.FS

// A Case is one vector. Only [Load] and [LoadDir] make one that can pass.
type Case struct {
	ID      string // path of the file without .json: area/name
	Area    string
	Comment string // what is right or wrong in the input, in a sentence

	expect []byte // canonical form of the outcome
	put    []byte // the file without the outcome
	run    runner
}

// Question returns the case file without the member expect, as JSON on one
// line: what an implementation is asked. It is nil for the zero Case.
func (c Case) Question() []byte { return bytes.Clone(c.put) }

// A runner puts a case to the engine. It returns the outcome, in the form of
// the member expect of case files, and what the engine said beyond that.
type runner func(ctx context.Context) (got outcome, detail string)

// An outcome is a JSON object under construction.
type outcome map[string]any

// put sets a member unless the value is empty.
func (o outcome) put(name, value string) {
	if value != "" {
		o[name] = value
	}
}

// Load returns the built-in corpus, sorted by id.
func Load() ([]Case, error) {
	data, err := fs.Sub(builtin, "data")
	if err != nil {
		return nil, fmt.Errorf("testvectors: %w", err)
	}
	return LoadDir(data)
}

// LoadDir returns the cases of every .json file in fsys, sorted by id. It is
// strict: a file that is not I-JSON, has a member that its area does not know
// or lacks one that it needs, or whose id is not its path is an error, and so
// is a folder without cases.
func LoadDir(fsys fs.FS) ([]Case, error) {
	var cases []Case
	err := fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path.Ext(name) != ".json" {
			return err
		}
		b, err := readFile(fsys, name)
		if err != nil {
			return err
		}
		c, err := parseCase(b)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if want := strings.TrimSuffix(name, ".json"); c.ID != want {
			return fmt.Errorf("%s: the id is %.100q, not the path", name, c.ID)
		}
		cases = append(cases, c)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("testvectors: %w", err)
	}
	if len(cases) == 0 {
		return nil, errors.New("testvectors: there are no cases")
	}
	slices.SortFunc(cases, func(a, b Case) int { return strings.Compare(a.ID, b.ID) })
	return cases, nil
}

func readFile(fsys fs.FS, name string) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxFileBytes+1))
	if err != nil {
		return nil, err
	}
	if len(b) > maxFileBytes {
		return nil, fmt.Errorf("%s: more than %d bytes", name, maxFileBytes)
	}
	return b, nil
}

var idPattern = regexp.MustCompile(`^[a-z][a-z0-9]*/[a-z0-9]+(-[a-z0-9]+)*$`)

// parseCase reads one case file.
func parseCase(b []byte) (Case, error) {
	d, err := canonical.Limits{MaxBytes: maxFileBytes}.Parse(b)
	if err != nil {
		return Case{}, err
	}
	r := newReader(d.Root())
	c := Case{ID: r.Text("id"), Area: r.Text("area"), Comment: r.Text("comment")}
	if s := r.Text("schema"); s != Schema {
		r.fail("schema is %.40q, not %s", s, Schema)
	}
	if !idPattern.MatchString(c.ID) || !strings.HasPrefix(c.ID, c.Area+"/") {
		r.fail("id is not area/name in lower case, digits and single hyphens")
	}
	if c.Comment == "" {
		r.fail("comment is empty")
	}
	in, want := r.object("input"), r.object("expect")
	switch c.Area {
	case "canonical":
		c.run = readCanonical(in, want)
	case "dataintegrity":
		c.run = readProof(in, want)
	case "did":
		c.run = readDID(in, want)
	case "digests":
		c.run = readDigest(in, want)
	case "ed25519":
		c.run = readEd25519(in, want)
	case "log":
		c.run = readLog(in, want)
	case "multikey":
		c.run = readMultikey(in, want)
	case "permits":
		c.run = readPermits(in, want)
	case "policy":
		c.run = readPolicy(in, want)
	case "receipt":
		c.run = readReceipt(in, want)
	case "time":
		c.run = readTime(in, want)
	case "verify":
		c.run = readVerify(in, want)
	default:
		r.fail("area %.40q is not known", c.Area)
	}
	in.Done()
	want.Done()
	r.Done()
	c.expect, c.put = want.At.AppendCanonical(nil), r.At.AppendCanonical(nil, canonical.Omit("expect"))
	return c, r.Err()
}

// A Result is what became of one case. The zero Result has not passed.
type Result struct {
	ID, Area string
	Passed   bool
	// Got and Want are the outcomes, as canonical JSON.
	Got, Want string
	// Detail is what the engine said about its outcome, for people.
	Detail string
}

// Run puts a case to this engine. It needs no network and no clock; ctx ends
// a case early, which then fails.
func Run(ctx context.Context, c Case) (result Result) {
	result = Result{ID: c.ID, Area: c.Area, Want: string(c.expect)}
	defer func() {
		if r := recover(); r != nil {
			result.Passed, result.Detail = false, fmt.Sprintf("panic: %v", r)
		}
	}()
	if c.run == nil {
		result.Detail = "the case was not loaded"
		return result
	}
	got, detail := c.run(ctx)
	result.Detail = detail
	b, err := canonical.Marshal(got)
	if err != nil {
		result.Detail = fmt.Sprintf("the outcome has no JSON form: %v", err)
		return result
	}
	result.Got = string(b)
	result.Passed = bytes.Equal(b, c.expect)
	return result
}

// RunWarm is Run of an engine that has decided the case before, so that all it
// remembers of it is there, and that is asked through VerifyMany. The outcome has
// to be the same. Cases of other areas than verify are just run.
func RunWarm(ctx context.Context, c Case) Result {
	return Run(context.WithValue(ctx, warm{}, true), c)
}

// warm is the key of the context of a RunWarm.
type warm struct{}

// Compare returns the result of an implementation that answers a case with an
// outcome, in the form of the member expect of case files. An answer that is no
// strict JSON object has not passed.
func Compare(c Case, answer []byte) Result {
	result := Result{ID: c.ID, Area: c.Area, Want: string(c.expect)}
	d, err := canonical.Limits{MaxBytes: maxFileBytes}.Parse(answer)
	switch {
	case err != nil:
		result.Detail = fmt.Sprintf("the answer is no JSON: %v", err)
	case d.Root().Kind() != canonical.Object:
		result.Detail = "the answer is no object"
	default:
		got := d.Root().AppendCanonical(nil)
		result.Got, result.Passed = string(got), c.run != nil && bytes.Equal(got, c.expect)
	}
	return result
}

// Totals counts results.
type Totals struct{ Total, Passed, Failed int }

// Count returns the totals of all results and those of each area.
func Count(results []Result) (all Totals, areas map[string]Totals) {
	areas = map[string]Totals{}
	for _, r := range results {
		t := areas[r.Area]
		for _, n := range []*Totals{&all, &t} {
			n.Total++
			if r.Passed {
				n.Passed++
			} else {
				n.Failed++
			}
		}
		areas[r.Area] = t
	}
	return all, areas
}

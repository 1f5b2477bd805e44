// Package testvectors answers one question: does an implementation decide as
// the documents say? It contains the public conformance corpus and runs it.
//
// Each JSON file is one case with one failure, the complete input and the
// complete outcome. [Load] reads the built-in corpus, [LoadDir] any folder of
// the same format, and [Run] runs a case with this engine. README.md describes
// the format for implementations in other languages, schema.json in
// machine-readable form.
//
// A case passes if the outcome equals the expected outcome, member for member.
// Texts for people are not part of an outcome. Reasons, codes, kinds and names
// of checks are, and changing one is a breaking change.
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

// Schema is the value of the member schema in every case file.
const Schema = "mandate-vectors/1"

// maxFileBytes bounds a case file, and the expansion of its byte strings.
const maxFileBytes = 4 << 20

//go:embed data
var builtin embed.FS

// A Case is one vector. Only cases from [Load] and [LoadDir] can pass.
type Case struct {
	ID      string // path of the file without .json: area/name
	Area    string
	Comment string // one sentence on what is right or wrong in the input

	expect []byte // canonical form of the outcome
	put    []byte // the file without the outcome
	run    runner
}

// Question returns the case file without the member expect, as one line of
// JSON. It is the input for an implementation. It is nil for the zero Case.
func (c Case) Question() []byte { return bytes.Clone(c.put) }

// A runner runs a case with the engine. It returns the outcome, in the format
// of the member expect of case files, and further information for people.
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
// strict. It fails for a file that is not I-JSON, has a member unknown in its
// area, lacks a required member, or has an id other than its path. It also
// fails for a folder without cases.
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

// parseCase parses one case file.
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

// A Result is the result of one case. The zero Result has not passed.
type Result struct {
	ID, Area string
	Passed   bool
	// Got and Want are the outcomes as canonical JSON.
	Got, Want string
	// Detail is the engine's explanation of the outcome, for people.
	Detail string
}

// Run runs a case with this engine. It uses no network and no clock. If ctx
// ends during a case, the case fails.
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

// RunWarm runs a case with an engine that has decided it before, so that all
// caches are filled, through VerifyMany. The outcome must be the same. RunWarm
// equals Run for areas other than verify.
func RunWarm(ctx context.Context, c Case) Result {
	return Run(context.WithValue(ctx, warm{}, true), c)
}

// warm is the context key of RunWarm.
type warm struct{}

// Compare returns the result for the outcome of another implementation, in the
// format of the member expect of case files. An answer other than a strict
// JSON object does not pass.
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

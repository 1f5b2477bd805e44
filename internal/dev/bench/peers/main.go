// Command peers compares canonicalization, and the verification of proofs,
// with other implementations, on the same documents in the same run:
//
//	cd internal/dev/bench/peers && go run . && go run . -doc proofs
//
// encoding/json does less: it decodes and encodes, accepts duplicate members
// and invalid UTF-8, and its output is not canonical.
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/gowebpki/jcs"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/internal/dev/bench/roundrobin"
	"github.com/mandate-engine/mandate/internal/sample"
)

func main() {
	rounds := flag.Int("rounds", 200, "turns that each subject takes")
	only := flag.String("doc", "", "the one document to compare on, by its name; \"proofs\" compares proofs")
	asJSON := flag.Bool("json", false, "print the times of each as JSON")
	flag.Parse()
	if *only == "proofs" {
		roundrobin.Print(os.Stdout, "both proofs of the sample presentation", "2 V", compareProofs(sample.Presentation(), *rounds))
		return
	}
	for _, doc := range documents() {
		if *only != "" && doc.name != *only {
			continue
		}
		rows := compare(doc.name, doc.bytes, *rounds)
		if *asJSON {
			must(json.NewEncoder(os.Stdout).Encode(rows))
			continue
		}
		roundrobin.Print(os.Stdout, fmt.Sprintf("%s, %d bytes", doc.name, len(doc.bytes)), "canonical", rows)
	}
}

type document struct {
	name  string
	bytes []byte
}

// documents returns real documents without white space, as transmitted, and
// larger ones made of them.
func documents() []document {
	compact := func(b []byte) []byte {
		var buf bytes.Buffer
		must(json.Compact(&buf, b))
		return buf.Bytes()
	}
	vp, vc := compact(sample.Presentation()), compact(sample.Credential())
	list := func(size int) []byte {
		b := []byte{'['}
		for len(b) < size-len(vp) {
			b = append(append(b, vp...), ',')
		}
		return append(append(b, vp...), ']')
	}
	small, err := canonical.Parse(vc)
	must(err)
	return []document{
		{"1 KB", small.Root().Get("credentialSubject").Get("mandate").Get("action").Get("content").Raw()},
		{"2 KB", vc},
		{"VP", vp},
		{"VP, indented", sample.Presentation()},
		{"20 KB", list(20 << 10)},
		{"1 MiB", list(1<<20 - 8<<10)},
	}
}

func compare(name string, doc []byte, rounds int) []roundrobin.Row {
	want, err := canonical.Transform(doc)
	must(err)
	other, err := jcs.Transform(doc)
	must(err)
	text := jsontext.Value(bytes.Clone(doc))
	must(text.Canonicalize())
	if !bytes.Equal(want, other) || !bytes.Equal(want, text) {
		must(fmt.Errorf("%s: the implementations disagree", name))
	}
	limits := canonical.Limits{MaxBytes: 4 << 20, MaxValues: 1 << 20}
	var value jsontext.Value
	return roundrobin.Compare(rounds,
		roundrobin.Subject{Name: "canonical", Run: func() {
			d, err := limits.Parse(doc)
			must(err)
			d.Root().AppendCanonical(make([]byte, 0, len(doc)))
		}},
		roundrobin.Subject{Name: "jsontext", Run: func() {
			value = append(value[:0], doc...)
			must(value.Canonicalize())
		}},
		roundrobin.Subject{Name: "gowebpki/jcs", Run: func() {
			_, err := jcs.Transform(doc)
			must(err)
		}},
		roundrobin.Subject{Name: "encoding/json", Run: func() {
			var v any
			must(json.Unmarshal(doc, &v))
			_, err := json.Marshal(v)
			must(err)
		}},
	)
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
}

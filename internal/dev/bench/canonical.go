package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"

	"github.com/gowebpki/jcs"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/internal/dev/bench/roundrobin"
	"github.com/mandate-engine/mandate/internal/sample"
)

// jcsRows compares canonicalization with the library that the documents name,
// on the sample in its transmitted form.
func jcsRows(h *harness) map[string]measured {
	var doc bytes.Buffer
	check(json.Compact(&doc, sample.Presentation()))
	transform := func(f func([]byte) ([]byte, error)) func() {
		return func() { _, err := f(doc.Bytes()); check(err) }
	}
	ms := h.best(h.comparison(1), []pair{{1, 0}},
		roundrobin.Subject{Name: "gowebpki/jcs", Run: transform(jcs.Transform)},
		roundrobin.Subject{Name: "canonical", Run: transform(canonical.Transform)})
	return map[string]measured{"jcs": ms[0]}
}

// jsontextRows compares with the measurements of the module peers, which alone
// depends on that library.
func jsontextRows(h *harness) map[string]measured {
	dir, remove := scratch()
	defer remove()
	program := filepath.Join(dir, "peers")
	build("internal/dev/bench/peers", ".", program)
	m := measured{}
	for n := range h.times {
		out, err := exec.Command(program, "-json", "-doc", "VP", "-rounds", strconv.Itoa(h.rounds)).Output()
		check(err)
		var rows []struct {
			Name        string
			P10, Median float64
		}
		check(json.Unmarshal(out, &rows))
		took := map[string][2]float64{}
		for _, r := range rows {
			took[r.Name] = [2]float64{r.P10, r.Median}
		}
		ours, theirs := took["canonical"], took["jsontext"]
		if ours[0] <= 0 || theirs[0] <= 0 {
			check(fmt.Errorf("the peers answer %s", out))
		}
		ratio, median := ours[0]/theirs[0], ours[1]/theirs[1]
		if n == 0 {
			m = measured{ratio: ratio, median: median}
		}
		m.ratio, m.median = min(m.ratio, ratio), min(m.median, median)
	}
	return map[string]measured{"jsontext": m}
}

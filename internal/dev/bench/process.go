package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"

	"github.com/mandate-engine/mandate/verifier"
)

// heap returns the bytes in use.
func heap() float64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}

// memoryRows verifies 10,000 distinct mandates once each. It measures the heap
// growth per mandate after any number of them and reports the maximum: caches
// evict, so the growth after all 10,000, divided by 10,000, would be too low.
func memoryRows(h *harness) map[string]measured {
	cfg := config()
	cfg.InsecureAllowReplay = true // used presentations are stored elsewhere
	w, v := newWorld(), newVerifier(cfg)
	for range 64 { // for one-time allocations and reused buffers
		allow(v, w.newMandate())
	}
	size := float64(len(w.issue(w.issuer, w.holder)))
	before, done, peak, last := heap(), 0, 0., 0.
	marks := []int{250, 500, 1000, 2500, 5000, 10_000}
	if h.smoke {
		marks = marks[:1]
	}
	for _, mark := range marks {
		for ; done < mark; done++ {
			allow(v, w.newMandate())
		}
		last = (heap() - before) / float64(done) / size
		peak = max(peak, last)
	}
	runtime.KeepAlive(v)
	return map[string]measured{"memory": {ratio: peak, median: last, note: fmt.Sprintf("VC of %.0f bytes; median: of all %d", size, done)}}
}

// startupRows starts a process that verifies once and measures its CPU time,
// start and end included, which is its wall-clock time on an idle core.
func startupRows(h *harness) map[string]measured {
	dir, remove := scratch()
	defer remove()
	program := filepath.Join(dir, "core")
	build(".", "./internal/dev/bench/core", program)
	var took []time.Duration
	for range h.times * max(h.rounds/5, 1) {
		cmd := exec.Command(program)
		cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
		out, err := cmd.CombinedOutput()
		check(err)
		took = append(took, cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime())
		hold(string(out) == "allow\n", "the program allows: "+string(out))
	}
	ms := func(p int) float64 { return float64(percentile(took, p)) / float64(time.Millisecond) }
	return map[string]measured{"startup": {ratio: ms(10), median: ms(50)}}
}

// sizeRows measures programs built as for release.
func sizeRows(*harness) map[string]measured {
	dir, remove := scratch()
	defer remove()
	size := func(pkg string) measured {
		program := filepath.Join(dir, "program")
		build(".", pkg, program)
		info, err := os.Stat(program)
		check(err)
		mib := float64(info.Size()) / (1 << 20)
		return measured{ratio: mib, median: mib}
	}
	return map[string]measured{"size-core": size("./internal/dev/bench/core"), "size-full": size("./internal/dev/bench/service")}
}

// decide runs a request that must not be allowed.
func decide(v *verifier.Verifier, r verifier.Request) error {
	_, err := v.Verify(context.Background(), r)
	return err
}

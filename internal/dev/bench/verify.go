package main

import (
	"context"
	"crypto/ed25519"
	"encoding/binary"
	"runtime"
	"runtime/metrics"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mandate-engine/mandate/internal/dev/bench/roundrobin"
	"github.com/mandate-engine/mandate/internal/sample"
	"github.com/mandate-engine/mandate/verifier"
)

// A limit is the unavoidable cryptography of a decision. It verifies different
// signatures in sequence, like a decision, because the branch predictor would
// learn a repeated one.
type limit struct {
	key    ed25519.PrivateKey
	public ed25519.PublicKey
	signed [1024]struct {
		message   [64]byte // as long as the message of a proof
		signature []byte
	}
	next int
}

func newLimit() *limit {
	l := &limit{key: sample.Key(1)}
	l.public = l.key.Public().(ed25519.PublicKey)
	for i := range l.signed {
		s := &l.signed[i]
		binary.BigEndian.PutUint64(s.message[:], uint64(i))
		s.signature = ed25519.Sign(l.key, s.message[:])
	}
	return l
}

func (l *limit) verify() {
	l.next++
	s := &l.signed[l.next%len(l.signed)]
	hold(ed25519.Verify(l.public, s.message[:], s.signature), "a signature verifies")
}

func (l *limit) sign() {
	l.next++
	ed25519.Sign(l.key, l.signed[l.next%len(l.signed)].message[:])
}

func (l *limit) once()  { l.verify(); l.sign() }
func (l *limit) floor() { l.verify(); l.verify(); l.sign() }

// subject returns a subject that runs Verify on requests from more.
func subject(name string, v *verifier.Verifier, more func() verifier.Request) roundrobin.Subject {
	s := &supply{more: more}
	return roundrobin.Subject{Name: name, Prepare: s.prepare, Run: func() { allow(v, s.next()) }}
}

// verifyRows measures a new mandate of known parties; a known mandate,
// presented again; and a mandate of unknown parties, with every issuer
// trusted.
func verifyRows(h *harness) map[string]measured {
	w, l := newWorld(), newLimit()
	known := w.issue(w.issuer, w.holder)
	anybody := config()
	anybody.TrustedIssuers, anybody.InsecureTrustAnyIssuer = nil, true
	ms := h.best(h.comparison(1), []pair{{2, 0}, {3, 1}, {4, 0}},
		roundrobin.Subject{Name: "F", Run: l.floor},
		roundrobin.Subject{Name: "V + S", Run: l.once},
		subject("warm", newVerifier(config()), w.newMandate),
		subject("hit", newVerifier(config()), func() verifier.Request { return w.present(w.holder, known) }),
		subject("cold", newVerifier(anybody), func() verifier.Request {
			issuer, holder := stranger(w.made), stranger(-w.made-1)
			return w.present(holder, w.issue(issuer, holder))
		}),
	)
	return map[string]measured{"warm": ms[0], "hit": ms[1], "cold": ms[2]}
}

// allocRows counts the allocations of warm decisions, in batches of twenty.
func allocRows(h *harness) map[string]measured {
	w := newWorld()
	v, s := newVerifier(config()), &supply{more: w.newMandate}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	count := func(runs int) float64 {
		s.prepare(runs)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range runs {
			allow(v, s.next())
		}
		runtime.ReadMemStats(&after)
		return float64(after.Mallocs-before.Mallocs) / float64(runs)
	}
	count(100) // maps grow, the action is compiled
	var all []float64
	for range 1 + h.rounds/10 {
		all = append(all, count(20))
	}
	return map[string]measured{"allocs": bestOf(all)}
}

// collectorRows measures the garbage collector's time for a warm decision, in
// a process with little more than 10 MB of requests. Collections fall into few
// slices, so neither the 10th percentile nor the median shows them.
func collectorRows(h *harness) map[string]measured {
	w, l := newWorld(), newLimit()
	v, s := newVerifier(config()), &supply{more: w.newMandate}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	floor := h.comparison(1).Run(roundrobin.Subject{Name: "F", Run: l.floor})[0].P10
	var all []float64
	for range h.times {
		s.prepare(max(h.rounds, 10))
		runs, before := len(s.ready), collectorTime()
		for range runs {
			allow(v, s.next())
		}
		all = append(all, roundrobin.Ratio((collectorTime()-before)/time.Duration(runs), floor))
	}
	return map[string]measured{"collector": bestOf(all)}
}

// collectorTime returns the CPU time of the collector up to the end of the
// last collection.
func collectorTime() time.Duration {
	samples := []metrics.Sample{{Name: "/cpu/classes/gc/total:cpu-seconds"}, {Name: "/cpu/classes/gc/mark/idle:cpu-seconds"}}
	metrics.Read(samples)
	return time.Duration((samples[0].Value.Float64() - samples[1].Value.Float64()) * float64(time.Second))
}

// tailRows compares the ratio of slow to usual decisions with the same ratio
// for bare cryptography. Both run alternately and are measured by CPU time.
func tailRows(h *harness) map[string]measured {
	w, l := newWorld(), newLimit()
	v, s := newVerifier(config()), &supply{more: w.newMandate}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	clock := func(f func()) time.Duration {
		start := roundrobin.CPUTime()
		f()
		return roundrobin.CPUTime() - start
	}
	var all []float64
	for range h.times {
		var floor, full []time.Duration
		for range h.rounds {
			const batch = 30
			s.prepare(batch)
			for range batch {
				floor = append(floor, clock(l.floor))
				full = append(full, clock(func() { allow(v, s.next()) }))
			}
		}
		spread := func(d []time.Duration) float64 { return roundrobin.Ratio(percentile(d, 99), percentile(d, 50)) }
		all = append(all, spread(full)/spread(floor))
	}
	return map[string]measured{"tail": bestOf(all)}
}

// bestOf returns the lowest and the median of some ratios.
func bestOf(all []float64) measured {
	all = slices.Sorted(slices.Values(all))
	return measured{ratio: all[0], median: all[len(all)/2]}
}

// manyRows compares the speed-up of two threads over one, by wall clock, for
// decisions and for bare cryptography.
func manyRows(h *harness) map[string]measured {
	const batch = 64
	w, limits := newWorld(), []*limit{newLimit(), newLimit()}
	on := func(threads int) func(int) { return func(int) { runtime.GOMAXPROCS(threads) } }
	floors := func() {
		var wg sync.WaitGroup
		threads := runtime.GOMAXPROCS(0)
		for i := range threads {
			wg.Go(func() {
				for range batch / threads {
					limits[i].floor()
				}
			})
		}
		wg.Wait()
	}
	many := func(threads int) roundrobin.Subject {
		v, s := newVerifier(config()), &supply{more: w.newMandate}
		return roundrobin.Subject{Name: "verify",
			Prepare: func(runs int) { s.prepare(runs * batch); runtime.GOMAXPROCS(threads) },
			Run: func() {
				at := len(s.ready) - batch
				var next atomic.Int64
				var wg sync.WaitGroup
				for range threads {
					wg.Go(func() {
						for i := at + int(next.Add(1)) - 1; i < at+batch; i = at + int(next.Add(1)) - 1 {
							_, err := v.Verify(context.Background(), s.ready[i])
							check(err)
						}
					})
				}
				wg.Wait()
				s.ready = s.ready[:at]
			}}
	}
	c := h.comparison(4)
	c.Wall, c.Threads = true, 2
	var p10, median []float64
	for range h.times {
		r := c.Run(roundrobin.Subject{Name: "F", Prepare: on(1), Run: floors}, roundrobin.Subject{Name: "F on two", Prepare: on(2), Run: floors}, many(1), many(2))
		p10 = append(p10, roundrobin.Ratio(r[2].P10, r[3].P10)/roundrobin.Ratio(r[0].P10, r[1].P10))
		median = append(median, roundrobin.Ratio(r[2].Median, r[3].Median)/roundrobin.Ratio(r[0].Median, r[1].Median))
	}
	m := measured{ratio: p10[0], median: median[0]}
	for i := range p10 { // higher is better
		m.ratio, m.median = max(m.ratio, p10[i]), max(m.median, median[i])
	}
	return map[string]measured{"many": m}
}

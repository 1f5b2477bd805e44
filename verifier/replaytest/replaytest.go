// Package replaytest answers one question: does this verifier.Replay keep the
// promises of the interface?
package replaytest

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/mandate-engine/mandate/verifier"
)

// Check uses r and returns an error that lists every promise it broke, or nil.
// r must have room for a hundred keys. The keys that Check uses are derived
// from salt, so that a store which outlives it can be checked again; times are
// counted from now.
func Check(r verifier.Replay, salt string, now time.Time) error {
	c := &checker{r: r, salt: salt, now: now}
	c.expect("a new key", "a", 0, time.Minute, true)
	c.expect("the same key", "a", 0, time.Minute, false)
	c.expect("the same key, later", "a", 30*time.Second, time.Hour, false)
	c.expect("the same key, at the last instant", "a", time.Minute, time.Hour, false)
	c.expect("another key", "b", 0, time.Minute, true)
	c.forGood()
	c.concurrent()
	c.done()
	return errors.Join(c.faults...)
}

type checker struct {
	r      verifier.Replay
	salt   string
	now    time.Time
	faults []error
}

func (c *checker) fault(format string, args ...any) {
	c.faults = append(c.faults, fmt.Errorf("replaytest: "+format, args...))
}

func (c *checker) key(name string) [sha256.Size]byte {
	return sha256.Sum256([]byte(c.salt + "\x00" + name))
}

func (c *checker) expect(what, name string, after, until time.Duration, want bool) {
	first, err := c.r.Use(context.Background(), c.key(name), c.now.Add(after), c.now.Add(until))
	if err != nil || first != want {
		c.fault("%s: first use %t, %v; want %t", what, first, err, want)
	}
}

// forGood: a key without an end is never forgotten.
func (c *checker) forGood() {
	if first, err := c.r.Use(context.Background(), c.key("good"), c.now, time.Time{}); err != nil || !first {
		c.fault("a key for good: first use %t, %v", first, err)
	}
	c.expect("a key for good, ten years later", "good", 10*365*24*time.Hour, 11*365*24*time.Hour, false)
}

// concurrent: of many uses at once, one is the first.
func (c *checker) concurrent() {
	var wg sync.WaitGroup
	var mu sync.Mutex
	firsts := 0
	for range 16 {
		wg.Go(func() {
			first, err := c.r.Use(context.Background(), c.key("race"), c.now, c.now.Add(time.Minute))
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				c.fault("uses at once: %w", err)
			} else if first {
				firsts++
			}
		})
	}
	wg.Wait()
	if firsts != 1 {
		c.fault("of 16 uses at once, %d were the first", firsts)
	}
}

// done checks that a use with a context that is done is not reported as the first.
func (c *checker) done() {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if first, err := c.r.Use(ctx, c.key("done"), c.now, c.now.Add(time.Minute)); first && err == nil {
		c.fault("a use whose context is done is the first, without an error")
	}
}

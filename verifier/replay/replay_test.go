package replay

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/mandate-engine/mandate/internal/sample"
)

// A Memory remembers a key to the last instant for which it has to, and refuses another
// one rather than forget a key early.
func TestMemoryUse(t *testing.T) {
	ctx, now := t.Context(), sample.Now()
	key := func(i int) [32]byte { return [32]byte{byte(i), byte(i >> 8), byte(i >> 16)} }
	m := &Memory{MaxEntries: 3}
	use := func(i int, at, until time.Time) (bool, error) { return m.Use(ctx, key(i), at, until) }
	for i, step := range []struct {
		key       int
		at, until time.Time
		first     bool
		err       error
	}{
		{1, now, now.Add(time.Minute), true, nil},
		{1, now.Add(time.Minute), now.Add(time.Hour), false, nil}, // still remembered at the last instant
		{2, now, now.Add(2 * time.Minute), true, nil},
		{3, now, time.Time{}, true, nil},                                    // for good
		{4, now.Add(time.Minute), now.Add(time.Hour), false, ErrFull},       // nothing is evicted
		{1, now.Add(time.Minute + 1), now.Add(time.Hour), true, nil},        // over, so it counts as new
		{2, now.Add(10 * time.Minute), now.Add(time.Hour), true, nil},       //
		{3, now.Add(100000 * time.Hour), now.Add(time.Hour), false, nil},    // never over
		{5, now.Add(2 * time.Hour), now.Add(3 * time.Hour), true, nil},      // 1 and 2 were swept
		{6, now.Add(2 * time.Hour), now.Add(3 * time.Hour), true, nil},      //
		{7, now.Add(2 * time.Hour), now.Add(3 * time.Hour), false, ErrFull}, //
	} {
		first, err := use(step.key, step.at, step.until)
		if first != step.first || !errors.Is(err, step.err) {
			t.Errorf("step %d: got %v, %v; want %v, %v", i, first, err, step.first, step.err)
		}
	}
	done, cancel := context.WithCancel(ctx)
	cancel()
	if first, err := m.Use(done, key(8), now, now); first || err == nil {
		t.Error("a done context is a first use")
	}
	big := &Memory{}
	for i := range 5000 {
		at := now.Add(time.Duration(i) * time.Second)
		if first, err := big.Use(ctx, key(i), at, at.Add(time.Minute)); !first || err != nil {
			t.Fatalf("use %d: %v, %v", i, first, err)
		}
	}
}

// A Memory that is full takes another key as soon as an entry has expired, in whatever
// order the entries came.
func TestMemoryFull(t *testing.T) {
	m := &Memory{MaxEntries: 2}
	now := sample.Now()
	for i, step := range []struct {
		key       byte
		at, until time.Duration
		full      bool
	}{
		{1, 0, time.Hour, false}, {2, 0, 2 * time.Hour, false}, {3, 0, time.Hour, true}, {3, time.Hour, time.Hour, true},
		{3, time.Hour + 1, 70 * time.Minute, false}, {4, 65 * time.Minute, 3 * time.Hour, true}, {4, 71 * time.Minute, 3 * time.Hour, false},
	} {
		first, err := m.Use(t.Context(), [32]byte{step.key}, now.Add(step.at), now.Add(step.until))
		if errors.Is(err, ErrFull) != step.full || first == step.full {
			t.Errorf("step %d: %v, %v; want full %v", i, first, err, step.full)
		}
	}
}

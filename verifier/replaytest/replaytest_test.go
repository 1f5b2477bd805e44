package replaytest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/mandate-engine/mandate/verifier/replay"
)

var now = time.Date(2026, 5, 2, 12, 0, 0, 0, time.UTC)

// Check passes a Memory, and notices keys that are used already.
func TestMemoryPassesCheck(t *testing.T) {
	m := &replay.Memory{MaxEntries: 200}
	for _, salt := range []string{"one", "two"} {
		if err := Check(m, salt, now); err != nil {
			t.Error(err)
		}
	}
	if Check(m, "one", now) == nil {
		t.Error("the same keys are new again")
	}
}

type replayFunc func() (bool, error)

func (f replayFunc) Use(context.Context, [32]byte, time.Time, time.Time) (bool, error) { return f() }

// Check refuses a Replay that breaks a promise.
func TestCheckRefuses(t *testing.T) {
	for name, r := range map[string]replayFunc{
		"always first": func() (bool, error) { return true, nil },
		"never first":  func() (bool, error) { return false, nil },
		"down":         func() (bool, error) { return false, errors.New("down") },
	} {
		if Check(r, "x", now) == nil {
			t.Errorf("%s: passes", name)
		}
	}
}

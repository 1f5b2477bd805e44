package main

import (
	"os"
	"strings"
	"testing"
)

// The code keeps the goals. A change that misses one says so here, not in a review.
func TestGoals(t *testing.T) {
	if err := os.Chdir("../../.."); err != nil {
		t.Fatal(err)
	}
	figures, err := measure()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range figures {
		if f.goal >= 0 && f.value > f.goal {
			t.Errorf("%s: %d, at most %d\n%s", f.name, f.value, f.goal, strings.Join(f.list, "\n"))
		}
	}
	for _, name := range []string{"stops", "climbs", "hops", "exported", "lines of code of verifier"} {
		found := false
		for _, f := range figures {
			found = found || strings.HasPrefix(f.name, name) && f.value > 0
		}
		if !found {
			t.Errorf("nothing was counted for %q: the code is not where this tool looks for it", name)
		}
	}
}

// The riddles are found, and plain sentences are left alone.
func TestRiddles(t *testing.T) {
	for text, want := range map[string]bool{
		"// An answer that is over is asked for again.":        true,
		"// It is no object.":                                  true,
		"// Whoever asks is told nothing.":                     true,
		"// There is no such key.":                             false,
		"// The cache fetches an expired document again.":      false,
		"// It is no longer than the limit.":                   false,
		"// Of one that is not meant for callers it is silent": true,
	} {
		if got := riddles.MatchString(plain.ReplaceAllString(text, "")); got != want {
			t.Errorf("%q: %t", text, got)
		}
	}
}

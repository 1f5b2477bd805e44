package policy

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
)

func TestCache(t *testing.T) {
	var c Cache
	good := `{"name": "a", "rules": [{"name": "r", "expression": "true"}]}`
	first, err := c.Compile(parse(t, good))
	if err != nil {
		t.Fatal(err)
	}
	// The key is the canonical form, not the spelling.
	again, err := c.Compile(parse(t, ` { "rules" : [{"expression":"true","name":"\u0072"}], "name":"a" } `))
	if err != nil || again != first {
		t.Errorf("%p and %p, %v", first, again, err)
	}
	other, err := c.Compile(parse(t, strings.Replace(good, "true", "false", 1)))
	if err != nil || other == first {
		t.Errorf("another content gives the same action, %v", err)
	}
}

func TestCacheKeepsFailuresApart(t *testing.T) {
	var c Cache
	bad := parse(t, `{"name": "a", "rules": [{"name": "r", "expression": "1 +"}]}`)
	_, first := c.Compile(bad)
	a, second := c.Compile(bad)
	var ce *CompileError
	if a != nil || !errors.As(second, &ce) || first != second {
		t.Errorf("%v, %v, %v", a, first, second)
	}
	if a, err := c.Compile(parse(t, "")); a != nil || !errors.As(err, &ce) {
		t.Errorf("absent: %v, %v", a, err)
	}
}

func TestCacheIsBounded(t *testing.T) {
	content := func(i int) string { return fmt.Sprintf(`{"name": "a%d"}`, i) }
	c := Cache{MaxActions: 3}
	first, _ := c.Compile(parse(t, content(0)))
	for i := range 10 {
		if _, err := c.Compile(parse(t, content(i))); err != nil {
			t.Fatal(err)
		}
		if a, _ := c.Compile(parse(t, content(0))); a != first {
			t.Fatalf("after %d: the most recently used one is gone", i)
		}
		if n := len(c.entries); n > 3 || n != c.recent.Len() {
			t.Fatalf("%d entries, %d in the list", n, c.recent.Len())
		}
	}
	var d Cache
	for i := range 300 {
		if _, err := d.Compile(parse(t, content(i))); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(d.entries); n != DefaultMaxActions {
		t.Errorf("%d entries by default", n)
	}
}

func TestCacheIsBoundedByWeight(t *testing.T) {
	var c Cache
	for i := range 24 {
		content := fmt.Sprintf(`{"name": "a%d", "rules": [`, i) + repeated(64, `{"name": "r%d", "expression": "`+strings.Repeat("now == now || ", 35)+`false"}`) + `]}`
		if _, err := c.Compile(parse(t, content)); err != nil {
			t.Fatal(err)
		}
	}
	weight := 0
	for el := c.recent.Front(); el != nil; el = el.Next() {
		weight += el.Value.(*cacheEntry).weight
	}
	if weight != c.weight || weight > maxCacheBytes || len(c.entries) == 24 || len(c.entries) < 5 || c.Memory() != weight {
		t.Errorf("%d entries of weight %d, counted as %d", len(c.entries), weight, c.weight)
	}
}

func TestCacheConcurrently(t *testing.T) {
	c := Cache{MaxActions: 4}
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 40 {
				name := fmt.Sprintf("a%d", (g+i)%6)
				expression := "true"
				if (g+i)%6 == 0 {
					expression = "1"
				}
				a, err := c.Compile(parse(t, fmt.Sprintf(`{"name": %q, "rules": [{"name": "r", "expression": %q}]}`, name, expression)))
				if (err == nil) != (expression == "true") || err == nil && a.Name() != name {
					t.Errorf("%s: %v, %v", name, a, err)
					return
				}
			}
		})
	}
	wg.Wait()
}

package status_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/mandate-engine/mandate/adapters/status"
)

// A source counts its calls and returns a numbered list.
type source struct {
	ttl   string
	err   error
	asked int
}

func (s *source) StatusList(_ context.Context, url string) ([]byte, error) {
	s.asked++
	return []byte(fmt.Sprintf(`{"id":%q,"n":%d,"credentialSubject":{%s}}`, url, s.asked, s.ttl)), s.err
}

func TestCache(t *testing.T) {
	tests := []struct {
		name, ttl string
		maxAge    time.Duration
		after     time.Duration
		asked     int
	}{
		{"just before the default", ``, 0, status.DefaultMaxAge - 1, 1},
		{"at the default", ``, 0, status.DefaultMaxAge, 2},
		{"a ttl, just before", `"ttl":1000`, 0, time.Second - 1, 1},
		{"a ttl, at its end", `"ttl":1000`, 0, time.Second, 2},
		{"a ttl of zero is none", `"ttl":0`, 0, time.Minute, 1},
		{"a longer ttl does not count", `"ttl":36000000`, 0, status.DefaultMaxAge, 2},
		{"MaxAge", ``, time.Hour, time.Hour - 1, 1},
		{"MaxAge, at its end", ``, time.Hour, time.Hour, 2},
		{"a ttl that cannot be read", `"ttl":"x"`, 0, 1, 2},
		{"the clock goes back", ``, 0, -1, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			at := time.Unix(1_000_000, 0)
			src := &source{ttl: tt.ttl}
			c := &status.Cache{Source: src, MaxAge: tt.maxAge, Now: func() time.Time { return at }}
			ask := func() string {
				b, err := c.StatusList(context.Background(), "https://a.example/1")
				if err != nil {
					t.Fatal(err)
				}
				return string(b)
			}
			ask()
			at = at.Add(tt.after)
			if got := ask(); src.asked != tt.asked || !strings.Contains(got, fmt.Sprintf(`"n":%d`, tt.asked)) {
				t.Errorf("asked %d times, got %s; want %d times", src.asked, got, tt.asked)
			}
		})
	}
}

// A list is not cached after its validUntil, when it would only deny.
func TestCacheStopsAtValidUntil(t *testing.T) {
	at := time.Date(2026, 5, 2, 10, 0, 0, 0, time.UTC)
	asked := 0
	src := sourceFunc(func() []byte {
		asked++
		return []byte(`{"validUntil":"2026-05-02T10:01:00Z","credentialSubject":{}}`)
	})
	c := &status.Cache{Source: src, Now: func() time.Time { return at }}
	for _, step := range []struct {
		after time.Duration
		asked int
	}{{0, 1}, {59 * time.Second, 1}, {time.Minute, 2}} {
		at = time.Date(2026, 5, 2, 10, 0, 0, 0, time.UTC).Add(step.after)
		if _, err := c.StatusList(context.Background(), "u"); err != nil || asked != step.asked {
			t.Errorf("after %s: asked %d times (%v), want %d", step.after, asked, err, step.asked)
		}
	}
}

type sourceFunc func() []byte

func (f sourceFunc) StatusList(context.Context, string) ([]byte, error) { return f(), nil }

func TestCacheDoesNotKeepErrors(t *testing.T) {
	outage := errors.New("outage")
	src := &source{err: outage}
	c := &status.Cache{Source: src}
	if _, err := c.StatusList(context.Background(), "u"); err != outage {
		t.Errorf("got %v", err)
	}
	src.err = nil
	if b, err := c.StatusList(context.Background(), "u"); err != nil || src.asked != 2 {
		t.Errorf("got %s, %v: an outage is remembered", b, err)
	}
	if _, err := (&status.Cache{}).StatusList(context.Background(), "u"); err == nil {
		t.Error("a Cache without a source answers")
	}
}

func TestCacheIsBounded(t *testing.T) {
	at := time.Unix(1_000_000, 0)
	src := &source{}
	c := &status.Cache{Source: src, MaxEntries: 2, Now: func() time.Time { at = at.Add(time.Second); return at }}
	for i, url := range []string{"a", "b", "a", "c", "b", "a"} {
		if _, err := c.StatusList(context.Background(), url); err != nil {
			t.Fatal(err)
		}
		if want := []int{1, 2, 2, 3, 3, 4}[i]; src.asked != want {
			t.Errorf("after request %d for %s the source was asked %d times, want %d", i, url, src.asked, want)
		}
	}
}

func ExampleCache() {
	c := &status.Cache{Source: &source{ttl: `"ttl":60000`}}
	for range 3 {
		b, _ := c.StatusList(context.Background(), "https://issuer.example/status/1")
		fmt.Println(string(b))
	}
	// Output:
	// {"id":"https://issuer.example/status/1","n":1,"credentialSubject":{"ttl":60000}}
	// {"id":"https://issuer.example/status/1","n":1,"credentialSubject":{"ttl":60000}}
	// {"id":"https://issuer.example/status/1","n":1,"credentialSubject":{"ttl":60000}}
}

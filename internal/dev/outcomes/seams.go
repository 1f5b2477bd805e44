package main

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/policy"
	"github.com/mandate-engine/mandate/receipts"
	"github.com/mandate-engine/mandate/verifier"
	"github.com/mandate-engine/mandate/verifier/replay"
)

// errOutage is what every interface returns that is out of order.
var errOutage = errors.New("it is out of order")

// A fault is how an interface misbehaves. The empty fault is none.
type fault string

const (
	outage    fault = "outage"
	panics    fault = "panics"
	cancels   fault = "cancels" // the caller gives up while the interface is asked
	wrongID   fault = "wrong id"
	noAnswer  fault = "no answer"
	notThere  fault = "not there"
	gone      fault = "gone"
	later     fault = "later" // an outage that says when to come back
	never     fault = "never" // an outage that is no use to retry
	malformed fault = "malformed"
	refuses   fault = "refuses"
	says      fault = "says true"
	saysNot   fault = "says false"
)

// A trace notes the calls to interfaces, in order.
type trace struct {
	mu                   sync.Mutex
	lines                []string
	signatures, contexts int
}

func (t *trace) note(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lines = append(t.lines, fmt.Sprintf(format, args...))
}

func (t *trace) count(n *int) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	*n++
	return *n
}

// take returns what was noted since it was called before.
func (t *trace) take() (lines []string, signatures, contexts int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	lines, signatures, contexts = t.lines, t.signatures, t.contexts
	t.lines, t.signatures, t.contexts = nil, 0, 0
	return lines, signatures, contexts
}

// fail does what a fault says, and returns the error of an outage.
func (f fault) fail(end context.CancelFunc) error {
	switch f {
	case outage:
		return errOutage
	case panics:
		panic("the interface panics")
	case cancels:
		end()
	}
	return nil
}

// A tracedResolver notes who is asked for.
type tracedResolver struct {
	next  didresolve.Resolver
	trace *trace
	name  string
}

func (r tracedResolver) Resolve(ctx context.Context, did string) (*didresolve.Resolution, error) {
	r.trace.note("%s resolve %s", r.name, did)
	return r.next.Resolve(ctx, did)
}

// A tracedRefresher is a tracedResolver that can be asked for newer documents.
type tracedRefresher struct{ tracedResolver }

func (r tracedRefresher) Refresh(ctx context.Context, did string, prior *didresolve.Resolution) (*didresolve.Resolution, error) {
	r.trace.note("%s refresh %s %s", r.name, did, prior.Document.SRI()[:15])
	if next, ok := r.next.(didresolve.Refresher); ok {
		return next.Refresh(ctx, did, prior)
	}
	return r.next.Resolve(ctx, did)
}

// A tracedStatus is a StatusSource.
type tracedStatus struct {
	lists map[string][]byte
	fault fault
	trace *trace
	end   context.CancelFunc
}

func (s *tracedStatus) StatusList(_ context.Context, url string) ([]byte, error) {
	s.trace.note("status %s", url)
	if err := s.fault.fail(s.end); err != nil {
		return nil, err
	}
	list, ok := s.lists[url]
	switch {
	case !ok:
		return nil, verifier.ErrNoStatusList
	case list == nil:
		return nil, errOutage
	}
	return list, nil
}

// An action is content under an id and a version. Nil content is an outage.
type action struct {
	id      string
	version int64
	content []byte
}

// tracedActions is a policy.Source.
type tracedActions struct {
	actions []action
	fault   fault
	trace   *trace
	end     context.CancelFunc
}

func (s *tracedActions) Action(_ context.Context, ref policy.Ref) ([]byte, error) {
	s.trace.note("action %q %d %q", ref.ID, ref.Version, ref.Digest)
	if err := s.fault.fail(s.end); err != nil {
		return nil, err
	}
	for _, a := range s.actions {
		if a.id != ref.ID || ref.Version != 0 && a.version != ref.Version {
			continue
		}
		if a.content == nil {
			return nil, errOutage
		}
		return a.content, nil
	}
	return nil, policy.ErrNotFound
}

// A tracedReplay is a replay.Memory that can forget.
type tracedReplay struct {
	memory *replay.Memory
	fault  fault
	trace  *trace
	end    context.CancelFunc
}

func (r *tracedReplay) forget() { r.memory = &replay.Memory{} }

func (r *tracedReplay) Use(ctx context.Context, key [sha256.Size]byte, now, until time.Time) (bool, error) {
	r.trace.note("use %s now=%s until=%s", hex.EncodeToString(key[:8]), stamp(now), stamp(until))
	if err := r.fault.fail(r.end); err != nil {
		return false, err
	}
	return r.memory.Use(ctx, key, now, until)
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return "zero"
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// A tracedSigner signs receipts.
type tracedSigner struct {
	*receipts.KeySigner
	fault fault
	trace *trace
	end   context.CancelFunc
}

func (s *tracedSigner) Sign(ctx context.Context, message []byte) ([]byte, error) {
	s.trace.note("sign")
	if err := s.fault.fail(s.end); err != nil {
		return nil, err
	}
	if s.fault == malformed {
		return make([]byte, 10), nil
	}
	return s.KeySigner.Sign(ctx, message)
}

// A tracedChecker is a ContextChecker. It refuses the n-th document, or panics.
type tracedChecker struct {
	at    int
	fault fault
	trace *trace
	end   context.CancelFunc
	asked int
}

func (c *tracedChecker) CheckContext(document canonical.Value) error {
	c.trace.count(&c.trace.contexts)
	c.trace.note("context %s", canonical.SRI(document.SHA256())[:15])
	if c.asked++; c.asked != c.at {
		return nil
	}
	switch c.fault {
	case panics:
		panic("the checker panics")
	case cancels:
		c.end()
	case refuses:
		return errors.New("a term means something else")
	}
	return nil
}

// A tracedVerifier verifies signatures, or says what it was told to. The caller
// gives up at the n-th.
type tracedVerifier struct {
	at    int
	fault fault
	trace *trace
	end   context.CancelFunc
}

func (s *tracedVerifier) Verify(key ed25519.PublicKey, message, signature []byte) bool {
	n := s.trace.count(&s.trace.signatures)
	switch s.fault {
	case says:
		return true
	case saysNot:
		return false
	case cancels:
		if n == s.at {
			s.end()
		}
	case panics:
		if n == 2 {
			panic("the signature verifier panics")
		}
	}
	return ed25519.Verify(key, message, signature)
}

// A stream is the random source: the same bytes each time, however they are read.
type stream struct {
	mu   sync.Mutex
	n    uint64
	left []byte
}

func (s *stream) Read(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range b {
		if len(s.left) == 0 {
			s.n++
			sum := sha256.Sum256(binary.BigEndian.AppendUint64(nil, s.n))
			s.left = sum[:]
		}
		b[i], s.left = s.left[0], s.left[1:]
	}
	return len(b), nil
}

// A brokenReader is a random source that is out of order.
type brokenReader struct{ fault fault }

func (r brokenReader) Read([]byte) (int, error) {
	if err := r.fault.fail(func() {}); err != nil {
		return 0, err
	}
	return 0, errOutage
}

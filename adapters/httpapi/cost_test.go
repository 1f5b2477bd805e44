package httpapi

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strconv"
	"testing"

	"github.com/mandate-engine/mandate/adapters/answer"
	"github.com/mandate-engine/mandate/adapters/store"
	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/internal/dev/bench/roundrobin"
	"github.com/mandate-engine/mandate/internal/sample"
	"github.com/mandate-engine/mandate/receipts"
	"github.com/mandate-engine/mandate/verifier"
)

// forget does not store receipts: the benchmark measures the HTTP layer only.
type forget struct{}

func (forget) KeepReceipt(context.Context, store.Tenant, *receipts.Receipt) error { return nil }

// newCost returns a server whose engine allows the sample any number of times.
func newCost(t testing.TB) (*world, *verifier.Verifier) {
	t.Helper()
	signer, err := receipts.NewKeySigner(sample.Key(9), "")
	if err != nil {
		t.Fatal(err)
	}
	engine, err := verifier.New(verifier.Config{Resolver: didresolve.Key(), Signer: signer, TrustedIssuers: []string{sample.Issuer}, Now: sample.Now, InsecureAllowReplay: true})
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, func(c *Config) { c.Verifier, c.Receipts, c.Log, c.CallsPerMinute = engine, forget{}, nil, 1<<30 })
	return w, engine
}

// BenchmarkVerifyCost prints the cost of a call in units of Verify and the
// encoding of its answer, without sockets and with a client over loopback TCP.
func BenchmarkVerifyCost(b *testing.B) {
	w, engine := newCost(b)
	payload := []byte(body(sample.Presentation(), sample.ParamsAllow()))
	signed := w.request("POST", "/credential/verify", string(payload))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	server := w.HTTPServer()
	go server.Serve(l)
	defer server.Close()
	req := verifier.Request{Presentation: sample.Presentation(), ExecutionParams: sample.ParamsAllow(), Verifier: sample.Verifier}
	alone := func() {
		res, err := engine.Verify(b.Context(), req)
		if err != nil {
			b.Fatal(err)
		}
		answer.JSON(res, nil)
	}
	handler := func() {
		r := signed.Clone(b.Context())
		r.Body = io.NopCloser(bytes.NewReader(payload))
		rec := httptest.NewRecorder()
		if w.ServeHTTP(rec, r); rec.Code != 200 {
			b.Fatal(rec.Code, rec.Body)
		}
	}
	loopback := func() {
		r, _ := http.NewRequest("POST", "http://"+l.Addr().String()+"/credential/verify", bytes.NewReader(payload))
		r.Header = signed.Header
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			b.Fatal(err)
		}
		io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
	}
	rows := roundrobin.Compare(30, roundrobin.Subject{Name: "engine", Run: alone}, roundrobin.Subject{Name: "handler", Run: handler}, roundrobin.Subject{Name: "loopback, client included", Run: loopback})
	roundrobin.Print(b.Output(), "CPU of a call", "engine", rows)
}

// TestMemoryIsFlat checks that memory does not grow with the number of calls.
// CALLS sets that number.
func TestMemoryIsFlat(t *testing.T) {
	calls := 800
	if s := os.Getenv("CALLS"); s != "" {
		calls, _ = strconv.Atoi(s)
	}
	w, _ := newCost(t)
	payload := []byte(body(sample.Presentation(), sample.ParamsAllow()))
	signed := w.request("POST", "/credential/verify", string(payload))
	heap := func() uint64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	var before uint64
	for i := range calls {
		if i == calls/4 {
			before = heap()
		}
		r := signed.Clone(t.Context())
		r.Body = io.NopCloser(bytes.NewReader(payload))
		rec := httptest.NewRecorder()
		if w.ServeHTTP(rec, r); rec.Code != 200 {
			t.Fatal(rec.Code, rec.Body)
		}
	}
	after := heap()
	t.Logf("heap after %d calls %d KiB, after %d %d KiB", calls/4, before>>10, calls, after>>10)
	if after > before+512<<10 {
		t.Errorf("%d calls left %d KiB behind", calls*3/4, (after-before)>>10)
	}
}

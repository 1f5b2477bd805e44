package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"io"
	"net"
	"net/http"
	"runtime"
	"strconv"
	"time"

	"github.com/mandate-engine/mandate/adapters/httpapi"
	"github.com/mandate-engine/mandate/adapters/store"
	"github.com/mandate-engine/mandate/internal/dev/bench/roundrobin"
	"github.com/mandate-engine/mandate/internal/sample"
	"github.com/mandate-engine/mandate/receipts"
	"github.com/mandate-engine/mandate/verifier"
)

const token, secret = "mk_token-of-the-benchmark", "ms_secret-of-the-benchmark"

// caller implements Keys with a single key.
type caller struct{}

// Key implements [httpapi.Keys].
func (caller) Key(_ context.Context, hash [sha256.Size]byte, _ time.Time) (httpapi.Key, error) {
	if hash != sha256.Sum256([]byte(token)) {
		return httpapi.Key{}, httpapi.ErrUnknownKey
	}
	return httpapi.Key{ID: "k1", Tenant: store.Tenant{ID: "t1", DID: sample.Verifier}, Secrets: [][]byte{[]byte(secret)}}, nil
}

// forget does not store receipts: the benchmark measures the HTTP layer only.
type forget struct{}

// KeepReceipt implements [httpapi.Receipts].
func (forget) KeepReceipt(context.Context, store.Tenant, *receipts.Receipt) error { return nil }

// post returns a signed call that requests a decision.
func post(url string, r verifier.Request) *http.Request {
	payload := append(append(append(append([]byte(`{"presentation":`), r.Presentation...), `,"executionParams":`...), r.ExecutionParams...), '}')
	call, err := http.NewRequest("POST", url+"/credential/verify", bytes.NewReader(payload))
	check(err)
	stamp := strconv.FormatInt(sample.Now().UnixMilli(), 10)
	call.RequestURI, call.RemoteAddr = "/credential/verify", "127.0.0.1:1"
	call.Header.Set("Authorization", "Bearer "+token)
	call.Header.Set("Content-Type", "application/json")
	call.Header.Set("X-Timestamp", stamp)
	call.Header.Set("X-Signature", httpapi.Sign([]byte(secret), false, stamp, "POST", "/credential/verify", payload))
	return call
}

// An answer is a response in memory.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *answer) Header() http.Header         { return a.header }
func (a *answer) WriteHeader(status int)      { a.status = status }
func (a *answer) Write(b []byte) (int, error) { return a.body.Write(b) }

// httpRows compares a call with its decision: through the handler, and from a
// client over loopback in the same process, whose time counts too.
func httpRows(h *harness) map[string]measured {
	w, cfg := newWorld(), config()
	server, err := httpapi.New(httpapi.Config{Keys: caller{}, Verifier: newVerifier(cfg), Receipts: forget{}, CallsPerMinute: 1 << 30, Now: sample.Now})
	check(err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	served := server.HTTPServer()
	go served.Serve(listener)
	defer served.Close()
	calls := func(do func(*http.Request)) roundrobin.Subject {
		var ready []*http.Request
		return roundrobin.Subject{Name: "HTTP",
			Prepare: func(runs int) {
				if len(ready) >= runs {
					return
				}
				for len(ready) < turns*runs { // see supply.prepare
					ready = append(ready, post("http://"+listener.Addr().String(), w.newMandate()))
				}
				runtime.GC()
			},
			Run: func() {
				do(ready[len(ready)-1])
				ready = ready[:len(ready)-1]
			}}
	}
	ms := h.best(h.comparison(1), []pair{{1, 0}, {2, 0}},
		subject("verify", newVerifier(cfg), func() verifier.Request { r := w.newMandate(); r.Challenge = ""; return r }),
		calls(func(r *http.Request) {
			a := &answer{header: http.Header{}, status: 200}
			server.ServeHTTP(a, r)
			hold(a.status == 200, a.body.String())
		}),
		calls(func(r *http.Request) {
			r.RequestURI = ""
			resp, err := http.DefaultClient.Do(r)
			check(err)
			io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
			hold(resp.StatusCode == 200, resp.Status)
		}),
	)
	return map[string]measured{"http": ms[0], "http-loopback": ms[1]}
}

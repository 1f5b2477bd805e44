package httpapi

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"io"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mandate-engine/mandate/adapters/answer"
	"github.com/mandate-engine/mandate/adapters/signing"
	"github.com/mandate-engine/mandate/adapters/store"
	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/internal/dev/bench/roundrobin"
	"github.com/mandate-engine/mandate/verifier"
)

// again accepts a presentation repeatedly, at the cost of a first use: it
// stores each use under a new key.
type again struct {
	verifier.Replay
	n atomic.Uint64
}

func (a *again) Use(ctx context.Context, key [32]byte, now, until time.Time) (bool, error) {
	binary.LittleEndian.PutUint64(key[:], a.n.Add(1))
	return a.Replay.Use(ctx, key, now, until)
}

// BenchmarkServedCost prints the cost of a call as serve runs it, with keys,
// uses and receipts in SQLite and without sockets. The units are the same
// engine with use and receipt, and the engine alone, which writes nothing.
func BenchmarkServedCost(b *testing.B) {
	var engine, forgetful *verifier.Verifier
	in := newInstall(b, func(c *Config) {
		c.Log, c.CallsPerMinute = nil, 1<<30
		cfg := verifier.Config{Resolver: didresolve.Chain(c.Requests, didresolve.Key()), Signer: c.Requests.Signer(), TrustedIssuers: []string{signing.DID(c.Requests.Signer())},
			Status: c.Requests, Actions: c.Requests, Replay: &again{Replay: c.Keys.(*KeyRing).Store.(*store.DB).Replay()},
			AllowActionless: true, InsecureAllowUnbound: true, Now: c.Now}
		var err error
		if engine, err = verifier.New(cfg); err != nil {
			b.Fatal(err)
		}
		cfg.Replay, cfg.InsecureAllowReplay = nil, true
		if forgetful, err = verifier.New(cfg); err != nil {
			b.Fatal(err)
		}
		c.Verifier = engine
	})
	_, mandate := in.mandate()
	presentation, err := json.Marshal(at(in.must("requester", "POST", "/credential/vp/"+mandate, "{}"), "presentation"))
	if err != nil {
		b.Fatal(err)
	}
	tenant, err := in.svc.Tenant(b.Context(), "requester")
	if err != nil {
		b.Fatal(err)
	}
	req := verifier.Request{Presentation: presentation, ExecutionParams: []byte(`{"tool":"book","amount":1}`), Verifier: tenant.DID}
	payload := []byte(body(req.Presentation, req.ExecutionParams))
	signed := in.signed("requester", "POST", "/credential/verify", string(payload))
	verify := func(v *verifier.Verifier) *verifier.Result {
		res, err := v.Verify(b.Context(), req)
		if err != nil {
			b.Fatal(err)
		}
		answer.JSON(res, nil)
		return res
	}
	call := func() {
		r := signed.Clone(b.Context())
		r.Body = io.NopCloser(bytes.NewReader(payload))
		rec := httptest.NewRecorder()
		if in.ServeHTTP(rec, r); rec.Code != 200 {
			b.Fatal(rec.Code, rec.Body)
		}
	}
	kept := func() {
		if err := in.svc.KeepReceipt(b.Context(), tenant, verify(engine).Receipt); err != nil {
			b.Fatal(err)
		}
	}
	const alone, durable = "engine alone", "engine that remembers and keeps"
	rows := roundrobin.Compare(30, roundrobin.Subject{Name: alone, Run: func() { verify(forgetful) }}, roundrobin.Subject{Name: durable, Run: kept}, roundrobin.Subject{Name: "POST /credential/verify", Run: call})
	roundrobin.Print(b.Output(), "CPU", alone, rows)
	roundrobin.Print(b.Output(), "CPU", durable, rows[1:])
}

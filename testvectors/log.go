package testvectors

import (
	"context"
	"errors"
	"time"

	"github.com/mandate-engine/mandate/internal/xsdtime"
	"github.com/mandate-engine/mandate/receipts/translog"
)

// readTime reads the area time. Input: a dateTimeStamp. Outcome: its instant
// or the refusal.
func readTime(in, want *reader) runner {
	text := in.Text("text")
	if want.Has("error") {
		want.oneOf("error", "invalid")
	} else {
		want.Integer("unixSeconds", -1<<53)
		want.Integer("nanoseconds", 0)
	}
	return func(context.Context) (outcome, string) {
		t, err := xsdtime.Parse(text)
		if err != nil {
			return outcome{"error": "invalid"}, err.Error()
		}
		seconds := t.Truncate(time.Second)
		return outcome{"unixSeconds": seconds.Unix(), "nanoseconds": int64(t.Sub(seconds))}, ""
	}
}

// readLog reads the area log: whether a checkpoint, or a proof with a
// checkpoint, is valid.
func readLog(in, want *reader) runner {
	key, err := translog.NewVerifier(in.Text("origin"), in.hex("publicKeyHex"))
	if err != nil {
		in.fail("%v", err)
	}
	op := in.oneOf("op", "checkpoint", "inclusion", "consistency")
	var prove func() (outcome, error)
	switch op {
	case "checkpoint":
		checkpoint := in.Text("checkpoint")
		prove = func() (outcome, error) {
			c, err := translog.Open([]byte(checkpoint), key)
			return outcome{"size": c.Size, "root": c.Root.String()}, err
		}
	case "inclusion":
		r, proof := in.object("entry"), in.Text("proof")
		entry := r.bytes()
		r.Done()
		prove = func() (outcome, error) {
			i, c, err := translog.VerifyInclusion(entry, []byte(proof), key)
			return outcome{"index": i, "size": c.Size}, err
		}
	default:
		old, proof := in.Text("old"), in.Text("proof")
		prove = func() (outcome, error) {
			before, err := translog.Open([]byte(old), key)
			if err != nil {
				return nil, err
			}
			c, err := translog.VerifyConsistency(before, []byte(proof), key)
			return outcome{"size": c.Size}, err
		}
	}
	if want.Bool("verified") {
		switch want.Integer("size", 0); op {
		case "checkpoint":
			want.Text("root")
		case "inclusion":
			want.Integer("index", 0)
		}
	}
	return func(context.Context) (outcome, string) {
		o, err := prove()
		switch {
		case errors.Is(err, translog.ErrNotProven):
			return outcome{"verified": false}, err.Error()
		case err != nil:
			return nil, err.Error()
		}
		o["verified"] = true
		return o, ""
	}
}

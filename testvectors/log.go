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
	text := in.text("text")
	if want.has("error") {
		want.oneOf("error", "invalid")
	} else {
		want.whole("unixSeconds")
		want.whole("nanoseconds")
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
	key, err := translog.NewVerifier(in.text("origin"), in.hex("publicKeyHex"))
	if err != nil {
		in.fail("%v", err)
	}
	op := in.oneOf("op", "checkpoint", "inclusion", "consistency")
	var prove func() (outcome, error)
	switch op {
	case "checkpoint":
		checkpoint := in.text("checkpoint")
		prove = func() (outcome, error) {
			c, err := translog.Open([]byte(checkpoint), key)
			return outcome{"size": c.Size, "root": c.Root.String()}, err
		}
	case "inclusion":
		r, proof := in.object("entry"), in.text("proof")
		entry := r.bytes()
		r.done()
		prove = func() (outcome, error) {
			i, c, err := translog.VerifyInclusion(entry, []byte(proof), key)
			return outcome{"index": i, "size": c.Size}, err
		}
	default:
		old, proof := in.text("old"), in.text("proof")
		prove = func() (outcome, error) {
			before, err := translog.Open([]byte(old), key)
			if err != nil {
				return nil, err
			}
			c, err := translog.VerifyConsistency(before, []byte(proof), key)
			return outcome{"size": c.Size}, err
		}
	}
	if want.boolean("verified") {
		switch want.whole("size"); op {
		case "checkpoint":
			want.text("root")
		case "inclusion":
			want.whole("index")
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

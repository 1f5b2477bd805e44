package testvectors

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/internal/multikey"
)

// readMultikey reads the area multikey. Input: a Multikey text. Outcome: an
// Ed25519 key or the refusal. "unsupported" is a valid key of another type.
func readMultikey(in, want *reader) runner {
	text := in.Text("multikey")
	if want.Has("error") {
		want.oneOf("error", "invalid", "unsupported")
	} else {
		want.Text("publicKeyHex")
	}
	return func(context.Context) (outcome, string) {
		key, err := multikey.ParsePublicKey(text)
		switch {
		case errors.Is(err, multikey.ErrUnsupported):
			return outcome{"error": "unsupported"}, err.Error()
		case err != nil:
			return outcome{"error": "invalid"}, err.Error()
		}
		return outcome{"publicKeyHex": hex.EncodeToString(key.Bytes())}, ""
	}
}

// readEd25519 reads the area ed25519: whether a signature of a message by a
// key is valid.
func readEd25519(in, want *reader) runner {
	public, message, signature := in.hex("publicKeyHex"), in.hex("messageHex"), in.hex("signatureHex")
	want.Bool("valid")
	return func(context.Context) (outcome, string) {
		key, err := multikey.NewPublicKey(public)
		if err != nil {
			return outcome{"valid": false}, err.Error()
		}
		return outcome{"valid": key.Verify(message, signature)}, ""
	}
}

// readDID reads the area did. An error is the last part of its problem type,
// such as INVALID_DID.
func readDID(in, want *reader) runner {
	op := in.oneOf("op", "parse", "webUrl", "resolve", "key")
	if want.Has("error") {
		want.Text("error")
	} else {
		readDIDOutcome(op, want)
	}
	if op == "key" {
		return readKey(in)
	}
	did := in.Text("did")
	return func(ctx context.Context) (outcome, string) {
		switch op {
		case "parse":
			d, err := didresolve.Parse(did)
			return didOutcome(outcome{"method": d.Method, "id": d.ID}, err)
		case "webUrl":
			url, err := didresolve.WebURL(did)
			return didOutcome(outcome{"url": url}, err)
		}
		r, err := didresolve.Chain(didresolve.Key(), didresolve.JWK()).Resolve(ctx, did)
		if err != nil {
			return didOutcome(nil, err)
		}
		// Both methods have one key. The fragment of a did:key repeats the
		// key, that of a did:jwk is 0.
		id := did + "#0"
		if multikey, ok := strings.CutPrefix(did, "did:key:"); ok {
			id = did + "#" + multikey
		}
		m, err := r.Document.VerificationMethod(id, didresolve.AssertionMethod, epoch)
		return didOutcome(outcome{"verificationMethod": m.ID, "publicKeyMultibase": m.Key().String()}, err)
	}
}

func readDIDOutcome(op string, want *reader) {
	switch op {
	case "parse":
		want.Text("method")
		want.Text("id")
	case "webUrl":
		want.Text("url")
	case "resolve":
		want.Text("verificationMethod")
		want.Text("publicKeyMultibase")
	case "key":
		want.Text("publicKeyMultibase")
	}
}

// readKey reads the operation key: the key that a DID URL names in a document,
// for a purpose, at a time.
func readKey(in *reader) runner {
	document, url := in.document("document"), in.Text("verificationMethod")
	purpose, at := in.Text("purpose"), in.Time("now")
	if document == nil {
		in.fail("document is missing")
	}
	return func(context.Context) (outcome, string) {
		d, err := didresolve.ParseDocument(document)
		if err != nil {
			return didOutcome(nil, err)
		}
		m, err := d.VerificationMethod(url, didresolve.Purpose(purpose), at)
		return didOutcome(outcome{"publicKeyMultibase": m.Key().String()}, err)
	}
}

func didOutcome(o outcome, err error) (outcome, string) {
	if err != nil {
		return outcome{"error": string(didresolve.TypeOf(err))}, err.Error()
	}
	return o, ""
}

// readResolver reads the available DID documents and their pins. DIDs of the
// methods key and jwk need no document. Other DIDs are deactivated or
// unavailable.
func readResolver(in *reader) didresolve.Resolver {
	w := world{deactivated: in.TextsIf("deactivated"), unavailable: in.TextsIf("unavailable")}
	var documents []*didresolve.Document
	if in.Has("didDocuments") {
		for _, e := range in.Get("didDocuments").Elements() {
			d, err := didresolve.ParseDocument(e.Raw())
			if err != nil {
				in.Fail(e, "%v", err)
			}
			documents = append(documents, d)
		}
	}
	pins := map[string][sha256.Size]byte{}
	in.objects("pins", func(r *reader) {
		digest, err := hex.DecodeString(r.Text("sha256"))
		if err != nil || len(digest) != sha256.Size {
			r.fail("sha256 is no digest")
			return
		}
		pins[r.Text("did")] = [sha256.Size]byte(digest)
	})
	all := didresolve.Chain(didresolve.Key(), didresolve.JWK(), didresolve.Static(documents...))
	if len(w.deactivated)+len(w.unavailable)+len(pins) == 0 {
		return all // unwrapped, so that the engine can derive keys
	}
	w.next = didresolve.Pinned(pins, all)
	return w
}

// A world provides the engine's inputs from outside.
type world struct {
	deactivated, unavailable []string
	next                     didresolve.Resolver
}

// Resolve implements [didresolve.Resolver].
func (w world) Resolve(ctx context.Context, did string) (*didresolve.Resolution, error) {
	for _, d := range w.deactivated {
		if d == did {
			return nil, &didresolve.Error{Type: didresolve.ErrDeactivated, Detail: did}
		}
	}
	for _, d := range w.unavailable {
		if d == did {
			return nil, fmt.Errorf("%s cannot be looked up now", did)
		}
	}
	return w.next.Resolve(ctx, did)
}

package verifier

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/internal/vcdm"
)

// A Request is one question. It needs a presentation, as bytes or parsed.
type Request struct {
	// Presentation is the presentation as received: JSON, at most 1 MiB.
	Presentation []byte
	// ExecutionParams are the parameters of the action: a JSON object. Empty
	// means {}.
	ExecutionParams []byte
	// ParsedPresentation and ParsedParams are for a caller that has already parsed a
	// larger document. They replace Presentation and ExecutionParams; to set both is an
	// error without a decision. The outcome is that of their bytes alone: offsets and
	// pointers begin at the value. Absent ParsedParams mean {}.
	ParsedPresentation, ParsedParams canonical.Value
	// Verifier is the DID on whose behalf to decide. Empty means that of the
	// Config; one of the two is required.
	Verifier string
	// Challenge is the challenge that the caller gave out for this
	// presentation. Give out each only once. Empty means none was.
	Challenge string
	// Domain is the set of domains the presentation must be for. Empty means
	// the verifier's DID.
	Domain []string
	// Scope, when set, is the scope the mandate must have.
	Scope string
	// Mandate picks the mandate by credential id where there are several.
	Mandate string
	// Evidence holds the bytes of evidence files by their id. Each must be
	// named by a credential, with a digest that fits.
	Evidence map[string][]byte
}

// read reads the bytes of a request, once: everything later reads the same trees.
func (v *Verifier) read(ctx context.Context, req Request) (*decision, error) {
	if err := ctx.Err(); err != nil {
		return nil, noDecision("", err)
	}
	now, err := v.now()
	if err != nil {
		return nil, err
	}
	if req.Verifier == "" {
		req.Verifier = v.cfg.Verifier
	}
	if req.Verifier == "" {
		return nil, noRetry(errors.New("neither Request.Verifier nor Config.Verifier says on whose behalf"))
	}
	if len(req.Presentation) > 0 && req.ParsedPresentation.Kind() != canonical.Absent || len(req.ExecutionParams) > 0 && req.ParsedParams.Kind() != canonical.Absent {
		return nil, noRetry(errors.New("the request holds the presentation or the parameters both as bytes and parsed"))
	}
	if len(req.Domain) == 0 {
		req.Domain = []string{req.Verifier}
	}
	doc, err := document(req.Presentation, req.ParsedPresentation)
	if err != nil {
		return nil, unreadable(MalformedJSON, err)
	}
	root := doc.Root()
	if root.Kind() != canonical.Object {
		return nil, &RequestError{Kind: NotAPresentation, Offset: root.Offset(), Detail: fmt.Sprintf("the root is of type %s, not an object", root.Kind())}
	}
	if !vcdm.HasType(root, "VerifiablePresentation") {
		return nil, &RequestError{Kind: NotAPresentation, Offset: root.Offset(), Detail: "type does not name VerifiablePresentation"}
	}
	if len(req.ExecutionParams) == 0 && req.ParsedParams.Kind() == canonical.Absent {
		req.ExecutionParams = []byte("{}")
	}
	params, err := document(req.ExecutionParams, req.ParsedParams)
	if err != nil {
		return nil, unreadable(MalformedParams, err)
	}
	if k := params.Root().Kind(); k != canonical.Object {
		return nil, &RequestError{Kind: MalformedParams, Offset: params.Root().Offset(), Detail: fmt.Sprintf("the parameters are of type %s, not an object", k)}
	}
	d := &decision{v: v, req: req, now: now, root: root, params: params.Root(), answers: map[lookup]answer{}}
	d.notes, d.keys, d.signatures = make([]note, 0, 8), make([]usedKey, 0, 2), make([]signature, 0, 2) // what a usual decision needs
	d.req.Presentation, d.req.ExecutionParams = nil, nil
	if v.cfg.KeepBundle {
		kept := req
		kept.Presentation, kept.ExecutionParams = original(req.Presentation, root), original(req.ExecutionParams, params.Root())
		kept.ParsedPresentation, kept.ParsedParams = canonical.Value{}, canonical.Value{}
		kept.Domain, kept.Evidence = slices.Clone(req.Domain), cloneLists(req.Evidence)
		d.original = &kept
	}
	return d, nil
}

// document parses bytes, or takes a value that was parsed.
func document(b []byte, v canonical.Value) (*canonical.Doc, error) {
	if v.Kind() != canonical.Absent {
		return v.Document(canonical.Limits{})
	}
	return canonical.Parse(b)
}

// original returns a copy of the bytes of a request, white space included.
func original(b []byte, parsed canonical.Value) []byte {
	if len(b) == 0 {
		return parsed.Raw()
	}
	return bytes.Clone(b)
}

func (v *Verifier) now() (time.Time, error) {
	t, err := guard("clock", func() (time.Time, error) { return v.cfg.Now(), nil })
	if err == nil && t.IsZero() {
		err = noDecision("clock", errors.New("the clock returned the zero time"))
	}
	return t, err
}

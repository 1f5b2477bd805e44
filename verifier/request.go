package verifier

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/internal/vcdm"
)

// A Request is one question. Presentation is required.
type Request struct {
	// Presentation is the presentation as received: JSON, at most 1 MiB.
	Presentation []byte
	// ExecutionParams are the parameters of the action: a JSON object. Empty
	// means {}.
	ExecutionParams []byte
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
	if len(req.Domain) == 0 {
		req.Domain = []string{req.Verifier}
	}
	doc, err := canonical.Parse(req.Presentation)
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
	if len(req.ExecutionParams) == 0 {
		req.ExecutionParams = []byte("{}")
	}
	params, err := canonical.Parse(req.ExecutionParams)
	if err != nil {
		return nil, unreadable(MalformedParams, err)
	}
	if k := params.Root().Kind(); k != canonical.Object {
		return nil, &RequestError{Kind: MalformedParams, Offset: params.Root().Offset(), Detail: fmt.Sprintf("the parameters are of type %s, not an object", k)}
	}
	d := &decision{v: v, req: req, now: now, root: root, params: params.Root()}
	d.req.Presentation, d.req.ExecutionParams = nil, nil
	if v.cfg.KeepBundle {
		d.whole = req
		d.whole.Presentation, d.whole.ExecutionParams = bytes.Clone(req.Presentation), bytes.Clone(req.ExecutionParams)
		d.whole.Domain, d.whole.Evidence = slices.Clone(req.Domain), maps.Clone(req.Evidence)
	}
	return d, nil
}

func (v *Verifier) now() (time.Time, error) {
	t, err := guard("clock", func() (time.Time, error) { return v.cfg.Now(), nil })
	if err == nil && t.IsZero() {
		err = noDecision("clock", errors.New("the clock returned the zero time"))
	}
	return t, err
}

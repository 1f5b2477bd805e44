package httpapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/mandate-engine/mandate/adapters/answer"
	"github.com/mandate-engine/mandate/adapters/store"
	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/receipts"
	"github.com/mandate-engine/mandate/verifier"
)

// Receipts stores the receipts of decisions. Implementations must be safe for
// concurrent use.
type Receipts interface {
	// KeepReceipt stores the receipt of a decision for a tenant. When it
	// returns nil, the receipt is durable and in the log.
	KeepReceipt(ctx context.Context, caller store.Tenant, r *receipts.Receipt) error
}

// verify answers POST /credential/verify: 200 for allow, 403 for deny, 400 for
// a bad request, 503 for no decision. The calling tenant is the verifier.
// verify sends an allow only after its receipt is stored.
func (s *Server) verify(c *call) (reply, error) {
	req, where, err := verifyRequest(c.body)
	if err != nil {
		return reply{}, err
	}
	req.Verifier = c.key.Tenant.DID
	res, err := s.cfg.Verifier.Verify(c.Context(), req)
	var deny *verifier.DenyError
	var bad *verifier.RequestError
	switch {
	case err == nil:
		if err := s.cfg.Receipts.KeepReceipt(c.Context(), c.key.Tenant, res.Receipt); err != nil {
			return reply{}, s.noDecision(c, fmt.Errorf("the receipt was not kept: %w", err), nil)
		}
		return reply{status: http.StatusOK, body: answer.JSON(res, nil)}, nil
	case errors.As(err, &deny):
		sent := *deny
		if sent.Receipt != nil {
			if err := s.cfg.Receipts.KeepReceipt(c.Context(), c.key.Tenant, sent.Receipt); err != nil {
				s.cfg.Log.Error("the receipt of a deny was not kept", "id", c.id, "error", err)
				sent.Receipt, sent.Salt = nil, "" // a receipt outside the log is not valid
			}
		}
		return reply{status: http.StatusForbidden, body: answer.JSON(nil, &sent)}, nil
	case errors.As(err, &bad):
		return reply{}, where.problem(bad)
	}
	var none *verifier.NoDecisionError
	errors.As(err, &none)
	return reply{}, s.noDecision(c, err, none)
}

// noDecision returns the problem for an error without a decision. The reason
// is only logged: it may name internal hosts.
func (s *Server) noDecision(c *call, err error, none *verifier.NoDecisionError) *problem {
	s.cfg.Log.Error("no decision", "id", c.id, "error", err)
	p := &problem{status: http.StatusServiceUnavailable, code: "no_decision", detail: "nothing was decided: something that the decision needs could not be found out", extra: object{"decision": "none"}}
	if none != nil {
		p.retryAfter = none.RetryAfter
		p.extra["retryable"] = none.Retryable
	}
	return p
}

// A place has the offsets of the two parts of a body.
type place struct{ presentation, params int }

// verifyRequest reads a body {presentation, executionParams}. It ignores other
// members; none of them could weaken a check.
func verifyRequest(body []byte) (verifier.Request, place, error) {
	doc, err := canonical.Limits{MaxBytes: maxVerifyBody}.Parse(body)
	if err != nil {
		return verifier.Request{}, place{}, unreadable(err)
	}
	root := doc.Root()
	if root.Kind() != canonical.Object {
		return verifier.Request{}, place{}, &problem{status: http.StatusBadRequest, code: string(verifier.MalformedJSON), hasPointer: true, detail: "the body is not an object"}
	}
	presentation, params := root.Get("presentation"), root.Get("executionParams")
	if presentation.Kind() == canonical.Absent {
		return verifier.Request{}, place{}, &problem{status: http.StatusBadRequest, code: string(verifier.NotAPresentation), pointer: "/presentation", hasPointer: true, detail: "it is missing"}
	}
	at := place{presentation.Offset(), params.Offset()}
	return verifier.Request{ParsedPresentation: presentation, ParsedParams: params}, at, nil
}

// problem locates a bad request in the body.
func (at place) problem(bad *verifier.RequestError) *problem {
	p := &problem{status: http.StatusBadRequest, code: string(bad.Kind), hasPointer: true, pointer: "/presentation" + bad.Pointer, detail: bad.Detail, extra: object{}}
	offset := at.presentation
	if bad.Kind == verifier.MalformedParams {
		p.pointer, offset = "/executionParams"+bad.Pointer, at.params
	}
	if bad.Offset >= 0 {
		p.extra["offset"] = offset + bad.Offset
	}
	if bad.Limit > 0 {
		p.extra["limit"] = bad.Limit
	}
	return p
}

// unreadable returns the problem for a body that is not I-JSON.
func unreadable(err error) *problem {
	p := &problem{status: http.StatusBadRequest, code: "malformed_json", hasPointer: true, detail: err.Error()}
	var e *canonical.Error
	if errors.As(err, &e) {
		p.pointer, p.extra = e.Pointer, object{"kind": string(e.Kind)}
		if e.Offset >= 0 {
			p.extra["offset"] = e.Offset
		}
		if e.Limit > 0 {
			p.code, p.extra["limit"] = string(verifier.TooLarge), e.Limit
		}
	}
	return p
}

package main

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/mandate-engine/mandate/verifier"
)

// How many cases are generated. Each has a seed of its own, so that adding some
// changes no other.
const generatedCases = 3000

func generated() []testCase {
	var out []testCase
	for i := range generatedCases {
		name := fmt.Sprintf("g%04d", i)
		out = append(out, testCase{name, func() *record { return decideScene(name, uint64(i)) }})
	}
	for _, c := range settings {
		out = append(out, testCase{"config/" + c.name, func() *record {
			build := newScene(&rng{rand.NewPCG(1, 1)}).freeze()
			return decide("config/"+c.name, "", func() *world {
				w := build()
				c.change(&w.cfg)
				return w
			})
		}})
	}
	return out
}

func decideScene(name string, seed uint64) *record {
	s := generate(seed)
	return decide(name, strings.Join(s.names, "+"), s.freeze())
}

// An rng is a source of choices. The same seed makes the same ones with every
// version of Go.
type rng struct{ *rand.PCG }

func (r *rng) n(n int) int { return int(r.Uint64() >> 11 % uint64(n)) }

// chance is true in so many of a hundred cases.
func (r *rng) chance(percent int) bool { return r.n(100) < percent }

func pick[T any](r *rng, from ...T) T { return from[r.n(len(from))] }

// anyOf is pick of values of several types. It returns a copy.
func anyOf(r *rng, from ...any) any { return deep(from[r.n(len(from))]) }

// generate makes a scene in which up to three things are wrong.
func generate(seed uint64) *scene {
	r := &rng{rand.NewPCG(20260502, seed)}
	s := newScene(r)
	s.vary()
	wrong := pick(r, 0, 0, 1, 1, 1, 1, 1, 2, 2, 3)
	for i := range wrong {
		d := deviations[r.n(len(deviations))]
		if i == 0 && wrong == 1 { // each of them alone, again and again
			d = deviations[int(seed)%len(deviations)]
		}
		s.names = append(s.names, d.name)
		d.apply(s)
	}
	if cachedStyle(s.style) {
		for did, f := range s.faults {
			if f == cancels { // who is first to notice is a matter of luck
				s.faults[did] = outage
			}
		}
	}
	return s
}

func cachedStyle(style resolverStyle) bool { return style == cached || style == cachedWeb }

// newScene returns a scene that is allowed.
func newScene(r *rng) *scene {
	s := &scene{rng: r, now: sceneTime, faults: map[string]fault{}, pins: map[string]string{}, lists: map[string]*statusList{},
		sources: map[string]fault{}, none: map[string]bool{}}
	s.issuer, s.holder, s.subject = s.anyParty(1), s.anyParty(2), s.anyParty(3)
	s.creds = []*credential{{
		single: true,
		doc: obj{
			"@context": arr{contextV2, contextVIA}, "id": mandateID, "type": arr{"VerifiableCredential", "VIAMandate"},
			"issuer": s.issuer.did, "validFrom": "2026-01-01T00:00:00Z", "validUntil": "2027-01-01T00:00:00Z",
			"credentialSubject": obj{
				"id": s.subject.did,
				"mandate": obj{
					"grantor": arr{s.subject.did}, "scope": scopeHotel,
					"context":    obj{"authorizedDIDs": arr{s.holder.did, verifierDID}},
					"action":     obj{"id": actionID, "version": 1, "content": hotel()},
					"userParams": obj{"maxAmount": obj{"value": 500}, "currency": obj{"value": "EUR"}},
				},
			},
		},
		proofs: []*proof{{by: s.issuer}},
	}}
	s.vp = obj{"@context": arr{contextV2}, "type": arr{"VerifiablePresentation"}, "holder": s.holder.did}
	s.proofs = []*proof{{by: s.holder, set: obj{"domain": verifierDID}}}
	s.params = obj{"amount": 420.5, "currency": "EUR"}
	s.cfg = verifier.Config{TrustedIssuers: []string{s.issuer.did}, Verifier: verifierDID}
	return s
}

// anyParty returns a party with one of the kinds of DIDs, whose document is known.
func (s *scene) anyParty(seed byte) *party {
	switch s.rng.n(6) {
	case 0, 1:
		return s.knows(didWeb(seed))
	case 2:
		return didJWK(seed)
	}
	return didKey(seed)
}

// hotel is the content of an action.
func hotel() obj {
	text, number := obj{"type": "string", "required": true}, obj{"type": "number", "required": true}
	return obj{
		"name": "book_hotel", "profile": "via-cel/1",
		"userParams":      obj{"maxAmount": number, "currency": text},
		"executionParams": obj{"amount": number, "currency": text, "nights": obj{"type": "number"}},
		"rules": arr{
			obj{"name": "amount-cap", "expression": "executionParams.amount <= userParams.maxAmount"},
			obj{"name": "same-currency", "expression": "executionParams.currency == userParams.currency"},
		},
	}
}

// toolbox is the content of an action with tools.
func toolbox() obj {
	c := hotel()
	c["tools"] = arr{"book", "cancel"}
	c["rules"].(arr)[0].(obj)["appliesTo"] = arr{"book"}
	return c
}

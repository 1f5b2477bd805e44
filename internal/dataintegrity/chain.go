package dataintegrity

import (
	"slices"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/internal/jsonread"
	"github.com/mandate-engine/mandate/internal/quote"
)

// link finds the proofs that each proof names in previousProof, and turns the
// document that it signed into the one with those in it.
//
// DI section 4.5 has a proof verified on a document whose `proof` is the list of
// the matching proofs. Taken literally it would then look for the proof itself in
// there. The reading that verifies the published vectors, and that of this
// function: the matching proofs stay in the document that is hashed, whole and
// as a list, in the order of the document, also when there is one; without
// previousProof no `proof` is hashed. Every id must name exactly one proof.
func link(proofs []*Proof, form Form) *Error {
	if len(proofs) == 1 && proofs[0].node.Get("previousProof").Kind() == canonical.Absent {
		return nil
	}
	byID := map[string]*Proof{}
	for _, p := range proofs {
		if p.ID == "" {
			continue
		}
		if byID[p.ID] != nil {
			return refuse(Invalid, p.node.Get("id"), "two proofs have the id %q", quote.Cut(p.ID, maxShown))
		}
		byID[p.ID] = p
	}
	for _, p := range proofs {
		r := jsonread.New(p.node)
		ids := texts(&r, "previousProof", maxProofs)
		if bad := invalid(r.Fault()); bad != nil {
			return bad
		}
		at := p.node.Get("previousProof")
		if len(ids) > 0 && form != FormW3C {
			return refuse(Invalid, at, "only proofs in `proof` form chains")
		}
		for i, id := range ids {
			if byID[id] == nil {
				return refuse(Invalid, at, "the previous proof %q is not in the document", quote.Cut(id, maxShown))
			}
			if slices.Contains(ids[:i], id) {
				return refuse(Invalid, at, "the previous proof %q is named twice", quote.Cut(id, maxShown))
			}
		}
		if len(ids) == 0 {
			continue
		}
		var nodes []canonical.Value
		for _, q := range proofs {
			if q.ID != "" && slices.Contains(ids, q.ID) {
				p.Previous, nodes = append(p.Previous, q), append(nodes, q.node)
			}
		}
		p.edits[0] = canonical.ReplaceAll(memberOf(form), nodes)
	}
	return acyclic(proofs)
}

// acyclic refuses proofs that precede themselves. Nobody can sign such a proof: it
// would have to hold its own signature.
func acyclic(proofs []*Proof) *Error {
	settled := map[*Proof]bool{}
	for before := -1; before < len(settled); {
		before = len(settled)
		for _, p := range proofs {
			if !slices.ContainsFunc(p.Previous, func(q *Proof) bool { return !settled[q] }) {
				settled[p] = true
			}
		}
	}
	for _, p := range proofs {
		if !settled[p] {
			return refuse(Invalid, p.node.Get("previousProof"), "the proof precedes itself")
		}
	}
	return nil
}

package main

import (
	"encoding/hex"
	"maps"
	"slices"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/internal/multikey"
)

const (
	proofA = "urn:uuid:00000000-0000-4000-8000-00000000000a"
	proofB = "urn:uuid:00000000-0000-4000-8000-00000000000b"
	proofC = "urn:uuid:00000000-0000-4000-8000-00000000000c"
)

// signedBy is a link of a chain: a proof, and the proofs that it signs
// together with the document.
type signedBy struct {
	proof    obj
	previous []any
}

// chainVectors returns cases with several proofs of one document.
func chainVectors() []vector {
	var out []vector
	const purpose = "assertionMethod"
	keys := arr{}
	for _, p := range []party{issuer, subject, platform} {
		keys = append(keys, obj{"verificationMethod": p.method(), "publicKeyMultibase": p.multikey()})
	}
	by := func(p party) proofForm { return proofForm{by: p} }
	named := func(p party, id string) proofForm { return by(p).with("id", id) }
	in := func(links ...signedBy) obj {
		doc, list := note(), arr{}
		for _, l := range links {
			list = append(list, l.proof)
		}
		doc["proof"] = list
		return obj{"document": doc, "keys": keys, "purpose": purpose}
	}
	accept := func(name, comment string, input, document obj, links ...signedBy) {
		facts := arr{}
		for _, l := range links {
			config := maps.Clone(l.proof)
			delete(config, "proofValue")
			hashes := hex.EncodeToString(hashData(note(), config, l.previous...))
			facts = append(facts, obj{"proofConfigHash": hashes[:64], "documentHash": hashes[64:],
				"signatureHex": hex.EncodeToString(must(multikey.DecodeBase58(l.proof["proofValue"].(string), 64)))})
		}
		out = append(out, vector{"dataintegrity/" + name, comment, input,
			obj{"verified": true, "verifiedDocument": string(must(canonical.Marshal(document))), "proofs": facts}})
	}
	refuse := func(name, comment string, input obj) {
		out = append(out, vector{"dataintegrity/" + name, comment, input, obj{"verified": false, "code": "proof_invalid"}})
	}

	a := signedBy{proof: named(issuer, proofA).prove(note(), purpose)}
	b := signedBy{proof: named(subject, proofB).prove(note(), purpose)}
	after := func(f proofForm, previous ...any) signedBy {
		return signedBy{f.after(note(), purpose, previous...), previous}
	}
	onA := after(named(platform, proofC).with("previousProof", proofA), a.proof)
	onBoth := after(by(platform).with("previousProof", arr{proofB, proofA}), a.proof, b.proof)

	accept("set-of-two", "Two proofs that know nothing of each other: each signs the document without proofs.", in(a, b), note(), a, b)
	accept("chain-of-two", "The later proof signs the document with the earlier one in it, whole, as a list of one.", in(a, onA), note(), a, onA)
	accept("chain-later-first", "A chain does not depend on which of its proofs stands first.", in(onA, a), note(), onA, a)
	onC := after(by(subject).with("previousProof", proofC), onA.proof)
	accept("chain-of-three", "The third proof signs the second one, and not the first a second time.", in(a, onA, onC), note(), a, onA, onC)
	accept("chain-over-set", "Two previous proofs are hashed in the order of the document, whatever the order of their names.", in(a, b, onBoth), note(), a, b, onBoth)
	via := note()
	via["proofs"] = arr{a.proof, b.proof}
	accept("via-set", "A list proofs may hold several, as long as they form no chain.", obj{"document": via, "keys": keys, "viaProfile": true}, note(), a, b)
	short := note()
	short["@context"] = arr{contextV2}
	c := signedBy{proof: by(platform).prove(short, purpose)}
	out = append(out, vector{"dataintegrity/set-contexts-differ",
		"One proof signs a shorter @context than the other: what both have signed is the document under the shorter one.", in(a, c),
		obj{"verified": true, "verifiedDocument": string(must(canonical.Marshal(short))), "proofs": arr{
			factsOf(note(), a.proof), factsOf(short, c.proof)}}})

	other := note()
	other["name"] = "x"
	tampered := maps.Clone(a.proof)
	tampered["nonce"] = "n"
	refuse("set-bad-member", "One of two proofs is of another document: the good one does not make up for it.", in(a, signedBy{proof: by(subject).prove(other, purpose)}))
	refuse("set-unknown-key", "Nobody knows the key of one of two proofs.", in(a, signedBy{proof: by(stranger).prove(note(), purpose)}))
	refuse("set-proof-twice", "One proof, twice: two proofs with one id.", in(a, a))
	refuse("set-id-twice", "Two proofs with one id: a third could not say which one it builds on.", in(a, signedBy{proof: named(subject, proofA).prove(note(), purpose)}))
	refuse("chain-previous-missing", "The earlier proof was taken out of the chain.", in(onA))
	refuse("chain-previous-tampered", "The earlier proof was changed after the later one had signed it.", in(signedBy{proof: tampered}, onA))
	refuse("chain-previous-replaced", "Somebody else's proof under the id of the earlier one.", in(signedBy{proof: named(subject, proofA).prove(note(), purpose)}, onA))
	refuse("chain-previous-other-order", "The two earlier proofs were swapped after the later one had signed them as a list.", in(b, a, onBoth))
	refuse("chain-not-bound", "A proof that names an earlier one and signs the document without it.", in(a, signedBy{proof: by(platform).with("previousProof", proofA).prove(note(), purpose)}))
	refuse("chain-previous-without-value", "The later proof signed the earlier one without its signature.", in(a, after(by(platform).with("previousProof", proofA), without(a.proof, "proofValue"))))
	refuse("chain-cycle", "Two proofs that each claim to come after the other.", in(
		signedBy{proof: named(issuer, proofA).with("previousProof", proofB).prove(note(), purpose)},
		signedBy{proof: named(subject, proofB).with("previousProof", proofA).prove(note(), purpose)}))
	refuse("chain-named-twice", "One earlier proof, named twice.", in(a, after(by(platform).with("previousProof", arr{proofA, proofA}), a.proof)))
	refuse("chain-name-empty", "The empty name would fit every proof without an id.", in(signedBy{proof: by(issuer).prove(note(), purpose)},
		signedBy{proof: by(platform).with("previousProof", "").prove(note(), purpose)}))
	refuse("chain-name-list-number", "Each earlier proof is named by a string.", in(a, after(by(platform).with("previousProof", arr{proofA, 1}), a.proof)))
	refuse("chain-name-list-empty", "A list that names no earlier proof.", in(a, after(by(platform).with("previousProof", arr{}))))
	refuse("chain-name-number", "An earlier proof is named by a string.", in(a, after(by(platform).with("previousProof", 1), a.proof)))
	chain := note()
	chain["proofs"] = arr{a.proof}
	chain["proofs"] = arr{a.proof, by(platform).with("previousProof", proofA).prove(chain, purpose)}
	refuse("via-chain", "A list proofs holds no chain: the later proof has signed the earlier one in it, which no specification says.", obj{"document": chain, "keys": keys, "viaProfile": true})
	return out
}

func factsOf(doc, proof obj) obj {
	v := verifies(doc, proof)
	return obj{"proofConfigHash": v["proofConfigHash"], "documentHash": v["documentHash"], "signatureHex": v["signatureHex"]}
}

// without returns a copy of o without a member.
func without(o obj, name string) obj {
	o = maps.Clone(o)
	delete(o, name)
	return o
}

// several replaces the issuer's proof of the mandate with these proofs. Each
// form signs the credential. A form with previousProof also signs the earlier
// proofs.
func (s *scene) several(forms ...proofForm) {
	s.sealed = func(vc obj) {
		list := arr{}
		for _, f := range forms {
			var previous []any
			for _, p := range list {
				if f.set["previousProof"] != nil && p.(obj)["id"] == f.set["previousProof"] {
					previous = append(previous, p)
				}
			}
			list = append(list, f.after(without(vc, "proof"), "assertionMethod", previous...))
		}
		vc["proof"] = slices.Clone(list)
	}
}

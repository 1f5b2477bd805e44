package main

import (
	"strings"

	"github.com/mandate-engine/mandate/verifier"
)

// setVectors returns cases of several proofs of one credential or
// presentation, and of their required signers.
func setVectors() []vector {
	var out []vector
	add := collect(&out)
	allow := func(name, comment string, edit func(*scene)) { add("allow-"+name, comment, allowed(), edit) }
	by := func(p party) proofForm { return proofForm{by: p} }
	several := func(forms ...proofForm) func(*scene) { return func(s *scene) { s.several(forms...) } }
	const purpose = "assertionMethod"
	badBy := func(p party) proofForm { return by(p).with("@context", nil).with("broken", true) }

	// Sets.
	allow("vc-proof-set", "A notary has signed the credential beside its issuer.", several(by(issuer), by(stranger)))
	allow("vc-proof-set-issuer-last", "The issuer's proof counts wherever it stands.", several(by(stranger), by(issuer)))
	add("allow-vc-proofs-set", "Two proofs in a list proofs.", merge(allowed(), obj{"proofForm": "via"}), func(s *scene) {
		s.sealed = func(vc obj) {
			unsigned := without(vc, "proof")
			delete(vc, "proof")
			vc["proofs"] = arr{by(issuer).prove(unsigned, purpose), by(stranger).prove(unsigned, purpose)}
		}
	})
	add("vc-set-without-issuer", "Two good proofs, and none of the issuer.", denied(verifier.ReasonIssuerMismatch, "issuer.binding"), several(by(stranger), by(platform)))
	invalid := denied(verifier.ReasonProofInvalid, "vc.proof")
	tampered := func(i int, forms ...proofForm) func(*scene) {
		return func(s *scene) {
			s.several(forms...)
			sign := s.sealed
			s.sealed = func(vc obj) {
				sign(vc)
				vc["proof"].(arr)[i].(obj)["nonce"] = "n"
			}
		}
	}
	add("issuer-two-documents", "Two documents of the issuer, each with another key: neither counts.", denied(verifier.ReasonDIDInvalid, "issuer.key"), func(s *scene) {
		s.webIssued(webDocument(webIssuer, issuer))
		s.input["didDocuments"] = arr{webDocument(webIssuer, stranger), webDocument(webIssuer, issuer)}
	})
	nine := []proofForm{by(issuer)}
	for p := party(20); p < 27; p++ {
		nine = append(nine, by(p))
	}
	add("vc-proof-set-nine-signers", "Keys of nine DIDs would have to be looked up, the holder's among them, of which eight are.", denied(verifier.ReasonTooManyProofs, "vc.proof.form"), several(nine...))
	add("vc-proof-set-bad-member", "A good proof of the issuer beside a bad one of a notary: a set must not pass on the good one.", invalid, tampered(1, by(issuer), by(stranger)))
	add("vc-proof-set-bad-issuer", "A good proof of a notary beside a bad one of the issuer.", invalid, tampered(0, by(issuer), by(stranger)))
	add("vc-proof-set-two-of-issuer", "Two proofs of the issuer, one of them bad.", invalid, tampered(1, by(issuer), by(issuer).with("id", proofB)))
	add("vc-proof-set-purpose", "The notary has authenticated, not asserted.", denied(verifier.ReasonProofPurposeMismatch, "vc.proof.form"),
		several(by(issuer), by(stranger).with("proofPurpose", "authentication")))
	add("vc-proof-set-expired", "The notary's proof has expired.", denied(verifier.ReasonProofExpired, "vc.proof.form"),
		several(by(issuer), by(stranger).with("expires", "2026-05-02T10:16:00Z")))
	add("vc-proof-set-suite", "The notary uses another suite: what cannot be checked is not skipped.", denied(verifier.ReasonUnsupportedCryptosuite, "vc.proof.form"),
		several(by(issuer), by(stranger).with("cryptosuite", "eddsa-rdfc-2022")))
	add("vc-proof-set-method-unknown", "The notary's DID is of a method that nobody here can resolve.", denied(verifier.ReasonDIDMethodNotSupported, "vc.proof"),
		several(by(issuer), by(stranger).with("verificationMethod", "did:via:notary#key-1")))
	add("vc-proof-set-no-fragment", "The notary's proof names a DID and no key.", denied(verifier.ReasonVerificationMethodInvalid, "issuer.key"),
		several(by(issuer), by(stranger).with("verificationMethod", stranger.did())))
	distant := func(s *scene) {
		s.several(by(issuer), by(stranger).with("verificationMethod", "did:web:attacker.example#key-1"))
		s.input["unavailable"] = arr{"did:web:attacker.example"}
	}
	add("vc-proof-set-unavailable", "The notary's key cannot be looked up now.", obj{"decision": "none", "error": "unavailable"}, distant)
	add("no-lookup-of-added-proof", "Anybody can add a proof to a set: its key is not looked up for a presenter whom the mandate does not authorize.",
		denied(verifier.ReasonHolderNotAuthorized, "holder.authorized"), func(s *scene) {
			distant(s)
			s.presentation["holder"], s.vp.by = stranger.did(), stranger
		})

	// Chains.
	allow("vc-proof-chain", "The notary signs the issuer's proof with the credential.", several(by(issuer).with("id", proofA), by(stranger).with("previousProof", proofA)))
	allow("vc-proof-chain-issuer-last", "The issuer signs the notary's proof with the credential.", several(by(stranger).with("id", proofA), by(issuer).with("previousProof", proofA)))
	add("vc-proof-chain-broken", "The notary's proof, which the issuer built on, was taken out.", denied(verifier.ReasonProofInvalid, "vc.proof.form"), func(s *scene) {
		s.several(by(stranger).with("id", proofA), by(issuer).with("previousProof", proofA))
		sign := s.sealed
		s.sealed = func(vc obj) {
			sign(vc)
			vc["proof"] = vc["proof"].(arr)[1:]
		}
	})
	add("vc-proof-chain-replaced", "The notary's proof, which the issuer built on, was replaced by another good one under its id.", invalid, func(s *scene) {
		s.several(by(stranger).with("id", proofA), by(issuer).with("previousProof", proofA))
		sign := s.sealed
		s.sealed = func(vc obj) {
			sign(vc)
			vc["proof"].(arr)[0] = by(platform).with("id", proofA).prove(without(vc, "proof"), purpose)
		}
	})
	add("vc-proof-chain-bad-previous", "The issuer has signed a proof of the notary that is itself no good.", invalid,
		several(badBy(stranger).with("id", proofA).with("verificationMethod", platform.method()), by(issuer).with("previousProof", proofA)))

	// Presentations.
	presented := func(forms ...proofForm) func(*scene) {
		return func(s *scene) {
			s.tamper = func(vp obj) {
				list, unsigned := arr{}, without(vp, "proof")
				for _, f := range forms {
					list = append(list, f.prove(unsigned, "authentication"))
				}
				vp["proof"] = list
			}
		}
	}
	held := by(holder).with("domain", verifierDID)
	allow("vp-proof-set", "The holder has signed the presentation twice.", presented(held, held.with("nonce", "n")))
	allow("vp-proof-twice", "One proof listed twice is one proof: the second mention is no second use.", presented(held, held))
	add("vp-proof-set-stranger", "A stranger has signed the presentation beside its holder.", denied(verifier.ReasonHolderMismatch, "holder.binding"),
		presented(held, by(stranger).with("domain", verifierDID)))
	add("vp-proof-set-unbound", "One of two proofs is for no domain.", denied(verifier.ReasonDomainMismatch, "vp.domain"), presented(held, by(holder)))
	add("vp-proof-set-stale", "One of two proofs is too old.", denied(verifier.ReasonPresentationStale, "vp.freshness"), presented(held, held.with("created", "2026-05-02T10:10:59Z")))

	// Who may sign for the issuer.
	mapped := func(s *scene) {
		s.vc = by(platform)
		s.config()["issuerBinding"] = "mapped"
		s.config()["issuerSigners"] = arr{obj{"signer": platform.did(), "issuers": arr{issuer.did()}}}
	}
	allow("issuer-binding-mapped", "The configuration lets a platform sign for this issuer.", mapped)
	allow("issuer-binding-mapped-itself", "The issuer may still sign for itself.", func(s *scene) { mapped(s); s.vc = by(issuer) })
	mismatch := denied(verifier.ReasonIssuerMismatch, "issuer.binding")
	add("issuer-mapped-other", "The configuration lets the platform sign for another issuer.", mismatch, func(s *scene) {
		mapped(s)
		s.config()["issuerSigners"] = arr{obj{"signer": platform.did(), "issuers": arr{stranger.did()}}}
	})
	add("issuer-mapped-reversed", "That the issuer may sign for the platform lets the platform sign nothing.", mismatch, func(s *scene) {
		mapped(s)
		s.config()["issuerSigners"] = arr{obj{"signer": issuer.did(), "issuers": arr{platform.did()}}}
	})

	// Grantors.
	missing := denied(verifier.ReasonGrantorProofMissing, "grantor.proofs")
	granted := func(want any, grantors arr, forms ...proofForm) func(*scene) {
		return func(s *scene) {
			if s.mandate()["grantor"] = grantors; want == "all" {
				s.config()["allGrantorProofs"] = true
			} else {
				s.config()["grantorProofs"] = want
			}
			s.several(forms...)
		}
	}
	two := arr{subject.did(), platform.did()}
	allow("grantor-any", "One grantor of two has signed, and one is asked for.", granted(1, two, by(issuer), by(platform)))
	allow("grantor-all", "Both grantors have signed, as is asked.", granted("all", two, by(issuer), by(platform), by(subject)))
	allow("grantor-two-of-three", "Two grantors of three have signed, and two are asked for.",
		granted(2, arr{subject.did(), stranger.did(), platform.did()}, by(issuer), by(platform), by(stranger)))
	allow("grantor-is-issuer", "The issuer is a grantor: one signature serves for both.", granted("all", arr{issuer.did()}, by(issuer)))
	add("grantor-none", "A grantor is asked for, and only the issuer has signed.", missing, granted(1, two, by(issuer)))
	add("grantor-stranger", "Somebody who is no grantor has signed.", missing, granted(1, two, by(issuer), by(stranger)))
	add("grantor-one-of-all", "One of two grantors has signed, and all are asked for.", missing, granted("all", two, by(issuer), by(platform)))
	add("grantor-one-twice", "One grantor has signed twice, and two are asked for.", missing, granted(2, two, by(issuer), by(platform), by(platform).with("nonce", "n")))
	add("grantor-named-twice", "A grantor who is named twice is one.", missing, granted(2, arr{platform.did(), platform.did()}, by(issuer), by(platform)))
	add("grantor-all-of-none", "All grantors of a mandate without any: a loop over nothing is no success.", missing, granted("all", arr{}, by(issuer)))
	add("grantor-too-few", "Three are asked for, and the mandate has two.", missing, granted(3, two, by(issuer), by(platform), by(subject)))
	add("grantor-bad-proof", "The grantor's proof is there, and is no good.", invalid, func(s *scene) {
		granted(1, two, by(issuer), by(platform))(s)
		sign := s.sealed
		s.sealed = func(vc obj) {
			sign(vc)
			vc["proof"].(arr)[1].(obj)["nonce"] = "n"
		}
	})
	add("grantor-other-key", "A proof in the grantor's name, by another key.", invalid, granted(1, two, by(issuer), by(stranger).with("verificationMethod", platform.method())))
	return append(out, noPointVectors()...)
}

// noPointVectors returns cases of a did:key whose key is not a point on the
// curve (y = 2). The DID is refused before its signatures, in every role.
func noPointVectors() []vector {
	var out []vector
	add := collect(&out)
	key := multibase("ed01", "02"+strings.Repeat("00", 31))
	did := "did:key:" + key
	method := did + "#" + key
	signed := func(p party) proofForm { return proofForm{by: p}.with("verificationMethod", method) }
	issuerKey, holderKey := denied(verifier.ReasonDIDInvalid, "issuer.key"), denied(verifier.ReasonDIDInvalid, "holder.key")
	add("issuer-no-point", "The issuer's key is no point of the curve.", issuerKey, func(s *scene) {
		s.credential["issuer"] = did
		s.config()["trustedIssuers"] = arr{did}
		s.vc = signed(issuer)
	})
	add("issuer-listed-no-point", "The issuer's document lists a key that is no point of the curve.", issuerKey, func(s *scene) {
		s.webIssued(merge(webDocument(webIssuer, issuer), obj{"assertionMethod": arr{method}}))
		s.vc = signed(platform)
		s.config()["issuerBinding"] = "listed"
	})
	add("issuer-mapped-no-point", "A signer that the verifier maps to the issuer has a key that is no point of the curve.", issuerKey, func(s *scene) {
		s.vc = signed(platform)
		s.config()["issuerBinding"] = "mapped"
		s.config()["issuerSigners"] = arr{obj{"signer": did, "issuers": arr{issuer.did()}}}
	})
	add("vc-proof-set-no-point", "A good proof of the issuer beside one by a key that is no point of the curve.", denied(verifier.ReasonDIDInvalid, "vc.proof"), func(s *scene) {
		s.several(proofForm{by: issuer}, signed(stranger))
	})
	add("holder-no-point", "The holder's key is no point of the curve.", holderKey, func(s *scene) {
		s.presentation["holder"] = did
		s.authorize(arr{did, verifierDID})
		s.vp.set = merge(s.vp.set, obj{"verificationMethod": method})
	})
	add("presentation-signer-no-point", "Whoever may sign for the holder has a key that is no point of the curve.", holderKey, func(s *scene) {
		s.vp.set = merge(s.vp.set, obj{"verificationMethod": method})
		s.config()["presentationSigners"] = arr{obj{"signer": did, "holders": arr{holder.did()}}}
	})
	return out
}

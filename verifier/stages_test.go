package verifier_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/internal/sample"
	"github.com/mandate-engine/mandate/internal/sample/samplesign"
	"github.com/mandate-engine/mandate/receipts"
	"github.com/mandate-engine/mandate/verifier"
)

// A stage looks something up only after the stages before it have passed. The mandate
// of this test needs every kind of lookup; the words stand for them.
func TestLookupsAreEarned(t *testing.T) {
	source := actions{}
	mandate := func(validUntil string) []byte {
		return addProof(t, issue(t, func(vc, mandate object) {
			withStatus("5")(vc, mandate)
			byReference(t, source)(vc, mandate)
			vc["validUntil"] = validUntil
		}), signer(t, 6), "assertionMethod", "")
	}
	vc, expired := mandate("2036-01-01T00:00:00Z"), mandate("2026-01-01T00:00:00Z")
	stranger := samplesign.Credential(t, unsigned(t, func(vc, _ object) { vc["type"] = []string{"VerifiableCredential"} }), signer(t, 6))
	// edited returns the presentation of vc after change, with the same proofs.
	edited := func(change func(vp, vc object)) []byte {
		vp := toObject(t, present(t, sample.Challenge, vc))
		change(vp, vp["verifiableCredential"].([]any)[0].(object))
		return toJSON(t, vp)
	}
	const attacker = "did:web:attacker.example"
	holderKey := func(vp object) { vp["proof"].(object)["verificationMethod"] = attacker + "#key" }
	tests := []struct {
		name  string
		vp    []byte
		want  string
		asked string
	}{
		{"all is proven", present(t, sample.Challenge, vc), "allow", "issuer holder other list action"},
		{"an expired mandate", present(t, sample.Challenge, expired), "credential_expired", "issuer holder other list action"},
		{"another domain", edited(func(vp, _ object) { vp["proof"].(object)["domain"] = attacker }), "domain_mismatch", ""},
		{"an untrusted issuer", edited(func(_, vc object) { vc["issuer"] = attacker }), "issuer_untrusted", ""},
		{"a key of another than the issuer", edited(func(_, vc object) { vc["proof"].([]any)[0].(object)["verificationMethod"] = attacker + "#key" }), "issuer_mismatch", ""},
		{"a credential beside it, with a key of another than its issuer", present(t, sample.Challenge, vc, stranger), "issuer_mismatch", ""},
		{"a forged credential", edited(func(vp, vc object) { vc["validFrom"] = "2024-01-01T00:00:00Z"; holderKey(vp) }), "proof_invalid", "issuer"},
		{"a holder that the mandate does not authorize", edited(func(vp, _ object) { vp["holder"] = attacker; holderKey(vp) }), "holder_not_authorized", "issuer"},
		{"a key of another than the holder", edited(func(vp, _ object) { holderKey(vp) }), "holder_mismatch", "issuer"},
		{"a forged presentation", edited(func(vp, _ object) { vp["proof"].(object)["nonce"] = "forged" }), "proof_invalid", "issuer holder"},
	}
	other, _, _ := strings.Cut(signer(t, 6).VerificationMethod(), "#")
	words := map[string]string{sample.Issuer: "issuer", sample.Holder: "holder", other: "other", statusListURL: "list"}
	for digest := range source {
		words[digest] = "action"
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := &recorder{Resolver: didresolve.Key(), StatusSource: lists{statusListURL: statusList(t, "revocation")}, Source: source}
			cfg := config(t)
			cfg.Resolver, cfg.Status, cfg.Actions = r, r, r
			res, err := decide(t, cfg, presenting(tt.vp))
			if got := outcome(res, err); got != tt.want {
				t.Errorf("got %s (%v), want %s", got, err, tt.want)
			}
			var asked []string
			for _, name := range r.asked {
				if word := words[name]; word != "" {
					asked = append(asked, word)
				} else if !strings.HasPrefix(name, "urn:via:action:") { // the digest of an action follows its id
					asked = append(asked, name)
				}
			}
			if got := strings.Join(asked, " "); got != tt.asked {
				t.Errorf("looked up %q, want %q", got, tt.asked)
			}
		})
	}
}

// keyed returns a DID document with the sample keys of the seeds, for both purposes.
// The key of seed 4 is #key-4.
func keyed(t testing.TB, did string, seeds ...byte) object {
	t.Helper()
	methods, ids := []any{}, []string{}
	for _, seed := range seeds {
		id := "#key-" + string('0'+rune(seed))
		methods = append(methods, object{"id": id, "type": "Multikey", "controller": did, "publicKeyMultibase": multikeyOf(t, seed)})
		ids = append(ids, id)
	}
	return object{"id": did, "verificationMethod": methods, "assertionMethod": ids, "authentication": ids}
}

// kept is a resolver that has kept documents. It looks a newer one up for whoever asks
// again.
type kept struct {
	didresolve.Resolver
	newer didresolve.Resolver
}

func (k kept) Refresh(ctx context.Context, did string, _ *didresolve.Resolution) (*didresolve.Resolution, error) {
	return k.newer.Resolve(ctx, did)
}

// static returns a resolver of documents, and of did:key.
func static(t testing.TB, documents ...object) didresolve.Resolver {
	t.Helper()
	var all []*didresolve.Document
	for _, o := range documents {
		d, err := didresolve.ParseDocument(toJSON(t, o))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, d)
	}
	return didresolve.Chain(didresolve.Static(all...), didresolve.Key())
}

// When a stage has looked up a newer document, the stages that have judged with the
// older one judge again.
func TestRefreshedDocumentIsJudgedByEarlierStages(t *testing.T) {
	const party = "did:web:party.example"
	revoked := keyed(t, party, 4, 5)
	revoked["verificationMethod"].([]any)[0].(object)["revoked"] = sample.Now().Add(-time.Hour).Format(time.RFC3339)
	issued := func(issuer string, s *receipts.KeySigner) []byte {
		return samplesign.Credential(t, unsigned(t, func(vc, mandate object) {
			vc["issuer"] = issuer
			mandate["context"] = object{"authorizedDIDs": []string{party, sample.Verifier}}
		}), s)
	}
	own := issued(party, samplesign.Signer(t, 4, party+"#key-4"))
	notarized := addProof(t, issued(sample.Issuer, signer(t, 1)), samplesign.Signer(t, 4, party+"#key-4"), "assertionMethod", "")
	for _, tt := range []struct {
		name        string
		mandate     []byte
		kept, newer object // documents of the party, which presents with key-5
		want, check string
	}{
		{"the holder is the issuer, whose key is good in both", own, keyed(t, party, 4), keyed(t, party, 4, 5), "allow", ""},
		{"the holder is the issuer, whose key is revoked in the newer one", own, keyed(t, party, 4), revoked, "key_revoked", "issuer.key"},
		{"the holder is the issuer, whose key is gone in the newer one", own, keyed(t, party, 4), keyed(t, party, 5), "key_not_authorized", "issuer.key"},
		{"the holder has also signed the mandate, with keys good in both", notarized, keyed(t, party, 5), keyed(t, party, 4, 5), "allow", ""},
		{"the holder has also signed the mandate, and its key to present is gone", notarized, keyed(t, party, 5), keyed(t, party, 4), "key_not_authorized", "holder.key"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cfg := config(t)
			cfg.TrustedIssuers = []string{party, sample.Issuer}
			cfg.Resolver = kept{static(t, tt.kept), static(t, tt.newer)}
			res, err := decide(t, cfg, presenting(presentAs(t, samplesign.Signer(t, 5, party+"#key-5"), sample.Challenge, tt.mandate)))
			if got := outcome(res, err); got != tt.want {
				t.Fatalf("got %s (%v), want %s", got, err, tt.want)
			}
			var deny *verifier.DenyError
			if errors.As(err, &deny) && deny.Check != tt.check {
				t.Errorf("failed at %s, want %s", deny.Check, tt.check)
			}
		})
	}
}

// A decision takes six rounds of lookups at most. A signer whom the newer document of
// the issuer lists, and a holder, all with a key that only the newer document has, use
// them up; the action's would be the seventh.
func TestLookupRoundLimit(t *testing.T) {
	const issuer, listed, holder = "did:web:issuer.example", "did:web:signer.example", "did:web:holder.example"
	lists := keyed(t, issuer)
	lists["assertionMethod"] = []string{listed + "#key-4"}
	present := func(t *testing.T, change func(vc, mandate object)) []byte {
		return presentAs(t, samplesign.Signer(t, 5, holder+"#key-5"), sample.Challenge, samplesign.Credential(t, unsigned(t, func(vc, mandate object) {
			vc["issuer"] = issuer
			mandate["context"] = object{"authorizedDIDs": []string{holder, sample.Verifier}}
			change(vc, mandate)
		}), samplesign.Signer(t, 4, listed+"#key-4")))
	}
	source := actions{}
	documents := []string{issuer, issuer, listed, listed, holder, holder}
	for _, tt := range []struct {
		name   string
		change func(vc, mandate object)
		want   string
	}{
		{"six rounds", func(_, _ object) {}, ""},
		{"a referenced action in the seventh", byReference(t, source), "more lookups than one decision may take"},
		{"a status list in the seventh", withStatus("5"), "more lookups than one decision may take"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			old := static(t, keyed(t, issuer, 3), keyed(t, listed, 3), keyed(t, holder, 3))
			r := &recorder{Resolver: kept{old, static(t, lists, keyed(t, listed, 4), keyed(t, holder, 5))}, Source: source}
			cfg := config(t)
			cfg.TrustedIssuers, cfg.IssuerBinding = []string{issuer}, verifier.IssuerListed
			cfg.Resolver, cfg.Status, cfg.Actions = r, r, r
			_, err := decide(t, cfg, presenting(present(t, tt.change)))
			var none *verifier.NoDecisionError
			if tt.want == "" && err != nil || tt.want != "" && (!errors.As(err, &none) || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
			if !slices.Equal(r.asked, documents) {
				t.Errorf("looked up %q, want %q", r.asked, documents)
			}
		})
	}
}

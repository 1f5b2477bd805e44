package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/internal/dataintegrity"
	"github.com/mandate-engine/mandate/internal/dev/bench/roundrobin"
	"github.com/mandate-engine/mandate/internal/sample"
	"github.com/mandate-engine/mandate/receipts"
	"github.com/mandate-engine/mandate/verifier"
)

// unsigned is a signer that does not sign. It removes the cost of the
// signature from a measurement. It has the name of a real signer.
type unsigned struct{ receipts.Signer }

// Sign implements [receipts.Signer].
func (unsigned) Sign(context.Context, []byte) ([]byte, error) { return make([]byte, 64), nil }

// withoutSignature returns a configuration whose receipts are not signed.
func withoutSignature(cfg verifier.Config) verifier.Config {
	cfg.Signer = unsigned{cfg.Signer}
	return cfg
}

// refuse returns a subject that runs a refused request.
func refuse(name string, v *verifier.Verifier, r verifier.Request) roundrobin.Subject {
	hold(decide(v, r) != nil, name+" is not allowed")
	return roundrobin.Subject{Name: name, Run: func() { decide(v, r) }}
}

// dry returns a request that DryRun denies, or cannot judge, as a subject: the
// decision without its receipt.
func dry(cfg verifier.Config, name string, r verifier.Request) []roundrobin.Subject {
	v := newVerifier(cfg)
	denied := func() bool {
		p, err := v.DryRun(context.Background(), r)
		return err != nil || !p.Allow
	}
	hold(denied(), name+" is not allowed")
	return []roundrobin.Subject{{Name: name, Run: func() { denied() }}}
}

// rejectRows measures requests that are malformed or for another verifier.
// Refusing them costs no signature verification.
func rejectRows(h *harness) map[string]measured {
	w, l := newWorld(), newLimit()
	good := w.newMandate()
	truncated, elsewhere := good, good
	truncated.Presentation = good.Presentation[:len(good.Presentation)-1]
	elsewhere.Verifier = "did:web:elsewhere.example"
	strangers := config()
	strangers.TrustedIssuers = []string{stranger(1).did}
	names := []string{"malformed", "untrusted issuer", "wrong domain"}
	subjects := func(change func(verifier.Config) verifier.Config) []roundrobin.Subject {
		return []roundrobin.Subject{refuse(names[0], newVerifier(change(config())), truncated),
			refuse(names[1], newVerifier(change(strangers)), good), refuse(names[2], newVerifier(change(config())), elsewhere)}
	}
	all := slices.Concat([]roundrobin.Subject{{Name: "V", Run: l.verify}, {Name: "V + S", Run: l.once}},
		dry(config(), names[0], truncated), dry(strangers, names[1], good), dry(config(), names[2], elsewhere),
		subjects(withoutSignature), subjects(func(cfg verifier.Config) verifier.Config { return cfg }))
	ms := h.best(h.comparison(1), []pair{{2, 0}, {3, 0}, {4, 0}, {5, 0}, {6, 0}, {7, 0}, {8, 1}, {9, 1}, {10, 1}}, all...)
	return map[string]measured{"reject": worst(ms[:3], names), "reject-unsigned": worst(ms[3:6], names), "reject-signed": worst(ms[6:], names)}
}

// An attack is a refused request with the cost of sending it.
type attack struct {
	name string
	cfg  verifier.Config
	v    *verifier.Verifier
	req  verifier.Request
	sent int // bytes of the HTTP call
}

// issued reports whether an attack contains a credential signed by a trusted
// issuer: the attacker's own, or a captured one.
func (a attack) issued() bool {
	d, err := canonical.Parse(a.req.Presentation)
	if err != nil {
		return false
	}
	field := d.Root().Get("verifiableCredential")
	credentials := []canonical.Value{field}
	for _, c := range field.Elements() {
		credentials = append(credentials, c)
	}
	for _, c := range credentials {
		proofs, bad := dataintegrity.Parse(c, true)
		if bad != nil {
			continue
		}
		for _, p := range proofs {
			did, _, _ := strings.Cut(p.VerificationMethod, "#")
			res, err := a.cfg.Resolver.Resolve(context.Background(), did)
			if err != nil || !slices.Contains(a.cfg.TrustedIssuers, did) && !a.cfg.InsecureTrustAnyIssuer {
				continue
			}
			method, err := res.Document.VerificationMethod(p.VerificationMethod, didresolve.AssertionMethod, a.cfg.Now())
			if err == nil && p.Verify(method.Key()) {
				return true
			}
		}
	}
	return false
}

// asymmetryRows measures the attack that costs the engine most per KiB sent,
// among the corpus and the invented attacks: once among all attacks, once
// among those without a credential signed by a trusted issuer.
func asymmetryRows(h *harness) map[string]measured {
	l := newLimit()
	perKiB := func(c roundrobin.Comparison, attacks []attack) []measured {
		subjects, pairs := []roundrobin.Subject{{Name: "V", Run: l.verify}}, []pair{}
		for i, a := range attacks {
			subjects, pairs = append(subjects, refuse(a.name, a.v, a.req)), append(pairs, pair{i + 1, 0})
		}
		ms := h.best(c, pairs, subjects...)
		for i, a := range attacks {
			kib := float64(a.sent) / 1024
			ms[i] = measured{ratio: ms[i].ratio / kib, median: ms[i].median / kib, note: fmt.Sprintf("%s (%d bytes, one of %d vectors)", a.name, a.sent, len(attacks))}
		}
		return ms
	}
	row := func(attacks []attack) measured {
		first := perKiB(roundrobin.Comparison{Rounds: max(h.rounds/30, 1), Slice: h.comparison(1).Slice}, attacks)
		order := make([]int, len(attacks))
		for i := range order {
			order[i] = i
		}
		slices.SortFunc(order, func(a, b int) int { return cmp.Compare(first[b].ratio, first[a].ratio) })
		var top []attack
		for _, i := range order[:min(6, len(order))] {
			top = append(top, attacks[i])
		}
		ms := perKiB(h.comparison(1), top)
		for i := range ms {
			ms[i].note = first[order[i]].note
			fmt.Fprintf(os.Stderr, "  %.2f V/KiB  %s\n", ms[i].ratio, ms[i].note)
		}
		return slices.MaxFunc(ms, func(a, b measured) int { return cmp.Compare(a.ratio, b.ratio) })
	}
	all := append(corpusAttacks(), madeUpAttacks()...)
	return map[string]measured{"asymmetry": row(all), "asymmetry-stranger": row(slices.DeleteFunc(slices.Clone(all), attack.issued))}
}

// overhead is the size of an HTTP call without its presentation and
// parameters.
func overhead() int {
	var n counter
	check(post("http://127.0.0.1:8080", verifier.Request{Verifier: sample.Verifier}).Write(&n))
	return int(n)
}

type counter int

func (c *counter) Write(b []byte) (int, error) { *c += counter(len(b)); return len(b), nil }

// Package verifier answers one question: may this presentation, with these
// execution parameters, go ahead?
//
// [Verifier.Verify] takes a W3C Verifiable Presentation that holds a signed
// mandate, and the parameters of the action somebody is about to take. A nil
// error means allow, and nothing else does. A [*DenyError] says no, with a
// stable reason, every check that ran and every rule with its values. Any
// other error is no decision: the input could not be judged ([*RequestError]),
// or something that had to be looked up could not be. Whoever acts on it acts
// without permission.
//
// The package does no I/O of its own. What it has to know from outside (DID
// documents, actions by reference, status lists, used presentations) it asks
// the interfaces in [Config] for; the decision itself is a pure function of
// the request, the time and what they answered.
package verifier

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/internal/memo"
	"github.com/mandate-engine/mandate/internal/statuslist"
	"github.com/mandate-engine/mandate/internal/vcdm"
	"github.com/mandate-engine/mandate/policy"
	"github.com/mandate-engine/mandate/receipts"
	"github.com/mandate-engine/mandate/verifier/replay"
)

// Version is the version of the engine that receipts name.
const Version = "0.1.0"

// Defaults of the zero Config.
const (
	DefaultMaxAge    = 5 * time.Minute
	DefaultMaxFuture = time.Minute

	DefaultMaxCachedCredentials = 4096
)

// A Signer signs receipts.
type Signer = receipts.Signer

// An IssuerBinding says which keys may sign for an issuer.
type IssuerBinding uint8

const (
	// IssuerStrict: keys that the issuer's own DID document holds and controls.
	IssuerStrict IssuerBinding = iota
	// IssuerListed: also a key of another DID when the issuer's own document
	// names it, by its absolute URL, under assertionMethod.
	IssuerListed
	// IssuerMapped: also the keys of the DIDs that Config.IssuerSigners maps to
	// the issuer.
	IssuerMapped
)

func (b IssuerBinding) String() string {
	if b > IssuerMapped {
		return fmt.Sprintf("IssuerBinding(%d)", uint8(b))
	}
	return [...]string{"strict", "listed", "mapped"}[b]
}

// AllGrantors, as Config.GrantorProofs, asks for a proof of every grantor.
const AllGrantors = -1

// Config configures a Verifier. Resolver and Signer are required, and either
// TrustedIssuers or InsecureTrustAnyIssuer.
type Config struct {
	// Resolver finds the DID documents that proofs name. Only these are asked
	// for, at most eight for one presentation, and for five seconds in all: the DIDs of trusted issuers (of any,
	// with InsecureTrustAnyIssuer) and of signers that IssuerSigners maps to them;
	// of holders that a proven mandate names, and of their PresentationSigners;
	// and then, for a presenter who is proven, of whoever else has signed a
	// credential.
	Resolver didresolve.Resolver
	// Signer signs the receipts. Without a receipt there is no allow.
	Signer Signer
	// TrustedIssuers are the DIDs whose credentials count, compared byte for
	// byte. Every credential of a presentation must be of one of them.
	TrustedIssuers []string
	// IssuerBinding is IssuerStrict unless set. Of the proofs of a credential one
	// has to be by its issuer in this sense; the others are of whoever made them,
	// and have to verify.
	IssuerBinding IssuerBinding
	// IssuerSigners maps the DID of a signer to the issuers for which it may sign
	// credentials, for IssuerMapped alone.
	IssuerSigners map[string][]string
	// GrantorProofs is how many of the mandate's grantors must have signed it
	// themselves, each with a key of its own DID, beside the issuer: 0 for none,
	// 1 for any, AllGrantors for all. A mandate with fewer grantors is denied.
	GrantorProofs int
	// PresentationSigners maps the DID of a signer to the holders for which it
	// may sign presentations, beside the holders themselves.
	PresentationSigners map[string][]string
	// Verifier is the DID on whose behalf decisions are taken, where the
	// request does not say.
	Verifier string

	// MaxAge is how old a presentation may be when no challenge was expected.
	// Zero means DefaultMaxAge.
	MaxAge time.Duration
	// MaxFuture is how far ahead of the clock a proof's created may lie.
	// Zero means DefaultMaxFuture.
	MaxFuture time.Duration
	// Leeway is the clock skew tolerated at both ends of a credential's
	// validity and at a proof's expires. Zero means none.
	Leeway time.Duration

	// MaxStatusAge is how long ago a status list may have been issued, by its
	// validFrom. Zero means that only its own validUntil bounds it.
	MaxStatusAge time.Duration
	// ChallengeLifetime is for how long after it was given out a challenge is
	// expected. Used challenges are remembered that long; zero means for good,
	// which fills a replay.Memory in time.
	ChallengeLifetime time.Duration

	// RequireParamsBinding denies presentations whose challenge does not
	// commit to the execution parameters.
	RequireParamsBinding bool
	// AllowActionless allows mandates without an action, and so without any
	// rule, as long as there are no execution parameters either. Whatever the
	// mandate was signed for then authorizes the caller to go ahead.
	AllowActionless bool
	// W3COnly turns the VIA profile off: no `proofs` member, no null validUntil.
	W3COnly bool
	// Contexts are @context URLs accepted beside the known ones. None is ever
	// fetched.
	Contexts []string
	// ContextChecker, when set, is asked beside that about the presentation and
	// each credential, as they were received.
	ContextChecker ContextChecker

	// Status answers for credentials with a credentialStatus. Nil denies them.
	Status StatusSource
	// Actions answers for mandates that only reference an action. Nil denies
	// them.
	Actions policy.Source
	// Replay remembers presentations that were used. Nil means a
	// [replay.Memory] of its own, which forgets when the process ends.
	Replay Replay

	// SignatureVerifier verifies the signatures of presentations, credentials and
	// status lists. Nil means crypto/ed25519.
	SignatureVerifier SignatureVerifier
	// MaxCachedCredentials is how many signatures of credentials and status lists
	// to remember that verified, 50 bytes each, and how many entries of status lists,
	// 120 bytes each: a mandate is presented more than once. Zero means
	// DefaultMaxCachedCredentials, less than that none.
	//
	// What is remembered is that this key made this signature of these bytes, the
	// proof's own among them, and that these bytes of a list hold this entry, which
	// is true for good. All else is checked each time, of a credential that is
	// remembered as of any other:
	//
	//	the key       found in a document as old as the Resolver lets it be, not
	//	              revoked or expired, of the issuer, for assertions
	//	validity      by the clock
	//	status        in the list as it is now
	//	the holder    named by the mandate, and proven: the signature of the
	//	              presentation is verified each time
	//	use           the challenge, the domain, and whether it was used before
	//	the rules     on the parameters at hand
	MaxCachedCredentials int

	// KeepBundle puts everything that a decision rests on into its outcome, so
	// that it can be reproduced later.
	KeepBundle bool

	// InsecureTrustAnyIssuer accepts credentials of every issuer: anybody can
	// then issue a mandate that allows anything, and make the Resolver look up
	// any DID.
	InsecureTrustAnyIssuer bool
	// InsecureAllowUnbound accepts presentations without a domain: whoever
	// receives one can present it elsewhere.
	InsecureAllowUnbound bool
	// InsecureAllowReplay accepts a presentation any number of times.
	InsecureAllowReplay bool
	// InsecureUnpinnedActions accepts references to actions without a digest:
	// whoever serves the action decides what the mandate allows.
	InsecureUnpinnedActions bool

	// Now is the clock. Nil means time.Now. Like Rand it is used by several
	// goroutines at once, by those of VerifyMany above all.
	Now func() time.Time
	// Rand is the source of receipt ids and salts. Nil means crypto/rand.
	Rand io.Reader
}

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

// A Verifier decides. It is safe for concurrent use.
type Verifier struct {
	cfg      Config
	trusted  map[string]bool
	contexts map[string]bool
	actions  policy.Cache
	memo     *memo.Memo[[32]byte, struct{}] // of valid signatures, by memo.SignatureID
	statuses *memo.Memo[statuslist.Key, statuslist.Result]
	modes    []string
	insecure []string
}

// New checks a Config and returns a Verifier.
func New(cfg Config) (*Verifier, error) {
	switch {
	case cfg.Resolver == nil:
		return nil, errors.New("verifier: Config.Resolver is required")
	case cfg.Signer == nil:
		return nil, errors.New("verifier: Config.Signer is required")
	case len(cfg.TrustedIssuers) == 0 && !cfg.InsecureTrustAnyIssuer:
		return nil, errors.New("verifier: Config.TrustedIssuers is empty; name the issuers, or set InsecureTrustAnyIssuer")
	case len(cfg.TrustedIssuers) > 0 && cfg.InsecureTrustAnyIssuer:
		return nil, errors.New("verifier: Config.TrustedIssuers and InsecureTrustAnyIssuer exclude each other")
	case cfg.MaxAge < 0 || cfg.MaxFuture < 0 || cfg.Leeway < 0 || cfg.ChallengeLifetime < 0 || cfg.MaxStatusAge < 0:
		return nil, errors.New("verifier: MaxAge, MaxFuture, Leeway, MaxStatusAge and ChallengeLifetime must not be negative")
	case cfg.IssuerBinding > IssuerMapped:
		return nil, fmt.Errorf("verifier: unknown IssuerBinding %d", cfg.IssuerBinding)
	case (cfg.IssuerBinding == IssuerMapped) != (len(cfg.IssuerSigners) > 0):
		return nil, errors.New("verifier: IssuerMapped and Config.IssuerSigners go together")
	case cfg.GrantorProofs < AllGrantors:
		return nil, fmt.Errorf("verifier: Config.GrantorProofs is %d", cfg.GrantorProofs)
	}
	for _, issuer := range cfg.TrustedIssuers {
		if _, err := didresolve.Parse(issuer); err != nil {
			return nil, fmt.Errorf("verifier: Config.TrustedIssuers: %w", err)
		}
	}
	v := &Verifier{cfg: cfg, trusted: map[string]bool{}, contexts: vcdm.KnownContexts()}
	for _, issuer := range cfg.TrustedIssuers {
		v.trusted[issuer] = true
	}
	for _, url := range cfg.Contexts {
		v.contexts[url] = true
	}
	v.cfg.PresentationSigners, v.cfg.IssuerSigners = cloneLists(cfg.PresentationSigners), cloneLists(cfg.IssuerSigners)
	v.cfg.TrustedIssuers, v.cfg.Contexts = slices.Clone(cfg.TrustedIssuers), slices.Clone(cfg.Contexts)
	if v.cfg.MaxAge == 0 {
		v.cfg.MaxAge = DefaultMaxAge
	}
	if v.cfg.MaxFuture == 0 {
		v.cfg.MaxFuture = DefaultMaxFuture
	}
	if v.cfg.Replay == nil {
		v.cfg.Replay = &replay.Memory{}
	}
	if v.cfg.MaxCachedCredentials == 0 {
		v.cfg.MaxCachedCredentials = DefaultMaxCachedCredentials
	}
	v.memo = memo.New[[32]byte, struct{}](v.cfg.MaxCachedCredentials)
	v.statuses = memo.New[statuslist.Key, statuslist.Result](v.cfg.MaxCachedCredentials)
	if v.cfg.Now == nil {
		v.cfg.Now = time.Now
	}
	if v.cfg.Rand == nil {
		v.cfg.Rand = rand.Reader
	}
	v.modes, v.insecure = v.cfg.modes(), v.cfg.insecureSettings()
	return v, nil
}

func cloneLists(m map[string][]string) map[string][]string {
	out := make(map[string][]string, len(m))
	for k, list := range m {
		out[k] = slices.Clone(list)
	}
	return out
}

// modes names the settings that a reader of a receipt has to know.
func (c *Config) modes() []string {
	modes := []string{"issuer:" + c.IssuerBinding.String()}
	for _, m := range []struct {
		on   bool
		name string
	}{
		{len(c.PresentationSigners) > 0, "holder:presentation-signers"},
		{c.GrantorProofs == AllGrantors, "grantors:all"},
		{c.GrantorProofs > 0, "grantors:" + strconv.Itoa(c.GrantorProofs)},
		{c.AllowActionless, "action:optional"},
		{c.RequireParamsBinding, "params:bound"},
		{c.W3COnly, "w3c-only"},
		{c.MaxAge != DefaultMaxAge, "max-age:" + c.MaxAge.String()},
		{c.MaxFuture != DefaultMaxFuture, "max-future:" + c.MaxFuture.String()},
		{c.Leeway != 0, "leeway:" + c.Leeway.String()},
		{c.MaxStatusAge != 0, "max-status-age:" + c.MaxStatusAge.String()},
		{len(c.Contexts) > 0, "contexts:" + strconv.Itoa(len(c.Contexts))},
	} {
		if m.on {
			modes = append(modes, m.name)
		}
	}
	return modes
}

func (c *Config) insecureSettings() []string {
	var names []string
	for _, s := range []struct {
		on   bool
		name string
	}{
		{c.InsecureTrustAnyIssuer, "InsecureTrustAnyIssuer"},
		{c.InsecureAllowUnbound, "InsecureAllowUnbound"},
		{c.InsecureAllowReplay, "InsecureAllowReplay"},
		{c.InsecureUnpinnedActions, "InsecureUnpinnedActions"},
	} {
		if s.on {
			names = append(names, s.name)
		}
	}
	return names
}

// Verify decides a request. The error is nil for allow, a [*DenyError] for
// deny, and anything else for no decision. An allow has used up the
// presentation, and the challenge that was expected: a second Verify of either
// is denied.
//
// A ctx that is done, an outage, and a panic of an implementation in the
// Config all are no decision.
func (v *Verifier) Verify(ctx context.Context, req Request) (*Result, error) {
	// A panic in the engine itself must not take its host down.
	return guard("engine", func() (*Result, error) {
		verdict, err := v.judge(ctx, req)
		if err != nil {
			return nil, err
		}
		return v.commit(ctx, verdict)
	})
}

// DryRun decides like Verify but neither consumes the presentation nor checks
// that it was used before, and signs no receipt. Its answer authorizes nothing.
func (v *Verifier) DryRun(ctx context.Context, req Request) (*Preview, error) {
	return guard("engine", func() (*Preview, error) {
		verdict, err := v.judge(ctx, req)
		if err != nil {
			return nil, err
		}
		return verdict.preview(), nil
	})
}

// judge carries a request from bytes to a verdict.
func (v *Verifier) judge(ctx context.Context, req Request) (*verdict, error) {
	if err := ctx.Err(); err != nil {
		return nil, noDecision("", err)
	}
	now, err := v.now()
	if err != nil {
		return nil, err
	}
	p, err := v.parse(req, now)
	if err != nil {
		return nil, err
	}
	s, refused, err := v.screen(p)
	if refused != nil || err != nil {
		return refused, err
	}
	ev := &evidence{}
	l := lookups{parent: ctx}
	defer l.end()
	for range maxRounds {
		verdict, need, err := v.decide(ctx, s, ev)
		if verdict != nil || err != nil {
			return verdict, err
		}
		if err := v.fetch(&l, need, ev); err != nil {
			return nil, err
		}
	}
	verdict, _, err := v.decide(ctx, s, ev)
	if verdict == nil && err == nil {
		err = noDecision("", errors.New("more lookups than one decision may take"))
	}
	return verdict, err
}

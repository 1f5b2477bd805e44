package verifier

import (
	"cmp"
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

// Defaults of the zero Config.
const (
	DefaultMaxAge    = 5 * time.Minute
	DefaultMaxFuture = time.Minute

	DefaultMaxCachedCredentials = 4096
)

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

// Config configures a Verifier. The first three fields are required. The zero value
// of every other field is the safe one.
type Config struct {
	// Resolver finds the DID documents that proofs name. A decision asks for at most
	// eight, and for five seconds in all, in this order:
	//
	//   - the DIDs of trusted issuers (of any issuer, with InsecureTrustAnyIssuer),
	//     and of signers that IssuerSigners maps to them or that their own documents
	//     list;
	//   - the holder whom a proven mandate authorizes, and its PresentationSigners;
	//   - once the presentation is proven, others who have signed a credential.
	Resolver didresolve.Resolver
	// Signer signs the receipts. Without a receipt there is no allow.
	Signer receipts.Signer
	// TrustedIssuers are the DIDs whose credentials count, compared byte for
	// byte. Every credential of a presentation must be of one of them.
	// InsecureTrustAnyIssuer replaces the list.
	TrustedIssuers []string

	// Who may sign.

	// IssuerBinding says which keys are an issuer's: IssuerStrict unless set. One
	// proof of a credential has to be by its issuer in this sense. The others may be
	// by anybody, and have to verify.
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

	// To whom, and when.

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
	// ChallengeLifetime is for how long a challenge is expected after it was given
	// out. A used challenge is remembered that long. Zero means forever, which fills
	// a replay.Memory in time.
	ChallengeLifetime time.Duration

	// What is accepted.

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

	// Whom the engine asks.

	// ContextChecker, when set, is asked about the presentation and each credential
	// as they were received, after the URLs of their @context were accepted.
	ContextChecker ContextChecker
	// Status answers for credentials with a credentialStatus. Nil denies them.
	Status StatusSource
	// Actions answers for mandates that only reference an action. Nil denies
	// them.
	Actions policy.Source
	// Replay remembers presentations that were used. Nil means a
	// [replay.Memory] of the Verifier's own, which is gone when the process ends.
	Replay Replay
	// SignatureVerifier verifies the signatures of presentations, credentials and
	// status lists. Nil means crypto/ed25519.
	SignatureVerifier SignatureVerifier
	// Now is the clock. Nil means time.Now. Several goroutines use it at once, as
	// they use Rand.
	Now func() time.Time
	// Rand is the source of receipt ids and salts. Nil means crypto/rand.
	Rand io.Reader

	// What is kept.

	// MaxCachedCredentials is how many signatures of credentials and status lists
	// to remember that verified, 50 bytes each, and how many entries of status lists,
	// 120 bytes each: a mandate is presented more than once. Zero means
	// DefaultMaxCachedCredentials, less than that none.
	//
	// The Verifier remembers that this key made this signature of these bytes, the
	// proof's own among them, and that these bytes of a list hold this entry. Both
	// stay true forever. It checks all else each time, also for a credential that it
	// remembers:
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

	// What weakens a check. Every receipt names the ones that are set.

	// InsecureTrustAnyIssuer accepts credentials of every issuer: anybody can
	// then issue a mandate that allows anything, and make the Resolver look up
	// any DID.
	InsecureTrustAnyIssuer bool
	// InsecureAllowUnbound accepts presentations without a domain: a party that
	// receives one can present it elsewhere.
	InsecureAllowUnbound bool
	// InsecureAllowReplay accepts a presentation any number of times.
	InsecureAllowReplay bool
	// InsecureUnpinnedActions accepts references to actions without a digest: the
	// source of the action then decides what the mandate allows.
	InsecureUnpinnedActions bool
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
	v := &Verifier{cfg: cfg, trusted: map[string]bool{}, contexts: vcdm.KnownContexts()}
	for _, issuer := range cfg.TrustedIssuers {
		if _, err := didresolve.Parse(issuer); err != nil {
			return nil, fmt.Errorf("verifier: Config.TrustedIssuers: %w", err)
		}
		v.trusted[issuer] = true
	}
	for _, url := range cfg.Contexts {
		v.contexts[url] = true
	}
	v.cfg.PresentationSigners, v.cfg.IssuerSigners = cloneLists(cfg.PresentationSigners), cloneLists(cfg.IssuerSigners)
	v.cfg.TrustedIssuers, v.cfg.Contexts = slices.Clone(cfg.TrustedIssuers), slices.Clone(cfg.Contexts)
	v.cfg.MaxAge, v.cfg.MaxFuture = cmp.Or(cfg.MaxAge, DefaultMaxAge), cmp.Or(cfg.MaxFuture, DefaultMaxFuture)
	v.cfg.MaxCachedCredentials = cmp.Or(cfg.MaxCachedCredentials, DefaultMaxCachedCredentials)
	if v.cfg.Replay == nil {
		v.cfg.Replay = &replay.Memory{}
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

func cloneLists[E any](m map[string][]E) map[string][]E {
	out := make(map[string][]E, len(m))
	for k, list := range m {
		out[k] = slices.Clone(list)
	}
	return out
}

// modes names the settings that a reader of a receipt has to know.
func (c *Config) modes() []string {
	return append([]string{"issuer:" + c.IssuerBinding.String()}, set([]setting{
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
	})...)
}

func (c *Config) insecureSettings() []string {
	return set([]setting{
		{c.InsecureTrustAnyIssuer, "InsecureTrustAnyIssuer"},
		{c.InsecureAllowUnbound, "InsecureAllowUnbound"},
		{c.InsecureAllowReplay, "InsecureAllowReplay"},
		{c.InsecureUnpinnedActions, "InsecureUnpinnedActions"},
	})
}

type setting struct {
	on   bool
	name string
}

// set returns the names of the settings that are on.
func set(settings []setting) (names []string) {
	for _, s := range settings {
		if s.on {
			names = append(names, s.name)
		}
	}
	return names
}

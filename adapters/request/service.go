package request

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/mandate-engine/mandate/adapters/store"
	"github.com/mandate-engine/mandate/adapters/vault"
	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/policy"
	"github.com/mandate-engine/mandate/receipts"
)

// A Notifier hands one-time passwords to subjects. What it is given is secret.
type Notifier interface {
	Notify(ctx context.Context, m Message) error
}

// A Message is for one subject.
type Message struct {
	To        string
	OTP       string
	Link      string
	RequestID string
	Language  string // ENG, PRT
}

// Identities say who uses a contact.
type Identities interface {
	Identity(ctx context.Context, tenantID, contact string) (store.Identity, error)
}

// A Sealer keeps what must not be read from the database.
type Sealer interface {
	MAC(context string, data []byte) []byte
}

// Config configures a Service. Store, Keys, Secrets, Notifier and PublicURL are
// required.
type Config struct {
	Store    store.Store
	Keys     vault.KeyStore
	Secrets  Sealer
	Notifier Notifier
	// Identities nil means those in the store, which an operator sets.
	Identities Identities
	// PublicURL is under what links, evidences (/evidence/{id}) and status lists
	// (/status/{n}) are found: scheme and host, no slash at the end. Changing it
	// does not change what was issued.
	PublicURL string
	// PublicHost, when set, is the host under which DIDs of the service are
	// published: new ones are did:web:<host>:platform|user:<uuid>. Otherwise
	// they are did:key.
	PublicHost string
	// Now is the clock. Nil means time.Now.
	Now func() time.Time
	// Rand makes ids and one-time passwords. Nil means crypto/rand.
	Rand io.Reader
}

// A Service is safe for concurrent use. It is a [verifier.StatusSource], a
// [policy.Source] and a [didresolve.Resolver] of what it has made itself.
type Service struct {
	cfg Config
}

var errNotYet = errors.New("request: not there yet")

// New checks cfg, and makes the key of the service on the first start.
func New(ctx context.Context, cfg Config) (*Service, error) { return nil, errNotYet }

// Signer signs mandates, status lists and receipts: the service's own key. Its
// DID is the issuer to trust.
func (s *Service) Signer() receipts.Signer { return nil }

// Tenant returns the tenant with a name, 1 to 200 characters, which it makes when
// there is none.
func (s *Service) Tenant(ctx context.Context, name string) (store.Tenant, error) {
	return store.Tenant{}, errNotYet
}

// Create makes a request: POST /request. With an idempotency key, a second call
// with the same body returns the same answer, replayed, for 24 hours.
func (s *Service) Create(ctx context.Context, caller store.Tenant, body []byte, idempotencyKey string) (answer []byte, replayed bool, err error) {
	return nil, false, errNotYet
}

// Detail returns a request: GET /request/{id}.
func (s *Service) Detail(ctx context.Context, caller store.Tenant, id string) ([]byte, error) {
	return nil, errNotYet
}

// List returns a page of the caller's own requests: GET /request. query holds
// the parameters by their names of the documentation, brackets and comma lists
// resolved; unknown ones are ignored.
func (s *Service) List(ctx context.Context, caller store.Tenant, query map[string][]string) ([]byte, error) {
	return nil, errNotYet
}

// Decide takes the decision of a subject: POST /request/{id}/decision.
func (s *Service) Decide(ctx context.Context, caller store.Tenant, id string, body []byte) ([]byte, error) {
	return nil, errNotYet
}

// Cancel cancels a request: DELETE /request/{id}.
func (s *Service) Cancel(ctx context.Context, caller store.Tenant, id string) ([]byte, error) {
	return nil, errNotYet
}

// Resend sends new one-time passwords, to one contact or with "" to all that have
// not decided: PATCH /request/resend/{id}?contact=.
func (s *Service) Resend(ctx context.Context, caller store.Tenant, id, contact string) ([]byte, error) {
	return nil, errNotYet
}

// Credential returns one row of the credentials of a detail: GET /credential/{id}.
func (s *Service) Credential(ctx context.Context, caller store.Tenant, id string) ([]byte, error) {
	return nil, errNotYet
}

// Present makes a presentation of a mandate: POST /credential/vp/{id}.
func (s *Service) Present(ctx context.Context, caller store.Tenant, id string, body []byte) ([]byte, error) {
	return nil, errNotYet
}

// Revoke revokes an issued credential: DELETE /credential/revoke/{id}. An empty
// body is {}.
func (s *Service) Revoke(ctx context.Context, caller store.Tenant, id string, body []byte) ([]byte, error) {
	return nil, errNotYet
}

// Evidence returns the bytes whose digest a credential states, which are JSON:
// GET /evidence/{id}.
func (s *Service) Evidence(ctx context.Context, caller store.Tenant, id string) ([]byte, error) {
	return nil, errNotYet
}

// Receipt returns a receipt as it was signed: GET /receipt/{id}.
func (s *Service) Receipt(ctx context.Context, caller store.Tenant, id string) ([]byte, error) {
	return nil, errNotYet
}

// KeepReceipt stores the receipt of a decision and appends it to the log. Do so
// before the decision is answered.
func (s *Service) KeepReceipt(ctx context.Context, caller store.Tenant, r *receipts.Receipt) error {
	return errNotYet
}

// PublishAction publishes a version of an action: POST /actions.
func (s *Service) PublishAction(ctx context.Context, caller store.Tenant, body []byte) ([]byte, error) {
	return nil, errNotYet
}

// Actions lists the caller's actions: GET /actions.
func (s *Service) Actions(ctx context.Context, caller store.Tenant) ([]byte, error) {
	return nil, errNotYet
}

// ActionVersion returns one version: GET /actions/version/{id}.
func (s *Service) ActionVersion(ctx context.Context, caller store.Tenant, id string) ([]byte, error) {
	return nil, errNotYet
}

// CreateResource stores a template of a credential: POST /resource.
func (s *Service) CreateResource(ctx context.Context, caller store.Tenant, body []byte) ([]byte, error) {
	return nil, errNotYet
}

// CreateGroup stores a list of templates: POST /resource/group.
func (s *Service) CreateGroup(ctx context.Context, caller store.Tenant, body []byte) ([]byte, error) {
	return nil, errNotYet
}

// Resources lists the caller's templates: GET /resource.
func (s *Service) Resources(ctx context.Context, caller store.Tenant) ([]byte, error) {
	return nil, errNotYet
}

// SetIdentity marks a user of a tenant as verified, or not: what an operator does.
func (s *Service) SetIdentity(ctx context.Context, tenantID, contact string, i store.Identity) error {
	return errNotYet
}

// StatusList implements [verifier.StatusSource]. Its lists are at
// PublicURL/status/{n}; others are [verifier.ErrNoStatusList].
func (s *Service) StatusList(ctx context.Context, url string) ([]byte, error) { return nil, errNotYet }

// Action implements [policy.Source] with all that was published.
func (s *Service) Action(ctx context.Context, ref policy.Ref) ([]byte, error) { return nil, errNotYet }

// Resolve implements [didresolve.Resolver] for the DIDs of the service. Their
// documents are to be served where did:web has them.
func (s *Service) Resolve(ctx context.Context, did string) (*didresolve.Resolution, error) {
	return nil, errNotYet
}

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/mandate-engine/mandate/adapters/httpapi"
	"github.com/mandate-engine/mandate/adapters/passport"
	"github.com/mandate-engine/mandate/adapters/signing"
	"github.com/mandate-engine/mandate/adapters/store"
	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/verifier"
)

// A service holds the settings of serve.
type service struct {
	instance        instanceFlags
	addr, publicURL text
	issuers         texts
	creates, calls  number
	json            bool
}

func (a *app) serveCommand() *cobra.Command {
	var s service
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "The HTTP API on the embedded store",
		Long: `Serve the HTTP API on the embedded store. The first start makes keys, the tenant
"default" and a key for it, whose credentials it writes to the file
credentials.json in --data, and says how to call.

stdout says where it listens; stderr has one line of JSON for each call. SIGINT
and SIGTERM end it when the calls in progress are answered, for at most 30 s.
TLS is for whatever stands in front of it.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return a.serve(ctx, &s)
		},
	}
	f := cmd.Flags()
	s.instance.flags(cmd)
	f.Var(&s.addr, "addr", "listen at `HOST:PORT`; default 127.0.0.1:8080")
	f.Var(&s.publicURL, "public-url", "the `URL` under which others reach the server; it stands in what is issued, so it has to last; default where it listens")
	f.Var(&s.issuers, "issuer", "also trust the issuer `DID` in POST /credential/verify; repeatable")
	f.Var(&s.creates, "creates-per-minute", "how many requests or passports a key may create in a minute; default 60")
	f.Var(&s.calls, "calls-per-minute", "how many calls a key may make in a minute; default 60000")
	jsonFlag(cmd, &s.json)
	return cmd
}

func (a *app) serve(ctx context.Context, s *service) error {
	addr := s.addr.value
	if addr == "" {
		addr = "127.0.0.1:8080"
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return unusable("--addr: %w", err)
	}
	defer listener.Close() // for a failed start; otherwise the server has closed it
	local := localURL(listener)
	public := local
	if s.publicURL.value != "" {
		if public, err = publicBase(s.publicURL.value); err != nil {
			return err
		}
	}
	log := slog.New(slog.NewJSONHandler(a.stderr, nil))
	in, err := a.open(ctx, &s.instance, public, log)
	if err != nil {
		return err
	}
	defer in.close()
	api, err := a.api(in, s, public, log)
	if err != nil {
		return err
	}
	first, err := a.firstStart(ctx, in)
	if err != nil {
		return err
	}
	if err := in.outbox.Clean(); err != nil {
		return unusable("%w", err)
	}
	a.announce(s, local, in, first)
	ticker := time.NewTicker(sweepEvery)
	defer ticker.Stop()
	swept := make(chan struct{})
	go func() { defer close(swept); sweep(ctx, in.requests.Sweep, ticker.C, log) }()
	err = serveUntil(ctx, api.HTTPServer(), listener, log)
	stop()
	<-swept
	return err
}

// sweepEvery is the interval at which serve sends unsent one-time passwords.
const sweepEvery = 10 * time.Second

// sweep calls f immediately and at each tick, until ctx is done.
func sweep(ctx context.Context, f func(context.Context) error, tick <-chan time.Time, log *slog.Logger) {
	for {
		if err := f(ctx); err != nil && ctx.Err() == nil {
			log.Error("what was not sent is left to the next look", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick:
		}
	}
}

// api connects the engine and the services.
func (a *app) api(in *instance, s *service, public string, log *slog.Logger) (*httpapi.Server, error) {
	signer := in.requests.Signer()
	engine, err := verifier.New(verifier.Config{
		// The service's own DIDs come from the store. No DID is fetched.
		Resolver:       didresolve.Chain(in.requests, didresolve.Key(), didresolve.JWK()),
		Signer:         signer,
		TrustedIssuers: append([]string{signing.DID(signer)}, s.issuers...),
		Status:         in.requests,
		Actions:        in.requests,
		Replay:         in.db.Replay(),
		// The documented endpoint accepts mandates without an action and
		// presentations without a domain. Every receipt records these
		// settings.
		AllowActionless:      true,
		InsecureAllowUnbound: true,
		Now:                  a.now,
	})
	if err != nil {
		return nil, unusable("%w", err)
	}
	var own store.Tenant
	err = in.db.View(context.Background(), func(tx store.Tx) (err error) { own, err = tx.Tenant(store.ServiceTenant); return err })
	if err != nil {
		return nil, undecided("%w", err)
	}
	origin := public[strings.Index(public, "//")+2:] + "/log"
	prover, err := passport.NewProver(origin, own.Key.Public, signer)
	if err != nil {
		return nil, undecided("%w", err)
	}
	passports, err := passport.New(passport.Config{Store: in.db, Keys: in.vault, Signer: signer, Log: in.db.Log(), Prover: prover, Now: a.now})
	if err != nil {
		return nil, undecided("%w", err)
	}
	api, err := httpapi.New(httpapi.Config{
		Keys: in.keys, Verifier: engine, Receipts: in.requests, Requests: in.requests, Passports: passports,
		PublicURL: public, PublicHost: s.instance.publicHost.value,
		Ready: func(ctx context.Context) error {
			return in.db.View(ctx, func(tx store.Tx) error { _, err := tx.Tenant(store.ServiceTenant); return err })
		},
		CreatesPerMinute: int(s.creates.n), CallsPerMinute: int(s.calls.n),
		Log: log, Now: a.now,
	})
	if err != nil {
		return nil, unusable("%w", err)
	}
	return api, nil
}

// firstStart creates a tenant and a key if there is no key, and reports
// whether it did. It writes the credentials only to a file that its owner
// alone can read, because the output of a server ends up in logs.
func (a *app) firstStart(ctx context.Context, in *instance) (bool, error) {
	var keys []store.APIKey
	err := in.db.View(ctx, func(tx store.Tx) (err error) { keys, err = tx.APIKeys(); return err })
	if err != nil {
		return false, undecided("%w", err)
	}
	if len(keys) > 0 {
		return false, nil
	}
	c, err := a.newAPIKey(ctx, in, "default", store.APIKey{})
	if err != nil {
		return false, err
	}
	b, err := canonical.Marshal(c)
	if err == nil {
		err = writeNew(credentialsFile(in), append(b, '\n'))
	}
	if err != nil { // also if another server was first
		id, _ := c["id"].(string)
		err = errors.Join(err, in.keys.Revoke(ctx, id, a.now()))
		if errors.Is(err, os.ErrExist) {
			a.complain("%s is there; 'mandate admin key create' makes other keys", credentialsFile(in))
			return false, nil
		}
		return false, unusable("the first key: %w", err)
	}
	return true, nil
}

func credentialsFile(in *instance) string { return filepath.Join(in.dir, "credentials.json") }

// announce prints the address of the server and how to call it, without
// secrets.
func (a *app) announce(s *service, local string, in *instance, first bool) {
	if s.json {
		o := object{"url": local, "issuer": signing.DID(in.requests.Signer())}
		if first {
			o["credentials"] = credentialsFile(in)
		}
		a.printJSON(o) // the sink records the error
		return
	}
	a.printf("listening on %s\n", local)
	a.printf("issuer       %s\n", signing.DID(in.requests.Signer()))
	if !first {
		return
	}
	a.printf(`
First start: the tenant "default" has a key, in %[1]s. A call:

  KEY=$(jq -r .apiKey %[1]s) SECRET=$(jq -r .signatureSecret %[1]s) NOW=$(date +%%s%%3N)
  curl %[2]s/v1/request -H "Authorization: Bearer $KEY" -H "X-Timestamp: $NOW" \
    -H "X-Signature: $(printf %%s "$NOW" | openssl dgst -sha256 -hmac "$SECRET" -hex | sed 's/.* //')"

With a body, "$NOW.$BODY" is signed. %[2]s/openapi.yaml has the calls.
`, credentialsFile(in), local)
}

// serveUntil serves until ctx is done, then waits for running calls.
func serveUntil(ctx context.Context, server *http.Server, l net.Listener, log *slog.Logger) error {
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(l) }()
	select {
	case err := <-failed:
		return undecided("%w", err)
	case <-ctx.Done():
	}
	log.Info("shutting down")
	// ctx is done, so shutdown needs a new context.
	end, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := server.Shutdown(end); err != nil {
		return undecided("calls in progress were cut off: %w", errors.Join(err, server.Close()))
	}
	if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
		return undecided("%w", err)
	}
	return nil
}

// newAPIKey creates a key for the tenant with a name, creates the tenant if
// necessary, and returns the credentials.
func (a *app) newAPIKey(ctx context.Context, in *instance, tenant string, k store.APIKey) (object, error) {
	t, err := in.requests.Tenant(ctx, tenant)
	if err != nil {
		return nil, unusable("%w", err)
	}
	k.TenantID, k.Created = t.ID, a.now()
	if k.Name == "" {
		k.Name = tenant
	}
	c, err := in.keys.Create(ctx, k)
	if err != nil {
		return nil, undecided("%w", err)
	}
	return object{"id": c.ID, "apiKey": c.APIKey, "signatureSecret": c.SignatureSecret, "did": t.DID, "tenant": fmt.Sprint(t.Name)}, nil
}

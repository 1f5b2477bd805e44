package main

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/mandate-engine/mandate/adapters/httpapi"
	"github.com/mandate-engine/mandate/adapters/request"
	"github.com/mandate-engine/mandate/adapters/store"
	"github.com/mandate-engine/mandate/adapters/vault"
)

// instanceFlags select the installation that a command uses.
type instanceFlags struct {
	data, database, publicHost text
}

func (f *instanceFlags) flags(cmd *cobra.Command) {
	cmd.Flags().Var(&f.data, "data", "the `DIR` with the database, the outbox and, unless MANDATE_KEK says otherwise, the key-encryption key; default mandate-data")
	cmd.Flags().Var(&f.database, "database", "the `URL` of the database, sqlite:FILE; default the file mandate.db in --data")
	cmd.Flags().Var(&f.publicHost, "public-host", "publish new DIDs as did:web under this `HOST`; default did:key")
}

// An instance is an open installation: its store, secrets and services.
type instance struct {
	dir      string
	db       *store.DB
	vault    *vault.Vault
	requests *request.Service
	outbox   request.Outbox
	keys     *httpapi.KeyRing
	close    func() error
}

// open opens an installation and creates it if necessary. Credentials issued
// from now on contain publicURL. log may be nil.
func (a *app) open(ctx context.Context, f *instanceFlags, publicURL string, log *slog.Logger) (_ *instance, err error) {
	in := &instance{dir: f.data.value}
	if in.dir == "" {
		in.dir = "mandate-data"
	}
	file := filepath.Join(in.dir, "mandate.db")
	if f.database.value != "" {
		rest, ok := strings.CutPrefix(f.database.value, "sqlite:")
		if !ok || rest == "" {
			return nil, unusable("--database is not sqlite:FILE, the only kind there is")
		}
		file = rest
	}
	if err := os.MkdirAll(in.dir, 0o700); err != nil {
		return nil, unusable("--data: %w", err)
	}
	if file, err = filepath.Abs(file); err != nil {
		return nil, unusable("--database: %w", err)
	}
	// The driver would create the file readable by others.
	if created, err := os.OpenFile(file, os.O_CREATE, 0o600); err != nil {
		return nil, unusable("--database: %w", err)
	} else if err := created.Close(); err != nil {
		return nil, unusable("--database: %w", err)
	}
	db, err := sql.Open("sqlite", store.SQLiteDSN(file))
	if err != nil {
		return nil, undecided("the database cannot be opened: %w", err)
	}
	db.SetMaxIdleConns(8)
	db.SetMaxOpenConns(16)
	in.close = db.Close
	defer func() {
		if err != nil {
			err = errors.Join(err, db.Close())
		}
	}()
	if in.db, err = store.Open(ctx, db, store.SQLite); err != nil {
		return nil, undecided("the database cannot be opened: %w", err)
	}
	kekFile := filepath.Join(in.dir, "kek")
	kek, byDefault, err := vault.ReadKEK(ctx, os.Getenv, kekFile)
	if err != nil {
		return nil, unusable("%w", err)
	}
	if byDefault {
		a.complain("the key-encryption key is in %s, beside what it protects; set MANDATE_KEK, MANDATE_KEK_FILE or MANDATE_KEK_COMMAND to keep it elsewhere", kekFile)
	}
	if in.vault, err = vault.Open(ctx, in.db, kek); err != nil {
		return nil, unusable("%w", err)
	}
	in.outbox = request.Outbox{Dir: filepath.Join(in.dir, "outbox")}
	in.requests, err = request.New(ctx, request.Config{
		Store: in.db, Keys: in.vault, Secrets: in.vault,
		Notifier:  in.outbox,
		PublicURL: publicURL, PublicHost: f.publicHost.value,
		Log: log, Now: a.now,
	})
	if err != nil {
		return nil, undecided("%w", err)
	}
	in.keys = &httpapi.KeyRing{Store: in.db, Secrets: in.vault}
	return in, nil
}

// publicBase checks a --public-url: scheme and host only.
func publicBase(s string) (string, error) {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || strings.TrimSuffix(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return "", unusable("--public-url is not a scheme and a host, such as https://mandates.example")
	}
	return u.Scheme + "://" + u.Host, nil
}

// localURL returns the URL of a listener on this machine.
func localURL(l net.Listener) string {
	host, port, err := net.SplitHostPort(l.Addr().String())
	if ip := net.ParseIP(host); err != nil || ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port)
}

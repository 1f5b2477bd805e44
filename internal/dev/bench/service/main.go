// Command service is the smallest program that serves the whole HTTP API on
// SQLite. Its size measures the engine, the adapters and the database. It
// serves from a directory, on a loopback port.
package main

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"

	_ "modernc.org/sqlite"

	"github.com/mandate-engine/mandate/adapters/httpapi"
	"github.com/mandate-engine/mandate/adapters/passport"
	"github.com/mandate-engine/mandate/adapters/request"
	"github.com/mandate-engine/mandate/adapters/signing"
	"github.com/mandate-engine/mandate/adapters/store"
	"github.com/mandate-engine/mandate/adapters/vault"
	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/verifier"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: service DIRECTORY")
		os.Exit(2)
	}
	if err := run(context.Background(), os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "service:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, dir string) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	url, log := "http://"+listener.Addr().String(), slog.Default()
	file, err := sql.Open("sqlite", store.SQLiteDSN(filepath.Join(dir, "mandate.db")))
	if err != nil {
		return err
	}
	defer file.Close()
	db, err := store.Open(ctx, file, store.SQLite)
	if err != nil {
		return err
	}
	kek, _, err := vault.ReadKEK(ctx, os.Getenv, filepath.Join(dir, "kek"))
	if err != nil {
		return err
	}
	secrets, err := vault.Open(ctx, db, kek)
	if err != nil {
		return err
	}
	requests, err := request.New(ctx, request.Config{Store: db, Keys: secrets, Secrets: secrets,
		Notifier: request.Outbox{Dir: filepath.Join(dir, "outbox")}, PublicURL: url, Log: log})
	if err != nil {
		return err
	}
	signer := requests.Signer()
	engine, err := verifier.New(verifier.Config{Resolver: didresolve.Chain(requests, didresolve.Key(), didresolve.JWK()), Signer: signer,
		TrustedIssuers: []string{signing.DID(signer)}, Status: requests, Actions: requests, Replay: db.Replay()})
	if err != nil {
		return err
	}
	var own store.Tenant
	if err := db.View(ctx, func(tx store.Tx) (err error) { own, err = tx.Tenant(store.ServiceTenant); return err }); err != nil {
		return err
	}
	prover, err := passport.NewProver(listener.Addr().String()+"/log", own.Key.Public, signer)
	if err != nil {
		return err
	}
	passports, err := passport.New(passport.Config{Store: db, Keys: secrets, Signer: signer, Log: db.Log(), Prover: prover})
	if err != nil {
		return err
	}
	api, err := httpapi.New(httpapi.Config{Keys: &httpapi.KeyRing{Store: db, Secrets: secrets}, Verifier: engine, Receipts: requests,
		Requests: requests, Passports: passports, PublicURL: url, Log: log})
	if err != nil {
		return err
	}
	fmt.Println(url)
	return api.HTTPServer().Serve(listener)
}

package request_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/mandate-engine/mandate/adapters/request"
	"github.com/mandate-engine/mandate/adapters/store"
	"github.com/mandate-engine/mandate/adapters/vault"
)

// show is a Notifier that prints the recipient.
type show struct{ otp *string }

func (s show) Notify(_ context.Context, m request.Message) error {
	fmt.Println("a password of", len(m.OTP), "digits for", m.To)
	*s.otp = m.OTP
	return nil
}

// A request is created, and its subject decides with the one-time password.
func Example() {
	if err := example(); err != nil {
		fmt.Println(err)
	}
	// Output:
	// a password of 8 digits for ana@example.com
	// otp_invalid: the one-time password is wrong
	// ACTIVE
}

func example() error {
	dir, err := os.MkdirTemp("", "request")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()
	db, err := sql.Open("sqlite", store.SQLiteDSN(filepath.Join(dir, "db"))) // import _ "modernc.org/sqlite"
	if err != nil {
		return err
	}
	defer db.Close()
	st, err := store.Open(ctx, db, store.SQLite)
	if err != nil {
		return err
	}
	v, err := vault.Open(ctx, st, []byte(strings.Repeat("ab", 32)))
	if err != nil {
		return err
	}
	var otp string
	s, err := request.New(ctx, request.Config{Store: st, Keys: v, Secrets: v, Notifier: show{&otp}, PublicURL: "https://mandates.example"})
	if err != nil {
		return err
	}
	tenant, err := s.Tenant(ctx, "acme")
	if err != nil {
		return err
	}
	answer, _, err := s.Create(ctx, tenant, []byte(`{"contacts":["ana@example.com"],"credentials":[{"type":"CONSENT","data":[{"label":"text","type":"string","value":"I agree"}]}]}`), "", nil)
	if err != nil {
		return err
	}
	id := get(panicTB{}, answer, "id")
	for _, otp := range []string{"0000", otp} {
		answer, err := s.Decide(ctx, tenant, id, []byte(`{"contact":"ana@example.com","otp":"`+otp+`","accepted":true}`))
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(get(panicTB{}, answer, "credentials/0/status"))
	}
	return nil
}

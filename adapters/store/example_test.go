package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/mandate-engine/mandate/adapters/store"
)

// The writes of one Update are stored together or not at all.
func ExampleOpen() {
	dir, err := os.MkdirTemp("", "store")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	db, err := sql.Open("sqlite", store.SQLiteDSN(filepath.Join(dir, "db"))) // import _ "modernc.org/sqlite"
	if err != nil {
		fmt.Println(err)
		return
	}
	defer db.Close()
	ctx := context.Background()
	s, err := store.Open(ctx, db, store.SQLite)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(s.Update(ctx, func(tx store.Tx) error { return tx.PutSetting("a", []byte("1")) }))
	fmt.Println(s.Update(ctx, func(tx store.Tx) error {
		return errors.Join(tx.PutSetting("a", []byte("2")), errors.New("on second thoughts"))
	}))
	fmt.Println(s.View(ctx, func(tx store.Tx) error {
		v, err := tx.Setting("a")
		fmt.Printf("%s\n", v)
		return err
	}))
	// Output:
	// <nil>
	// on second thoughts
	// 1
	// <nil>
}

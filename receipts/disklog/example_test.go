package disklog_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/mandate-engine/mandate/receipts/disklog"
)

func Example() {
	dir, err := os.MkdirTemp("", "receipts")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	l, err := disklog.Open(dir, disklog.Options{})
	if err != nil {
		log.Fatal(err)
	}
	index, err := l.Append(context.Background(), []byte(`{"decision":"allow"}`)) // on the disk when it returns
	fmt.Println(index, err)
	if _, err := disklog.Open(dir, disklog.Options{}); err != nil {
		fmt.Println(err)
	}
	fmt.Println(l.Close())
	// Output:
	// 0 <nil>
	// disklog: another writer has the log open
	// <nil>
}

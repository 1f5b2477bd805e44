package safehttp_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/mandate-engine/mandate/internal/safehttp"
)

// A client connects only to the public web, whoever chose the URL.
func Example() {
	client, err := safehttp.New(safehttp.Config{MaxBytes: 64 << 10})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, url := range []string{"http://example.com/", "https://example.com:8443/", "https://[::ffff:169.254.169.254]/latest/meta-data/"} {
		_, err := client.Get(context.Background(), url, nil)
		fmt.Println(errors.Is(err, safehttp.ErrBlocked))
	}
	// Output:
	// true
	// true
	// true
}

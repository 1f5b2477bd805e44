package httpapi_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/mandate-engine/mandate/adapters/httpapi"
	"github.com/mandate-engine/mandate/adapters/store"
)

// A caller signs the time and, if there is one, the body of each call.
func ExampleSign() {
	fmt.Println(httpapi.Sign([]byte("secret"), false, "1777716960000", "POST", "/v1/request", []byte(`{"a":1}`)))
	// Output:
	// d57ca0854de81613d608d2f678eef0740362edded524952980acb5aad671a8bc
}

// oneKey has one key.
type oneKey struct{}

func (oneKey) Key(_ context.Context, token [sha256.Size]byte, _ time.Time) (httpapi.Key, error) {
	if token != sha256.Sum256([]byte("mk_example")) {
		return httpapi.Key{}, httpapi.ErrUnknownKey
	}
	return httpapi.Key{ID: "k", Tenant: store.Tenant{ID: "t", DID: "did:example:t"}, Secrets: [][]byte{[]byte("ms_example")}}, nil
}

// A Server without services only has its health routes. Every response is
// JSON.
func ExampleNew() {
	s, err := httpapi.New(httpapi.Config{Keys: oneKey{}, Rand: strings.NewReader(strings.Repeat("a", 24))})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, path := range []string{"/healthz", "/v1/request"} {
		rec := httptest.NewRecorder()
		s.ServeHTTP(rec, httptest.NewRequest("GET", path, nil))
		fmt.Println(rec.Code, rec.Body)
	}
	// Output:
	// 200 {"status":"ok"}
	// 404 {"code":"not_found","detail":"there is nothing here","status":404,"title":"Not Found","type":"about:blank"}
}

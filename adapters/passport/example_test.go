package passport_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"fmt"

	"github.com/mandate-engine/mandate/adapters/passport"
	"github.com/mandate-engine/mandate/adapters/store"
	"github.com/mandate-engine/mandate/internal/sample"
	"github.com/mandate-engine/mandate/receipts"
)

func ExampleService_Create() {
	signer, err := receipts.NewKeySigner(sample.Key(9), "")
	if err != nil {
		fmt.Println(err)
		return
	}
	// A real service uses store.Open and vault.Open.
	s, err := passport.New(passport.Config{Store: nowhere{}, Keys: noKeys{sample.Key(3).Public().(ed25519.PublicKey)}, Signer: signer,
		Now: sample.Now, Rand: bytes.NewReader(make([]byte, 32))})
	if err != nil {
		fmt.Println(err)
		return
	}
	answer, err := s.Create(context.Background(), store.Tenant{ID: "t"}, []byte(`{"type":"agent","name":"Travel agent"}`))
	fmt.Printf("%s %v\n", answer, err)
	_, err = s.Create(context.Background(), store.Tenant{ID: "t"}, []byte(`{"type":"robot","name":"a"}`))
	fmt.Println(err)
	// Output:
	// {"createdAt":"2026-05-02T10:16:00.000Z","did":"did:key:z6MkvRXNYcE7MMduynWTgeKbDaT1iijDSC8pZqXZc8rHPrf2","name":"Travel agent","passportId":"passport_000000000000000000000000","publicKey":"0xed4928c628d1c2c6eae90338905995612959273a5c63f93636c14614ac8737d1","type":"agent"} <nil>
	// invalid_value ("/type"): is none of individual, organization, agent
}

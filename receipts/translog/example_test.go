package translog_test

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"log"

	"github.com/mandate-engine/mandate/receipts/translog"
)

// An operator logs receipts and signs a checkpoint. An auditor with the log's
// pinned key checks one receipt and then all of them.
func Example() {
	key := ed25519.NewKeyFromSeed(make([]byte, 32))
	signer, err := translog.NewSigner("log.example/receipts", key)
	if err != nil {
		log.Fatal(err)
	}
	var m translog.Memory // on disk: package disklog
	for _, receipt := range []string{`{"decision":"allow"}`, `{"decision":"deny"}`} {
		if _, err := m.Append(context.Background(), []byte(receipt)); err != nil {
			log.Fatal(err)
		}
	}
	checkpoint, err := translog.Sign(&m, m.Size(), signer)
	if err != nil {
		log.Fatal(err)
	}
	proof, err := translog.ProveInclusion(&m, 1, checkpoint)
	if err != nil {
		log.Fatal(err)
	}

	pinned, err := translog.NewVerifier("log.example/receipts", key.Public().(ed25519.PublicKey))
	if err != nil {
		log.Fatal(err)
	}
	index, c, err := translog.VerifyInclusion([]byte(`{"decision":"deny"}`), proof, pinned)
	fmt.Println("entry", index, "of", c.Origin, c.Completeness(), err)
	_, err = translog.Verify(translog.Entries(&m, 1), checkpoint, pinned) // without the deny
	fmt.Println(err)
	// Output:
	// entry 1 of log.example/receipts proven_to_size_2 <nil>
	// translog: not proven: truncated: 1 entries, the checkpoint is of size 2
}

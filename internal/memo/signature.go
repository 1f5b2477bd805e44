package memo

import (
	"crypto/sha256"
	"encoding/binary"
)

// SignatureID returns the key under which a Memo remembers that a signature is
// valid. key is the 32-byte public key, document the SHA-256 of the canonical form
// of a document with its proofs, and proof the index of the proof in it. Together
// they determine the signed bytes and the signature.
//
// Remembering a signature saves computing it again and nothing else: whose key it
// is, and whether it may still be used, must be checked each time. Remember only
// signatures that are valid, so that strangers cannot fill the Memo.
func SignatureID(key, document [32]byte, proof int) [32]byte {
	var all [32 + 32 + 8]byte // fixed lengths, so that no two inputs give the same bytes
	copy(all[:32], key[:])
	copy(all[32:64], document[:])
	binary.BigEndian.PutUint64(all[64:], uint64(proof))
	return sha256.Sum256(all[:])
}

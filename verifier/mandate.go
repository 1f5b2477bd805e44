package verifier

import (
	"crypto/sha256"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/internal/dataintegrity"
	"github.com/mandate-engine/mandate/internal/vcdm"
	"github.com/mandate-engine/mandate/internal/viamandate"
	"github.com/mandate-engine/mandate/policy"
)

// A credential is one credential of a presentation, read but not proven.
type credential struct {
	node   canonical.Value
	issuer string
	proofs []*dataintegrity.Proof // at least one, or nil when their form is bad
	valid  vcdm.Period
	proven bool // a proof of the issuer was verified
	digest [sha256.Size]byte
	hashed bool
}

// sum returns the digest of the credential as it was presented, proofs included.
func (c *credential) sum() [sha256.Size]byte {
	if !c.hashed {
		c.digest, c.hashed = c.node.SHA256(), true
	}
	return c.digest
}

// A mandate is what the selected credential says, read but not proven.
type mandate struct {
	viamandate.Mandate
	vc *credential
}

func (m *mandate) ref() policy.Ref {
	return policy.Ref{ID: m.ActionID, Version: m.Version, Digest: m.Digest}
}

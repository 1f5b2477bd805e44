package testvectors

import (
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"time"

	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/internal/dataintegrity"
	"github.com/mandate-engine/mandate/internal/multikey"
)

// epoch is the time of cases in which time does not matter.
var epoch = time.Date(2026, 5, 2, 10, 16, 0, 0, time.UTC)

// A proofCase is a document with a proof, and what the proof is compared
// with. Empty texts and lists are not compared.
type proofCase struct {
	document           canonical.Value
	key                multikey.PublicKey
	via                bool
	purpose, challenge string
	domain             []string
	now                time.Time
}

// readProof reads the area dataintegrity: did this key sign this document?
func readProof(in, want *reader) runner {
	key, err := multikey.ParsePublicKey(in.text("publicKeyMultibase"))
	if err != nil {
		in.fail("%v", err)
	}
	c := proofCase{
		document:  in.value("document"),
		key:       key,
		via:       in.flag("viaProfile"),
		purpose:   in.textIf("purpose"),
		challenge: in.textIf("challenge"),
		domain:    in.texts("domain"),
		now:       epoch,
	}
	if in.has("now") {
		c.now = in.instant("now")
	}
	if want.boolean("verified") {
		want.text("verifiedDocument")
		want.text("proofConfig")
		want.text("proofConfigHash")
		want.text("documentHash")
		want.text("signatureHex")
	} else {
		want.text("code")
	}
	return func(context.Context) (outcome, string) { return c.run() }
}

func (c *proofCase) run() (outcome, string) {
	proofs, bad := dataintegrity.Parse(c.document, c.via)
	if bad != nil {
		return refused(string(bad.Code), bad.Error())
	}
	for _, p := range proofs {
		if bad := c.compare(p); bad != nil {
			return refused(string(bad.Code), bad.Error())
		}
		if !p.Verify(c.key) {
			return refused(string(dataintegrity.Invalid), "the signature does not fit")
		}
	}
	if len(proofs) != 1 {
		return nil, "not exactly one proof"
	}
	return c.facts(proofs[0])
}

// facts are the intermediate values of a proof that verified.
func (c *proofCase) facts(p *dataintegrity.Proof) (outcome, string) {
	node := c.document.Get("proof")
	if p.Form == dataintegrity.FormVIA {
		node = c.document.Get("proofs")
	}
	if node.Kind() == canonical.Array {
		node = node.Index(0)
	}
	value, _ := node.Get("proofValue").String()
	signature, err := multikey.DecodeBase58(value, ed25519.SignatureSize)
	if err != nil {
		return nil, err.Error()
	}
	hashes := p.HashData()
	return outcome{
		"verified":         true,
		"verifiedDocument": string(p.VerifiedDocument()),
		"proofConfig":      string(node.AppendCanonical(nil, canonical.Omit("proofValue"))),
		"proofConfigHash":  hex.EncodeToString(hashes[:32]),
		"documentHash":     hex.EncodeToString(hashes[32:]),
		"signatureHex":     hex.EncodeToString(signature),
	}, ""
}

func (c *proofCase) compare(p *dataintegrity.Proof) *dataintegrity.Error {
	if c.purpose != "" {
		if bad := p.CheckPurpose(c.purpose); bad != nil {
			return bad
		}
	}
	if c.domain != nil {
		if bad := p.CheckDomain(c.domain); bad != nil {
			return bad
		}
	}
	if c.challenge != "" {
		if bad := p.CheckChallenge(c.challenge); bad != nil {
			return bad
		}
	}
	if bad := p.CheckExpiry(c.now, 0); bad != nil {
		return bad
	}
	return p.CheckCreated(c.now, time.Minute)
}

func refused(code, detail string) (outcome, string) {
	return outcome{"verified": false, "code": code}, detail
}

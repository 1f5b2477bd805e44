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

// epoch is the time of cases that do not depend on time.
var epoch = time.Date(2026, 5, 2, 10, 16, 0, 0, time.UTC)

// A proofCase is a document with a proof, and the expected properties of the
// proof. A property that is present, even if empty, is compared.
type proofCase struct {
	document           canonical.Value
	key                multikey.PublicKey            // for one proof
	keys               map[string]multikey.PublicKey // by method, for several proofs; otherwise nil
	via                bool
	purpose, challenge *string
	domain             []string
	now                time.Time
}

// readProof reads the area dataintegrity: whether a key signed a document.
func readProof(in, want *reader) runner {
	key := func(r *reader) multikey.PublicKey {
		k, err := multikey.ParsePublicKey(r.Text("publicKeyMultibase"))
		if err != nil {
			r.fail("%v", err)
		}
		return k
	}
	c := proofCase{
		document:  in.value("document"),
		via:       in.flag("viaProfile"),
		purpose:   in.textThere("purpose"),
		challenge: in.textThere("challenge"),
		domain:    in.TextsIf("domain"),
		now:       epoch,
	}
	if in.Has("keys") {
		c.keys = map[string]multikey.PublicKey{}
		in.objects("keys", func(r *reader) { c.keys[r.Text("verificationMethod")] = key(r) })
	} else {
		c.key = key(in)
	}
	if in.Has("now") {
		c.now = in.Time("now")
	}
	hashes := func(r *reader) {
		r.Text("proofConfigHash")
		r.Text("documentHash")
		r.Text("signatureHex")
	}
	switch {
	case !want.Bool("verified"):
		want.Text("code")
	case c.keys != nil:
		want.Text("verifiedDocument")
		want.objects("proofs", hashes)
	default:
		want.Text("verifiedDocument")
		want.Text("proofConfig")
		hashes(want)
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
		key := c.key
		if c.keys != nil {
			key = c.keys[p.VerificationMethod] // without a key: the zero key verifies nothing
		}
		if !p.Verify(key) {
			return refused(string(dataintegrity.Invalid), "the signature does not fit")
		}
	}
	if c.keys == nil && len(proofs) != 1 {
		return nil, "not exactly one proof"
	}
	list := []any{}
	for i, p := range proofs {
		node := c.node(i, p.Form)
		o, err := facts(p, node)
		if err != nil {
			return nil, err.Error()
		}
		if list = append(list, o); c.keys == nil {
			o["verified"], o["verifiedDocument"] = true, string(p.VerifiedDocument())
			o["proofConfig"] = string(node.AppendCanonical(nil, canonical.Omit("proofValue")))
			return o, ""
		}
	}
	return outcome{"verified": true, "verifiedDocument": string(dataintegrity.VerifiedDocument(proofs)), "proofs": list}, ""
}

// node returns the i-th proof as it appears in the document.
func (c *proofCase) node(i int, form dataintegrity.Form) canonical.Value {
	node := c.document.Get("proof")
	if form == dataintegrity.FormVIA {
		node = c.document.Get("proofs")
	}
	if node.Kind() == canonical.Array {
		node = node.Index(i)
	}
	return node
}

// facts returns the intermediate values of a verified proof.
func facts(p *dataintegrity.Proof, node canonical.Value) (outcome, error) {
	value, _ := node.Get("proofValue").String()
	signature, err := multikey.DecodeBase58(value, ed25519.SignatureSize)
	if err != nil {
		return nil, err
	}
	hashes := p.HashData()
	return outcome{
		"proofConfigHash": hex.EncodeToString(hashes[:32]),
		"documentHash":    hex.EncodeToString(hashes[32:]),
		"signatureHex":    hex.EncodeToString(signature),
	}, nil
}

func (c *proofCase) compare(p *dataintegrity.Proof) *dataintegrity.Error {
	if c.purpose != nil {
		if bad := p.CheckPurpose(*c.purpose); bad != nil {
			return bad
		}
	}
	if c.domain != nil {
		if bad := p.CheckDomain(c.domain); bad != nil {
			return bad
		}
	}
	if c.challenge != nil {
		if bad := p.CheckChallenge(*c.challenge); bad != nil {
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

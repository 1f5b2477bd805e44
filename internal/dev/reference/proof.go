package reference

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A proof is one well-formed, unverified Data Integrity proof (VC Data
// Integrity 1.0, VC DI EdDSA 1.0).
type proof struct {
	node             object
	method, purpose  string
	created, expires *time.Time
	domain           []string // nil if absent
	signature        []byte
	hashed           object // the signed document
	data             []byte // the 64 signed bytes
}

// parseProofs parses the proofs of a document, in order. code is the error, if
// any. form is w3c or via.
func parseProofs(doc object, via bool) (proofs []*proof, form, code string) {
	v, member := doc["proof"], "proof"
	if form = "w3c"; via && has(doc, "proofs") {
		if has(doc, "proof") {
			return nil, form, "credential_ambiguous_proof"
		}
		form, member = "via", "proofs"
		if l, ok := doc["proofs"].([]any); !ok || len(l) == 0 {
			return nil, form, "proof_missing"
		}
		v = doc["proofs"]
	}
	nodes := many(v)
	switch v.(type) {
	case nil:
		return nil, form, "proof_missing"
	case object:
	case []any:
		if len(nodes) == 0 {
			return nil, form, "proof_missing"
		}
	default:
		return nil, form, "proof_invalid"
	}
	if len(nodes) > 16 {
		return nil, form, "too_many_proofs"
	}
	for _, n := range nodes {
		node, _ := n.(object)
		p, code := parseProof(doc, node, member)
		if code != "" {
			return nil, form, code
		}
		proofs = append(proofs, p)
	}
	if !chained(proofs, nodes, form) {
		return nil, form, "proof_invalid"
	}
	for _, p := range proofs {
		config, document := sha256.Sum256(canon(without(p.node, "proofValue"))), sha256.Sum256(canon(p.hashed))
		p.data = slices.Concat(config[:], document[:])
	}
	return proofs, form, ""
}

func parseProof(doc, node object, member string) (*proof, string) {
	for _, want := range []struct{ name, value string }{{"type", "DataIntegrityProof"}, {"cryptosuite", "eddsa-jcs-2022"}} {
		if text(node, want.name) == "" {
			return nil, "proof_invalid"
		}
		if text(node, want.name) != want.value {
			return nil, "unsupported_cryptosuite"
		}
	}
	p := &proof{node: node, method: text(node, "verificationMethod"), purpose: text(node, "proofPurpose")}
	ok := p.method != "" && p.purpose != ""
	for _, name := range []string{"id", "nonce", "challenge", "created", "expires"} {
		_, isText := node[name].(string)
		ok = ok && (!has(node, name) || isText)
	}
	ok = ok && (!has(node, "id") || isURL(text(node, "id")))
	for _, name := range []string{"domain", "previousProof"} {
		l, isTexts := texts(node[name])
		ok = ok && (!has(node, name) || isTexts && len(l) <= 16)
	}
	if has(node, "domain") {
		p.domain, _ = texts(node["domain"])
	}
	for name, at := range map[string]**time.Time{"created": &p.created, "expires": &p.expires} {
		if has(node, name) {
			t, fine := instant(text(node, name))
			*at, ok = &t, ok && fine
		}
	}
	p.signature = base58(text(node, "proofValue"), 64)
	if !ok || p.signature == nil {
		return nil, "proof_invalid"
	}
	// The @context of the document must begin with the signed @context of the
	// proof.
	p.hashed = without(doc, member)
	if context, there := node["@context"]; there {
		want, have := many(context), many(doc["@context"])
		if !isContext(context) || !isContext(doc["@context"]) || len(have) < len(want) {
			return nil, "proof_invalid"
		}
		for i := range want {
			if string(canon(want[i])) != string(canon(have[i])) {
				return nil, "proof_invalid"
			}
		}
		p.hashed["@context"] = context
	}
	return p, ""
}

func isContext(v any) bool {
	switch v := v.(type) {
	case string, object:
		return true
	case []any:
		return len(v) > 0
	}
	return false
}

// chained adds the proofs that each proof references to its hashed document.
// It reports whether each reference has exactly one proof, without a cycle.
func chained(proofs []*proof, nodes []any, form string) bool {
	byID := map[string]int{}
	for i, p := range proofs {
		id := text(p.node, "id")
		if _, twice := byID[id]; twice && id != "" {
			return false
		}
		byID[id] = i
	}
	delete(byID, "")
	before := make([][]int, len(proofs))
	for i, p := range proofs {
		ids, _ := texts(p.node["previousProof"])
		for _, id := range ids {
			j, there := byID[id]
			if !there || slices.Contains(before[i], j) || form != "w3c" {
				return false
			}
			before[i] = append(before[i], j)
		}
		if slices.Sort(before[i]); len(ids) > 0 {
			var named []any
			for _, j := range before[i] {
				named = append(named, nodes[j])
			}
			p.hashed["proof"] = named
		}
	}
	// Without a cycle, every chain ends within as many steps as there are
	// proofs.
	var leadsOut func(i, steps int) bool
	leadsOut = func(i, steps int) bool {
		return steps >= 0 && !slices.ContainsFunc(before[i], func(j int) bool { return !leadsOut(j, steps-1) })
	}
	for i := range proofs {
		if !leadsOut(i, len(proofs)-1) {
			return false
		}
	}
	return true
}

func (p *proof) verifies(key []byte) bool {
	return key != nil && verifyEd25519(key, p.data, p.signature)
}

// expired reports whether the proof has expired at now, with the leeway.
func (p *proof) expired(now time.Time, leeway time.Duration) bool {
	return p.expires != nil && !now.Before(p.expires.Add(leeway))
}

func (p *proof) fromFuture(now time.Time, ahead time.Duration) bool {
	return p.created != nil && p.created.After(now.Add(ahead))
}

func sameSet(a, b []string) bool {
	in := func(a, b []string) bool {
		return !slices.ContainsFunc(a, func(s string) bool { return !slices.Contains(b, s) })
	}
	return len(a) > 0 && in(a, b) && in(b, a)
}

// Ed25519 as in RFC 8032 section 5.1.7, without points of small order, under
// which one signature is valid for many messages.

var (
	fieldPrime = new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 255), big.NewInt(19))
	curveD     = func() *big.Int { // -121665/121666
		d := new(big.Int).ModInverse(big.NewInt(121666), fieldPrime)
		return d.Mod(d.Mul(d, big.NewInt(-121665)), fieldPrime)
	}()
)

// soundPoint reports whether an encoding is canonical, on the curve, and not
// of small order. The order divides 8 exactly when y is 0, 1 or -1, or when
// d·y⁴ + 2·y² - 1 = 0.
func soundPoint(encoded []byte) bool {
	b := slices.Clone(encoded)
	b[31] &= 0x7f
	slices.Reverse(b)
	y, one := new(big.Int).SetBytes(b), big.NewInt(1)
	if y.Cmp(fieldPrime) >= 0 {
		return false
	}
	mod := func(v *big.Int) *big.Int { return v.Mod(v, fieldPrime) }
	y2 := mod(new(big.Int).Mul(y, y))
	dy2 := mod(new(big.Int).Mul(curveD, y2))
	eighth := mod(new(big.Int).Sub(new(big.Int).Add(new(big.Int).Mul(dy2, y2), new(big.Int).Lsh(y2, 1)), one))
	if y.Sign() == 0 || y2.Cmp(one) == 0 || eighth.Sign() == 0 {
		return false
	}
	x2 := new(big.Int).ModInverse(mod(new(big.Int).Add(dy2, one)), fieldPrime)
	x2 = mod(x2.Mul(x2, new(big.Int).Sub(y2, one)))
	return new(big.Int).ModSqrt(x2, fieldPrime) != nil
}

func verifyEd25519(key, message, signature []byte) bool {
	return len(key) == 32 && len(signature) == 64 && soundPoint(key) && soundPoint(signature[:32]) && ed25519.Verify(key, message, signature)
}

const alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

// base58 decodes multibase base58btc of exactly size bytes, or of any size if
// size is negative. It returns nil on error.
func base58(s string, size int) []byte {
	s, ok := strings.CutPrefix(s, "z")
	if !ok || s == "" || len(s) > 200 {
		return nil
	}
	n, zeros := new(big.Int), 0
	for i := range len(s) {
		digit := strings.IndexByte(alphabet, s[i])
		if digit < 0 {
			return nil
		}
		if n.Add(n.Mul(n, big.NewInt(58)), big.NewInt(int64(digit))); n.Sign() == 0 {
			zeros++
		}
	}
	out := append(make([]byte, zeros), n.Bytes()...)
	if size >= 0 && len(out) != size {
		return nil
	}
	return out
}

func unhex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

var stampForm = regexp.MustCompile(`^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(\.\d+)?(Z|([+-])(\d\d):(\d\d))$`)

// instant parses an xsd:dateTimeStamp of the years 0001 to 9999, at most 64
// bytes. It ignores digits beyond the nanosecond.
func instant(s string) (time.Time, bool) {
	m := stampForm.FindStringSubmatch(s)
	if m == nil || len(s) > 64 {
		return time.Time{}, false
	}
	n := func(i int) int { v, _ := strconv.Atoi(m[i]); return v }
	day := time.Date(n(1), time.Month(n(2)), n(3), 0, 0, 0, 0, time.UTC)
	midnight := n(4) == 24 && n(5) == 0 && n(6) == 0 && strings.Trim(m[7], ".0") == ""
	if n(1) == 0 || day.Month() != time.Month(n(2)) || day.Day() != n(3) || n(4) > 23 && !midnight || n(5) > 59 || n(6) > 59 ||
		n(11) > 59 || n(10)*60+n(11) > 14*60 {
		return time.Time{}, false
	}
	nanos, _ := strconv.Atoi((strings.TrimPrefix(m[7], ".") + "000000000")[:9])
	offset := time.Duration(n(10)*60+n(11)) * time.Minute
	if m[9] == "-" {
		offset = -offset
	}
	t := day.Add(time.Duration(n(4)*3600+n(5)*60+n(6))*time.Second + time.Duration(nanos) - offset)
	return t, t.Year() >= 1 && t.Year() <= 9999
}

var urlForm = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20\x7f]+$`)

func isURL(s string) bool { return urlForm.MatchString(s) }

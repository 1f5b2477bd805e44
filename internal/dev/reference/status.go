package reference

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"io"
	"slices"
	"strconv"
	"strings"
)

// status returns the reason of a denial because of an entry, or "".
func (j *judge) status(c *credential, entry object) string {
	const unknown = "status_unknown"
	purpose, index, url := text(entry, "statusPurpose"), text(entry, "statusListIndex"), text(entry, "statusListCredential")
	i, err := strconv.ParseInt(index, 10, 32)
	if !hasType(entry, "BitstringStatusListEntry") || purpose == "" || !isURL(url) || text(entry, "id") == url || err != nil || i < 0 || strconv.FormatInt(i, 10) != index {
		return unknown
	}
	size := 1
	if f, ok := entry["statusSize"].(float64); ok {
		size = int(f)
		if f != float64(size) {
			return unknown
		}
	} else if has(entry, "statusSize") {
		return unknown
	}
	if size < 1 || size > 8 || !messages(entry, size) || !has(j.in, "statusLists") {
		return unknown
	}
	var found object
	for _, l := range list(j.in, "statusLists") {
		if text(l, "url") == url {
			found = l.(object)
		}
	}
	if j.lists[url] = true; len(j.lists) > 4 {
		j.outage = true
	}
	if found == nil || j.outage {
		return unknown
	}
	b := document(found, "credential")
	if b == nil {
		j.outage = true
		return unknown
	}
	v, err := parse(b)
	vc, ok := v.(object)
	subject, _ := member(vc, "credentialSubject").(object)
	if err != nil || !ok || !wellFormedCredential(vc, false) || hasType(vc, "EnvelopedVerifiableCredential") || !hasType(vc, "BitstringStatusListCredential") ||
		!hasType(subject, "BitstringStatusList") || text(vc, "id") != url || idOf(vc["issuer"]) != idOf(c.vc["issuer"]) || !j.listProven(vc) {
		return unknown
	}
	from, hasFrom := instant(text(vc, "validFrom"))
	until, hasUntil := instant(text(vc, "validUntil"))
	age := seconds(j.cfg, "maxStatusAgeSeconds", 0)
	if hasFrom && j.now.Before(from.Add(-j.leeway)) || hasUntil && j.now.After(until.Add(j.leeway)) ||
		age > 0 && (!hasFrom || j.now.After(from.Add(age+j.leeway))) {
		return "status_stale"
	}
	ttl, isTTL := subject["ttl"].(float64)
	purposes := many(subject["statusPurpose"])
	bits := decompressed(text(subject, "encodedList"))
	first := int(i) * size
	if !slices.Contains(purposes, any(purpose)) || has(subject, "ttl") && (!isTTL || ttl < 0 || ttl != float64(int64(ttl))) ||
		len(bits)*8/size < 131072 || first+size > len(bits)*8 {
		return unknown
	}
	set := false
	for b := first; b < first+size; b++ {
		set = set || bits[b/8]>>(7-b%8)&1 == 1
	}
	switch {
	case !set:
		return ""
	case purpose == "revocation":
		return "credential_revoked"
	case purpose == "suspension":
		return "credential_suspended"
	case purpose == "refresh":
		j.warn("vc.status")
		return ""
	}
	return unknown
}

// messages reports whether an entry has a message for each of its values.
func messages(entry object, size int) bool {
	l, seen := list(entry, "statusMessage"), map[int64]bool{}
	for _, m := range l {
		hex, ok := strings.CutPrefix(text(m, "status"), "0x")
		value, err := strconv.ParseUint(hex, 16, 16)
		_, isText := member(m, "message").(string)
		if !ok || err != nil || !isText || int(value) >= 1<<size {
			return false
		}
		seen[int64(value)] = true
	}
	if !has(entry, "statusMessage") {
		return size == 1
	}
	return len(l) == 1<<size && len(seen) == 1<<size
}

// listProven reports whether a status list is proven like a credential.
func (j *judge) listProven(vc object) bool {
	l := &judge{world: j.world, cfg: j.cfg, req: j.req, now: j.now, leeway: j.leeway, trusted: j.trusted, failed: map[int]string{}, resolved: j.resolved}
	c := &credential{vc: vc}
	var code string
	c.proofs, _, code = parseProofs(vc, false)
	l.fail(24, code)
	l.context(22, vc)
	for _, p := range c.proofs {
		l.times(24, p, "assertionMethod", true)
	}
	if len(l.failed) > 0 {
		return false
	}
	l.proveIssuer(c, true)
	for _, p := range c.others {
		if key := l.key(42, p, "assertionMethod"); key != nil {
			l.unless(p.verifies(key), 42, "proof_invalid")
		}
	}
	j.outage = j.outage || l.outage && len(l.failed) == 0
	return len(l.failed) == 0
}

func decompressed(encoded string) []byte {
	s, ok := strings.CutPrefix(encoded, "u")
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if !ok || err != nil || strings.ContainsAny(s, "\r\n") {
		return nil
	}
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil
	}
	out, err := io.ReadAll(io.LimitReader(z, 16<<20+1))
	if err != nil || len(out) > 16<<20 {
		return nil
	}
	return out
}

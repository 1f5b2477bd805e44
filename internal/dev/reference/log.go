package reference

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"slices"
	"strconv"
	"strings"
)

// A transparency log: the tree of RFC 6962 section 2.1, checkpoints in the
// formats C2SP tlog-checkpoint and signed-note, proofs in the formats C2SP
// tlog-proof and tlog-witness.

func logs(in object) object {
	no := object{"verified": false}
	key := unhex(text(in, "publicKeyHex"))
	open := func(c string) (size int, root string, ok bool) { return checkpoint(c, text(in, "origin"), key) }
	if text(in, "op") == "checkpoint" {
		size, root, ok := open(text(in, "checkpoint"))
		if !ok {
			return no
		}
		return object{"verified": true, "size": float64(size), "root": base64.StdEncoding.EncodeToString([]byte(root))}
	}
	head, signed, _ := strings.Cut(text(in, "proof"), "\n\n")
	lines := strings.Split(head, "\n")
	size, root, ok := open(signed)
	prefix := "old "
	if text(in, "op") == "inclusion" {
		if prefix = "index "; lines[0] != "c2sp.org/tlog-proof@v1" {
			return no
		}
		if lines = lines[1:]; len(lines) > 0 && strings.HasPrefix(lines[0], "extra ") {
			lines = lines[1:]
		}
	}
	if len(lines) == 0 || !ok {
		return no
	}
	n, err := strconv.Atoi(strings.TrimPrefix(lines[0], prefix))
	if err != nil || lines[0] != prefix+strconv.Itoa(n) || n < 0 {
		return no
	}
	var path []string
	for _, l := range lines[1:] {
		h, err := base64.StdEncoding.Strict().DecodeString(l)
		if err != nil || len(h) != 32 {
			return no
		}
		path = append(path, string(h))
	}
	if prefix == "index " {
		entry := bytesOf(in["entry"])
		got, fits := climb(n, size, hash("\x00"+string(entry)), path)
		if len(entry) == 0 || n >= size || !fits || got != root {
			return no
		}
		return object{"verified": true, "index": float64(n), "size": float64(size)}
	}
	oldSize, oldRoot, ok := open(text(in, "old"))
	if !ok || oldSize != n || n > size || !grown(n, size, oldRoot, root, path) {
		return no
	}
	return object{"verified": true, "size": float64(size)}
}

func hash(s string) string { h := sha256.Sum256([]byte(s)); return string(h[:]) }

func node(left, right string) string { return hash("\x01" + left + right) }

// split returns the largest power of two below n.
func split(n int) int {
	k := 1
	for k*2 < n {
		k *= 2
	}
	return k
}

// climb returns the root that a path gives for entry i of n (the inverse of
// RFC 6962 section 2.1.1).
func climb(i, n int, leaf string, path []string) (root string, fits bool) {
	if n <= 1 {
		return leaf, len(path) == 0
	}
	if len(path) == 0 {
		return "", false
	}
	rest, sibling, k := path[:len(path)-1], path[len(path)-1], split(n)
	if i < k {
		left, fits := climb(i, k, leaf, rest)
		return node(left, sibling), fits
	}
	right, fits := climb(i-k, n-k, leaf, rest)
	return node(sibling, right), fits
}

// grown reports whether a path proves that the tree of size n begins with that
// of size m (the inverse of RFC 6962 section 2.1.2).
func grown(m, n int, before, after string, path []string) bool {
	if m == 0 {
		return len(path) == 0 && before == hash("")
	}
	if m == n {
		return len(path) == 0 && before == after
	}
	b, a, rest, ok := subproof(m, n, before, path, true)
	return ok && len(rest) == 0 && b == before && a == after
}

// subproof returns the roots of the first m entries and of all n, and the rest
// of the path. If whole is set, the m entries are a complete tree of the old
// log, whose root is known.
func subproof(m, n int, known string, path []string, whole bool) (before, after string, rest []string, ok bool) {
	if m == n {
		if whole {
			return known, known, path, true
		}
		if len(path) == 0 {
			return "", "", nil, false
		}
		return path[0], path[0], path[1:], true
	}
	k := split(n)
	var b, a string
	if m <= k {
		b, a, rest, ok = subproof(m, k, known, path, whole)
	} else {
		b, a, rest, ok = subproof(m-k, n-k, known, path, false)
	}
	if !ok || len(rest) == 0 {
		return "", "", nil, false
	}
	other := rest[0]
	if m <= k {
		return b, node(a, other), rest[1:], true
	}
	return node(other, b), node(other, a), rest[1:], true
}

// checkpoint parses a checkpoint and verifies the signature of a log's key.
func checkpoint(c, origin string, key []byte) (size int, root string, ok bool) {
	body, signatures, ok := strings.Cut(c, "\n\n")
	lines := strings.Split(body, "\n")
	if !ok || !strings.HasSuffix(signatures, "\n") || len(lines) < 3 || lines[0] != origin {
		return 0, "", false
	}
	size, err := strconv.Atoi(lines[1])
	h, bad := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || bad != nil || size < 0 || strconv.Itoa(size) != lines[1] || len(h) != 32 {
		return 0, "", false
	}
	id := []byte(hash(origin + "\n\x01" + string(key))[:4])
	found := slices.ContainsFunc(strings.Split(strings.TrimSuffix(signatures, "\n"), "\n"), func(line string) bool {
		b, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(line, "\u2014 "+origin+" "))
		return err == nil && len(b) == 68 && binary.BigEndian.Uint32(b) == binary.BigEndian.Uint32(id) && ed25519.Verify(key, []byte(body+"\n"), b[4:])
	})
	return size, string(h), found
}

package httpapi

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/mandate-engine/mandate/adapters/store"
)

// Window is the largest allowed difference between X-Timestamp and the
// server's clock.
const Window = 5 * time.Minute

// maxToken bounds a bearer token and the other credentials in headers, in
// bytes.
const maxToken = 512

// ErrUnknownKey is the error of [Keys] for a token without a valid key.
var ErrUnknownKey = errors.New("httpapi: unknown key")

// A Key identifies the caller.
type Key struct {
	// ID names the key in logs and limits. It is not secret.
	ID string
	// Tenant is the tenant for whom the key acts. The server refuses a key
	// whose tenant has no DID.
	Tenant store.Tenant
	// Secrets sign calls. A signature under any of them is valid, so a secret
	// can be replaced while it is in use. Without a secret no signed call is
	// accepted.
	Secrets [][]byte
	// Strict requires a signature on every call, which also covers method and
	// target.
	Strict bool
	// APIVersion is the version for calls without API-Version. Empty means the
	// newest.
	APIVersion string
}

// Keys finds keys. Implementations must be safe for concurrent use.
type Keys interface {
	// Key returns the key whose bearer token has this SHA-256. It returns
	// ErrUnknownKey if there is none, or if the key is expired or revoked at
	// the time now. Any other error is an outage.
	Key(ctx context.Context, token [sha256.Size]byte, now time.Time) (Key, error)
}

// Sign returns the X-Signature of a call: the hex HMAC-SHA256 under secret.
// Without a body it covers timestamp, with a body timestamp + "." + body. For
// a strict key it covers timestamp, method, target and body, with a newline
// after each of the first three. timestamp is X-Timestamp as sent, in
// milliseconds since 1970. target is the request target as sent, such as
// /v1/request?search=a.
func Sign(secret []byte, strict bool, timestamp, method, target string, body []byte) string {
	return hex.EncodeToString(signature(secret, strict, timestamp, method, target, body))
}

func signature(secret []byte, strict bool, timestamp, method, target string, body []byte) []byte {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(timestamp))
	switch {
	case strict:
		mac.Write([]byte("\n" + method + "\n" + target + "\n"))
		mac.Write(body)
	case len(body) > 0:
		mac.Write([]byte{'.'})
		mac.Write(body)
	}
	return mac.Sum(nil)
}

func unauthorized(detail string) *problem {
	return &problem{status: http.StatusUnauthorized, code: "unauthorized", detail: detail}
}

// identify finds the key of a call by its bearer token. It runs before the
// body is read: a caller without a key must not make the server read a body.
func (s *Server) identify(r *http.Request) (Key, error) {
	values := r.Header.Values("Authorization")
	if len(values) != 1 {
		return Key{}, unauthorized("one Authorization header with a bearer token is needed")
	}
	scheme, token, _ := strings.Cut(values[0], " ")
	if !strings.EqualFold(scheme, "Bearer") || token == "" || len(token) > maxToken {
		return Key{}, unauthorized("the Authorization header holds no bearer token")
	}
	key, err := s.cfg.Keys.Key(r.Context(), sha256.Sum256([]byte(token)), s.now())
	switch {
	case errors.Is(err, ErrUnknownKey):
		return Key{}, unauthorized("the key is unknown, expired or revoked")
	case err != nil:
		return Key{}, err
	case key.ID == "" || key.Tenant.DID == "":
		return Key{}, unauthorized("the key belongs to no tenant")
	}
	return key, nil
}

// authenticate checks the signature of a call over the received bytes.
func (s *Server) authenticate(r *http.Request, key Key, body []byte) error {
	stamps, signatures := r.Header.Values("X-Timestamp"), r.Header.Values("X-Signature")
	if len(stamps) != 1 || len(signatures) != 1 {
		return unauthorized("one X-Timestamp and one X-Signature header are needed")
	}
	at, err := strconv.ParseInt(stamps[0], 10, 64)
	if err != nil || at < 0 || len(stamps[0]) > 16 || stamps[0][0] == '+' {
		return unauthorized("X-Timestamp is not milliseconds since 1970")
	}
	if d := s.now().Sub(time.UnixMilli(at)); d > Window || d < -Window {
		return unauthorized("X-Timestamp is more than five minutes off the server's time")
	}
	given, err := hex.DecodeString(signatures[0])
	if err != nil || len(given) != sha256.Size {
		return unauthorized("X-Signature is not 64 hex digits")
	}
	matched := false
	for _, secret := range key.Secrets {
		want := signature(secret, key.Strict, stamps[0], r.Method, r.RequestURI, body)
		if len(secret) > 0 && hmac.Equal(given, want) {
			matched = true
		}
	}
	if !matched {
		return unauthorized("X-Signature does not fit")
	}
	return nil
}

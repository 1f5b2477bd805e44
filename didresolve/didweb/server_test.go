package didweb_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mandate-engine/mandate/didresolve/didweb"
)

const did = "did:web:example.com"

var now = time.Date(2026, 5, 2, 10, 15, 30, 0, time.UTC)

// An authority issues the certificates of test servers.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pool *x509.CertPool
}

func newAuthority(t testing.TB) *authority {
	t.Helper()
	a := &authority{pool: x509.NewCertPool()}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"}, IsCA: true,
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign, NotBefore: time.Unix(0, 0), NotAfter: time.Date(2999, 1, 1, 0, 0, 0, 0, time.UTC)}
	a.cert, a.key = certify(t, template, template, nil)
	a.pool.AddCert(a.cert)
	return a
}

// certify generates a key and a certificate for it. The certificate is signed by by,
// or self-signed if by is nil.
func certify(t testing.TB, template, parent *x509.Certificate, by *ecdsa.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if by == nil {
		by = key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, by)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert, key
}

// issue returns a server certificate.
func (a *authority) issue(t testing.TB, until time.Time, names ...string) tls.Certificate {
	t.Helper()
	cert, key := certify(t, &x509.Certificate{SerialNumber: big.NewInt(2), DNSNames: names, NotBefore: time.Unix(0, 0), NotAfter: until}, a.cert, a.key)
	return tls.Certificate{Certificate: [][]byte{cert.Raw}, PrivateKey: key}
}

// A site is a server for example.com and a resolver that connects to it.
type site struct {
	*didweb.Resolver
	authority *authority
	server    *httptest.Server
	asked     atomic.Int32 // requests
	dialled   atomic.Int32 // connections
}

func newSite(t testing.TB, cfg didweb.Config, handler http.HandlerFunc) *site {
	t.Helper()
	s := &site{authority: newAuthority(t)}
	s.server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.asked.Add(1)
		handler(w, r)
	}))
	s.server.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.server.TLS = &tls.Config{Certificates: []tls.Certificate{s.authority.issue(t, time.Date(2999, 1, 1, 0, 0, 0, 0, time.UTC), "example.com", "issuer.example")}}
	s.server.StartTLS()
	t.Cleanup(s.server.Close)
	s.connect(t, cfg)
	return s
}

// connect replaces the resolver by one with another configuration.
func (s *site) connect(t testing.TB, cfg didweb.Config) {
	t.Helper()
	if cfg.RootCAs == nil {
		cfg.RootCAs = s.authority.pool
	}
	if cfg.Now == nil {
		cfg.Now = func() time.Time { return now }
	}
	r, err := didweb.NewUnguarded(cfg, func(ctx context.Context, network, _ string) (net.Conn, error) {
		s.dialled.Add(1)
		return (&net.Dialer{}).DialContext(ctx, network, s.server.Listener.Addr().String())
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Resolver = r
}

// document writes a document of the DID.
func document(w http.ResponseWriter, did string) {
	w.Header().Set("Content-Type", "application/did")
	io.WriteString(w, `{"id":"`+did+`"}`)
}

func text(status int, header http.Header, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for name, values := range header {
			w.Header()[name] = values
		}
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

// Package tlstest makes authorities, certificates and TLS servers for tests.
package tlstest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Authority signs certificates.
type Authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	// PEM is its certificate.
	PEM string
}

// Pair is a certificate with its key, in PEM form.
type Pair struct{ Certificate, Key string }

// NewAuthority returns an authority that nobody knows.
func NewAuthority(tb testing.TB) *Authority {
	tb.Helper()
	template := &x509.Certificate{
		SerialNumber: serial(tb), Subject: pkix.Name{CommonName: "an authority for tests"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	a := &Authority{certificate: template, key: newKey(tb)}
	var signed []byte
	signed, a.PEM = a.sign(tb, template, a.key)
	var err error
	a.certificate, err = x509.ParseCertificate(signed)
	require.NoError(tb, err)
	return a
}

// Issue signs a certificate for this machine that is good for servers and for clients,
// for an hour from an hour ago on, unless that is changed.
func (a *Authority) Issue(tb testing.TB, change ...func(*x509.Certificate)) Pair {
	tb.Helper()
	template := &x509.Certificate{
		SerialNumber: serial(tb), Subject: pkix.Name{CommonName: "a certificate for tests"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		DNSNames:    []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	for _, apply := range change {
		apply(template)
	}
	key := newKey(tb)
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(tb, err)
	_, certificate := a.sign(tb, template, key)
	return Pair{Certificate: certificate, Key: string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw}))}
}

func (a *Authority) sign(tb testing.TB, template *x509.Certificate, key *ecdsa.PrivateKey) (signed []byte, text string) {
	tb.Helper()
	signed, err := x509.CreateCertificate(rand.Reader, template, a.certificate, key.Public(), a.key)
	require.NoError(tb, err)
	return signed, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signed}))
}

// Pool holds the authority alone.
func (a *Authority) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.certificate)
	return pool
}

// Serve serves with a certificate until the test ends.
func Serve(tb testing.TB, with Pair, handler http.Handler, change ...func(*tls.Config)) *httptest.Server {
	tb.Helper()
	pair, err := tls.X509KeyPair([]byte(with.Certificate), []byte(with.Key))
	require.NoError(tb, err)
	server := httptest.NewUnstartedServer(handler)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	for _, apply := range change {
		apply(server.TLS)
	}
	server.EnableHTTP2 = true
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // Refused handshakes are what tests are about.
	server.StartTLS()
	tb.Cleanup(server.Close)
	return server
}

// Asking lets a server ask for client certificates of this authority.
func (a *Authority) Asking(c *tls.Config) {
	c.ClientAuth, c.ClientCAs = tls.RequireAndVerifyClientCert, a.Pool()
}

// Expired lets a certificate have ended a minute ago.
func Expired(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) }

func newKey(tb testing.TB) *ecdsa.PrivateKey {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(tb, err)
	return key
}

func serial(tb testing.TB) *big.Int {
	tb.Helper()
	number, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	require.NoError(tb, err)
	return number
}

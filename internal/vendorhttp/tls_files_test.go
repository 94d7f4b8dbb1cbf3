package vendorhttp_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/vendorhttp"
	"audiencesync/internal/vendorhttp/tlstest"
)

func serverPEM(t *testing.T, certificate *x509.Certificate) []byte {
	t.Helper()
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Raw})
}

func TestFilesThatCannotBeUsedAreNamedAndNothingIsSent(t *testing.T) {
	t.Parallel()
	authority := tlstest.NewAuthority(t)
	good, other := authority.Issue(t), authority.Issue(t)
	expires := time.Now().Add(-time.Minute)
	expired := authority.Issue(t, func(c *x509.Certificate) { c.NotAfter = expires })
	begins := time.Now().Add(time.Minute)
	early := authority.Issue(t, func(c *x509.Certificate) { c.NotBefore = begins })
	const day = "2006-01-02 15:04 MST"
	broken := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("secret")}))
	locked := string(pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: []byte("secret")}))
	old := string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Headers: map[string]string{"Proc-Type": "4,ENCRYPTED", "DEK-Info": "AES-128-CBC,secret"}, Bytes: []byte("secret")}))
	unreadable := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("secret")}))
	const (
		noPEM      = "what is behind it holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)"
		noKey      = "what is behind it is no private key in PEM form (-----BEGIN PRIVATE KEY-----) that can be read"
		passphrase = "the private key behind it has a passphrase; write it without one, in a file that nobody but the worker can read"
		mismatch   = "is not the key of the first certificate behind tls.certificate; put both there again, the client's own certificate first"
	)
	for name, test := range map[string]struct{ put, text string }{
		"ca, missing":                {"file:ca.pem=", "tls.ca: credential file:ca.pem: no such file on the worker"},
		"ca, text":                   {"file:ca.pem=secret", "tls.ca: " + noPEM},
		"ca, a key":                  {"file:ca.pem=" + good.Key, "tls.ca: " + noPEM},
		"ca, broken":                 {"file:ca.pem=" + broken, "tls.ca: a certificate behind it cannot be read; put it there again, in PEM form"},
		"certificate, missing":       {"file:client.pem=", "tls.certificate: credential file:client.pem: no such file on the worker"},
		"certificate, text":          {"file:client.pem=secret", "tls.certificate: " + noPEM},
		"certificate, broken":        {"file:client.pem=" + broken, "tls.certificate: a certificate behind it cannot be read; put it there again, in PEM form"},
		"certificate, of another":    {"file:client.pem=" + other.Certificate, "tls.key: " + mismatch},
		"certificate, wrong order":   {"file:client.pem=" + authority.PEM + good.Certificate, "tls.key: " + mismatch},
		"certificate, expired":       {"file:client.pem=" + expired.Certificate, "tls.certificate: the client certificate behind it has expired, on " + expires.UTC().Format(day) + "; put a new one there, and its key behind tls.key"},
		"certificate, not valid yet": {"file:client.pem=" + early.Certificate, "tls.certificate: the client certificate behind it is not valid before " + begins.UTC().Format(day) + "; wait, put another one there, or correct the clock of the worker"},
		"key, missing":               {"file:client.key=", "tls.key: credential file:client.key: no such file on the worker"},
		"key, text":                  {"file:client.key=secret", "tls.key: " + noKey},
		"key, a certificate":         {"file:client.key=" + good.Certificate, "tls.key: " + noKey},
		"key, unreadable":            {"file:client.key=" + unreadable, "tls.key: " + noKey},
		"key, with a passphrase":     {"file:client.key=" + locked, "tls.key: " + passphrase},
		"key, with an old one":       {"file:client.key=" + old, "tls.key: " + passphrase},
		"key, of another":            {"file:client.key=" + other.Key, "tls.key: " + mismatch},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var reached atomic.Int32
			server := tlstest.Serve(t, authority.Issue(t), fine, func(c *tls.Config) {
				c.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) {
					reached.Add(1)
					return nil, nil
				}
			})
			options, files := secured(server.URL, authority.PEM, good)
			switch name {
			case "certificate, expired":
				files.put("file:client.key", expired.Key)
			case "certificate, not valid yet":
				files.put("file:client.key", early.Key)
			}
			reference, text, _ := strings.Cut(test.put, "=")
			files.put(reference, text)
			c := client(t, options)
			request := get()
			request.Before = func(context.Context) error { return errors.New("nothing is about to leave") }
			failed := failure(t, c, request)
			require.Equal(t, vendorhttp.UnusableCertificate, failed.Kind)
			require.EqualError(t, failed, "connection acme: testing: no TLS connection can be made, so nothing was sent: "+test.text)
			require.EqualError(t, c.Check(t.Context()), "connection acme: preparing a request: no TLS connection can be made, so nothing was sent: "+test.text)
			require.Zero(t, reached.Load())
		})
	}
}

func TestACheckSendsNothing(t *testing.T) {
	t.Parallel()
	authority := tlstest.NewAuthority(t)
	options, files := secured("https://127.0.0.1:1", authority.PEM, authority.Issue(t))
	c := client(t, options)
	require.NoError(t, c.Check(t.Context()))
	files.put("env:KEY", "")
	require.EqualError(t, c.Check(t.Context()), "connection acme: preparing a request: no credential: credential env:KEY: no such file on the worker")
}

func TestNewFilesHoldWithTheNextRequest(t *testing.T) {
	t.Parallel()
	authority, next := tlstest.NewAuthority(t), tlstest.NewAuthority(t)
	first, second := authority.Issue(t), authority.Issue(t)
	for _, protocol := range []string{"http/1.1", "h2"} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			server := tlstest.Serve(t, authority.Issue(t), whoAsks, authority.Asking, func(c *tls.Config) { c.NextProtos = []string{protocol} })
			options, files := secured(server.URL, authority.PEM, first)
			c := client(t, options)
			require.Equal(t, serialOf(t, first), ask(t, c))
			require.Equal(t, serialOf(t, first), ask(t, c))

			files.put("file:client.pem", second.Certificate, "file:client.key", second.Key)
			require.Equal(t, serialOf(t, second), ask(t, c), "the connection of before was used again")

			// The server is the same, and is not trusted any more.
			files.put("file:ca.pem", next.PEM)
			require.Equal(t, vendorhttp.ServerNotTrusted, failure(t, c, get()).Kind)
			files.put("file:ca.pem", next.PEM+authority.PEM)
			require.Equal(t, serialOf(t, second), ask(t, c))
		})
	}
}

func TestACertificateThatEndsWhileItsConnectionIsOpenIsNotUsedAnyMore(t *testing.T) {
	t.Parallel()
	authority := tlstest.NewAuthority(t)
	server := tlstest.Serve(t, authority.Issue(t), whoAsks, authority.Asking)
	ends := time.Now().Add(5 * time.Second)
	short := authority.Issue(t, func(c *x509.Certificate) { c.NotAfter = ends })
	options, files := secured(server.URL, authority.PEM, short)
	c := client(t, options)
	if _, err := c.Do(t.Context(), get()); err != nil {
		require.True(t, time.Now().After(ends), "%v", err) // This machine is too slow to see it hold.
	}
	require.Eventually(t, func() bool {
		_, err := c.Do(t.Context(), get())
		failed, ok := errors.AsType[*vendorhttp.Error](err)
		return ok && failed.Kind == vendorhttp.UnusableCertificate
	}, time.Minute, 100*time.Millisecond)
	renewed := authority.Issue(t)
	files.put("file:client.pem", renewed.Certificate, "file:client.key", renewed.Key)
	require.Equal(t, serialOf(t, renewed), ask(t, c))
}

// Two files are not replaced at once.
func TestAKeyThatComesAfterItsCertificateIsWaitedFor(t *testing.T) {
	t.Parallel()
	authority := tlstest.NewAuthority(t)
	first, second := authority.Issue(t), authority.Issue(t)
	server := tlstest.Serve(t, authority.Issue(t), whoAsks, authority.Asking)
	options, files := secured(server.URL, authority.PEM, first)
	looked := false
	options.Lookup = func(ctx context.Context, reference string) (string, error) {
		text, err := files.lookup(ctx, reference)
		if reference == "file:client.key" && text == first.Key && looked {
			files.put("file:client.key", second.Key) // After it was read.
		}
		return text, err
	}
	c := client(t, options)
	require.Equal(t, serialOf(t, first), ask(t, c))
	looked = true
	files.put("file:client.pem", second.Certificate)
	require.Equal(t, serialOf(t, second), ask(t, c))
}

func ask(t *testing.T, c *vendorhttp.Client) string {
	t.Helper()
	response, err := c.Do(t.Context(), get())
	require.NoError(t, err)
	return string(response.Body)
}

func serialOf(t *testing.T, pair tlstest.Pair) string {
	t.Helper()
	block, _ := pem.Decode([]byte(pair.Certificate))
	certificate, err := x509.ParseCertificate(block.Bytes)
	require.NoError(t, err)
	return certificate.SerialNumber.String()
}

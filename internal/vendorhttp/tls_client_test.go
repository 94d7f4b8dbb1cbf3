package vendorhttp_test

import (
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/vendorhttp"
	"audiencesync/internal/vendorhttp/tlstest"
)

// whoAsks answers with the serial number of the client's certificate.
var whoAsks = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	_, _ = io.WriteString(w, r.TLS.PeerCertificates[0].SerialNumber.String())
})

func TestAServerThatAsksForAClientCertificateGetsIt(t *testing.T) {
	t.Parallel()
	authority := tlstest.NewAuthority(t)
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		server := tlstest.Serve(t, authority.Issue(t), whoAsks, authority.Asking, only(version))
		options, _ := secured(server.URL, authority.PEM, authority.Issue(t))
		_, err := client(t, options).Do(t.Context(), get())
		require.NoError(t, err)
	}
}

func TestAServerThatDoesNotAcceptTheClientCertificateIsToldApart(t *testing.T) {
	t.Parallel()
	authority, another := tlstest.NewAuthority(t), tlstest.NewAuthority(t)
	const (
		missing = "it asks for a client certificate, and none is set; ask its operator for one, and set tls.certificate and tls.key"
		remedy  = ". Ask the server's operator which one it accepts, and put that there, with its key behind tls.key"
	)
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		for name, test := range map[string]struct {
			shown tlstest.Pair
			// says is what the server says of a certificate that it would accept.
			says error
			text string
		}{
			"missing": {none, nil, missing},
			"of another authority": {
				another.Issue(t), nil,
				"it does not accept the client certificate behind tls.certificate: the server does not know the authority that has signed it; the certificates in between belong there, too" + remedy,
			},
			"not wanted": {
				authority.Issue(t), fmt.Errorf("somebody else: %s", planted),
				"it does not accept the client certificate behind tls.certificate: the server answers bad certificate" + remedy,
			},
		} {
			t.Run(fmt.Sprintf("%s, %s", name, tls.VersionName(version)), func(t *testing.T) {
				t.Parallel()
				var reached atomic.Int32
				server := tlstest.Serve(t, authority.Issue(t), http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }),
					authority.Asking, only(version), func(c *tls.Config) { c.VerifyConnection = func(tls.ConnectionState) error { return test.says } })
				options, _ := secured(server.URL, authority.PEM, test.shown)
				failed := refusedBy(t, options)
				require.Equal(t, vendorhttp.CertificateRefused, failed.Kind)
				require.EqualError(t, failed, "connection acme: testing: the server refuses the TLS connection: "+test.text)
				require.Zero(t, reached.Load())
			})
		}
	}
}

// A server behind nginx answers in HTTP, as with any request that is no good.
func TestWhatNginxSaysOfAClientCertificateIsNotAboutTheRequest(t *testing.T) {
	t.Parallel()
	authority := tlstest.NewAuthority(t)
	for said, test := range map[string]struct {
		shown tlstest.Pair
		text  string
	}{
		"No required SSL certificate was sent": {none, "it asks for a client certificate, and none is set"},
		"The SSL certificate error":            {authority.Issue(t), "it does not accept the client certificate behind tls.certificate: the server answers bad certificate"},
	} {
		server := tlstest.Serve(t, authority.Issue(t), http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(http.StatusBadRequest)
			_, _ = fmt.Fprintf(w, "<html>\r\n<head><title>400 %s</title></head>\r\n<body>\r\n<center><h1>400 Bad Request</h1></center>\r\n", said)
		}))
		options, _ := secured(server.URL, authority.PEM, test.shown)
		failed := refusedBy(t, options)
		require.Equal(t, vendorhttp.CertificateRefused, failed.Kind)
		require.Contains(t, failed.Error(), "the server refuses the TLS connection (status 400): "+test.text)
	}
}

func TestAConnectionThatIsLostSaysWhetherAClientCertificateWasAskedFor(t *testing.T) {
	t.Parallel()
	authority := tlstest.NewAuthority(t)
	lost := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	for asks, hint := range map[tls.ClientAuthType]string{
		tls.NoClientCert:      "",
		tls.RequestClientCert: ": the server had asked for a client certificate, and none is set (tls.certificate)",
	} {
		options, _ := secured(tlstest.Serve(t, authority.Issue(t), lost, func(c *tls.Config) { c.ClientAuth = asks }).URL, authority.PEM, none)
		failed := failure(t, client(t, options), get())
		require.Equal(t, vendorhttp.Unavailable, failed.Kind, "it may pass")
		require.EqualError(t, failed, "connection acme: testing: the connection was lost or timed out before the whole answer came"+hint)
	}
}

func TestARedirectToAnotherHostGetsNoClientCertificate(t *testing.T) {
	t.Parallel()
	authority := tlstest.NewAuthority(t)
	var reached atomic.Int32
	other := tlstest.Serve(t, authority.Issue(t), fine, authority.Asking, func(c *tls.Config) {
		c.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) {
			reached.Add(1)
			return nil, nil
		}
	})
	for _, status := range []int{301, 302, 303, 307, 308} {
		server := tlstest.Serve(t, authority.Issue(t), http.RedirectHandler(other.URL, status), authority.Asking)
		options, _ := secured(server.URL, authority.PEM, authority.Issue(t))
		require.Equal(t, vendorhttp.Redirected, refusedBy(t, options).Kind)
	}
	require.Zero(t, reached.Load())
}

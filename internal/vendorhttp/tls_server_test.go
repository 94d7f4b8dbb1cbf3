package vendorhttp_test

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/vendorhttp"
	"audiencesync/internal/vendorhttp/tlstest"
)

func TestAnAuthorityOfTheConnectionIsTrusted(t *testing.T) {
	t.Parallel()
	authority, another := tlstest.NewAuthority(t), tlstest.NewAuthority(t)
	server := tlstest.Serve(t, authority.Issue(t), fine)
	for name, ca := range map[string]string{
		"alone":          authority.PEM,
		"among others":   another.PEM + authority.PEM,
		"with words":     "The authority of the gateway\n" + authority.PEM,
		"the server own": string(serverPEM(t, server.Certificate())),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			options, _ := secured(server.URL, ca, none)
			_, err := client(t, options).Do(t.Context(), get())
			require.NoError(t, err)
		})
	}
}

func TestAServerThatIsNotTrustedGetsNothingAndTheErrorSaysWhatToDo(t *testing.T) {
	t.Parallel()
	authority, another := tlstest.NewAuthority(t), tlstest.NewAuthority(t)
	for name, test := range map[string]struct {
		shows tlstest.Pair
		ca    string
		text  string
	}{
		"no authority is set": {
			authority.Issue(t), "",
			"its certificate is signed by an authority that this machine does not know; if it is the operator's own, put the authority's certificate behind tls.ca",
		},
		"another authority is set": {
			authority.Issue(t), another.PEM,
			"its certificate is signed by no authority that is behind tls.ca; ask the server's operator which one has signed it, and put that there",
		},
		"another host": {
			authority.Issue(t, func(c *x509.Certificate) {
				c.IPAddresses, c.DNSNames = []net.IP{net.IPv4(192, 0, 2, 1)}, []string{"+4915112345678.example"}
			}), authority.PEM,
			"its certificate is not for the host in base_url; correct base_url, or let the server's operator have that host named in the certificate (as a subject alternative name)",
		},
		"no host at all": {
			authority.Issue(t, func(c *x509.Certificate) { c.IPAddresses, c.DNSNames = nil, nil }), authority.PEM,
			"its certificate is not for the host in base_url; correct base_url, or let the server's operator have that host named in the certificate (as a subject alternative name)",
		},
		"expired": {
			authority.Issue(t, tlstest.Expired), authority.PEM,
			"its certificate, or one that vouches for it, has expired or is not valid yet; the server's operator must renew it, and what is behind tls.ca may have to follow. Check the clock of the worker, too",
		},
		"not valid yet": {
			authority.Issue(t, func(c *x509.Certificate) { c.NotBefore = time.Now().Add(time.Minute) }), authority.PEM,
			"its certificate, or one that vouches for it, has expired or is not valid yet; the server's operator must renew it, and what is behind tls.ca may have to follow. Check the clock of the worker, too",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			options, _ := secured(tlstest.Serve(t, test.shows, fine).URL, test.ca, authority.Issue(t))
			failed := refusedBy(t, options)
			require.Equal(t, vendorhttp.ServerNotTrusted, failed.Kind)
			require.EqualError(t, failed, "connection acme: testing: the server is not trusted, so nothing was sent: "+test.text)
		})
	}
}

func TestTLSBefore12IsRefused(t *testing.T) {
	t.Parallel()
	authority := tlstest.NewAuthority(t)
	for _, version := range []uint16{tls.VersionTLS10, tls.VersionTLS11} {
		options, _ := secured(tlstest.Serve(t, authority.Issue(t), fine, only(version)).URL, authority.PEM, none)
		failed := refusedBy(t, options)
		require.Equal(t, vendorhttp.ServerNotTrusted, failed.Kind)
		require.EqualError(t, failed, "connection acme: testing: the server is not trusted, so nothing was sent: "+
			"it speaks no TLS 1.2 or newer, and nothing older is used; the server's operator must turn that on")
	}
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		options, _ := secured(tlstest.Serve(t, authority.Issue(t), fine, only(version)).URL, authority.PEM, none)
		_, err := client(t, options).Do(t.Context(), get())
		require.NoError(t, err)
	}
}

func TestAServerThatSpeaksPlainHTTPOnlyGetsNothing(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a request came") }))
	t.Cleanup(server.Close)
	options, _ := secured(strings.Replace(server.URL, "http:", "https:", 1), "", none)
	failed := failure(t, client(t, options), get())
	require.Equal(t, vendorhttp.ServerNotTrusted, failed.Kind)
	require.EqualError(t, failed, "connection acme: testing: the server is not trusted, so nothing was sent: "+
		"it answers without TLS; correct the port in base_url, which is one of plain HTTP")
}

// The machine's store is read once in a process, so this asks in a second one.
func TestTheAuthorityOfTheConnectionTakesThePlaceOfTheMachinesStore(t *testing.T) {
	t.Parallel()
	machines, connections := tlstest.NewAuthority(t), tlstest.NewAuthority(t)
	server := tlstest.Serve(t, machines.Issue(t), fine)
	dir := t.TempDir()
	for name, text := range map[string]string{"machine.pem": machines.PEM, "connection.pem": connections.PEM} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	for ca, want := range map[string]string{"": "answered", filepath.Join(dir, "connection.pem"): "server_not_trusted"} {
		require.Equal(t, want, askInASecondProcess(t, server.URL, ca, "SSL_CERT_FILE="+filepath.Join(dir, "machine.pem"), "SSL_CERT_DIR="+dir+"/none"))
	}
}

// A proxy that is reached over TLS is no part of the connection.
func TestAProxyIsNotShownTheClientCertificate(t *testing.T) {
	t.Parallel()
	authority := tlstest.NewAuthority(t)
	asked := make(chan string, 10)
	proxy := tlstest.Serve(t, authority.Issue(t), fine, func(c *tls.Config) {
		c.ClientAuth = tls.RequestClientCert
		c.VerifyConnection = func(s tls.ConnectionState) error {
			asked <- strings.Repeat("client certificate ", len(s.PeerCertificates))
			return nil
		}
	})
	ca := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(ca, []byte(authority.PEM), 0o600))
	require.Equal(t, "unusable_certificate", askInASecondProcess(t, "https://acme.example", ca, "HTTPS_PROXY="+proxy.URL))
	require.Empty(t, asked)
}

// askedAs and the rest are what a second process asks, and with which authority.
const (
	askedWithTLS = "AUDIENCESYNC_TEST_ASK_TLS"
	askedWithCA  = "AUDIENCESYNC_TEST_ASK_CA"
)

func TestAskOverTLSInASecondProcess(t *testing.T) {
	address := os.Getenv(askedWithTLS)
	if address == "" {
		t.Skip("runs only as a second process")
	}
	ca := ""
	if path := os.Getenv(askedWithCA); path != "" {
		raw, err := os.ReadFile(path)
		require.NoError(t, err)
		ca = string(raw)
	}
	options, _ := secured(address, ca, none)
	_, err := client(t, options).Do(t.Context(), get())
	if err == nil {
		t.Log("outcome: answered")
		return
	}
	var failed *vendorhttp.Error
	require.ErrorAs(t, err, &failed)
	t.Logf("outcome: %s", failed.Kind)
}

// askInASecondProcess returns "answered", or the kind of the failure.
func askInASecondProcess(t *testing.T, address, ca string, environment ...string) string {
	t.Helper()
	second := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestAskOverTLSInASecondProcess$", "-test.v")
	second.Env = append([]string{askedWithTLS + "=" + address, askedWithCA + "=" + ca}, environment...)
	output, err := second.CombinedOutput()
	require.NoError(t, err, "%s", output)
	_, outcome, found := strings.Cut(string(output), "outcome: ")
	require.True(t, found, "%s", output)
	outcome, _, _ = strings.Cut(outcome, "\n")
	return outcome
}

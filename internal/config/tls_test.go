package config_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/config"
)

func TestAnyHTTPConnectionMayHaveItsOwnAuthorityAndAClientCertificate(t *testing.T) {
	t.Parallel()
	const settings = "    tls: {ca: file:ca.pem, certificate: env:CLIENT_CERTIFICATE, key: file:/run/secrets/client.key}\n"
	file := strings.Replace(minimalConnections, "    base_url: https://cdp.example.com\n", "    base_url: https://cdp.example.com\n"+settings, 1) +
		settings + "  ops:\n    kind: webhook\n    url: env:OPS\n" + settings
	connections, err := config.ParseConnections("c.yaml", []byte(file))
	require.NoError(t, err)
	want := config.TLS{CA: "file:ca.pem", Certificate: "env:CLIENT_CERTIFICATE", Key: "file:/run/secrets/client.key"}
	require.Equal(t, want, connections.ZeotapAPI["pages"].TLS)
	require.Equal(t, want, connections.HelloCharles["charles"].TLS)
	require.Equal(t, want, connections.Webhooks["ops"].TLS)
}

func TestTLSSettingsThatCannotWorkAreRefused(t *testing.T) {
	t.Parallel()
	const (
		checked   = "unknown key; the certificate of a server is always checked; if an authority of its own has signed it, name that: tls: {ca: file:PATH}"
		half      = "; a client certificate is a certificate and its key: write where it is, env:NAME or file:PATH"
		reference = "expected where the credential is, never the credential itself: env:NAME (an environment variable of the worker) " +
			"or file:PATH (relative to the connections file)"
	)
	for settings, problem := range map[string]string{
		"    tls: {certificate: file:a}\n":        "15:5: connections.charles.tls.key: missing with certificate" + half,
		"    tls: {key: file:a}\n":                "15:5: connections.charles.tls.certificate: missing with key" + half,
		"    tls: {ca: ca.pem}\n":                 "15:15: connections.charles.tls.ca: " + reference,
		"    tls: {verify: false}\n":              "15:11: connections.charles.tls.verify: " + checked,
		"    tls: {insecure_skip_verify: true}\n": "15:11: connections.charles.tls.insecure_skip_verify: " + checked,
		"    insecure: true\n":                    "15:5: connections.charles.insecure: " + checked,
	} {
		require.EqualError(t, connectionsError("c.yaml", []byte(minimalConnections+settings)), "c.yaml:"+problem, settings)
	}
	plain := strings.Replace(minimalConnections, "base_url: acme", "base_url: http://127.0.0.1:7402", 1)
	require.EqualError(t, connectionsError("c.yaml", []byte(plain+"    tls: {ca: file:a}\n")),
		"c.yaml:15:5: connections.charles.tls: has no effect: the base_url starts with http://")
	require.ErrorContains(t, connectionsError("c.yaml", []byte(strings.Replace(minimalConnections, "format: csv", "format: csv\n    tls: {ca: file:a}", 1))),
		"connections.drops.tls: unknown key; this connection is of kind zeotap-export, the key belongs to zeotap-api and hello-charles and webhook")
}

func TestTheConnectionsOfTheTLSDocumentAreRead(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/tls.md")
	require.NoError(t, err)
	block := regexp.MustCompile("(?s)```yaml connections\n(.*?)```").FindSubmatch(text)
	require.NotNil(t, block)
	connections, err := config.ParseConnections("connections.yaml", block[1])
	require.NoError(t, err)
	require.Equal(t, config.TLS{
		CA: "file:/run/secrets/gateway-ca.pem", Certificate: "file:/run/secrets/client.pem", Key: "file:/run/secrets/client.key",
	}, connections.HelloCharles["charles"].TLS)
}

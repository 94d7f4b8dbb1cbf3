package vendorhttp

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestNoConnectionIsMadeToALinkLocalOrMetadataAddress(t *testing.T) {
	t.Parallel()
	for _, address := range []string{
		"169.254.169.254:80", "169.254.0.1:443", "[fe80::1]:80", "[fe80::1%eth0]:80", "[::ffff:169.254.169.254]:80", "[fd00:ec2::254]:80", "100.100.100.200:80",
	} {
		require.ErrorIs(t, mayDial(address), errLinkLocal, address)
	}
	for _, address := range []string{"127.0.0.1:80", "[::1]:80", "10.0.0.1:443", "192.0.2.1:443", "[2001:db8::1]:443"} {
		require.NoError(t, mayDial(address), address)
	}
}

func TestARequestToTheMetadataAddressIsNotMade(t *testing.T) {
	t.Parallel()
	c, err := New(Options{
		Connection: "acme", BaseURL: "http://169.254.169.254", Header: "x-api-key", Timeout: time.Second, MaxBody: 1000,
		Credential: "env:KEY", Lookup: func(context.Context, string) (string, error) { return "secret", nil },
	})
	require.NoError(t, err)
	_, err = c.Do(t.Context(), Request{Operation: "testing", Method: http.MethodGet, Path: "/latest/meta-data"})
	require.ErrorContains(t, err, "connection acme: testing: cannot be reached; check base_url and the network of the worker: ")
	require.ErrorContains(t, err, "link-local or metadata address")
}

package vendorhttp_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/vendorhttp"
	"audiencesync/internal/vendorhttp/tlstest"
)

// behind is what references lead to, which may be changed at any time.
type behind struct {
	mutex sync.Mutex
	texts map[string]string
}

func (b *behind) lookup(_ context.Context, reference string) (string, error) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if b.texts[reference] == "" {
		return "", errors.New("credential " + reference + ": no such file on the worker")
	}
	return b.texts[reference], nil
}

// put changes what is behind references, all at once.
func (b *behind) put(pairs ...string) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	for i := 0; i < len(pairs); i += 2 {
		b.texts[pairs[i]] = pairs[i+1]
	}
}

// secured are options with an authority and a client certificate; empty texts are not
// set.
func secured(address, ca string, pair tlstest.Pair) (vendorhttp.Options, *behind) {
	options := optionsFor(address)
	files := &behind{texts: map[string]string{
		"env:KEY": "secret", "file:ca.pem": ca, "file:client.pem": pair.Certificate, "file:client.key": pair.Key,
	}}
	options.Lookup = files.lookup
	if ca != "" {
		options.TLS.CA = "file:ca.pem"
	}
	if pair.Certificate != "" {
		options.TLS.Certificate, options.TLS.Key = "file:client.pem", "file:client.key"
	}
	return options, files
}

// none is no client certificate.
var none = tlstest.Pair{}

var fine = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })

// only lets a server speak one version of TLS.
func only(version uint16) func(*tls.Config) {
	return func(c *tls.Config) { c.MinVersion, c.MaxVersion = version, version }
}

// refusedBy is the failure of a request that TLS keeps from being answered. Where the
// server hangs up before the request was written, the connection is merely lost: it is
// asked again, as a run does.
func refusedBy(t *testing.T, options vendorhttp.Options) *vendorhttp.Error {
	t.Helper()
	c := client(t, options)
	for range 50 {
		if failed := failure(t, c, get()); failed.Kind != vendorhttp.Unavailable {
			return failed
		}
	}
	require.FailNow(t, "the connection is always lost")
	return nil
}

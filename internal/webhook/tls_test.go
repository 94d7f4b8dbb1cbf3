package webhook_test

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/config"
	"audiencesync/internal/vendorhttp/tlstest"
	"audiencesync/internal/webhook"
)

func TestAReceiverMayHaveAnAuthorityOfItsOwnAndAskForAClientCertificate(t *testing.T) {
	t.Parallel()
	authority, another := tlstest.NewAuthority(t), tlstest.NewAuthority(t)
	var delivered atomic.Int32
	server := tlstest.Serve(t, authority.Issue(t), http.HandlerFunc(func(http.ResponseWriter, *http.Request) { delivered.Add(1) }), authority.Asking)
	pair := authority.Issue(t)
	files := map[string]string{
		"env:OPS": server.URL + "/" + hidden, "file:ca.pem": authority.PEM, "file:other.pem": another.PEM, "file:client.pem": pair.Certificate, "file:client.key": pair.Key,
	}
	const untrusted = "the server is not trusted, so nothing was sent: "
	for name, test := range map[string]struct {
		tls     config.TLS
		checked bool
		text    string
	}{
		"all is well":     {config.TLS{CA: "file:ca.pem", Certificate: "file:client.pem", Key: "file:client.key"}, true, ""},
		"no authority":    {config.TLS{}, true, untrusted + "its certificate is signed by an authority that this machine does not know; if it is the operator's own, put the authority's certificate behind tls.ca"},
		"another":         {config.TLS{CA: "file:other.pem"}, true, untrusted + "its certificate is signed by no authority that is behind tls.ca; ask the server's operator which one has signed it, and put that there"},
		"no certificate":  {config.TLS{CA: "file:ca.pem"}, true, "the server refuses the TLS connection: it asks for a client certificate, and none is set; ask its operator for one, and set tls.certificate and tls.key"},
		"file is missing": {config.TLS{CA: "file:none.pem"}, false, "no TLS connection can be made, so nothing was sent: tls.ca: credential file:none.pem: no such file"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			settings := config.DefaultWebhook()
			settings.URL, settings.TLS = "env:OPS", test.tls
			c := webhook.New(webhook.Options{Connection: "ops-slack", Settings: settings, Credential: func(_ context.Context, reference string) (string, error) {
				if files[reference] == "" {
					return "", errors.New("credential " + reference + ": no such file")
				}
				return files[reference], nil
			}})
			if test.checked {
				require.NoError(t, c.Check(t.Context()))
			} else {
				require.EqualError(t, c.Check(t.Context()), "connection ops-slack: "+test.text)
			}
			if test.text == "" {
				require.NoError(t, c.Send(t.Context(), webhook.Message{ID: "msg_1"}))
				require.EqualValues(t, 1, delivered.Load())
				return
			}
			// Where the server hangs up early the connection is merely lost: another try says why.
			require.Eventually(t, func() bool {
				err := c.Send(t.Context(), webhook.Message{ID: "msg_1"})
				require.Error(t, err)
				require.NotContains(t, err.Error(), hidden)
				return err.Error() == "connection ops-slack: "+test.text
			}, time.Minute, time.Millisecond)
		})
	}
}

func TestTLSForAReceiverThatIsReachedWithoutItIsAMistake(t *testing.T) {
	t.Parallel()
	err := client("http://127.0.0.1:1/"+hidden, "", func(w *config.Webhook) { w.TLS.CA = "file:ca.pem" }).Check(t.Context())
	require.EqualError(t, err, "connection ops-slack: what is behind its url starts with http://, where tls has no effect: use https://, or take tls away")
	require.NotContains(t, err.Error(), hidden)
}

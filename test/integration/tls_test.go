package integration

import (
	"crypto/x509"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"audiencesync/activities"
	"audiencesync/internal/audience"
	"audiencesync/internal/vendorhttp/tlstest"
	"audiencesync/workflows"
)

// overMutualTLS lets both vendors be reached over TLS alone, by those whom the authority
// vouches for.
func overMutualTLS(authority *tlstest.Authority) func(*settings) {
	return func(s *settings) {
		s.mutual = authority
		s.connections = append(s.connections, "credential: file:demo.key",
			"credential: file:demo.key\n    tls: {ca: file:ca.pem, certificate: file:client.pem, key: file:client.key}")
	}
}

// shows puts files where the connections say that they are.
func (w *world) shows(t *testing.T, trusted *tlstest.Authority, pair tlstest.Pair) {
	t.Helper()
	for name, text := range map[string]string{"ca.pem": trusted.PEM, "client.pem": pair.Certificate, "client.key": pair.Key} {
		require.NoError(t, os.WriteFile(filepath.Join(w.dir, name), []byte(text), 0o600))
	}
}

// clientKey is the part of the client's private key that no other key has.
func (w *world) clientKey(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(w.dir, "client.key"))
	require.NoError(t, err)
	return strings.Split(string(text), "\n")[2]
}

func TestAWholeRunGoesOverMutualTLS(t *testing.T) {
	t.Parallel()
	authority := tlstest.NewAuthority(t)
	w := newWorld(t, 400, overMutualTLS(authority))
	w.shows(t, authority, authority.Issue(t))
	report := w.run(t, demo(t))
	requireTrueReport(t, w, report)
	requireContactByContact(t, w)

	w.shows(t, authority, authority.Issue(t)) // Rotated, and the worker goes on.
	require.Equal(t, report.Outcomes.Taken(), w.run(t, demo(t)).Outcomes.Unchanged)
}

func TestARunPausesForAClientCertificateThatHasExpiredAndGoesOnWithTheNext(t *testing.T) {
	t.Parallel()
	authority := tlstest.NewAuthority(t)
	w := newWorld(t, 200, overMutualTLS(authority), batchesOf(20), inFlight(1))
	w.shows(t, authority, authority.Issue(t))
	held := w.charles.hold(http.MethodPost, contactsPath, 3)
	spec := demo(t)
	run := w.started(t, spec)
	held.await(t, 1)
	w.shows(t, authority, authority.Issue(t, tlstest.Expired))
	held.release()
	hold := w.awaitHold(t, spec)
	require.Equal(t, workflows.HoldAccess, hold.Kind)
	require.Contains(t, hold.Why, "connection charles-demo: ")
	require.Contains(t, hold.Why, "no TLS connection can be made, so nothing was sent: tls.certificate: the client certificate behind it has expired, on ")

	w.shows(t, authority, authority.Issue(t))
	require.NoError(t, w.steer(t, spec, workflows.UpdateResume, ""))
	report, err := w.end(t, run)
	require.NoError(t, err)
	requireTrueReport(t, w, report)
	requireContactByContact(t, w)
}

func TestARunWhoseClientCertificateExpiresBeforeItsProofIsUnverifiableUntilItIsProved(t *testing.T) {
	t.Parallel()
	authority := tlstest.NewAuthority(t)
	w := newWorld(t, 200, overMutualTLS(authority))
	w.shows(t, authority, authority.Issue(t))
	held := w.charles.hold(http.MethodPost, contactsPath, 0)
	spec := demo(t)
	run := w.started(t, spec)
	held.await(t, 1) // It is the only batch.
	w.shows(t, authority, authority.Issue(t, tlstest.Expired))
	held.release()
	report, err := w.end(t, run)
	require.NoError(t, err)
	require.Equal(t, audience.Unverifiable, report.Verdict)
	require.Contains(t, strings.Join(report.Explanation, "\n"), "tls.certificate: the client certificate behind it has expired, on ")

	w.shows(t, authority, authority.Issue(t))
	again, _, err := w.start(t.Context(), workflows.AudienceSyncInput{Spec: spec, VerifyOnly: true})
	require.NoError(t, err)
	report, err = w.end(t, again)
	require.NoError(t, err)
	require.NotEqual(t, audience.Unverifiable, report.Verdict)
}

func TestACheckShowsWhatIsWrongWithCertificatesBeforeAnythingIsSent(t *testing.T) {
	t.Parallel()
	authority, another := tlstest.NewAuthority(t), tlstest.NewAuthority(t)
	w := newWorld(t, 10, overMutualTLS(authority))
	check := func() []string {
		run, err := w.client.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{TaskQueue: workflows.TaskQueue}, workflows.CheckSync, activities.CheckSyncInput{Spec: demo(t)})
		require.NoError(t, err)
		var result activities.CheckSyncResult
		require.NoError(t, run.Get(t.Context(), &result))
		return result.Problems
	}
	// both are what the two connections say, each once.
	both := func(zeotap, charles string) []string {
		return []string{"connection zeotap-demo: asking for audience 984: " + zeotap, "connection charles-demo: " + charles}
	}
	const nothing = "no TLS connection can be made, so nothing was sent: "
	missing := nothing + "tls.ca: credential file:ca.pem: no such file on the worker; put it there, or correct the reference in the connections file"
	require.Equal(t, both(missing, "preparing a request: "+missing), check())

	w.shows(t, another, authority.Issue(t))
	untrusted := "the server is not trusted, so nothing was sent: its certificate is signed by no authority that is behind tls.ca; " +
		"ask the server's operator which one has signed it, and put that there"
	require.Equal(t, both(untrusted, "listing tags: "+untrusted), check())

	w.shows(t, authority, another.Issue(t))
	refused := "the server refuses the TLS connection: it does not accept the client certificate behind tls.certificate: " +
		"the server does not know the authority that has signed it; the certificates in between belong there, too. " +
		"Ask the server's operator which one it accepts, and put that there, with its key behind tls.key"
	require.Equal(t, both(refused, "listing tags: "+refused), check())

	mixed := authority.Issue(t)
	mixed.Key = authority.Issue(t).Key
	w.shows(t, authority, mixed)
	mismatch := nothing + "tls.key: is not the key of the first certificate behind tls.certificate; put both there again, the client's own certificate first"
	require.Equal(t, both(mismatch, "preparing a request: "+mismatch), check())

	w.shows(t, authority, authority.Issue(t, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} }))
	require.Empty(t, check())
	require.Zero(t, w.Stats().UpsertsReceived)
}

package vendorhttp_test

import (
	"bufio"
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/vendorhttp"
)

// askedVariable names the address that a second process of these tests asks, with the
// proxy variables that it was started with: Go reads those once in a process.
const askedVariable = "AUDIENCESYNC_TEST_ASK"

func TestAskInASecondProcess(t *testing.T) {
	address := os.Getenv(askedVariable)
	if address == "" {
		t.Skip("runs only as a second process")
	}
	failed := failure(t, client(t, optionsFor(address)), get())
	require.Contains(t, []vendorhttp.Kind{vendorhttp.ServerNotTrusted, vendorhttp.Unavailable, vendorhttp.Unreachable}, failed.Kind)
}

// eavesdropper is a proxy that would read what passes: it answers CONNECT, and ends the
// encryption itself, with a certificate that nobody trusts.
type eavesdropper struct {
	mutex       sync.Mutex
	certificate tls.Certificate
	requests    []string
}

func (e *eavesdropper) note(r *http.Request) {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	text := r.Method + " " + r.RequestURI
	for name, values := range r.Header {
		text += "\n" + name + ": " + strings.Join(values, ", ")
	}
	e.requests = append(e.requests, text)
}

func (e *eavesdropper) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e.note(r)
	if r.Method != http.MethodConnect {
		return
	}
	connection, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer func() { _ = connection.Close() }()
	_, _ = connection.Write([]byte("HTTP/1.1 200 OK\r\n\r\n"))
	e.listen(tls.Server(connection, &tls.Config{Certificates: []tls.Certificate{e.certificate}}))
}

func (e *eavesdropper) listen(connection net.Conn) {
	if r, err := http.ReadRequest(bufio.NewReader(connection)); err == nil {
		e.note(r)
	}
}

func TestAProxyNeverSeesTheKey(t *testing.T) {
	t.Parallel()
	for address, tunnelled := range map[string]bool{"http://acme.example": false, "https://acme.example": true} {
		t.Run(address, func(t *testing.T) {
			t.Parallel()
			trusted := httptest.NewUnstartedServer(nil)
			trusted.StartTLS()
			defer trusted.Close()
			listening := &eavesdropper{certificate: trusted.TLS.Certificates[0]}
			proxy := httptest.NewServer(listening)
			defer proxy.Close()
			second := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestAskInASecondProcess$", "-test.v")
			second.Env = []string{
				askedVariable + "=" + address, "HTTP_PROXY=" + proxy.URL, "HTTPS_PROXY=" + proxy.URL, "ALL_PROXY=" + proxy.URL,
				"http_proxy=" + proxy.URL, "https_proxy=" + proxy.URL,
			}
			output, err := second.CombinedOutput()
			require.NoError(t, err, "%s", output)
			require.Contains(t, string(output), "--- PASS: TestAskInASecondProcess")
			all := strings.Join(listening.requests, "\n\n")
			require.NotContains(t, all, "secret")
			require.NotContains(t, strings.ToLower(all), "x-api-key")
			if tunnelled {
				require.Contains(t, all, "CONNECT acme.example:443", "the proxy was not asked at all")
				require.Len(t, listening.requests, 1, "the tunnel was spoken through")
			} else {
				require.Empty(t, listening.requests)
			}
		})
	}
}

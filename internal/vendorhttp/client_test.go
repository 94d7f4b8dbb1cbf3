package vendorhttp_test

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/vendorhttp"
)

const planted = "+4915112345678"

func TestRequestCarriesCredentialQueryAndBody(t *testing.T) {
	t.Parallel()
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || string(body) != `{"a":1}` || r.Method != http.MethodPut ||
			r.URL.EscapedPath() != "/base/audiences/a%2Fb" || r.URL.Query().Get("cursor") != "x y" ||
			r.Header.Get("X-Api-Key") != "Key secret" || r.Header.Get("Content-Type") != "application/json" ||
			r.Header.Get("Accept") != "application/json" {
			w.WriteHeader(http.StatusTeapot)
			return
		}
		w.Header().Set("X-Count", "7")
		w.WriteHeader(http.StatusAccepted)
		_, _ = io.WriteString(w, "done")
	})
	options := optionsFor(server.URL + "/base/")
	options.Prefix = "Key "
	response, err := client(t, options).Do(t.Context(), vendorhttp.Request{
		Operation: "testing", Method: http.MethodPut, Path: "/audiences/a%2Fb",
		Query: url.Values{"cursor": {"x y"}}, Body: []byte(`{"a":1}`),
	})
	require.NoError(t, err)
	require.Equal(t, http.StatusAccepted, response.Status)
	require.Equal(t, "7", response.Header.Get("X-Count"))
	require.Equal(t, "done", string(response.Body))
}

func TestStatusDecidesTheKind(t *testing.T) {
	t.Parallel()
	tests := []struct {
		status     int
		retryAfter string
		kind       vendorhttp.Kind
	}{
		{status: 301, kind: vendorhttp.Redirected},
		{status: 304, kind: vendorhttp.Redirected},
		{status: 400, kind: vendorhttp.Rejected},
		{status: 401, kind: vendorhttp.Unauthorized},
		{status: 403, kind: vendorhttp.Forbidden},
		{status: 404, kind: vendorhttp.NotFound},
		{status: 405, kind: vendorhttp.NotFound},
		{status: 408, kind: vendorhttp.Unavailable},
		{status: 409, kind: vendorhttp.Rejected},
		{status: 410, kind: vendorhttp.NotFound},
		{status: 413, kind: vendorhttp.TooLarge},
		{status: 422, kind: vendorhttp.Rejected},
		{status: 425, kind: vendorhttp.Unavailable},
		{status: 429, kind: vendorhttp.RateLimited},
		{status: 500, kind: vendorhttp.Unavailable},
		{status: 502, kind: vendorhttp.Unavailable},
		{status: 503, kind: vendorhttp.Unavailable},
		{status: 503, retryAfter: "3", kind: vendorhttp.RateLimited},
		{status: 504, kind: vendorhttp.Unavailable},
	}
	for _, test := range tests {
		t.Run(http.StatusText(test.status)+test.retryAfter, func(t *testing.T) {
			t.Parallel()
			server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				if test.retryAfter != "" {
					w.Header().Set("Retry-After", test.retryAfter)
				}
				w.WriteHeader(test.status)
				if test.status != http.StatusNotModified {
					_, _ = io.WriteString(w, "no "+planted)
				}
			})
			failed := failure(t, client(t, optionsFor(server.URL)), get())
			require.Equal(t, test.kind, failed.Kind)
			require.Equal(t, test.status, failed.Status)
			require.Contains(t, failed.Error(), "connection acme: testing: ")
			require.NotContains(t, failed.Error(), planted)
			if test.status != http.StatusNotModified {
				require.Contains(t, string(failed.Body), planted, "kept for parsers and the ledger")
			}
		})
	}
}

func TestRetryAfterIsReadInBothFormsAndCut(t *testing.T) {
	t.Parallel()
	status := http.StatusTooManyRequests
	answer := func(t *testing.T, retryAfter string, most time.Duration) *vendorhttp.Error {
		t.Helper()
		server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", retryAfter)
			w.WriteHeader(status)
		})
		options := optionsFor(server.URL)
		options.MaxRetryAfter = most
		return failure(t, client(t, options), get())
	}
	failed := answer(t, "7", time.Minute)
	require.Equal(t, 7*time.Second, failed.RetryAfter)
	require.Contains(t, failed.Error(), "asked to wait 7s (status 429)")

	failed = answer(t, time.Now().Add(30*time.Second).UTC().Format(http.TimeFormat), time.Minute)
	require.InDelta(t, 30*time.Second, failed.RetryAfter, float64(5*time.Second))

	failed = answer(t, "86400", time.Minute)
	require.Equal(t, time.Minute, failed.RetryAfter)
	require.Equal(t, 24*time.Hour, failed.AskedRetryAfter)
	require.Contains(t, failed.Error(), "asked to wait 24h0m0s, cut to 1m0s (setting max_retry_after)")

	failed = answer(t, "86400", 0)
	require.Equal(t, 24*time.Hour, failed.RetryAfter, "no cap")

	failed = answer(t, "soon", time.Minute)
	require.Zero(t, failed.RetryAfter)
	require.Contains(t, failed.Error(), "too many requests (status 429)")

	status = http.StatusServiceUnavailable
	failed = answer(t, "Fri, 31 Dec 9999 23:59:59 GMT", time.Minute)
	require.Equal(t, time.Minute, failed.RetryAfter)
	require.Contains(t, failed.Error(), "asked to wait 8760h0m0s, cut to 1m0s (setting max_retry_after) (status 503)")
}

func TestRedirectToAnotherHostGetsNoCredential(t *testing.T) {
	t.Parallel()
	var reached atomic.Int32
	other := serve(t, func(http.ResponseWriter, *http.Request) { reached.Add(1) })
	for _, status := range []int{301, 302, 303, 307, 308} {
		for _, to := range []string{other.URL + "/elsewhere", "//" + strings.TrimPrefix(other.URL, "http://"), "http://169.254.169.254/latest/meta-data/"} {
			server := serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, status) })
			for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodPost} {
				failed := failure(t, client(t, optionsFor(server.URL)), vendorhttp.Request{
					Operation: "testing", Method: method, Path: "/", Body: []byte(planted),
				})
				require.Equal(t, vendorhttp.Redirected, failed.Kind)
				require.Contains(t, failed.Error(), "set base_url to the final host")
			}
		}
	}
	require.Zero(t, reached.Load())
}

func TestCredentialIsLookedUpForEveryRequest(t *testing.T) {
	t.Parallel()
	server := serve(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Header.Get("X-Api-Key")) })
	keys := []string{"old", "new"}
	options := optionsFor(server.URL)
	options.Lookup = func(context.Context, string) (string, error) {
		key := keys[0]
		keys = keys[1:]
		return key, nil
	}
	c := client(t, options)
	for _, want := range []string{"old", "new"} {
		response, err := c.Do(t.Context(), get())
		require.NoError(t, err)
		require.Equal(t, want, string(response.Body))
	}
}

func TestRequestWithoutUsableCredentialIsNotSent(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		credential string
		err        error
		text       string
	}{
		"not found":   {err: errors.New("credential env:KEY: not set"), text: "no credential: credential env:KEY: not set"},
		"two lines":   {credential: "secret\nmore", text: "line break"},
		"byte order":  {credential: "\ufeffsecret", text: "a header cannot carry"},
		"empty value": {text: "is empty"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var reached atomic.Int32
			server := serve(t, func(http.ResponseWriter, *http.Request) { reached.Add(1) })
			options := optionsFor(server.URL)
			options.Lookup = func(context.Context, string) (string, error) { return test.credential, test.err }
			request := get()
			request.Before = func(context.Context) error { return errors.New("nothing is about to leave") }
			failed := failure(t, client(t, options), request)
			require.Equal(t, vendorhttp.NoCredential, failed.Kind)
			require.Contains(t, failed.Error(), test.text)
			require.NotContains(t, failed.Error(), "secret")
			require.Zero(t, reached.Load())
		})
	}
}

func TestNothingIsSentWhenBeforeFails(t *testing.T) {
	t.Parallel()
	var reached atomic.Int32
	server := serve(t, func(http.ResponseWriter, *http.Request) { reached.Add(1) })
	fenced := errors.New("fenced")
	request := get()
	request.Before = func(context.Context) error { return fenced }
	_, err := client(t, optionsFor(server.URL)).Do(t.Context(), request)
	require.Equal(t, fenced, err)
	require.Zero(t, reached.Load())

	request.Before = func(context.Context) error {
		require.Zero(t, reached.Load())
		return nil
	}
	_, err = client(t, optionsFor(server.URL)).Do(t.Context(), request)
	require.NoError(t, err)
	require.EqualValues(t, 1, reached.Load())
}

func TestPathThatIsNoPathIsAMistakeInTheSettings(t *testing.T) {
	t.Parallel()
	server := serve(t, func(http.ResponseWriter, *http.Request) {})
	c := client(t, optionsFor(server.URL))
	for _, request := range []vendorhttp.Request{
		{Operation: "testing", Method: http.MethodGet, Path: "/%zz"},
		{Operation: "testing", Method: "NO METHOD", Path: "/"},
	} {
		failed := failure(t, c, request)
		require.Equal(t, vendorhttp.Misconfigured, failed.Kind)
		require.NotContains(t, failed.Error(), "status")
	}
}

func TestCutReplyIsNotASuccess(t *testing.T) {
	t.Parallel()
	replies := map[string]string{
		"length":  "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"created\":1",
		"chunked": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"cre\r\n",
		"header":  "HTTP/1.1 200 OK\r\nContent-Le",
		"nothing": "",
	}
	for name, reply := range replies {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				connection, _, err := http.NewResponseController(w).Hijack()
				if err == nil {
					_, _ = io.WriteString(connection, reply)
					_ = connection.Close()
				}
			})
			failed := failure(t, client(t, optionsFor(server.URL)), vendorhttp.Request{
				Operation: "testing", Method: http.MethodPut, Path: "/", Body: []byte("{}"),
			})
			require.Equal(t, vendorhttp.Unavailable, failed.Kind)
			require.Contains(t, failed.Error(), "before the whole answer came")
		})
	}
}

func TestReplyIsBounded(t *testing.T) {
	t.Parallel()
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		size, _ := strconv.Atoi(path.Base(r.URL.Path))
		if strings.HasPrefix(r.URL.Path, "/zip/") {
			w.Header().Set("Content-Encoding", "gzip")
			zipped := gzip.NewWriter(w)
			_, _ = io.WriteString(zipped, strings.Repeat("x", size))
			_ = zipped.Close()
			return
		}
		_, _ = io.WriteString(w, strings.Repeat("x", size))
	})
	options := optionsFor(server.URL)
	options.MaxBody = 1000
	c := client(t, options)
	for _, kind := range []string{"/plain", "/zip"} {
		response, err := c.Do(t.Context(), vendorhttp.Request{Operation: "testing", Method: http.MethodGet, Path: kind + "/1000"})
		require.NoError(t, err)
		require.Len(t, response.Body, 1000)
		failed := failure(t, c, vendorhttp.Request{Operation: "testing", Method: http.MethodGet, Path: kind + "/1001"})
		require.Equal(t, vendorhttp.Unreadable, failed.Kind)
		require.Contains(t, failed.Error(), "setting max_body_megabytes")
	}
}

func TestConnectionIsUsedAgain(t *testing.T) {
	t.Parallel()
	var opened atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/refused" {
			w.WriteHeader(http.StatusUnprocessableEntity)
			_, _ = io.WriteString(w, strings.Repeat("x", 100<<10))
		}
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			opened.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	c := client(t, optionsFor(server.URL))
	for range 5 {
		_, err := c.Do(t.Context(), get())
		require.NoError(t, err)
		_, err = c.Do(t.Context(), vendorhttp.Request{Operation: "testing", Method: http.MethodGet, Path: "/refused"})
		require.Error(t, err)
	}
	require.EqualValues(t, 1, opened.Load())
}

func TestEndpointThatIsNotThereIsUnreachable(t *testing.T) {
	t.Parallel()
	server := serve(t, func(http.ResponseWriter, *http.Request) {})
	server.Close()
	failed := failure(t, client(t, optionsFor(server.URL)), get())
	require.Equal(t, vendorhttp.Unreachable, failed.Kind)
	require.Contains(t, failed.Error(), "check base_url and the network of the worker")
	require.NotContains(t, failed.Unwrap().Error(), "asked-for", "the URL may name what was asked for")
}

func TestSlowReplyIsUnavailable(t *testing.T) {
	t.Parallel()
	for name, headersFirst := range map[string]bool{"headers": false, "body": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			done := make(chan struct{})
			server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				if headersFirst {
					_ = http.NewResponseController(w).Flush()
				}
				<-done
			})
			t.Cleanup(func() { close(done) })
			options := optionsFor(server.URL)
			options.Timeout = 50 * time.Millisecond
			failed := failure(t, client(t, options), get())
			require.Equal(t, vendorhttp.Unavailable, failed.Kind)
		})
	}
}

func TestEndedContextIsNotAFailureOfTheEndpoint(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	server := serve(t, func(http.ResponseWriter, *http.Request) {
		cancel()
		<-done
	})
	t.Cleanup(func() { close(done) })
	_, err := client(t, optionsFor(server.URL)).Do(ctx, get())
	require.ErrorIs(t, err, context.Canceled)
	require.EqualError(t, err, "connection acme: testing: context canceled")
}

func TestBaseURLIsChecked(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"", "acme", "acme.hello-charles.com", "ftp://acme", "https://", "https://:443", "https://a:secret@b/%zz", "https://a:secret@b"} {
		_, err := vendorhttp.New(vendorhttp.Options{Connection: "acme", BaseURL: address})
		require.ErrorContains(t, err, "connection acme: base_url", address)
		require.NotContains(t, err.Error(), "secret")
	}
	_, err := vendorhttp.New(vendorhttp.Options{
		Connection: "acme", BaseURL: "https://a", Credential: "env:KEY",
	})
	require.ErrorContains(t, err, "the header that carries the credential is not set")
}

func serve(t *testing.T, handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server
}

func optionsFor(address string) vendorhttp.Options {
	return vendorhttp.Options{
		Connection:    "acme",
		BaseURL:       address,
		Header:        "x-api-key",
		Credential:    "env:KEY",
		Lookup:        func(context.Context, string) (string, error) { return "secret", nil },
		Timeout:       10 * time.Second,
		MaxBody:       1 << 20,
		MaxRetryAfter: time.Minute,
		Connections:   2,
	}
}

func client(t *testing.T, options vendorhttp.Options) *vendorhttp.Client {
	t.Helper()
	c, err := vendorhttp.New(options)
	require.NoError(t, err)
	return c
}

func get() vendorhttp.Request {
	return vendorhttp.Request{
		Operation: "testing", Method: http.MethodGet, Path: "/", Query: url.Values{"cursor": {"asked-for"}},
	}
}

// failure sends a request that must fail, and checks what holds for every failure.
func failure(t *testing.T, c *vendorhttp.Client, request vendorhttp.Request) *vendorhttp.Error {
	t.Helper()
	_, err := c.Do(t.Context(), request)
	var failed *vendorhttp.Error
	require.ErrorAs(t, err, &failed)
	require.NotContains(t, err.Error(), "asked-for")
	require.NotContains(t, err.Error(), "secret")
	return failed
}

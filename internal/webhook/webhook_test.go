package webhook_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/config"
	"audiencesync/internal/webhook"
)

const (
	key    = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	hidden = "hunter2"
)

// client delivers to a server at a path that nobody may see.
func client(address, secret string, change func(*config.Webhook)) *webhook.Client {
	settings := config.DefaultWebhook()
	settings.URL, settings.Timeout = "env:OPS", config.Duration(5*time.Second)
	behind := map[string]string{"env:OPS": address, "env:KEY": secret}
	if secret != "" {
		settings.Secret = "env:KEY"
	}
	if change != nil {
		change(&settings)
	}
	return webhook.New(webhook.Options{
		Connection: "ops-slack", Settings: settings,
		Credential: func(_ context.Context, reference string) (string, error) {
			if behind[reference] == "" {
				return "", errors.New("credential " + reference + ": the environment variable is not set for the worker")
			}
			return behind[reference], nil
		},
	})
}

// serve answers by f, at an address that holds what must stay hidden.
func serve(t *testing.T, f http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	return server.URL + "/services/" + hidden + "?token=" + hidden
}

func TestAMessageIsSignedByTheStandardWebhooksConvention(t *testing.T) {
	t.Parallel()
	for _, prefix := range []string{"", "whsec_"} {
		received := make(chan *http.Request, 1)
		bodies := make(chan []byte, 1)
		c := client(serve(t, func(_ http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			received <- r
			bodies <- body
		}), prefix+key, nil)
		require.NoError(t, c.Send(t.Context(), webhook.Message{ID: "msg_1", Body: []byte(`{"text":"hello"}`)}))
		r, body := <-received, <-bodies
		require.Equal(t, http.MethodPost, r.Method)
		require.Equal(t, "application/json", r.Header.Get("Content-Type"))
		require.JSONEq(t, `{"text":"hello"}`, string(body))
		require.Equal(t, "msg_1", r.Header.Get("Webhook-Id"))

		// As a receiver verifies it.
		seconds, err := strconv.ParseInt(r.Header.Get("Webhook-Timestamp"), 10, 64)
		require.NoError(t, err)
		require.WithinDuration(t, time.Now(), time.Unix(seconds, 0), time.Minute)
		secret, err := base64.StdEncoding.DecodeString(key)
		require.NoError(t, err)
		mac := hmac.New(sha256.New, secret)
		_, _ = mac.Write([]byte(r.Header.Get("Webhook-Id") + "." + r.Header.Get("Webhook-Timestamp") + "." + string(body)))
		signature, found := strings.CutPrefix(r.Header.Get("Webhook-Signature"), "v1,")
		require.True(t, found)
		require.Equal(t, base64.StdEncoding.EncodeToString(mac.Sum(nil)), signature)
	}
}

func TestWithoutASecretNothingIsSignedAndAHeartbeatIsEmpty(t *testing.T) {
	t.Parallel()
	c := client(serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if len(body) > 0 || r.Header.Get("Content-Type") != "" || r.Header.Get("Webhook-Signature") != "" || r.Header.Get("Webhook-Id") != "msg_1" {
			w.WriteHeader(http.StatusTeapot)
		}
		_, _ = w.Write([]byte(strings.Repeat("OK ", 100_000))) // It is not looked at.
	}), "", nil)
	require.NoError(t, c.Send(t.Context(), webhook.Message{ID: "msg_1"}))
}

func TestARedirectIsNotFollowed(t *testing.T) {
	t.Parallel()
	var followed atomic.Bool
	other := serve(t, func(http.ResponseWriter, *http.Request) { followed.Store(true) })
	err := client(serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other, http.StatusTemporaryRedirect) }), "", nil).
		Send(t.Context(), webhook.Message{ID: "msg_1"})
	require.EqualError(t, err, "connection ops-slack: the receiver answers with status 307, a redirect, which is not followed: put the final URL behind the connection's url")
	require.False(t, followed.Load())
}

func TestAnErrorSaysWhatToDoAndShowsNothingOfTheURL(t *testing.T) {
	t.Parallel()
	status := func(status int) string {
		return serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "7200")
			w.WriteHeader(status)
			_, _ = w.Write([]byte("no " + hidden))
		})
	}
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	slow := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	})
	lost := serve(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	untrusted := httptest.NewUnstartedServer(http.NotFoundHandler())
	untrusted.Config.ErrorLog = nil
	untrusted.StartTLS()
	t.Cleanup(untrusted.Close)
	quick := func(w *config.Webhook) { w.Timeout = config.Duration(200 * time.Millisecond) }
	for name, c := range map[string]struct {
		client *webhook.Client
		text   string
	}{
		"500":              {client(status(500), "", nil), "the receiver answers with status 500"},
		"429":              {client(status(429), "", nil), "the receiver answers with status 429"},
		"404":              {client(status(404), "", nil), "the receiver answers with status 404: put the URL that it has now behind the connection's url, and the secret if it signs"},
		"400":              {client(status(400), "", nil), "the receiver answers with status 400: it does not want this message, which is not sent to it again"},
		"nobody":           {client(gone.URL+"/"+hidden, "", nil), "the receiver cannot be reached; check the URL behind the connection's url, and the network of the worker"},
		"no such host":     {client("https://"+hidden+".invalid/", "", nil), "the receiver cannot be reached; check the URL behind the connection's url, and the network of the worker"},
		"slow":             {client(slow, "", quick), "the receiver did not answer within 200ms (setting timeout)"},
		"lost":             {client(lost, "", nil), "the connection to the receiver was lost"},
		"not trusted":      {client(untrusted.URL+"/"+hidden, "", nil), "the server is not trusted, so nothing was sent: its certificate is signed by an authority that this machine does not know; if it is the operator's own, put the authority's certificate behind tls.ca"},
		"plain":            {client("http://"+hidden+".example/", "", nil), "what is behind its url starts with http://, which shows it to everyone on the way: use https://, or set allow_plain_http: true"},
		"no URL":           {client(hidden, "", nil), "what is behind its url is no address that starts with https://"},
		"another scheme":   {client("ftp://"+hidden+".example", "", nil), "what is behind its url is no address that starts with https://"},
		"URL is not there": {client("", "", nil), "url: credential env:OPS: the environment variable is not set for the worker"},
		"no key":           {client(status(200), "whsec_"+hidden, nil), "what is behind its secret is no signing key: expected base64 of 24 to 64 bytes, with or without whsec_ before it (openssl rand -base64 32)"},
		"short key":        {client(status(200), base64.StdEncoding.EncodeToString([]byte(hidden)), nil), "what is behind its secret is no signing key: expected base64 of 24 to 64 bytes, with or without whsec_ before it (openssl rand -base64 32)"},
		"secret is not there": {
			client(status(200), "", func(w *config.Webhook) { w.Secret = "env:KEY" }),
			"secret: credential env:KEY: the environment variable is not set for the worker",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := c.client.Send(t.Context(), webhook.Message{ID: "msg_1", Body: []byte(`{"text":"a"}`)})
			require.EqualError(t, err, "connection ops-slack: "+c.text)
			require.NotContains(t, err.Error(), hidden)
			var failed *webhook.Error
			require.ErrorAs(t, err, &failed)
			require.NoError(t, errors.Unwrap(failed), "the cause holds the URL")
			require.Equal(t, name == "400", failed.Refused)
			if name == "429" {
				require.Equal(t, 15*time.Minute, failed.RetryAfter, "two hours are asked for")
			}
		})
	}
}

func TestPlainHTTPToAnotherHostNeedsPermission(t *testing.T) {
	t.Parallel()
	allow := func(w *config.Webhook) { w.AllowPlainHTTP = true }
	require.NoError(t, client("http://receiver.example/"+hidden, "", allow).Check(t.Context()))
	require.NoError(t, client("http://127.0.0.1:1/"+hidden, "", nil).Check(t.Context()))
	require.Error(t, client("http://receiver.example/"+hidden, "", nil).Check(t.Context()))
}

func TestACheckSendsNothing(t *testing.T) {
	t.Parallel()
	var requests atomic.Int64
	address := serve(t, func(http.ResponseWriter, *http.Request) { requests.Add(1) })
	require.NoError(t, client(address, key, nil).Check(t.Context()))
	require.ErrorContains(t, client(address, "short", nil).Check(t.Context()), "no signing key")
	require.Zero(t, requests.Load())
}

func TestAMessageThatIsStoppedSaysNothingOfTheURLEither(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	err := client(serve(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		cancel()
		<-r.Context().Done()
	}), "", nil).Send(ctx, webhook.Message{ID: "msg_1"})
	require.ErrorIs(t, err, context.Canceled)
	require.EqualError(t, err, "connection ops-slack: context canceled")
	_, located := errors.AsType[*url.Error](err)
	require.False(t, located)
}

// Package webhook delivers notifications and heartbeats to receivers over HTTP. A
// receiver's URL is a credential: no error shows it, or anything of it.
package webhook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"audiencesync/internal/config"
	"audiencesync/internal/vendorhttp"
)

const (
	// mostRead bounds what is read of an answer, in bytes: it is not looked at, but the
	// connection can be used again.
	mostRead = 64 << 10
	// longestRetryAfter caps the delay that a receiver may ask for.
	longestRetryAfter = 15 * time.Minute
)

// Options describe one receiver.
type Options struct {
	// Connection is its name, for errors.
	Connection string
	Settings   config.Webhook
	// Credential looks a reference up at the time of use.
	Credential func(ctx context.Context, reference string) (string, error)
}

// Client delivers to one receiver. It is safe for concurrent use.
type Client struct {
	options    Options
	transports *vendorhttp.Transports
}

// Message is what is delivered.
type Message struct {
	// ID is the same with every try, so that a receiver can tell repetitions. It holds
	// no dot.
	ID string
	// Body is JSON, or empty for a heartbeat.
	Body []byte
}

// Error is a message that was not delivered. Its text holds the connection's name and
// the status, and neither URL nor secret nor anything that was answered.
type Error struct {
	Connection string
	// Status is zero when there was no answer.
	Status int
	// RetryAfter is the delay that the receiver asked for, at most 15 minutes.
	RetryAfter time.Duration
	// Refused says that the receiver does not want this very message: to try again is
	// no use.
	Refused bool
	text    string
}

// Error implements error.
func (e *Error) Error() string { return fmt.Sprintf("connection %s: %s", e.Connection, e.text) }

// New returns a client of one receiver.
func New(o Options) *Client {
	return &Client{options: o, transports: vendorhttp.NewTransports(vendorhttp.TransportOptions{
		TLS: o.Settings.TLS, Lookup: o.Credential, AddressSetting: "the URL behind url", Timeout: o.Settings.Timeout.D(), Idle: 2,
	})}
}

// Check reports whether the URL, the secret and what is behind the TLS settings can be
// found and used. It sends nothing.
func (c *Client) Check(ctx context.Context) error {
	if _, _, err := c.look(ctx); err != nil {
		return err
	}
	_, err := c.sender(ctx)
	return err
}

// sender sends with what is behind the TLS settings now.
func (c *Client) sender(ctx context.Context) (*http.Client, error) {
	transport, err := c.transports.Current(ctx)
	if err != nil {
		return nil, c.lost(ctx, err)
	}
	return &http.Client{
		Transport:     transport,
		Timeout:       c.options.Settings.Timeout.D(),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, nil
}

// Send delivers one message. Its errors are *Error, or that of a context that ended.
func (c *Client) Send(ctx context.Context, m Message) error {
	address, key, err := c.look(ctx)
	if err != nil {
		return err
	}
	sender, err := c.sender(ctx)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(m.Body))
	if err != nil {
		return c.fail("what is behind its url gives no request")
	}
	request.Header.Set("User-Agent", "audiencesync")
	if len(m.Body) > 0 {
		request.Header.Set("Content-Type", "application/json")
	}
	if err := sign(request.Header, key, m.ID, time.Now(), m.Body); err != nil {
		return c.fail("%v", err)
	}
	reply, err := sender.Do(request)
	if err != nil {
		return c.lost(ctx, err)
	}
	defer func() { _ = reply.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(reply.Body, mostRead))
	return c.judge(reply)
}

// look finds the URL and the key, nil without one.
func (c *Client) look(ctx context.Context) (address string, key []byte, err error) {
	settings := c.options.Settings
	address, err = c.options.Credential(ctx, string(settings.URL))
	if err != nil {
		return "", nil, c.fail("url: %v", err) // It names the reference, not what is behind it.
	}
	if err := checkAddress(address, settings); err != nil {
		return "", nil, c.fail("%v", err)
	}
	if settings.Secret == "" {
		return address, nil, nil
	}
	secret, err := c.options.Credential(ctx, string(settings.Secret))
	if err != nil {
		return "", nil, c.fail("secret: %v", err)
	}
	if key, err = keyOf(secret); err != nil {
		return "", nil, c.fail("%v", err)
	}
	return address, key, nil
}

func checkAddress(address string, settings config.Webhook) error {
	parsed, err := url.Parse(address)
	switch {
	case err != nil || parsed.Hostname() == "" || parsed.Scheme != "https" && parsed.Scheme != "http":
		return errors.New("what is behind its url is no address that starts with https://")
	case parsed.Scheme == "http" && settings.TLS != (config.TLS{}):
		return errors.New("what is behind its url starts with http://, where tls has no effect: use https://, or take tls away")
	case parsed.Scheme == "http" && !settings.AllowPlainHTTP && !config.IsLoopback(parsed.Hostname()):
		return errors.New("what is behind its url starts with http://, which shows it to everyone on the way: use https://, or set allow_plain_http: true")
	}
	return nil
}

// judge says what an answer means.
func (c *Client) judge(reply *http.Response) error {
	status := reply.StatusCode
	if status >= 200 && status <= 299 {
		return nil
	}
	e := c.fail("the receiver answers with status %d", status)
	e.Status = status
	e.RetryAfter = min(vendorhttp.RetryAfter(reply.Header.Get("Retry-After"), time.Now()), longestRetryAfter)
	switch status {
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity:
		e.Refused = true
		e.text += ": it does not want this message, which is not sent to it again"
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusGone:
		e.text += ": put the URL that it has now behind the connection's url, and the secret if it signs"
	default:
		if status >= 300 && status <= 399 {
			e.text += ", a redirect, which is not followed: put the final URL behind the connection's url"
		}
	}
	return e
}

// lost says why there was no answer. What Go says of it holds the URL or its host.
func (c *Client) lost(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("connection %s: %w", c.options.Connection, ctx.Err())
	}
	var network net.Error
	var dial *net.OpError
	if explained := c.transports.Explain(err); explained != nil {
		return c.fail("%v", explained)
	}
	switch {
	case errors.As(err, &network) && network.Timeout():
		return c.fail("the receiver did not answer within %s (setting timeout)", c.options.Settings.Timeout)
	case errors.As(err, &dial) && dial.Op == "dial":
		return c.fail("the receiver cannot be reached; check the URL behind the connection's url, and the network of the worker")
	default:
		return c.fail("the connection to the receiver was lost")
	}
}

func (c *Client) fail(format string, args ...any) *Error {
	return &Error{Connection: c.options.Connection, text: fmt.Sprintf(format, args...)}
}

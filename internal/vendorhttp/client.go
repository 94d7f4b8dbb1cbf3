// Package vendorhttp sends one HTTP request at a time to a vendor's endpoint
// and classifies what became of it. It never retries, never follows a redirect
// and sends a credential to the connection's own host only.
package vendorhttp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"audiencesync/internal/config"
)

// Options describe one endpoint.
type Options struct {
	// Connection is the connection's name, for errors.
	Connection string
	BaseURL    string
	// Header and Prefix carry the credential: "x-api-key" and "", or
	// "Authorization" and "Bearer ".
	Header string
	Prefix string
	// Credential says where the credential is; none is sent without it.
	Credential config.CredentialRef
	// TLS says whom the connection trusts, and as whom it speaks.
	TLS config.TLS
	// Lookup returns what is behind a reference, at the time of use.
	Lookup func(ctx context.Context, reference string) (string, error)
	// Timeout bounds one request with its whole reply.
	Timeout time.Duration
	// MaxBody bounds a reply, in bytes.
	MaxBody int64
	// MaxRetryAfter caps a told delay; zero leaves it as told.
	MaxRetryAfter time.Duration
	// Connections is how many idle connections are kept for reuse.
	Connections int
}

// Client sends requests to one endpoint. It is safe for concurrent use.
type Client struct {
	options    Options
	base       *url.URL
	transports *Transports
}

// Request is one request. Path starts with a slash and is already escaped.
type Request struct {
	// Operation says what is tried, for errors ("listing tags").
	Operation string
	Method    string
	Path      string
	Query     url.Values
	// Body is sent as JSON when it is not nil. It must not change afterwards:
	// the transport may read it even after the reply came.
	Body []byte
	// Before, if set, is called when everything is ready and the request is
	// about to leave. If it fails, nothing is sent and Do returns its error.
	Before func(context.Context) error
}

// Response is a complete 2xx reply.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
}

// errorBodyBytes is how much of a failed reply is kept: enough for a refusal
// that names each of 1,000 contacts.
const errorBodyBytes = 1 << 20

// New returns a client for one endpoint.
func New(options Options) (*Client, error) {
	base, err := baseURL(options.BaseURL)
	if err != nil {
		return nil, fmt.Errorf("connection %s: base_url %w", options.Connection, err)
	}
	if options.Credential != "" && options.Header == "" {
		return nil, fmt.Errorf("connection %s: the header that carries the credential is not set", options.Connection)
	}
	return &Client{
		options: options,
		base:    base,
		transports: NewTransports(TransportOptions{
			TLS: options.TLS, Lookup: options.Lookup, AddressSetting: "base_url", Timeout: options.Timeout, Idle: options.Connections,
		}),
	}, nil
}

// baseURL parses the address of an endpoint. The value is not printed in
// errors: someone may have put a password into it.
func baseURL(value string) (*url.URL, error) {
	base, err := url.Parse(value)
	switch {
	case err != nil || base.Hostname() == "" || (base.Scheme != "https" && base.Scheme != "http"):
		return nil, errors.New("is not a URL with a host; write it like https://acme.hello-charles.com")
	case base.User != nil:
		return nil, errors.New("holds a user name or password; give them by the credential setting")
	default:
		return base, nil
	}
}

// Do sends the request and returns a complete 2xx reply. Other errors than
// *Error are those of Before, and of a context that ended.
func (c *Client) Do(ctx context.Context, r Request) (Response, error) {
	request, err := c.build(ctx, r)
	if err != nil {
		return Response{}, err
	}
	sender, err := c.sender(ctx, r)
	if err != nil {
		return Response{}, err
	}
	if r.Before != nil {
		if err := r.Before(ctx); err != nil {
			return Response{}, err
		}
	}
	reply, err := sender.Do(request)
	if err != nil {
		return Response{}, c.lost(ctx, r, err)
	}
	defer func() { _ = reply.Body.Close() }()
	if reply.StatusCode < 200 || reply.StatusCode > 299 {
		return Response{}, c.refused(r, reply)
	}
	body, err := io.ReadAll(io.LimitReader(reply.Body, c.options.MaxBody+1))
	if err != nil {
		return Response{}, c.lost(ctx, r, err)
	}
	if int64(len(body)) > c.options.MaxBody {
		e := c.fail(r, Unreadable, nil)
		e.Detail = fmt.Sprintf("the answer has more than %d bytes (setting max_body_megabytes)", c.options.MaxBody)
		return Response{}, e
	}
	return Response{Status: reply.StatusCode, Header: reply.Header, Body: body}, nil
}

// Check reports whether the credential and what is behind the TLS settings can be found
// and used. It sends nothing.
func (c *Client) Check(ctx context.Context) error {
	r := Request{Operation: "preparing a request", Method: http.MethodGet, Path: "/"}
	if _, err := c.build(ctx, r); err != nil {
		return err
	}
	_, err := c.sender(ctx, r)
	return err
}

// sender sends with what is behind the TLS settings now.
func (c *Client) sender(ctx context.Context, r Request) (*http.Client, error) {
	transport, err := c.transports.Current(ctx)
	if err != nil {
		return nil, c.lost(ctx, r, err)
	}
	return &http.Client{
		Transport:     transport,
		Timeout:       c.options.Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, nil
}

// Fail returns an error of this endpoint for a reply that arrived but is not
// what the contract says. detail holds no contact data.
func (c *Client) Fail(operation string, kind Kind, detail string) *Error {
	e := c.fail(Request{Operation: operation}, kind, nil)
	e.Detail = detail
	return e
}

func (c *Client) build(ctx context.Context, r Request) (*http.Request, error) {
	target := *c.base
	path := strings.TrimSuffix(c.base.EscapedPath(), "/") + r.Path
	unescaped, err := url.PathUnescape(path)
	if err != nil {
		return nil, c.Fail(r.Operation, Misconfigured, "the path in the connection's settings is not a URL path")
	}
	target.Path, target.RawPath = unescaped, path
	target.RawQuery = r.Query.Encode()

	var body io.Reader
	if r.Body != nil {
		body = bytes.NewReader(r.Body)
	}
	request, err := http.NewRequestWithContext(ctx, r.Method, target.String(), body)
	if err != nil {
		return nil, c.Fail(r.Operation, Misconfigured, "the method or path in the connection's settings is not usable")
	}
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", "audiencesync")
	if r.Body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if c.options.Credential == "" {
		return request, nil
	}
	credential, err := c.options.Lookup(ctx, string(c.options.Credential))
	if err != nil {
		e := c.fail(r, NoCredential, err)
		e.Detail = err.Error()
		return nil, e
	}
	if !isHeaderText(credential) {
		return nil, c.Fail(r.Operation, NoCredential,
			"the credential is empty, or holds a line break or another character that a header cannot carry")
	}
	request.Header.Set(c.options.Header, c.options.Prefix+credential)
	return request, nil
}

// isHeaderText reports whether a value can stand in a header: visible ASCII
// and spaces. Otherwise the transport fails in a way that looks like a lost
// connection.
func isHeaderText(value string) bool {
	for i := range len(value) {
		if value[i] < ' ' || value[i] > '~' {
			return false
		}
	}
	return value != ""
}

// lost classifies a request that got no complete answer. The URL is taken out
// of the underlying error: it may name what was asked for.
func (c *Client) lost(ctx context.Context, r Request, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("connection %s: %s: %w", c.options.Connection, r.Operation, ctx.Err())
	}
	if located, ok := errors.AsType[*url.Error](err); ok {
		err = located.Err
	}
	var dial *net.OpError
	if errors.As(err, &dial) && (dial.Op == "dial" || dial.Op == opProxy) {
		e := c.fail(r, Unreachable, err)
		e.Detail = dial.Err.Error()
		return e
	}
	if explained := c.transports.Explain(err); explained != nil {
		e := c.fail(r, explained.Kind, err)
		e.Detail = explained.text
		return e
	}
	e := c.fail(r, Unavailable, err)
	if c.transports.asked() && c.options.TLS.Certificate == "" {
		e.Detail = "the server had asked for a client certificate, and none is set (tls.certificate)"
	}
	return e
}

func (c *Client) refused(r Request, reply *http.Response) *Error {
	e := c.fail(r, kindOf(reply), nil)
	e.Status = reply.StatusCode
	e.AskedRetryAfter = RetryAfter(reply.Header.Get("Retry-After"), sentAt(reply))
	e.RetryAfter = e.AskedRetryAfter
	if c.options.MaxRetryAfter > 0 {
		e.RetryAfter = min(e.AskedRetryAfter, c.options.MaxRetryAfter)
	}
	e.Body, _ = io.ReadAll(io.LimitReader(reply.Body, errorBodyBytes))
	if said := refusedByNginx(e.Status, e.Body); said != "" {
		explained := c.transports.refused(said)
		e.Kind, e.Detail = explained.Kind, explained.text
	}
	// What is left is read so that the connection can be used again.
	_, _ = io.Copy(io.Discard, io.LimitReader(reply.Body, 256<<10))
	return e
}

func (c *Client) fail(r Request, kind Kind, err error) *Error {
	return &Error{Kind: kind, Connection: c.options.Connection, Operation: r.Operation, err: err}
}

func kindOf(reply *http.Response) Kind {
	switch code := reply.StatusCode; {
	case code == http.StatusTooManyRequests,
		code == http.StatusServiceUnavailable && reply.Header.Get("Retry-After") != "":
		return RateLimited
	case code == http.StatusRequestTimeout, code == http.StatusTooEarly, code >= 500:
		return Unavailable
	case code == http.StatusUnauthorized:
		return Unauthorized
	case code == http.StatusForbidden:
		return Forbidden
	case code == http.StatusNotFound, code == http.StatusMethodNotAllowed, code == http.StatusGone:
		return NotFound
	case code == http.StatusRequestEntityTooLarge:
		return TooLarge
	case code >= 300 && code < 400:
		return Redirected
	default:
		return Rejected
	}
}

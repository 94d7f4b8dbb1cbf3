package vendorhttp

import (
	"fmt"
	"time"
)

// Kind classifies what became of a request. It decides whether a request is
// repeated, and what an operator is told.
type Kind string

// The kinds of failed requests.
const (
	// RateLimited: 429, or 503 with Retry-After. Nothing was done.
	RateLimited Kind = "rate_limited"
	// Unavailable: 408, 5xx, a lost connection, a time-out, or a success whose
	// body was cut. Whether the request had an effect is unknown.
	Unavailable Kind = "unavailable"
	// Unreachable: no connection could be made. Nothing was sent.
	Unreachable Kind = "unreachable"
	// Unauthorized: 401, the credential is wrong or expired.
	Unauthorized Kind = "unauthorized"
	// Forbidden: 403, the credential lacks a permission.
	Forbidden Kind = "forbidden"
	// NotFound: 404, 405 or 410: nothing answers at this path by this method.
	NotFound Kind = "not_found"
	// Rejected: 400, 409, 422 and other 4xx: the request as a whole was refused.
	Rejected Kind = "rejected"
	// TooLarge: 413.
	TooLarge Kind = "too_large"
	// Redirected: 3xx. Redirects are never followed, so that no credential and
	// no contact leaves for another host.
	Redirected Kind = "redirected"
	// Unreadable: a success whose body is not what the contract says.
	Unreadable Kind = "unreadable"
	// NoCredential: the credential could not be looked up, or cannot be sent.
	// Nothing was sent.
	NoCredential Kind = "no_credential"
	// UnusableCertificate: what is behind a TLS setting cannot be found or used, or
	// the client certificate has expired. Nothing was sent.
	UnusableCertificate Kind = "unusable_certificate"
	// ServerNotTrusted: the server's certificate, its host name or its version of TLS is
	// not accepted. Nothing was sent.
	ServerNotTrusted Kind = "server_not_trusted"
	// CertificateRefused: the server asks for a client certificate, and there is none,
	// or not one that it accepts. It took no request.
	CertificateRefused Kind = "certificate_refused"
	// Misconfigured: the connection's settings give no request. Nothing was sent.
	Misconfigured Kind = "misconfigured"
)

// Error is a failed request. Its text holds no body, no credential and no
// contact data; Body is for the ledger and for parsers only.
type Error struct {
	Kind Kind
	// Connection is the name of the connection.
	Connection string
	// Operation says what was tried ("reading a page of members").
	Operation string
	Status    int
	// RetryAfter is the delay the endpoint asked for, after capping; zero when
	// it asked for none.
	RetryAfter time.Duration
	// AskedRetryAfter is the delay before capping.
	AskedRetryAfter time.Duration
	// Detail adds what is known, without contact data.
	Detail string
	// Body is the start of the reply, which may hold contact data.
	Body []byte
	err  error
}

// Error implements error.
func (e *Error) Error() string {
	text := fmt.Sprintf("connection %s: %s: %s", e.Connection, e.Operation, e.cause())
	if e.Detail != "" {
		text += ": " + e.Detail
	}
	return text
}

// Unwrap returns the underlying error, if any.
func (e *Error) Unwrap() error { return e.err }

func (e *Error) cause() string {
	switch e.Kind {
	case RateLimited:
		return "too many requests" + e.wait() + e.status()
	case Unavailable:
		if e.Status != 0 {
			return "temporarily unavailable" + e.status()
		}
		return "the connection was lost or timed out before the whole answer came"
	case Unreachable:
		return "cannot be reached; check base_url and the network of the worker"
	case Unauthorized:
		return "the credential is not accepted" + e.status() + "; check the key behind the connection's credential"
	case Forbidden:
		return "the credential lacks the permission for this call" + e.status()
	case NotFound:
		return "not found" + e.status()
	case TooLarge:
		return "the request is too large" + e.status()
	case Redirected:
		return "answers with a redirect" + e.status() + ", which is not followed; set base_url to the final host"
	case Unreadable:
		return "the answer is not what the connection's settings say"
	case NoCredential:
		return "no credential"
	case UnusableCertificate, ServerNotTrusted, CertificateRefused:
		return causesOfTLS[e.Kind] + e.status()
	case Misconfigured:
		return "the connection's settings do not give a request"
	default:
		return "the request was refused" + e.status()
	}
}

func (e *Error) status() string {
	if e.Status == 0 {
		return ""
	}
	return fmt.Sprintf(" (status %d)", e.Status)
}

func (e *Error) wait() string {
	switch {
	case e.RetryAfter <= 0:
		return ""
	case e.AskedRetryAfter > e.RetryAfter:
		return fmt.Sprintf(", asked to wait %s, cut to %s (setting max_retry_after)", e.AskedRetryAfter, e.RetryAfter)
	default:
		return fmt.Sprintf(", asked to wait %s", e.RetryAfter)
	}
}

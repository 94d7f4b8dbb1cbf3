package vendorhttp

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
)

// TLSError is a request that did not go out, or was not let in, for reasons of TLS. Its
// text says what to do, and holds nothing of keys, of hosts, or of what a server says of
// itself.
type TLSError struct {
	// Kind is UnusableCertificate, ServerNotTrusted or CertificateRefused.
	Kind Kind
	text string
	err  error
}

// causesOfTLS say what the kinds are, before the text says more.
var causesOfTLS = map[Kind]string{
	UnusableCertificate: "no TLS connection can be made, so nothing was sent",
	ServerNotTrusted:    "the server is not trusted, so nothing was sent",
	CertificateRefused:  "the server refuses the TLS connection",
}

// Error implements error.
func (e *TLSError) Error() string { return causesOfTLS[e.Kind] + ": " + e.text }

// Unwrap returns the cause, if any.
func (e *TLSError) Unwrap() error { return e.err }

// unusable says what is wrong with what is behind a TLS setting.
func unusable(setting string, err error) *TLSError {
	return &TLSError{Kind: UnusableCertificate, text: fmt.Sprintf("tls.%s: %v", setting, err), err: err}
}

// opProxy is what Go calls a connection that is made to a proxy.
const opProxy = "proxyconnect"

// Explain returns what TLS has to do with a request that failed, or nil if it is
// something else. In TLS 1.3 a server judges the client certificate when the handshake
// is over for the client: if it has hung up before the request was written, the
// connection is merely lost, and another try says why.
func (t *Transports) Explain(err error) *TLSError {
	if network, ok := errors.AsType[*net.OpError](err); ok && network.Op == opProxy {
		return nil // It is about the proxy.
	}
	if known, ok := errors.AsType[*TLSError](err); ok {
		return known
	}
	if text := t.whyNotTrusted(err); text != "" {
		return &TLSError{Kind: ServerNotTrusted, text: text}
	}
	if said, ok := alertOf(err); ok && isAboutCertificate(said, t.asked()) {
		return t.refused(said)
	}
	return nil
}

// whyNotTrusted says what is wrong with the server, or nothing.
func (t *Transports) whyNotTrusted(err error) string {
	var (
		unknown *tls.CertificateVerificationError
		host    x509.HostnameError
		invalid x509.CertificateInvalidError
		roots   x509.SystemRootsError
	)
	said, _ := alertOf(err)
	switch {
	case errors.As(err, &host), said == "unrecognized name":
		return fmt.Sprintf("its certificate is not for the host in %[1]s; correct %[1]s, or let the server's operator have that host "+
			"named in the certificate (as a subject alternative name)", t.options.AddressSetting)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "its certificate, or one that vouches for it, has expired or is not valid yet; the server's operator must renew it" + t.andCA() +
			". Check the clock of the worker, too"
	case errors.As(err, &roots):
		return "this machine has no store of authorities; install one (ca-certificates), or set tls.ca"
	case errors.As(err, &unknown) && t.options.TLS.CA != "":
		return "its certificate is signed by no authority that is behind tls.ca; ask the server's operator which one has signed it, and put that there"
	case errors.As(err, &unknown):
		return "its certificate is signed by an authority that this machine does not know; if it is the operator's own, put the authority's certificate behind tls.ca"
	case errors.Is(err, http.ErrSchemeMismatch):
		return fmt.Sprintf("it answers without TLS; correct the port in %s, which is one of plain HTTP", t.options.AddressSetting)
	case isOldVersion(err, said):
		return "it speaks no TLS 1.2 or newer, and nothing older is used; the server's operator must turn that on"
	case said == "handshake failure" && !t.asked():
		return "it has no TLS version (1.2 at least) or no cipher in common with the worker; the server's operator must turn on a newer one"
	default:
		return ""
	}
}

func (t *Transports) andCA() string {
	if t.options.TLS.CA == "" {
		return ""
	}
	return ", and what is behind tls.ca may have to follow"
}

// isOldVersion reports whether a server knows only versions of TLS before 1.2.
func isOldVersion(err error, said string) bool {
	return said == "protocol version not supported" || strings.Contains(err.Error(), "tls: server selected unsupported protocol version")
}

// refused says why the server does not take the client certificate, by the alert that it
// sent (RFC 8446, section 6).
func (t *Transports) refused(said string) *TLSError {
	e := &TLSError{Kind: CertificateRefused}
	if t.options.TLS.Certificate == "" {
		e.text = "it asks for a client certificate, and none is set; ask its operator for one, and set tls.certificate and tls.key"
		return e
	}
	why := map[string]string{
		"expired certificate":           "it has expired, says the server",
		"revoked certificate":           "it was revoked, says the server",
		"unknown certificate authority": "the server does not know the authority that has signed it; the certificates in between belong there, too",
	}[said]
	if why == "" {
		why = "the server answers " + said
	}
	e.text = "it does not accept the client certificate behind tls.certificate: " + why + ". Ask the server's operator which one it accepts, and put that there, with its key behind tls.key"
	return e
}

// alertsAboutCertificates are what servers answer to a client certificate, or to none
// (RFC 8446, section 6.2).
var alertsAboutCertificates = []string{
	"certificate required", "bad certificate", "unsupported certificate", "revoked certificate", "expired certificate", "unknown certificate",
	"unknown certificate authority", "access denied",
}

// isAboutCertificate reports whether an alert is about the client certificate. OpenSSL
// answers with "handshake failure" in TLS 1.2 where there is none.
func isAboutCertificate(said string, asked bool) bool {
	return slices.Contains(alertsAboutCertificates, said) || said == "handshake failure" && asked
}

// alertOf returns the words of the alert that a server ended a connection with. Go has
// no type for them that can be compared.
func alertOf(err error) (said string, ok bool) {
	remote, ok := errors.AsType[*net.OpError](err)
	for ok && remote.Op != "remote error" {
		remote, ok = errors.AsType[*net.OpError](remote.Err)
	}
	if !ok {
		return "", false
	}
	return strings.TrimPrefix(remote.Err.Error(), "tls: "), true
}

// pagesOfNginx are what nginx says, with status 400, where it asks for a client
// certificate and got none, or another (its ngx_http_special_response.c, 495 and 496).
var pagesOfNginx = map[string]string{
	"400 No required SSL certificate was sent": "certificate required",
	"400 The SSL certificate error":            "bad certificate",
}

// refusedByNginx returns the alert that another server would have sent, or nothing.
func refusedByNginx(status int, body []byte) string {
	if status != http.StatusBadRequest {
		return ""
	}
	for page, said := range pagesOfNginx {
		if strings.Contains(string(body), "<title>"+page+"</title>") {
			return said
		}
	}
	return ""
}

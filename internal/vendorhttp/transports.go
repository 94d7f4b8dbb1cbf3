package vendorhttp

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"audiencesync/internal/config"
)

// TransportOptions say how the connections of one endpoint are made.
type TransportOptions struct {
	// TLS says whom the endpoint's connections trust, and as whom they speak.
	TLS config.TLS
	// Lookup returns what is behind a reference of TLS, at the time of use.
	Lookup func(ctx context.Context, reference string) (string, error)
	// AddressSetting is the setting that names the host, for errors: "base_url".
	AddressSetting string
	// Timeout bounds the wait for the head of a reply.
	Timeout time.Duration
	// Idle is how many idle connections are kept for reuse.
	Idle int
}

// Transports makes the connections of one endpoint: TLS 1.2 at least, with certificates
// that are always checked. It is safe for concurrent use.
type Transports struct {
	options TransportOptions

	mutex   sync.Mutex
	current *transport
}

// transport is the connections that are made with the same files.
type transport struct {
	*http.Transport
	of    files
	shown *shown
	// asked says that a server has asked for a client certificate.
	asked atomic.Bool
}

// NewTransports returns the transports of one endpoint. Nothing is looked up yet.
func NewTransports(o TransportOptions) *Transports { return &Transports{options: o} }

// Files are rotated one after the other: a key that does not belong to the certificate
// is looked at again, so often and after so long.
const (
	looksAtAPair = 4
	betweenLooks = 500 * time.Millisecond
)

// Current returns the transport for what is behind the TLS settings now. When that has
// changed, the connections of before are not used again. The error is a *TLSError, and
// nothing was sent, or that of a context that ended.
func (t *Transports) Current(ctx context.Context) (*http.Transport, error) {
	for looks := 1; ; looks++ {
		current, err := t.look(ctx)
		if !errors.Is(err, errOtherKey) || looks == looksAtAPair {
			return current, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(betweenLooks):
		}
	}
}

func (t *Transports) look(ctx context.Context) (*http.Transport, error) {
	found, err := t.find(ctx)
	if err != nil {
		return nil, err
	}
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if t.current == nil || t.current.of != found {
		made, err := t.make(found)
		if err != nil {
			return nil, err
		}
		if t.current != nil {
			// Those that are in use are closed when they would become idle.
			t.current.CloseIdleConnections()
		}
		t.current = made
	}
	if t.current.shown != nil {
		if err := t.current.shown.holdsAt(time.Now()); err != nil {
			return nil, err
		}
	}
	return t.current.Transport, nil
}

// find looks up what is behind the TLS settings at this moment.
func (t *Transports) find(ctx context.Context) (files, error) {
	var found files
	for _, setting := range []struct {
		name      string
		reference config.CredentialRef
		into      *string
	}{
		{"ca", t.options.TLS.CA, &found.ca},
		{"certificate", t.options.TLS.Certificate, &found.certificate},
		{"key", t.options.TLS.Key, &found.key},
	} {
		if setting.reference == "" {
			continue
		}
		var err error
		if *setting.into, err = t.options.Lookup(ctx, string(setting.reference)); err != nil {
			// It names the reference, not what is behind it.
			return files{}, unusable(setting.name, err)
		}
	}
	return found, nil
}

func (t *Transports) make(found files) (*transport, error) {
	trusted, err := found.authorities()
	if err != nil {
		return nil, err
	}
	made := &transport{of: found}
	if made.shown, err = found.pair(); err != nil {
		return nil, err
	}
	made.Transport = &http.Transport{
		Proxy:       t.proxy,
		DialContext: Dial(10 * time.Second),
		TLSClientConfig: &tls.Config{
			MinVersion: tls.VersionTLS12,
			RootCAs:    trusted,
			GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
				made.asked.Store(true)
				if made.shown == nil {
					return &tls.Certificate{}, nil
				}
				// Also where the server names other authorities: then it says why not.
				return &made.shown.pair, nil
			},
		},
		TLSHandshakeTimeout:   10 * time.Second,
		MaxIdleConns:          t.options.Idle,
		MaxIdleConnsPerHost:   t.options.Idle,
		IdleConnTimeout:       90 * time.Second,
		ResponseHeaderTimeout: t.options.Timeout,
		ForceAttemptHTTP2:     true,
	}
	return made, nil
}

// errProxyOverTLS is why a proxy is not used. Go would open the connection to the proxy
// itself with the TLS settings that are meant for the endpoint behind it.
var errProxyOverTLS = errors.New("the proxy that the environment names is reached over https://, and would be shown the client certificate; " +
	"name it by http:// (requests go through it encrypted all the same), or name the host in NO_PROXY")

// proxy is the proxy of the environment, for HTTPS alone: over plain HTTP it would read
// the credential.
func (t *Transports) proxy(r *http.Request) (*url.URL, error) {
	if r.URL.Scheme != "https" {
		return nil, nil
	}
	proxy, err := http.ProxyFromEnvironment(r)
	if err == nil && proxy != nil && proxy.Scheme == "https" && t.options.TLS != (config.TLS{}) {
		return nil, &TLSError{Kind: UnusableCertificate, text: errProxyOverTLS.Error()}
	}
	return proxy, err
}

// asked reports whether the server has asked for a client certificate.
func (t *Transports) asked() bool {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	return t.current != nil && t.current.asked.Load()
}

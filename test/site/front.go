package site

import (
	"context"
	"crypto/tls"
	"io"
	"log"
	"net/http"
	"sync"
	"time"
)

// Front stands before a vendor, at an address that stays, and can be cut off.
type Front struct {
	// Address is its host:port.
	Address string

	mutex  sync.Mutex
	tls    *tls.Config
	server *http.Server
	vendor http.Handler
}

// NewFront listens for a vendor that does not stand there yet.
func NewFront(ctx context.Context) (*Front, error) { return NewTLSFront(ctx, nil) }

// NewTLSFront is NewFront with TLS of this configuration. Each connection ends with its
// answer, so that there are many handshakes.
func NewTLSFront(ctx context.Context, with *tls.Config) (*Front, error) {
	f := &Front{Address: AnyAddress, vendor: http.NotFoundHandler(), tls: with}
	err := f.Start(ctx)
	return f, err
}

// URL is where the vendor is.
func (f *Front) URL() string {
	if f.tls != nil {
		return "https://" + f.Address
	}
	return "http://" + f.Address
}

// Start listens, again after a cut.
func (f *Front) Start(ctx context.Context) error {
	listener, err := Listen(ctx, f.Address)
	if err != nil {
		return err
	}
	if f.Address == AnyAddress {
		f.Address = listener.Addr().String()
	}
	if f.tls != nil {
		listener = tls.NewListener(listener, f.tls)
	}
	server := &http.Server{Handler: f, ReadHeaderTimeout: 10 * time.Second, ErrorLog: log.New(io.Discard, "", 0)}
	server.SetKeepAlivesEnabled(f.tls == nil)
	f.mutex.Lock()
	f.server = server
	f.mutex.Unlock()
	go func() { _ = server.Serve(listener) }() // It ends when it is cut.
	return nil
}

// Cut ends all connections, and listens no more.
func (f *Front) Cut() error {
	f.mutex.Lock()
	server := f.server
	f.mutex.Unlock()
	return server.Close()
}

// Stand puts it before another vendor.
func (f *Front) Stand(vendor http.Handler) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.vendor = vendor
}

// ServeHTTP implements http.Handler.
func (f *Front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mutex.Lock()
	vendor := f.vendor
	f.mutex.Unlock()
	vendor.ServeHTTP(w, r)
}

package stage

import (
	"context"
	"net"
	"net/http"
	"time"
)

// Serve serves a vendor on an address of this machine until Stop.
func (s *Stage) Serve(ctx context.Context, vendor http.Handler) (address string, err error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	server := &http.Server{Handler: vendor, ReadHeaderTimeout: 10 * time.Second}
	s.vendors = append(s.vendors, server)
	go func() { _ = server.Serve(listener) }() // It ends when Stop closes it.
	return listener.Addr().String(), nil
}

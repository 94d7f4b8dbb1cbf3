package site

import (
	"context"
	"errors"
	"net"
	"syscall"
	"time"
)

// AnyAddress is an address of this machine that nobody listens at.
const AnyAddress = "127.0.0.1:0"

// Listen listens at an address, also where somebody's connection has just the same port: it
// waits until that is over.
func Listen(ctx context.Context, address string) (net.Listener, error) {
	for end := time.Now().Add(startWithin); ; {
		listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
		if !errors.Is(err, syscall.EADDRINUSE) || time.Now().After(end) {
			return listener, err
		}
		if err := Pass(ctx, 50*time.Millisecond); err != nil {
			return nil, err
		}
	}
}

package devserver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"
)

// choosePort returns address, with a free port in place of port 0. A port that
// was asked for and is taken is ErrPortInUse.
func choosePort(ctx context.Context, address string) (string, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return "", fmt.Errorf("%w; stop that program or choose another port", ErrPortInUse)
	}
	if err != nil {
		return "", err
	}
	defer func() { _ = listener.Close() }()
	chosen := listener.Addr().String()
	if chosen == address {
		return address, nil
	}
	return chosen, leaveInTimeWait(ctx, listener)
}

// leaveInTimeWait makes a connection to the listener and closes it from the
// listener's side. For the next minute the kernel then gives the port to nobody
// who asks for a free one, while a server that names it can still listen on it.
func leaveInTimeWait(ctx context.Context, listener net.Listener) error {
	var dialer net.Dialer
	client, err := dialer.DialContext(ctx, "tcp", listener.Addr().String())
	if err != nil {
		return fmt.Errorf("reserving a free port: %w", err)
	}
	defer func() { _ = client.Close() }()
	accepted, err := listener.Accept()
	if err != nil {
		return fmt.Errorf("reserving a free port: %w", err)
	}
	return accepted.Close()
}

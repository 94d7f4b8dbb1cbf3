package main

import (
	"context"
	"io"
	"net"
	"sync"

	"audiencesync/test/site"
)

// tunnel leads from an address to a socket, and can be cut.
type tunnel struct {
	address, to string

	mutex       sync.Mutex
	listener    net.Listener
	connections []net.Conn
}

func newTunnel(ctx context.Context, to string) (*tunnel, error) {
	t := &tunnel{address: site.AnyAddress, to: to}
	err := t.start(ctx)
	return t, err
}

// start listens, again after a cut.
func (t *tunnel) start(ctx context.Context) error {
	listener, err := site.Listen(ctx, t.address)
	if err != nil {
		return err
	}
	if t.address == site.AnyAddress {
		t.address = listener.Addr().String()
	}
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.listener = listener
	go func() {
		for {
			from, err := listener.Accept()
			if err != nil {
				return // It is cut.
			}
			go t.pass(ctx, from)
		}
	}()
	return nil
}

// pass passes on what both sides of a connection say, until one of them ends.
func (t *tunnel) pass(ctx context.Context, from net.Conn) {
	defer func() { _ = from.Close() }()
	to, err := (&net.Dialer{}).DialContext(ctx, "unix", t.to)
	if err != nil {
		return
	}
	defer func() { _ = to.Close() }()
	t.mutex.Lock()
	t.connections = append(t.connections, from, to)
	t.mutex.Unlock()
	ended := make(chan struct{}, 2)
	for _, way := range [][2]net.Conn{{from, to}, {to, from}} {
		go func() {
			_, _ = io.Copy(way[0], way[1])
			ended <- struct{}{}
		}()
	}
	<-ended
}

// cut ends all connections, and takes none any more.
func (t *tunnel) cut() error {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	for _, connection := range t.connections {
		_ = connection.Close() // It may have ended.
	}
	t.connections = nil
	_ = t.listener.Close() // It may be cut already.
	return nil
}

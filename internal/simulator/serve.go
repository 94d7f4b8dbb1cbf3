package simulator

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"audiencesync/internal/simulator/people"
)

// stopTimeout bounds the wait for requests under way when Serve stops.
const stopTimeout = 5 * time.Second

// Serve listens on both addresses until ctx ends. Addresses must be of this
// machine only unless the option AllowRemote is set.
func (s *Simulator) Serve(ctx context.Context, zeotapAddr, charlesAddr string) error {
	if members := s.options.Zeotap.Members; members < 0 || members > people.Capacity {
		return fmt.Errorf("the simulated audience has between 0 and %d members, not %d", people.Capacity, members)
	}
	var listen net.ListenConfig
	servers := []struct {
		name, address string
		handler       http.Handler
	}{
		{"Zeotap", zeotapAddr, s.zeotap},
		{"Hello Charles", charlesAddr, s.charles},
	}
	listeners := make([]net.Listener, len(servers))
	for i, server := range servers {
		if err := s.checkAddress(server.address); err != nil {
			return err
		}
		listener, err := listen.Listen(ctx, "tcp", server.address)
		if err != nil {
			for _, open := range listeners[:i] {
				_ = open.Close()
			}
			return fmt.Errorf("simulated %s cannot listen on %s: %w", server.name, server.address, err)
		}
		listeners[i] = listener
	}
	group, ctx := errgroup.WithContext(ctx)
	for i, server := range servers {
		s.options.Logger.Info("simulator listens", zap.String("vendor", server.name), zap.Stringer("address", listeners[i].Addr()))
		serveUntil(ctx, group, listeners[i], server.handler)
	}
	if s.options.Listening != nil {
		s.options.Listening()
	}
	return group.Wait()
}

// serveUntil serves in the group until ctx ends.
func serveUntil(ctx context.Context, group *errgroup.Group, listener net.Listener, handler http.Handler) {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	group.Go(func() error {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("simulator on %s: %w", listener.Addr(), err)
		}
		return nil
	})
	group.Go(func() error {
		<-ctx.Done()
		stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
		defer cancel()
		if server.Shutdown(stop) != nil {
			_ = server.Close()
		}
		return nil
	})
}

func (s *Simulator) checkAddress(address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return &AddressError{address, "is not host:port"}
	}
	ip := net.ParseIP(host)
	if s.options.AllowRemote || host == "localhost" || ip != nil && ip.IsLoopback() {
		return nil
	}
	return &AddressError{address, "can be reached from other machines; use 127.0.0.1, or allow it explicitly (--allow-remote)"}
}

// AddressError is an address at which the simulators do not listen, and why.
type AddressError struct{ address, why string }

// Error implements error.
func (e *AddressError) Error() string {
	return fmt.Sprintf("the simulator's address %q %s", e.address, e.why)
}

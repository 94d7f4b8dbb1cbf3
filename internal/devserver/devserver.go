// Package devserver runs the official temporal command line as a local Temporal
// server with its web UI: for `up`, for the demo and for tests.
//
// The server gets a process group of its own, so that Ctrl-C reaches this
// process only and the worker can drain before the server goes. It gets no
// environment of ours either, because that may hold credentials.
package devserver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"
)

// Limits of starting and stopping.
const (
	// startTimeout bounds the time from the start of the process until it
	// answers; a second is usual.
	startTimeout = 60 * time.Second
	// adoptTimeout bounds the wait for a server that is alive already.
	adoptTimeout = 10 * time.Second
	// stopTimeout is the time between SIGTERM and SIGKILL.
	stopTimeout = 10 * time.Second
	// portAttempts is how often other free ports are tried when another
	// program takes a chosen one first.
	portAttempts = 5
)

// ErrPortInUse is in the chain of an error of Start when another program
// listens on the port that was asked for.
var ErrPortInUse = errors.New("the port is in use by another program")

// Options say how the server is run. The zero value is a server in memory, on
// free ports, with web UI, that ends with this process.
type Options struct {
	// Binary is the path of the temporal command line; empty means that of Find.
	Binary string
	// DatabaseFile keeps the server's state; empty keeps it in memory. Missing
	// folders are made.
	DatabaseFile string
	// Address is where the server listens, a loopback "host:port"; port 0, or
	// an empty address, means a free port.
	Address string
	// UIPort is the port of the web UI; 0 means a free port.
	UIPort int
	// Headless runs without web UI.
	Headless bool
	// Namespace is made at the start; empty means "default".
	Namespace string
	// LogFile gets the server's output; empty means temporal.log in StateDir,
	// or nowhere without one.
	LogFile string
	// StateDir lets the server be found again. The server ends with this process, on
	// Linux even when this process is killed; where it is still alive then, it is
	// adopted by the next Start with the same StateDir.
	StateDir string
}

// Server is a local Temporal server that answers. Its owner calls Stop.
type Server struct {
	state state
	stop  func() error
}

// instance is a server process and what is known of it.
type instance struct {
	state   state
	process process
}

// Start runs a server, or adopts the one that options.StateDir knows, and
// returns when it answers. ctx bounds the start, not the life of the server.
//
// An adopted server that does not answer, or was started with other settings,
// is stopped and replaced. Errors end with the last lines of the server's log.
func Start(ctx context.Context, options Options) (*Server, error) {
	options, err := options.complete(ctx)
	if err != nil {
		return nil, err
	}
	if options.StateDir == "" {
		launched, err := launch(ctx, options, nil)
		if err != nil {
			return nil, err
		}
		return &Server{state: launched.state, stop: sync.OnceValue(launched.process.stop)}, nil
	}
	dir, err := claimStateDir(options.StateDir)
	if err != nil {
		return nil, err
	}
	running, err := dir.adopt(ctx, options)
	if err == nil && running == nil {
		running, err = launch(ctx, options, dir)
	}
	if err != nil {
		dir.release()
		return nil, err
	}
	return &Server{state: running.state, stop: sync.OnceValue(func() error {
		defer dir.release()
		if err := running.process.stop(); err != nil {
			return err
		}
		return dir.forget()
	})}, nil
}

// Address returns the "host:port" of the server's gRPC API.
func (s *Server) Address() string { return s.state.Address }

// UIAddress returns the URL of the web UI, or "" when it runs without one.
func (s *Server) UIAddress() string {
	if s.state.UIAddress == "" {
		return ""
	}
	return "http://" + s.state.UIAddress
}

// Stop ends the server: SIGTERM, and SIGKILL when it is still there after 10
// seconds. It returns when the process is gone; a second call does nothing.
func (s *Server) Stop() error { return s.stop() }

// complete fills in what was left empty and refuses what cannot work.
func (o Options) complete(ctx context.Context) (Options, error) {
	if o.Address == "" {
		o.Address = "127.0.0.1:0"
	}
	host, port, err := net.SplitHostPort(o.Address)
	if err != nil {
		return o, fmt.Errorf("the address %q of the local Temporal server is not host:port: %w", o.Address, err)
	}
	if host == "" || host == "localhost" {
		host = "127.0.0.1"
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return o, fmt.Errorf("the local Temporal server has no access control and listens on a loopback address only: use 127.0.0.1:%s instead of %q", port, o.Address)
	}
	if !isPort(port) || o.UIPort < 0 || o.UIPort > maxPort {
		return o, fmt.Errorf("the ports of the local Temporal server must be between 0 and %d, not %q and %d", maxPort, port, o.UIPort)
	}
	o.Address = net.JoinHostPort(host, port)
	if o.Namespace == "" {
		o.Namespace = "default"
	}
	if o.LogFile == "" && o.StateDir != "" {
		o.LogFile = filepath.Join(o.StateDir, "temporal.log")
	}
	if o.DatabaseFile != "" {
		if o.DatabaseFile, err = filepath.Abs(o.DatabaseFile); err != nil {
			return o, fmt.Errorf("finding the Temporal server's database file: %w", err)
		}
		if err := os.MkdirAll(filepath.Dir(o.DatabaseFile), 0o700); err != nil {
			return o, fmt.Errorf("making the folder of the Temporal server's database file: %w", err)
		}
	}
	if o.Binary == "" {
		if o.Binary, err = Find(ctx); err != nil {
			return o, err
		}
	}
	return o, nil
}

const maxPort = 65535

func isPort(text string) bool {
	port, err := strconv.Atoi(text)
	return err == nil && port >= 0 && port <= maxPort
}

package devserver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// launch starts a new server and waits until it answers. Another program can
// take a port between our choice and the server's start, also one of those that
// the server chooses itself: then it is started again.
func launch(ctx context.Context, options Options, dir *stateDir) (*instance, error) {
	var lost error
	for range portAttempts {
		launched, err := launchOnce(ctx, options, dir)
		if err == nil {
			return launched, nil
		}
		if !errors.Is(err, errPortLost) {
			return nil, err
		}
		lost = err
	}
	return nil, fmt.Errorf("the Temporal server did not start in %d attempts: %w", portAttempts, lost)
}

// errPortLost: another program was faster on a port that was free.
var errPortLost = errors.New("other programs took its ports first")

func launchOnce(ctx context.Context, options Options, dir *stateDir) (*instance, error) {
	address, uiAddress, err := choosePorts(ctx, options)
	if err != nil {
		return nil, err
	}
	log, err := openLog(options.LogFile)
	if err != nil {
		return nil, err
	}
	defer log.close()

	command := exec.Command(options.Binary, arguments(options, address, uiAddress)...) //nolint:noctx // The server outlives the context of its start.
	command.Env = environment()
	command.Stdout, command.Stderr = log.file, log.file
	child, err := startChild(command, dir)
	if err != nil {
		return nil, fmt.Errorf("starting the Temporal server %s: %w", options.Binary, err)
	}
	known := state{
		PID:       child.pid,
		Address:   address,
		UIAddress: uiAddress,
		Namespace: options.Namespace,
		Database:  options.DatabaseFile,
		LogFile:   options.LogFile,
		StartedAt: time.Now().UTC(),
	}
	// Written before the server answers, so that not even a server whose
	// starter dies right now is lost.
	if dir != nil {
		err = dir.remember(known)
	}
	if err == nil {
		err = child.awaitAnswer(ctx, known, startTimeout)
	}
	if err == nil {
		return &instance{state: known, process: child}, nil
	}
	tail := log.tail()
	if err := child.stop(); err != nil {
		return nil, err
	}
	if dir != nil {
		if err := dir.forget(); err != nil {
			return nil, err
		}
	}
	return nil, startError(ctx, err, known, tail)
}

// startError says why a server did not start.
func startError(ctx context.Context, err error, s state, tail string) error {
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("starting the Temporal server at %s: %w", s.Address, ctx.Err())
	case strings.Contains(tail, "address already in use"):
		return fmt.Errorf("%w:\n%s", errPortLost, tail)
	case s.LogFile != "":
		return fmt.Errorf("the Temporal server at %s did not start: %w; %s ends with:\n%s", s.Address, err, s.LogFile, tail)
	default:
		return fmt.Errorf("the Temporal server at %s did not start: %w; its output ends with:\n%s", s.Address, err, tail)
	}
}

// arguments of the temporal command line. With one partition per task queue a
// local server has no idle pollers to wait for at the end of a run.
func arguments(options Options, address, uiAddress string) []string {
	host, port, _ := net.SplitHostPort(address)
	list := []string{
		"server", "start-dev",
		"--ip", host,
		"--port", port,
		"--namespace", options.Namespace,
		"--log-level", "warn",
		"--dynamic-config-value", "matching.numTaskqueueReadPartitions=1",
		"--dynamic-config-value", "matching.numTaskqueueWritePartitions=1",
	}
	if options.DatabaseFile != "" {
		list = append(list, "--db-filename", options.DatabaseFile)
	}
	if uiAddress == "" {
		return append(list, "--headless")
	}
	_, uiPort, _ := net.SplitHostPort(uiAddress)
	return append(list, "--ui-port", uiPort)
}

// environment is what the server needs of ours: nothing that could be a
// credential, and no TEMPORAL_ variable that would change the command line's mind.
// Without HOME it writes no settings of its own.
func environment() []string {
	var kept []string
	for _, name := range []string{"PATH", "TMPDIR", "TZ", "LANG"} {
		if value, set := os.LookupEnv(name); set {
			kept = append(kept, name+"="+value)
		}
	}
	return kept
}

// choosePorts returns the addresses of the server and of its web UI, which is
// empty without one. Ports that were asked for must be free.
func choosePorts(ctx context.Context, options Options) (address, uiAddress string, err error) {
	host, _, err := net.SplitHostPort(options.Address)
	if err != nil {
		return "", "", fmt.Errorf("the address %q is not host:port: %w", options.Address, err)
	}
	if address, err = choosePort(ctx, options.Address); err != nil {
		return "", "", fmt.Errorf("the Temporal server cannot listen on %s: %w", options.Address, err)
	}
	if options.Headless {
		return address, "", nil
	}
	asked := net.JoinHostPort(host, strconv.Itoa(options.UIPort))
	if uiAddress, err = choosePort(ctx, asked); err != nil {
		return "", "", fmt.Errorf("the Temporal server's web UI cannot listen on %s: %w", asked, err)
	}
	return address, uiAddress, nil
}

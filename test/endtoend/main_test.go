// Package endtoend tests the built programs as real processes: the way from a
// simulated Zeotap audience to a simulated Hello Charles, through a real
// Temporal server, as an operator would go it.
package endtoend

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"testing"

	"audiencesync/internal/devserver"
	"audiencesync/test/endtoend/programs"
)

// built are the programs under test, and the Temporal server that they need.
var built struct {
	programs.Built
	temporal string
}

// atOnce is how many tests run at once, whatever the number of processors:
// they wait most of the time, for processes and time-outs.
const atOnce = "6"

func TestMain(m *testing.M) {
	code, err := build(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// build builds the programs, runs the tests and stops what they share.
func build(m *testing.M) (code int, err error) {
	flag.Parse()
	if testing.Short() {
		fmt.Println("end-to-end tests take minutes: skipped with -short")
		return 0, nil
	}
	if err := flag.Set("test.parallel", atOnce); err != nil {
		return 1, err
	}
	dir, err := os.MkdirTemp("", "audiencesync-endtoend-")
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	ctx := context.Background()
	if built.temporal, err = devserver.Find(ctx); err != nil {
		return 1, err
	}
	flags := []string{"-ldflags=-w"} // Nobody debugs them.
	if raceEnabled {
		flags = append(flags, "-race")
	}
	if built.Built, err = programs.Build(ctx, dir, flags...); err != nil {
		return 1, err
	}
	code = m.Run()
	return code, stopSharedServer()
}

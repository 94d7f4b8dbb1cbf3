package stage

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"audiencesync/examples"
	"audiencesync/internal/simulator"
	"audiencesync/test/endtoend/programs"
)

// startTimeout bounds the start of everything.
const startTimeout = 90 * time.Second

// mirrorEdits make of the demo's files a sync in mode mirror that is as fast as
// the machine, asks nobody, and has members whom Hello Charles refuses.
var mirrorEdits = []string{
	"requests_per_second: 20\n", "requests_per_second: 200\n",
	"destination: charles-demo\n", "destination: charles-demo\nmode: mirror\n",
	"  member: member\n", "  member: member\n  left: left\n",
	"  refused: 1%\n", "  refused: 10%\n",
	"accept:\n", "gate:\n  leavers:\n    share: 100%\naccept:\n",
}

// Mirror is a stage with a large sync in mode mirror: both simulated vendors in
// this process, Temporal and a worker.
type Mirror struct {
	*Stage

	Simulator *simulator.Simulator
	worker    *programs.Program
}

// NewMirror builds the programs and starts everything but the worker. edits are
// further changes of the demo's files, pairs of a text and what takes its place.
// Stop is called also after an error.
func NewMirror(ctx context.Context, built *Stage, vendors simulator.Options, edits ...string) (*Mirror, error) {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	built.Say("starting the simulators and Temporal")
	m := &Mirror{Stage: built, Simulator: simulator.New(vendors)}
	zeotap, err := m.Serve(ctx, m.Simulator.ZeotapHandler())
	if err != nil {
		return nil, err
	}
	charles, err := m.Serve(ctx, m.Simulator.CharlesHandler())
	if err != nil {
		return nil, err
	}
	addresses := []string{"127.0.0.1:7401", zeotap, "127.0.0.1:7402", charles}
	if err := m.writeDemo(slices.Concat(addresses, mirrorEdits, edits)); err != nil {
		return nil, err
	}
	if err := m.StartServer(ctx); err != nil {
		return nil, err
	}
	return m, nil
}

// writeDemo writes the demo's files with pairs of an old and a new text, each of
// which must be there.
func (m *Mirror) writeDemo(edits []string) error {
	var all strings.Builder
	edit := strings.NewReplacer(edits...)
	for _, name := range []string{"connections.yaml", "sync.yaml", "demo.key"} {
		content, err := examples.Demo.ReadFile("demo/" + name)
		if err != nil {
			return err
		}
		_, _ = all.Write(content)
		if err := os.WriteFile(m.File(name), []byte(edit.Replace(string(content))), 0o600); err != nil {
			return err
		}
	}
	for i := 0; i < len(edits); i += 2 {
		if !strings.Contains(all.String(), edits[i]) {
			return fmt.Errorf("the files of examples/demo do not say %q any more, which this benchmark changes", edits[i])
		}
	}
	return nil
}

// StartWorker starts a worker.
func (m *Mirror) StartWorker(ctx context.Context) (err error) {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	m.worker, err = m.Worker(ctx, "worker", "connections.yaml")
	return err
}

// StopWorker stops the worker, which closes the ledger.
func (m *Mirror) StopWorker() error {
	code, err := m.worker.Stop(stopTimeout)
	if err == nil && code != 0 {
		err = fmt.Errorf("the worker ended with exit code %d:\n%s", code, m.worker.Stderr())
	}
	return err
}

// WorkerPID is the process number of the worker.
func (m *Mirror) WorkerPID() int { return m.worker.PID() }

// Sync runs the sync.
func (m *Mirror) Sync(ctx context.Context, look Look, flags ...string) (Ended, error) {
	return m.Run(ctx, m.worker, "sync.yaml", look, flags...)
}

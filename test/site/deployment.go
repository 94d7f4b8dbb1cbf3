package site

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"audiencesync/internal/audience"
	"audiencesync/internal/simulator"
	"audiencesync/test/endtoend/programs"
)

// heartbeatTimeout makes the death of a worker cheap.
const heartbeatTimeout = "4s"

// Deployment is one sync with a ledger, a workspace and a worker of its own.
type Deployment struct {
	Site *Site
	// Name is that of the sync.
	Name string
	// Namespace is that of Temporal. Workers of two deployments would take each other's
	// work in one namespace.
	Namespace string
	// Ledger is the address of the ledger.
	Ledger string
	// Environment is what the worker gets besides.
	Environment []string
	// Worker runs, or ran last; nil before the first one.
	Worker *programs.Program

	commands int
}

// Write writes the connections file, the sync and the key of both vendors.
func (d *Deployment) Write(connections, sync string) error {
	return errors.Join(d.WriteKey(simulator.DefaultKey),
		os.WriteFile(d.connections(), []byte(connections), 0o600), os.WriteFile(d.sync(), []byte(sync), 0o600))
}

// WriteKey writes the key of both vendors, which Connections names by KeyFile.
func (d *Deployment) WriteKey(key string) error {
	return os.WriteFile(d.Site.File(KeyFile(d.Name)), []byte(key), 0o600)
}

func (d *Deployment) connections() string { return d.Site.File(d.Name + ".conn") }

func (d *Deployment) sync() string { return d.Site.File(d.Name + ".sync") }

// StartWorker starts a worker and returns when it is ready.
func (d *Deployment) StartWorker(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	listen, err := programs.FreeAddress(ctx)
	if err != nil {
		return err
	}
	d.Worker, err = d.Site.program(d.Name+"-worker", d.Site.programs.Worker, d.Environment,
		"--address", d.Site.Address, "--namespace", d.Namespace, "--listen", listen,
		"--connections", d.connections(), "--ledger", d.Ledger, "--heartbeat-timeout", heartbeatTimeout, "--log-level", "warn")
	if err != nil {
		return err
	}
	return d.Worker.AwaitOK(ctx, "http://"+listen+"/readyz")
}

// AwaitWorker waits until a worker that was asked to stop has ended well.
func (d *Deployment) AwaitWorker(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, stopWithin)
	defer cancel()
	code, err := d.Worker.Wait(ctx)
	if err == nil && code != 0 {
		err = fmt.Errorf("the worker ended with exit code %d", code)
	}
	return err
}

// StopWorker stops the worker, if there is one.
func (d *Deployment) StopWorker() error {
	if d.Worker == nil {
		return nil
	}
	return Stop(d.Worker)
}

// StartRun starts a run by the command line, with more flags if given.
func (d *Deployment) StartRun(flags ...string) (*programs.Program, error) {
	return d.Command(append([]string{
		"run", d.sync(), "--output", "json", "--address", d.Site.Address, "--namespace", d.Namespace,
	}, flags...)...)
}

// Run makes a run and returns its report.
func (d *Deployment) Run(ctx context.Context, flags ...string) (audience.Report, error) {
	run, err := d.StartRun(flags...)
	if err != nil {
		return audience.Report{}, err
	}
	return d.End(ctx, run)
}

// End waits for the end of a run that ends well, and returns its report.
func (d *Deployment) End(ctx context.Context, run *programs.Program) (report audience.Report, err error) {
	code, err := d.AwaitEnd(ctx, run)
	if err != nil {
		return report, err
	}
	if code != 0 {
		return report, fmt.Errorf("the run ended with exit code %d: %s", code, lastLine(run.Stderr()))
	}
	return ReportOf(run)
}

// AwaitEnd waits for the end of a run and returns its exit code.
func (d *Deployment) AwaitEnd(ctx context.Context, run *programs.Program) (code int, err error) {
	within, cancel := context.WithTimeout(ctx, RunWithin)
	defer cancel()
	if code, err = run.Wait(within); err != nil {
		return 0, errors.Join(fmt.Errorf("the run stands still: %s", lastLine(run.Stderr())), Stop(run))
	}
	return code, nil
}

// ReportOf reads the report of a run that has ended: the last that a command wrote.
func ReportOf(run *programs.Program) (report audience.Report, err error) {
	var last json.RawMessage
	for decoder := json.NewDecoder(strings.NewReader(run.Stdout())); err == nil; {
		err = decoder.Decode(&last)
	}
	if !errors.Is(err, io.EOF) || last == nil {
		return report, fmt.Errorf("reading the report: %w", err)
	}
	err = json.Unmarshal(last, &report)
	return report, err
}

// Command starts a command of audiencesync. Its owner stops it.
func (d *Deployment) Command(args ...string) (*programs.Program, error) {
	d.commands++
	return d.Site.program(fmt.Sprintf("%s-%s-%d", d.Name, args[0], d.commands), d.Site.programs.AudienceSync, nil, args...)
}

// Say runs a command to its end and returns what it wrote.
func (d *Deployment) Say(ctx context.Context, args ...string) (string, error) {
	p, err := d.Command(args...)
	if err != nil {
		return "", err
	}
	within, cancel := context.WithTimeout(ctx, RunWithin)
	defer cancel()
	code, err := p.Wait(within)
	if err != nil {
		return p.Stdout(), errors.Join(err, Stop(p))
	}
	if code != 0 {
		err = fmt.Errorf("exit code %d: %s", code, lastLine(p.Stderr()))
	}
	return p.Stdout(), err
}

package main

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"go.temporal.io/sdk/client"
	"golang.org/x/sync/errgroup"

	"audiencesync/internal/audience"
	"audiencesync/internal/simulator"
	"audiencesync/internal/simulator/faults"
	"audiencesync/test/endtoend/programs"
	"audiencesync/test/site"
	"audiencesync/workflows"
)

// cell is one fault with one seed: a sync with a ledger, a workspace and a worker of its
// own, and vendors behind addresses of their own.
type cell struct {
	*site.Deployment

	ground *ground
	client client.Client
	fault  *fault
	random *rand.Rand
	// first says that the first run of the sync meets the fault; else it is a refresh, in
	// which people have changed, left and joined.
	first bool

	crowd           *site.Crowd
	options         simulator.Options
	vendors         *simulator.Simulator
	zeotap, charles *site.Front
	// edits are pairs of a text and what takes its place, in the connections or the sync.
	edits []string
	// later is who the audience is from then on, if it changes while the run goes.
	later *site.Crowd
	// happened counts what the journal of the vendors does not know of, and asides is what
	// is done beside the run.
	happened atomic.Int64
	asides   errgroup.Group
	// What only some faults need.
	handshakes *handshakes
	expired    atomic.Bool // the key has
	tunnel     *tunnel
	disk       string
	// undo gives back what the cell has taken, last first.
	undo  []func() error
	found site.Findings
}

// cell plays one cell.
func (g *ground) cell(ctx context.Context, lane int, at coordinates) (done result) {
	began := time.Now()
	digest := fnv.New64a()
	_, _ = digest.Write([]byte(at.fault.title()))
	random := rand.New(rand.NewPCG(at.seed, digest.Sum64())) //nolint:gosec // A cell is to be repeated by its seed.
	name := fmt.Sprintf("faults-%x-%d", digest.Sum64()>>32, at.seed)
	c := &cell{
		Deployment: &site.Deployment{Site: g.Site, Name: name, Namespace: namespaceOf(lane), Ledger: "sqlite:" + g.File(name+".db")},
		ground:     g, client: g.clients[lane], fault: at.fault, random: random,
		first: at.seed%2 == 1, crowd: site.NewCrowd(random),
	}
	done.coordinates = at
	err := c.play(ctx)
	if why, yes := skippedBy(err); yes {
		done.skipped = why.Error()
	} else if err != nil {
		c.found.Expect(false, "%v", err)
	}
	if len(c.found) > 0 && c.Worker != nil {
		done.said = site.Ending(c.Worker.Stderr())
	}
	if err := c.end(ctx); err != nil {
		c.found.Expect(false, "afterwards: %v", err)
	}
	done.wrong, done.wall = c.found, time.Since(began)
	return done
}

// play plays the cell to its end. An error is a cell that could not be played.
func (c *cell) play(ctx context.Context) error {
	if err := c.prepare(ctx); err != nil {
		return err
	}
	if !c.first {
		if _, err := c.Run(ctx); err != nil {
			return fmt.Errorf("the run before: %w", err)
		}
		c.crowd.Held = c.crowd.Wanted()
		c.crowd.Refresh()
		if err := c.vendors.SetMembers(c.crowd.Members()); err != nil {
			return err
		}
	}
	if c.fault.strike != nil {
		if err := c.fault.strike(ctx, c); err != nil {
			return err
		}
	}
	if err := c.meet(ctx); err != nil {
		return err
	}
	return c.afterwards(ctx)
}

// prepare starts the vendors and a worker on an empty ledger.
func (c *cell) prepare(ctx context.Context) (err error) {
	if c.zeotap, err = c.front(ctx); err != nil {
		return err
	}
	if c.charles, err = c.front(ctx); err != nil {
		return err
	}
	if c.fault.prepare != nil {
		if err := c.fault.prepare(c); err != nil {
			return err
		}
	}
	c.vendors = simulator.New(c.options)
	if err := c.vendors.SetMembers(c.crowd.Members()); err != nil {
		return err
	}
	c.zeotap.Stand(c.vendors.ZeotapHandler())
	c.charles.Stand(c.vendors.CharlesHandler())
	if err := c.write(); err != nil {
		return err
	}
	return c.StartWorker(ctx)
}

// front is where a vendor will stand.
func (c *cell) front(ctx context.Context) (*site.Front, error) {
	f, err := site.NewFront(ctx)
	if err == nil {
		c.undo = append(c.undo, f.Cut)
	}
	return f, err
}

// write writes the settings of the cell.
func (c *cell) write() error {
	connections, sync := site.Connections(c.zeotap.URL(), c.charles.URL(), c.Name), site.SyncFile(c.Name)
	for i := 0; i < len(c.edits); i += 2 {
		if !strings.Contains(connections+sync, c.edits[i]) {
			return fmt.Errorf("the settings do not hold %q", c.edits[i])
		}
		connections = strings.Replace(connections, c.edits[i], c.edits[i+1], 1)
		sync = strings.Replace(sync, c.edits[i], c.edits[i+1], 1)
	}
	return c.Write(connections, sync)
}

// meet makes the run that meets the fault, and looks how it ends.
func (c *cell) meet(ctx context.Context) error {
	run, err := c.StartRun()
	if err != nil {
		return err
	}
	if c.fault.meanwhile != nil {
		if run, err = c.fault.meanwhile(ctx, c, run); err != nil {
			return err
		}
	}
	code, err := c.AwaitEnd(ctx, run)
	if err := errors.Join(err, c.asides.Wait()); err != nil {
		return err
	}
	met := c.struck
	if c.fault.met != nil {
		met = func() bool { return c.fault.met(c) }
	}
	c.found.Expect(met(), "the run did not meet the fault")
	if err := c.mend(ctx); err != nil {
		return err
	}
	c.found.Expect(code == c.fault.ends.code, "the run ended with exit code %d, and not %d: %s", code, c.fault.ends.code, site.Ending(run.Stderr()))
	if code == 0 && c.fault.ends.code == 0 {
		report, err := site.ReportOf(run)
		if err != nil {
			return err
		}
		c.checkGood(ctx, report)
		if c.fault.ends.report != nil {
			c.fault.ends.report(c, report)
		}
		c.crowd.Held = c.crowd.Wanted()
	} else {
		c.checkBad(ctx, run)
	}
	if c.later != nil {
		c.later.Held, c.crowd = c.crowd.Held, c.later
	}
	return nil
}

// mend ends the fault.
func (c *cell) mend(ctx context.Context) error {
	if err := c.vendors.SetFaults(simulator.Faults{}); err != nil {
		return err
	}
	if c.fault.mend == nil {
		return nil
	}
	return c.fault.mend(ctx, c)
}

// struck reports whether a fault of the plan has hit a request.
func (c *cell) struck() bool {
	for _, entry := range c.vendors.Journal() {
		if entry.Fault != "" {
			return true
		}
	}
	return false
}

// afterwards makes a run that makes everything right, if that is still to be done, and
// one that has nothing to do.
func (c *cell) afterwards(ctx context.Context) error {
	if c.fault.ends.code != 0 || c.later != nil {
		for _, words := range c.fault.commands {
			if _, err := c.Say(ctx, words, c.Name, "--ledger", c.Ledger); err != nil {
				return fmt.Errorf("%s: %w", words, err)
			}
		}
		report, err := c.Run(ctx, c.fault.flags...)
		if err != nil {
			return fmt.Errorf("the run that makes it right: %w", err)
		}
		c.checkGood(ctx, report)
		c.crowd.Held = c.crowd.Wanted()
	}
	sent := c.vendors.Stats().Batches
	report, err := c.Run(ctx)
	if err != nil {
		return fmt.Errorf("the run after: %w", err)
	}
	sent = c.vendors.Stats().Batches - sent
	c.found.Expect(sent == 0 && report.Requests == 0, "the run after sent %d requests", sent)
	c.found.Expect(report.Outcomes.Taken() == 0, "the run after sent %d members", report.Outcomes.Taken())
	c.crowd.CheckReport(report, &c.found)
	c.checkStore()
	c.checkSilence("the worker's log", c.Worker.Stderr())
	return nil
}

// end gives back what the cell has taken.
func (c *cell) end(ctx context.Context) error {
	c.zeotap.Stand(http.NotFoundHandler())
	c.charles.Stand(http.NotFoundHandler())
	errs := []error{c.StopWorker()}
	if ctx.Err() == nil {
		// A run that stands still must not go on beside the next cell.
		_ = c.client.TerminateWorkflow(ctx, workflows.SyncID(c.Name), "", "the cell is over")
	}
	for _, undo := range slices.Backward(c.undo) {
		errs = append(errs, undo())
	}
	return errors.Join(errs...)
}

// plan lets this plan strike.
func plan(make func(*cell) faults.Plan) func(context.Context, *cell) error {
	return func(_ context.Context, c *cell) error { return c.vendors.SetFaults(make(c)) }
}

// reportOf is the report of a run that ended with one, although not well.
func reportOf(run *programs.Program) (report audience.Report, has bool) {
	report, err := site.ReportOf(run)
	return report, err == nil && report.Sync != ""
}

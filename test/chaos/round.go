package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"go.temporal.io/api/serviceerror"

	"audiencesync/internal/audience"
	"audiencesync/internal/simulator"
	"audiencesync/test/endtoend/programs"
	"audiencesync/workflows"
)

// round is one round, with a ledger, a workspace and a sync of its own.
type round struct {
	site *site
	plan plan
	name string

	crowd   *crowd
	vendors *simulator.Simulator
	trap    *trap
	ledger  string
	worker  *programs.Program
	calm    string // the first history of the undisturbed run before, if there was one
	runs    int
}

// round plays the round of a seed.
func (s *site) round(ctx context.Context, seed uint64) (done result) {
	began := time.Now()
	plan, random := planOf(seed)
	r := &round{
		site: s, plan: plan, name: fmt.Sprintf("chaos-%d", seed), crowd: newCrowd(random), trap: plan.trap(),
		vendors: simulator.New(simulator.Options{}),
	}
	done.plan = plan
	if err := r.play(ctx, &done); err != nil {
		done.wrong = append(done.wrong, err.Error())
	}
	done.wall = time.Since(began)
	if len(done.wrong) > 0 && r.worker != nil {
		done.said = ending(r.worker.Stderr())
	}
	s.retire(r.trap)
	if r.worker != nil {
		if _, err := r.worker.Stop(stopWithin); err != nil {
			done.wrong = append(done.wrong, err.Error())
		}
	}
	if ctx.Err() == nil {
		// A run that stands still must not go on beside the next round.
		_ = s.client.TerminateWorkflow(ctx, workflows.SyncID(r.name), "", "the round is over")
	}
	return done
}

// play plays the round to its end. An error is a round that could not be played.
func (r *round) play(ctx context.Context, done *result) error {
	if err := r.prepare(ctx); err != nil {
		return err
	}
	if !r.plan.first {
		if _, err := r.undisturbed(ctx); err != nil {
			return fmt.Errorf("the run before: %w", err)
		}
		r.crowd.held = r.crowd.wanted()
		r.crowd.refresh()
		if err := r.vendors.SetMembers(r.crowd.members()); err != nil {
			return err
		}
		r.calm, _ = r.histories(ctx)
		if r.calm == "" {
			return errors.New("Temporal does not tell of the run before") //nolint:staticcheck // A name.
		}
	}
	r.site.stand(r.vendors, r.trap)
	before := r.vendors.Stats()
	report, err := r.disturbed(ctx, done)
	if err != nil {
		return err
	}
	after := r.vendors.Stats()
	toSend := r.crowd.toSend()
	done.posts = after.Batches - before.Batches
	done.again = after.UpsertsReceived - before.UpsertsReceived - toSend
	done.twice = after.UpsertsApplied - after.DuplicateEffects - before.UpsertsApplied + before.DuplicateEffects - toSend
	r.check(ctx, report, done)
	r.crowd.held = r.crowd.wanted()
	return r.checkAfterwards(ctx, after, done)
}

// prepare starts a worker on an empty ledger.
func (r *round) prepare(ctx context.Context) error {
	if err := r.vendors.SetMembers(r.crowd.members()); err != nil {
		return err
	}
	r.ledger = "sqlite:" + r.site.file(r.name+".db")
	if r.site.postgres != nil && r.plan.victim == ledgerKilled {
		r.ledger = r.site.postgres.address(strings.ReplaceAll(r.name, "-", "_"))
	}
	files := map[string]string{
		"chaos.key":      simulator.DefaultKey,
		r.name + ".conn": connectionsOf(r.site.zeotap.address, r.site.charles.address, r.name),
		r.name + ".sync": syncOf(r.name),
	}
	for name, content := range files {
		if err := os.WriteFile(r.site.file(name), []byte(content), 0o600); err != nil {
			return err
		}
	}
	r.site.stand(r.vendors, nil)
	return r.startWorker(ctx)
}

func (r *round) startWorker(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	listen, err := programs.FreeAddress(ctx)
	if err != nil {
		return err
	}
	r.worker, err = r.site.program(r.name+"-worker", r.site.programs.Worker, "--address", r.site.address, "--listen", listen,
		"--connections", r.site.file(r.name+".conn"), "--ledger", r.ledger, "--heartbeat-timeout", heartbeatTimeout, "--log-level", "warn")
	if err != nil {
		return err
	}
	return r.worker.AwaitOK(ctx, "http://"+listen+"/readyz")
}

// startRun starts a run by the command line.
func (r *round) startRun() (*programs.Program, error) {
	r.runs++
	return r.site.program(fmt.Sprintf("%s-run-%d", r.name, r.runs), r.site.programs.AudienceSync,
		"run", r.site.file(r.name+".sync"), "--output", "json", "--address", r.site.address)
}

// undisturbed makes a run.
func (r *round) undisturbed(ctx context.Context) (audience.Report, error) {
	run, err := r.startRun()
	if err != nil {
		return audience.Report{}, err
	}
	return r.end(ctx, run)
}

// disturbed makes the run of the plan. One that is terminated is followed by another.
func (r *round) disturbed(ctx context.Context, done *result) (audience.Report, error) {
	run, err := r.startRun()
	if err != nil {
		return audience.Report{}, err
	}
	if done.reached, err = r.await(ctx, run); err != nil {
		return audience.Report{}, errors.Join(err, stop(run))
	}
	done.bound, err = r.disturb(ctx)
	_, over := errors.AsType[*serviceerror.NotFound](err) // Nothing is left to terminate.
	done.reached = done.reached && !over
	switch {
	case over, err == nil && r.plan.victim != runTerminated:
		return r.end(ctx, run)
	case err != nil:
		return audience.Report{}, errors.Join(err, stop(run))
	}
	if _, err := r.end(ctx, run); err == nil {
		return audience.Report{}, errors.New("the run that was terminated ended well")
	}
	return r.undisturbed(ctx)
}

func stop(p *programs.Program) error {
	_, err := p.Stop(stopWithin)
	return err
}

// end waits for the end of a run, and returns its report.
func (r *round) end(ctx context.Context, run *programs.Program) (report audience.Report, err error) {
	within, cancel := context.WithTimeout(ctx, runWithin)
	defer cancel()
	code, err := run.Wait(within)
	if err != nil {
		return report, errors.Join(fmt.Errorf("the run stands still: %s", lastLine(run.Stderr())), stop(run))
	}
	if code != 0 {
		return report, fmt.Errorf("the run ended with exit code %d: %s", code, lastLine(run.Stderr()))
	}
	if err := json.Unmarshal([]byte(run.Stdout()), &report); err != nil {
		return report, fmt.Errorf("reading the report: %w", err)
	}
	return report, nil
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}

// ending is the end of a log.
func ending(log string) string {
	lines := strings.Split(strings.TrimSpace(log), "\n")
	return strings.Join(lines[max(0, len(lines)-8):], "\n")
}

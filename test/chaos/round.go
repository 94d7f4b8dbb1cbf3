package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"audiencesync/internal/audience"
	"audiencesync/internal/simulator"
	"audiencesync/test/site"
	"audiencesync/workflows"
)

// round is one round, with a ledger, a workspace and a sync of its own.
type round struct {
	*site.Deployment

	ground *ground
	plan   plan

	crowd   *site.Crowd
	vendors *simulator.Simulator
	trap    *trap
	calm    string // the first history of the undisturbed run before, if there was one
}

// round plays the round of a seed.
func (g *ground) round(ctx context.Context, seed uint64) (done result) {
	began := time.Now()
	plan, random := planOf(seed)
	r := &round{
		Deployment: &site.Deployment{Site: g.Site, Name: fmt.Sprintf("chaos-%d", seed), Namespace: client.DefaultNamespace},
		ground:     g, plan: plan, crowd: site.NewCrowd(random), trap: plan.trap(),
		vendors: simulator.New(simulator.Options{}),
	}
	done.plan = plan
	if err := r.play(ctx, &done); err != nil {
		done.wrong = append(done.wrong, err.Error())
	}
	done.wall = time.Since(began)
	if len(done.wrong) > 0 && r.Worker != nil {
		done.said = site.Ending(r.Worker.Stderr())
	}
	g.retire(r.trap)
	if err := r.StopWorker(); err != nil {
		done.wrong = append(done.wrong, err.Error())
	}
	if ctx.Err() == nil {
		// A run that stands still must not go on beside the next round.
		_ = g.Client.TerminateWorkflow(ctx, workflows.SyncID(r.Name), "", "the round is over")
	}
	return done
}

// play plays the round to its end. An error is a round that could not be played.
func (r *round) play(ctx context.Context, done *result) error {
	if err := r.prepare(ctx); err != nil {
		return err
	}
	if !r.plan.first {
		if _, err := r.Run(ctx); err != nil {
			return fmt.Errorf("the run before: %w", err)
		}
		r.crowd.Held = r.crowd.Wanted()
		r.crowd.Refresh()
		if err := r.vendors.SetMembers(r.crowd.Members()); err != nil {
			return err
		}
		r.calm, _ = r.histories(ctx)
		if r.calm == "" {
			return errors.New("Temporal does not tell of the run before") //nolint:staticcheck // A name.
		}
	}
	r.ground.stand(r.vendors, r.trap)
	before := r.vendors.Stats()
	report, err := r.disturbed(ctx, done)
	if err != nil {
		return err
	}
	after := r.vendors.Stats()
	toSend := r.crowd.ToSend()
	done.posts = after.Batches - before.Batches
	done.again = after.UpsertsReceived - before.UpsertsReceived - toSend
	done.twice = after.UpsertsApplied - after.DuplicateEffects - before.UpsertsApplied + before.DuplicateEffects - toSend
	r.check(ctx, report, done)
	r.crowd.Held = r.crowd.Wanted()
	return r.checkAfterwards(ctx, after, done)
}

// prepare starts a worker on an empty ledger.
func (r *round) prepare(ctx context.Context) error {
	if err := r.vendors.SetMembers(r.crowd.Members()); err != nil {
		return err
	}
	r.Ledger = "sqlite:" + r.ground.File(r.Name+".db")
	if r.ground.postgres != nil && r.plan.victim == ledgerKilled {
		r.Ledger = r.ground.postgres.Address(strings.ReplaceAll(r.Name, "-", "_"))
	}
	if err := r.Write(site.Connections(r.ground.zeotap.URL(), r.ground.charles.URL(), r.Name), site.SyncFile(r.Name)); err != nil {
		return err
	}
	r.ground.stand(r.vendors, nil)
	return r.StartWorker(ctx)
}

// disturbed makes the run of the plan. One that is terminated is followed by another.
func (r *round) disturbed(ctx context.Context, done *result) (audience.Report, error) {
	run, err := r.StartRun()
	if err != nil {
		return audience.Report{}, err
	}
	if done.reached, err = r.await(ctx, run); err != nil {
		return audience.Report{}, errors.Join(err, site.Stop(run))
	}
	done.bound, err = r.disturb(ctx)
	_, over := errors.AsType[*serviceerror.NotFound](err) // Nothing is left to terminate.
	done.reached = done.reached && !over
	switch {
	case over, err == nil && r.plan.victim != runTerminated:
		return r.End(ctx, run)
	case err != nil:
		return audience.Report{}, errors.Join(err, site.Stop(run))
	}
	if _, err := r.End(ctx, run); err == nil {
		return audience.Report{}, errors.New("the run that was terminated ended well")
	}
	return r.Run(ctx)
}

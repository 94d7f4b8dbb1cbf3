package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"audiencesync/internal/simulator"
	"audiencesync/test/site"
)

// lookEvery is the time between two looks for a point.
const lookEvery = 3 * time.Millisecond

// ground is what all rounds share: the programs and Temporal, the fronts of the
// vendors, and PostgreSQL.
type ground struct {
	*site.Site

	zeotap   *site.Front
	charles  *site.Front
	postgres *site.Postgres // nil where it is not installed
}

// newGround starts what all rounds need, with programs built with these flags of go
// build.
func newGround(ctx context.Context, progress io.Writer, flags ...string) (*ground, error) {
	shared, err := site.New(ctx, progress, flags...)
	if err != nil {
		return nil, err
	}
	g := &ground{Site: shared}
	if err := g.start(ctx, progress); err != nil {
		return nil, errors.Join(err, g.stop())
	}
	return g, nil
}

func (g *ground) start(ctx context.Context, progress io.Writer) (err error) {
	if g.zeotap, err = site.NewFront(ctx); err != nil {
		return err
	}
	if g.charles, err = site.NewFront(ctx); err != nil {
		return err
	}
	g.postgres, err = site.NewPostgres(ctx)
	if err == nil && g.postgres == nil {
		_, _ = fmt.Fprintln(progress, "PostgreSQL is not installed: instead of its death, ledgers in a file are locked for a while")
	}
	return err
}

// stop stops everything, and removes its files.
func (g *ground) stop() error {
	errs := []error{g.Stop()}
	if g.postgres != nil {
		errs = append(errs, g.postgres.Close())
	}
	for _, f := range []*site.Front{g.zeotap, g.charles} {
		if f != nil {
			errs = append(errs, f.Cut())
		}
	}
	return errors.Join(errs...)
}

// cutVendors cuts both vendors off for a while.
func (g *ground) cutVendors(ctx context.Context, away time.Duration) error {
	if err := errors.Join(g.zeotap.Cut(), g.charles.Cut()); err != nil {
		return err
	}
	if err := site.Pass(ctx, away); err != nil {
		return err
	}
	return errors.Join(g.zeotap.Start(ctx), g.charles.Start(ctx))
}

// stand puts the fronts before the vendors of a round.
func (g *ground) stand(vendors *simulator.Simulator, trap *trap) {
	g.zeotap.Stand(&trapped{vendors.ZeotapHandler(), trap})
	g.charles.Stand(&trapped{vendors.CharlesHandler(), trap})
}

// retire ends a round at the vendors: whoever still asks finds nobody.
func (g *ground) retire(trap *trap) {
	trap.release(true)
	g.zeotap.Stand(http.NotFoundHandler())
	g.charles.Stand(http.NotFoundHandler())
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/types/known/durationpb"

	"audiencesync/test/site"
)

// ground is what all cells share: the programs and Temporal with a namespace for each
// lane, PostgreSQL, and an authority that certifies the vendors.
type ground struct {
	*site.Site

	clients   []client.Client // by lane
	postgres  *site.Postgres  // nil where it is not installed
	authority *authority
}

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
	for lane := range atOnce {
		_, err := g.Client.WorkflowService().RegisterNamespace(ctx, &workflowservice.RegisterNamespaceRequest{
			Namespace: namespaceOf(lane), WorkflowExecutionRetentionPeriod: durationpb.New(24 * time.Hour),
		})
		if err != nil {
			return fmt.Errorf("registering a namespace: %w", err)
		}
		c, err := client.NewClientFromExistingWithContext(ctx, g.Client, client.Options{Namespace: namespaceOf(lane)})
		if err != nil {
			return err
		}
		g.clients = append(g.clients, c)
	}
	if g.authority, err = newAuthority(g.File("authority.pem")); err != nil {
		return err
	}
	g.postgres, err = site.NewPostgres(ctx)
	if err == nil && g.postgres == nil {
		_, _ = fmt.Fprintln(progress, "PostgreSQL is not installed: no ledger in a database goes away")
	}
	return err
}

func namespaceOf(lane int) string { return fmt.Sprintf("faults-%d", lane) }

func (g *ground) stop() error {
	for _, c := range g.clients {
		c.Close()
	}
	errs := []error{g.Stop()}
	if g.postgres != nil {
		errs = append(errs, g.postgres.Close())
	}
	return errors.Join(errs...)
}

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"audiencesync/test/site"
)

// ofTheLedger are the faults of the database: the run must wait until they are over, and
// then end as if nothing had been.
func ofTheLedger() []*fault {
	locked := func(away func(*cell) time.Duration) func(context.Context, *cell) error {
		return func(ctx context.Context, c *cell) error {
			held := away(c)
			kind, nth := c.moment()
			c.at(kind, nth, func() error {
				unlock, err := site.LockLedger(ctx, c.Ledger)
				if err != nil {
					return err
				}
				return errors.Join(site.Pass(ctx, held), unlock())
			})
			return nil
		}
	}
	return []*fault{
		{at: atLedger, name: "locked by another program for a while", met: happened, strike: locked(func(c *cell) time.Duration {
			return time.Duration(200+c.random.IntN(3000)) * time.Millisecond
		})},
		{at: atLedger, name: "locked for longer than anybody waits", met: happened, strike: locked(func(*cell) time.Duration {
			return 33 * time.Second
		})},
		{at: atLedger, name: "PostgreSQL is gone for a while", met: happened, prepare: inPostgreSQL, strike: func(ctx context.Context, c *cell) error {
			away := time.Duration(300+c.random.IntN(3000)) * time.Millisecond
			kind, nth := c.moment()
			c.at(kind, nth, func() error {
				return errors.Join(c.tunnel.cut(), site.Pass(ctx, away), c.tunnel.start(ctx))
			})
			return nil
		}},
		{at: atLedger, name: "the disk is full for a while", prepare: onSmallDisk, met: func(c *cell) bool {
			return strings.Contains(c.Worker.Stderr(), "disk is full")
		}, strike: func(ctx context.Context, c *cell) error {
			away := time.Duration(2000+c.random.IntN(2000)) * time.Millisecond
			kind, nth := c.moment()
			c.at(kind, nth, func() error {
				ballast := c.disk + "/ballast"
				return errors.Join(fill(ballast), site.Pass(ctx, away), os.Remove(ballast))
			})
			return nil
		}},
	}
}

// inPostgreSQL puts the ledger into a database behind a tunnel that can be cut.
func inPostgreSQL(c *cell) (err error) {
	if c.ground.postgres == nil {
		return skipped(errors.New("PostgreSQL is not installed"))
	}
	if c.tunnel, err = newTunnel(context.Background(), c.ground.postgres.Socket()); err != nil {
		return err
	}
	c.undo = append(c.undo, c.tunnel.cut)
	c.Ledger = c.ground.postgres.AddressAt(c.tunnel.address, strings.ReplaceAll(c.Name, "-", "_"))
	return nil
}

// smallDisk is room for the ledger and its log.
const smallDisk = 32 << 20

// onSmallDisk puts the ledger on a disk of its own.
func onSmallDisk(c *cell) (err error) {
	c.disk = c.Site.File(c.Name + "-disk")
	if err := os.Mkdir(c.disk, 0o700); err != nil {
		return err
	}
	if err := mountDisk(c.disk, smallDisk); err != nil {
		return skipped(fmt.Errorf("no disk can be mounted: %w", err))
	}
	c.undo = append(c.undo, func() error { return unmountDisk(c.disk) })
	c.Ledger = "sqlite:" + c.disk + "/ledger.db"
	return nil
}

// fill fills a disk to its last byte with a file.
func fill(path string) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	for size := 1 << 20; size > 0; {
		if _, err := file.Write(make([]byte, size)); err != nil {
			size /= 2
		}
	}
	return file.Close()
}

// jump lets the ledger's clock jump the other way, in the middle of sending: to the budget
// of requests that is the same as if all times which it keeps were so much later.
func jump(by time.Duration) func(context.Context, *cell) error {
	return func(ctx context.Context, c *cell) error {
		c.at(site.ContactCall, 2+c.random.IntN(5), func() (err error) {
			db, err := site.OpenLedger(c.Ledger)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, db.Close()) }()
			_, err = db.ExecContext(ctx, `UPDATE workspaces SET reserved_at = reserved_at + $1, cut_at = cut_at + $1`, by.Microseconds())
			return err
		})
		return nil
	}
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"golang.org/x/sync/errgroup"
)

// atOnce is how many cells are played at one time: most of a cell is waiting.
const atOnce = 4

// coordinates are a place in the matrix.
type coordinates struct {
	fault *fault
	seed  uint64
}

// play plays the cells, several at a time, with programs built with these flags. The
// results of those that were played come in the order of the cells.
func play(ctx context.Context, cells []coordinates, progress io.Writer, flags ...string) (results []result, err error) {
	g, err := newGround(ctx, progress, flags...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, g.stop()) }()
	all := make([]result, len(cells))
	var mutex sync.Mutex
	played := 0
	var group errgroup.Group
	lanes := make(chan int, atOnce)
	for lane := range atOnce {
		lanes <- lane
	}
	for i, cell := range cells {
		lane := <-lanes
		if ctx.Err() != nil {
			break
		}
		group.Go(func() error {
			defer func() { lanes <- lane }()
			all[i] = g.cell(ctx, lane, cell)
			mutex.Lock()
			defer mutex.Unlock()
			played++
			_, _ = fmt.Fprintf(progress, "%3d of %d  %s\n", played, len(cells), all[i].line())
			return nil
		})
	}
	_ = group.Wait() // None of them returns an error.
	for _, r := range all {
		if r.fault != nil {
			results = append(results, r)
		}
	}
	return results, ctx.Err()
}

package main

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"slices"
	"time"

	"audiencesync/bench/table"
	"audiencesync/internal/audience"
)

// maxRatio is the goal: mapping may cost half as much again as encoding/json
// alone. Reading phone numbers comes on top.
const maxRatio = 1.5

// cost is what it took to work on all members once.
type cost struct {
	took        time.Duration
	allocations uint64
	// members that were read, and contacts that came of them.
	members, contacts int
}

// way is one way of working on the members.
type way func(context.Context, []byte) (cost, error)

// measure works on the same bytes in three ways.
func measure(ctx context.Context, members int64, rounds int) ([]table.Figure, error) {
	lines := crowd(members)
	whole, err := newPipeline(true)
	if err != nil {
		return nil, err
	}
	without, err := newPipeline(false)
	if err != nil {
		return nil, err
	}
	costs, err := sideBySide(ctx, lines, rounds, decodeAndEncode, without.run, whole.run)
	if err != nil {
		return nil, err
	}
	return figuresOf(len(lines), costs[0], costs[1], costs[2]), nil
}

// sideBySide goes every way once in every round, on one core: the collector
// takes its time from the work.
func sideBySide(ctx context.Context, lines []byte, rounds int, ways ...way) ([][]cost, error) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	costs := make([][]cost, len(ways))
	for range rounds {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		for i, work := range ways {
			c, err := timed(ctx, lines, work)
			if err != nil {
				return nil, err
			}
			costs[i] = append(costs[i], c)
		}
	}
	return costs, nil
}

// timed runs one way of working on the members, with a clean heap.
func timed(ctx context.Context, lines []byte, work way) (cost, error) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	began := time.Now()
	c, err := work(ctx, lines)
	c.took = time.Since(began)
	runtime.ReadMemStats(&after)
	c.allocations = after.Mallocs - before.Mallocs
	return c, err
}

// figuresOf sets what was measured against the goal. The costs at one place
// are of one round.
func figuresOf(bytes int, plain, mapped, parsed []cost) []table.Figure {
	ratio := middle(ratios(mapped, plain))
	return []table.Figure{
		table.Goal("time against plain encoding/json, without phone numbers",
			fmt.Sprintf("%.2f", ratio), fmt.Sprintf("<= %.1f", maxRatio), ratio <= maxRatio),
		table.Told("time against plain encoding/json, with phone numbers", fmt.Sprintf("%.2f", middle(ratios(parsed, plain)))),
		table.Told("contacts per second on one core, without phone numbers", perSecond(mapped)),
		table.Told("contacts per second on one core, with phone numbers", perSecond(parsed)),
		table.Told("members per second on one core, with plain encoding/json", perSecond(plain)),
		table.Told("allocations per contact, without phone numbers", allocations(mapped)),
		table.Told("allocations per contact, with phone numbers", allocations(parsed)),
		table.Told("allocations per member with plain encoding/json", allocations(plain)),
		table.Told("members", audience.Thousands(int64(plain[0].members))),
		table.Told("bytes per member", audience.Thousands(int64(bytes/plain[0].members))),
		table.Told("rounds, of which the median is told", audience.Thousands(int64(len(plain)))),
	}
}

func ratios(costs, to []cost) []float64 {
	all := make([]float64, len(costs))
	for i := range costs {
		all[i] = float64(costs[i].took) / float64(to[i].took)
	}
	return all
}

func perSecond(costs []cost) string {
	each := make([]float64, len(costs))
	for i, c := range costs {
		each[i] = float64(c.contacts) / max(c.took.Seconds(), 1e-9)
	}
	return audience.Thousands(int64(middle(each)))
}

func allocations(costs []cost) string {
	each := make([]float64, len(costs))
	for i, c := range costs {
		each[i] = float64(c.allocations) / float64(max(c.contacts, 1))
	}
	return fmt.Sprintf("%.0f", middle(each))
}

// middle is the median: the greater one of two in the middle.
func middle[T cmp.Ordered](values []T) T {
	return slices.Sorted(slices.Values(values))[len(values)/2]
}

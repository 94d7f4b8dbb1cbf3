package main

import (
	"bytes"
	"context"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/bench/command"
	"audiencesync/bench/table"
)

// costs are those of rounds that took so many milliseconds.
func costs(milliseconds ...time.Duration) []cost {
	all := make([]cost, len(milliseconds))
	for i, each := range milliseconds {
		all[i] = cost{took: each * time.Millisecond, allocations: 1000, members: 120, contacts: 100}
	}
	return all
}

func TestTheMedianRoundIsHeldAgainstTheGoal(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		plain, mapped []cost
		measured      string
		met           bool
	}{
		"just met":       {costs(10, 10, 10), costs(90, 15, 5), "1.50", true},
		"just missed":    {costs(100, 100, 100), costs(160, 151, 5), "1.51", false},
		"a slow machine": {costs(10, 20, 40), costs(11, 22, 44), "1.10", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			figures := figuresOf(240, c.plain, c.mapped, costs(1000, 1000, 1000))
			require.Equal(t, c.measured, figures[0].Measured)
			require.Equal(t, c.met, figures[0].Met)
			require.Equal(t, c.met, table.AllMet(figures), "only the ratio without phone numbers has a goal")
		})
	}
}

func TestRatesAndAllocationsAreThoseOfContacts(t *testing.T) {
	t.Parallel()
	require.Equal(t, "5,000", perSecond(costs(10, 20, 40)))
	require.Equal(t, "10", allocations(costs(1, 2, 3)))
}

func TestEveryWayWorksOnAllMembers(t *testing.T) {
	t.Parallel()
	lines := crowd(2500)
	plain, err := decodeAndEncode(t.Context(), lines)
	require.NoError(t, err)
	require.Equal(t, 2500, plain.members)
	contacts := map[bool]int{}
	for _, phones := range []bool{true, false} {
		p, err := newPipeline(phones)
		require.NoError(t, err)
		done, err := p.run(t.Context(), lines)
		require.NoError(t, err)
		require.Equal(t, 2500, done.members)
		contacts[phones] = done.contacts
	}
	require.Less(t, contacts[false], 2500, "the filter excludes some")
	require.Less(t, contacts[true], contacts[false], "some have no usable phone number")
	require.Greater(t, contacts[true], 2400)
	_, err = decodeAndEncode(t.Context(), []byte("{"))
	require.Error(t, err)
}

func TestTheBenchmarkPrintsItsTable(t *testing.T) {
	t.Parallel()
	var stdout, stderr bytes.Buffer
	code := benchmark().Run(t.Context(), []string{"--members", "50", "--rounds", "1"}, &stdout, &stderr)
	require.Contains(t, []int{0, command.ExitMissed}, code)
	require.Empty(t, stderr.String())
	require.Equal(t, code == 0, strings.Contains(stdout.String(), "│ yes"))
	require.Equal(t, command.ExitUsage, benchmark().Run(t.Context(), []string{"--rounds", "0"}, &stdout, &stderr))
	require.Contains(t, stderr.String(), "at least 1")
}

// The next two are not parallel to others: the number of cores is that of the
// process.

func TestAnInterruptEndsTheBenchmark(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	worked := 0
	_, err := sideBySide(ctx, nil, 1000, func(context.Context, []byte) (cost, error) {
		worked++
		interrupt()
		return cost{}, nil
	})
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, 1, worked)

	var stdout, stderr bytes.Buffer
	require.Equal(t, command.ExitFailed, benchmark().Run(ctx, []string{"--members", "50"}, &stdout, &stderr))
	require.Empty(t, stdout.String())
	require.Contains(t, stderr.String(), context.Canceled.Error())
}

func TestTheWorkHasOneCore(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(3))
	_, err := sideBySide(t.Context(), nil, 1, func(context.Context, []byte) (cost, error) {
		require.Equal(t, 1, runtime.GOMAXPROCS(0))
		return cost{}, nil
	})
	require.NoError(t, err)
	require.Equal(t, 3, runtime.GOMAXPROCS(0))
}

package zeotap_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
)

// largeDrops holds one full set of many members.
func largeDrops(t *testing.T, records int) *drops {
	t.Helper()
	d := newDrops(t)
	d.fields = []string{"id", "first_name", "phone", "email"}
	d.settings.Pattern = `{audience}/(?P<set>[^/]+)/(?P<operation>[a-z]+)-.+`
	d.settings.Deltas.Words.Full = []string{"part"}
	d.settings.PageSize = 1000
	writeLarge(t, d.folder, records)
	return d
}

// counted returns what became of the records of the last set.
func (d *drops) counted() (inserted, others int64) {
	kept, err := d.ledger.Export(d.sync)
	require.NoError(d, err)
	state, err := kept.State(d.Context())
	require.NoError(d, err)
	counts := state.Last().Counts
	return counts.Inserted, counts.Records() - counts.Inserted
}

// TestDeltaSetOfManyMembersNeedsLittleMemory is not parallel: it measures the heap.
func TestDeltaSetOfManyMembersNeedsLittleMemory(t *testing.T) {
	const records = 30_000
	d := largeDrops(t, records)
	before, most, kept := heap(), uint64(0), 0
	d.kept = func(audience.Member) {
		if kept++; kept%5000 == 0 {
			most = max(most, heap())
		}
	}
	source := d.source()
	snapshot, err := source.Open(t.Context(), "984")
	require.NoError(t, err)
	require.Equal(t, records, kept)
	reader := readerOf(t, source, snapshot)
	read, pages := 0, 0
	for at, last := audience.Cursor(""), false; !last; pages++ {
		page, err := reader.Page(t.Context(), at)
		require.NoError(t, err)
		read += len(page.Members)
		at, last = page.Next, page.Last
		if pages%20 == 0 {
			most = max(most, heap())
		}
	}
	require.Equal(t, records, read)
	grown := int64(most) - int64(before)
	t.Logf("heap grew by %d KiB over %d members", grown>>10, records)
	require.Less(t, grown, int64(6<<20), "the heap grew with the set")
}

func TestDeltaSetGoesOnWhereACallDiedAndRepeatsNothing(t *testing.T) {
	t.Parallel()
	const records = 5500
	d := largeDrops(t, records)
	for _, after := range []int{0, 1500, 2500, 500} {
		ctx, cancel := context.WithCancel(t.Context())
		left := after
		d.kept = func(audience.Member) {
			if left--; left < 0 {
				cancel()
			}
		}
		_, err := d.source().Open(ctx, "984")
		require.ErrorIs(t, err, context.Canceled)
		cancel()
	}
	inserted, _ := d.counted()
	require.Equal(t, int64(3000), inserted, "whole transactions stay")
	kept := 0
	d.kept = func(audience.Member) { kept++ }
	require.Equal(t, int64(records), *d.snapshot().Total)
	require.Equal(t, records-3000, kept, "what was applied is not applied again")
	inserted, others := d.counted()
	require.Equal(t, int64(records), inserted)
	require.Zero(t, others)
}

func TestDeltaSetIsAppliedOnceByCallsAtTheSameTime(t *testing.T) {
	t.Parallel()
	const records = 2500
	d := largeDrops(t, records)
	var calls sync.WaitGroup
	totals := make(chan int64, 3)
	for range 3 {
		source := d.source()
		calls.Go(func() {
			if snapshot, err := source.Open(t.Context(), "984"); err == nil {
				totals <- *snapshot.Total
			} else {
				t.Error(err)
			}
		})
	}
	calls.Wait()
	close(totals)
	for total := range totals {
		require.Equal(t, int64(records), total)
	}
	inserted, others := d.counted()
	require.Equal(t, int64(records), inserted)
	require.Zero(t, others)
}

func TestDeltaSetThatChangesWhileItIsApplied(t *testing.T) {
	t.Parallel()
	d := newDrops(t)
	d.set("1", map[string]string{"full-1.csv": "id,name\n1,a\n", "full-2.csv": "id,name\n2,b\n"})
	ctx, cancel := context.WithCancel(t.Context())
	d.kept = func(member audience.Member) {
		if member["id"] == "2" {
			cancel()
		}
	}
	_, err := d.source().Open(ctx, "984")
	require.ErrorIs(t, err, context.Canceled)
	d.kept = nil

	d.set("1", map[string]string{"full-2.csv": "id,name\n2,c\n"})
	require.Contains(t, d.failsWith("broken_data").Text, "984/1/full-2.csv was written again with another content")
	d.set("1", map[string]string{"full-2.csv": "id,name\n2,b\n"})
	require.Equal(t, map[string]string{"1": "a", "2": "b"}, d.members(), "the same content again is no news")
	d.settings.Deltas.LateAfter = config.Duration(time.Hour)
	require.Len(t, d.members(), 2)
}

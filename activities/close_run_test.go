package activities

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/ledger"
	"audiencesync/internal/simulator"
)

func TestACountProvesThatContactsAreHeldOnlyWhereNobodyElseWasThereBeforeAndNobodyIsAbsent(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		before   int64
		readBack *audience.ReadBack
		held     bool
	}{
		"nobody was there before": {held: true},
		"others were there":       {before: 5},
		"somebody differs":        {readBack: &audience.ReadBack{Sampled: 1, Differ: 1}, held: true},
		"somebody is absent":      {readBack: &audience.ReadBack{Sampled: 1, Absent: 1}},
	} {
		before := test.before
		v := startVendors(t, simulator.Options{}, nil)
		book := v.activities.ledger
		_, err := book.Ignore(t.Context(), v.opening(), &before)
		require.NoError(t, err)
		opened, err := v.open(t, OpenRunInput{Token: "one"})
		require.NoError(t, err)
		reading, err := book.Reading(t.Context(), opened.Run, 1<<20, time.Hour)
		require.NoError(t, err)
		const reference = "+4915112345678"
		_, err = reading.Commit(t.Context(), ledger.PageInput{Members: []ledger.ReadMember{{Reference: reference, Fingerprint: []byte("one")}}, Last: true})
		require.NoError(t, err)
		require.NoError(t, reading.Finish(t.Context()))
		require.NoError(t, book.MarkSent(t.Context(), opened.Run, 1, 1))
		batch, err := book.Batch(t.Context(), opened.Run, 1)
		require.NoError(t, err)
		_, err = book.Settle(t.Context(), opened.Run, batch, []ledger.MemberOutcome{{Outcome: audience.Accepted}})
		require.NoError(t, err)

		report, err := v.activities.closeRun(t.Context(), CloseRunInput{Run: opened.Run, Counted: new(1 + before), ReadBack: test.readBack})
		require.NoError(t, err)
		require.Equal(t, test.readBack == nil, report.Acceptable)
		require.Equal(t, test.readBack, report.ReadBack)
		require.Equal(t, before, report.Segment.Before)
		history, err := book.Outcomes(t.Context(), "spring", reference)
		require.NoError(t, err)
		require.Equal(t, test.held, history.Held, name)
	}
}

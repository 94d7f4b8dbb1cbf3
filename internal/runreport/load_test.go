package runreport

import (
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/ledger"
)

const (
	refused  = string(audience.RefusedByHelloCharles)
	unsent   = string(audience.NotSentBeforeEnd)
	noNumber = string(audience.ReferenceMissing)
)

func TestFailuresAreCountedUnderTheReasonsOfTheReport(t *testing.T) {
	t.Parallel()
	report := &audience.Report{
		Reasons: map[string]int64{
			noNumber: 7, string(audience.ReferenceSeenBefore): 9, refused + ":often": 4,
			refused: 5, // Of codes that came rarely.
			unsent:  20,
		},
		LeaverReasons: map[string]int64{refused + ":often": 2, unsent: 3},
	}
	require.Equal(t, []FailureReason{
		{Reason: unsent, New: 20}, // Counted, and not listed one by one.
		{Reason: noNumber, New: 3, Known: 4},
		{Reason: refused, New: 3, Known: 2},
		{Reason: refused + ":often", New: 4},
		{Reason: unsent, Leaver: true, New: 3},
		{Reason: refused + ":often", Leaver: true, Known: 2},
	}, byReason(report, []ledger.FailureReason{
		{Reason: noNumber, New: 3, Known: 4},
		{Reason: refused + ":rare", New: 1, Known: 2},
		{Reason: refused + ":rarer", New: 2},
		{Reason: refused + ":often", New: 4},
		{Reason: refused + ":often", Leaver: true, Known: 2},
	}))
}

func TestTheEndOfARunIsAWord(t *testing.T) {
	t.Parallel()
	for want, a := range map[string]Account{
		"equal":                     {Verdict: audience.Equal, Acceptable: true},
		"explained":                 {Verdict: audience.Explained, Acceptable: true},
		"explained, outside accept": {Verdict: audience.Explained},
		"unexplained":               {Verdict: audience.Unexplained},
		"equal, proof only":         {Verdict: audience.Equal, Verified: true, Acceptable: true},
		"plan":                      {Verdict: audience.Unverifiable, Ended: audience.EndedPlanned},
		"declined":                  {Verdict: audience.Unverifiable, Ended: audience.EndedDeclined},
	} {
		require.Equal(t, want, a.End())
	}
}

func TestOnlyRunsThatCameToTheirEndAreCompared(t *testing.T) {
	t.Parallel()
	require.True(t, Past{Account: &Account{Verdict: audience.Unexplained}}.Compared())
	require.False(t, Past{Account: &Account{Ended: audience.EndedPlanned}}.Compared())
	require.False(t, Past{Account: &Account{Verdict: audience.Equal, Verified: true}}.Compared())
	require.False(t, Past{State: ledger.RunOpen}.Compared())
}

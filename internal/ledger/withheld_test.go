package ledger_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/ledger"
)

var (
	noEmail  = audience.Withheld{Target: "email"}
	oldTag   = audience.Withheld{Target: "tags", Label: "summer 2019"}
	otherTag = audience.Withheld{Target: "tags", Label: "vip"}
)

func TestWithheldValuesAreCountedByTargetAndByLabel(t *testing.T) {
	t.Parallel()
	l := open(t)
	ref := openRun(t, l, "a")
	read(t, l, ref, members(0, 14, "v1"))
	outcomes := all(audience.Accepted, 10)
	outcomes[0].Withheld = []audience.Withheld{noEmail, oldTag, otherTag}
	outcomes[1].Withheld = []audience.Withheld{otherTag}
	outcomes[2] = ledger.MemberOutcome{Withheld: []audience.Withheld{otherTag}} // sent again: counted then
	_, err := settle(t, l, ref, 1, outcomes)
	require.NoError(t, err)
	outcomes = all(audience.Accepted, 4)
	outcomes[3].Withheld = []audience.Withheld{otherTag}
	_, err = settle(t, l, ref, 2, outcomes)
	require.NoError(t, err)

	tally, err := l.Tally(t.Context(), ref)
	require.NoError(t, err)
	require.Equal(t, map[string]int64{"email": 1, "tags": 4}, tally.Withheld)
	counts, err := l.Withheld(t.Context(), "spring", 0)
	require.NoError(t, err)
	require.Equal(t, []ledger.WithheldCount{
		{Kind: ledger.LabelWithheld, Withheld: noEmail, Members: 1},
		{Kind: ledger.LabelWithheld, Withheld: otherTag, Members: 3},
		{Kind: ledger.LabelWithheld, Withheld: oldTag, Members: 1},
	}, counts)
}

func TestUnknownLabelsAreCountedWhileReading(t *testing.T) {
	t.Parallel()
	l := open(t)
	list := members(0, 4, "v1")
	list[0].Unknown = []audience.Withheld{oldTag, otherTag}
	list[1].Unknown = []audience.Withheld{otherTag}
	list[2].Unknown, list[2].Suppressed = []audience.Withheld{oldTag}, &ledger.Suppression{Reason: noConsent}
	list = append(list, list[1]) // a duplicate
	_, sum := readAgain(t, l, opening("a"), list)
	require.Equal(t, int64(2), sum.Unknown, "neither suppressed members nor duplicates would be sent")
	counts, err := l.Withheld(t.Context(), "spring", 1)
	require.NoError(t, err)
	require.Equal(t, []ledger.WithheldCount{
		{Kind: ledger.LabelUnknown, Withheld: otherTag, Members: 2},
		{Kind: ledger.LabelUnknown, Withheld: oldTag, Members: 1},
	}, counts)
}

func TestLabelsBeyondAThousandAreAddedUp(t *testing.T) {
	t.Parallel()
	l := open(t)
	ref := openRun(t, l, "a")
	pages := make([]ledger.PageInput, 2)
	for i := range pages {
		// The same 900 labels on both pages, and 150 more on each.
		pages[i] = ledger.PageInput{Members: members(i*1050, 1050, "v1"), Next: "next"}
		for at := range pages[i].Members {
			label := fmt.Sprintf("tag %d", at)
			if at >= 900 {
				label = fmt.Sprintf("tag %d of page %d", at, i)
			}
			pages[i].Members[at].Unknown = []audience.Withheld{{Target: "tags", Label: label}, {Target: "city", Label: "Köln"}}
		}
	}
	commit(t, l, ref, pages...)
	counts, err := l.Withheld(t.Context(), "spring", 1)
	require.NoError(t, err)
	require.Equal(t, ledger.WithheldCount{
		Kind: ledger.LabelUnknown, Withheld: audience.Withheld{Target: "city", Label: "Köln"}, Members: 2100,
	}, counts[0])
	var labels, inLabels, rest int64
	for _, c := range counts[1:] {
		require.Equal(t, "tags", c.Target)
		if c.Rest {
			require.Empty(t, c.Label)
			rest += c.Members
			continue
		}
		labels++
		inLabels += c.Members
	}
	require.Equal(t, int64(1000), labels)
	require.Equal(t, int64(2100), inLabels+rest)
	require.Positive(t, rest)
}

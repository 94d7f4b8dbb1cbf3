package table_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/bench/table"
)

func TestTheTableSaysWhichGoalsAreMet(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	require.NoError(t, table.Write(&text, []table.Figure{
		table.Goal("memory", "9 MiB", "< 8 MiB", false),
		table.Goal("events", "3", "<= 5", true),
		table.Told("wall time", "1m"),
	}))
	require.Regexp(t, `memory +│ 9 MiB +│ < 8 MiB │ NO `, text.String())
	require.Regexp(t, `events +│ 3 +│ <= 5 +│ yes `, text.String())
	require.Regexp(t, `wall time │ 1m +│ +│ +│`, text.String())
}

func TestOnlyFiguresWithAGoalCanMissIt(t *testing.T) {
	t.Parallel()
	met, missed, told := table.Goal("a", "1", "1", true), table.Goal("b", "2", "1", false), table.Told("c", "3")
	require.True(t, table.AllMet([]table.Figure{met, told}))
	require.False(t, table.AllMet([]table.Figure{met, told, missed}))
}

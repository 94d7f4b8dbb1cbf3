package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"audiencesync/activities"
	"audiencesync/internal/config"
	"audiencesync/workflows"
)

// actsAt lets a schedule of a cadence act at these moments, one after the other, as a
// Temporal server does (internal/schedule tests that), and returns when runs opened
// their read.
func actsAt(t *testing.T, cadence config.Cadence, moments ...string) []string {
	t.Helper()
	zone, err := cadence.Zone()
	require.NoError(t, err)
	var opened []time.Time
	for _, text := range moments {
		moment, err := time.Parse("2006-01-02 15:04 -0700", text)
		require.NoError(t, err)
		s := &script{}
		env := environment(t, s)
		s.openRun = func() error {
			opened = append(opened, env.Now())
			return nil
		}
		s.awaitDue = func(in activities.AwaitRunInput) activities.AwaitRunResult {
			due := in.Meant()
			result := activities.AwaitRunResult{Ended: "equal", DueAt: due}
			for _, at := range opened {
				result.Satisfied = result.Satisfied || !at.Before(due)
			}
			return result
		}
		// A little late, as schedules are.
		env.SetStartTime(moment.Add(2 * time.Second))
		require.NoError(t, env.SetTypedSearchAttributesOnStart(temporal.NewSearchAttributes(
			temporal.NewSearchAttributeKeyTime("TemporalScheduledStartTime").ValueSet(moment))))
		env.ExecuteWorkflow(workflows.DueRun, workflows.DueRunInput{Spec: demo(), Cadence: &cadence})
		require.NoError(t, env.GetWorkflowError())
	}
	texts := make([]string, len(opened))
	for i, at := range opened {
		texts[i] = at.In(zone).Format("2006-01-02 15:04 -0700")
	}
	return texts
}

func TestOneLocalSlotIsRunOnceWhenClocksAreChanged(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		zone, cron string
		acts, runs []string
	}{
		"Berlin, spring, 02:30": {
			"Europe/Berlin", "30 2 * * *",
			[]string{"2027-03-27 02:30 +0100", "2027-03-28 03:30 +0200", "2027-03-29 02:30 +0200"},
			[]string{"2027-03-27 02:30 +0100", "2027-03-28 03:30 +0200", "2027-03-29 02:30 +0200"},
		},
		"Berlin, another Sunday in March, 02:30": {
			"Europe/Berlin", "30 2 * * *",
			[]string{"2027-03-21 02:30 +0100", "2027-03-21 03:30 +0100", "2027-03-22 02:30 +0100"},
			[]string{"2027-03-21 02:30 +0100", "2027-03-22 02:30 +0100"},
		},
		"Berlin, autumn, 02:30": {
			"Europe/Berlin", "30 2 * * *",
			[]string{"2027-10-30 02:30 +0200", "2027-10-31 02:30 +0100", "2027-11-01 02:30 +0100"},
			[]string{"2027-10-30 02:30 +0200", "2027-10-31 02:30 +0100", "2027-11-01 02:30 +0100"},
		},
		"Berlin, spring, 01:30": {
			"Europe/Berlin", "30 1 * * *",
			[]string{"2027-03-27 01:30 +0100", "2027-03-28 01:30 +0100", "2027-03-29 01:30 +0200"},
			[]string{"2027-03-27 01:30 +0100", "2027-03-28 01:30 +0100", "2027-03-29 01:30 +0200"},
		},
		"Berlin, autumn, 01:30": {
			"Europe/Berlin", "30 1 * * *",
			[]string{"2027-10-31 01:30 +0200", "2027-10-31 02:30 +0200", "2027-11-01 01:30 +0100"},
			[]string{"2027-10-31 01:30 +0200", "2027-11-01 01:30 +0100"},
		},
		"New York, autumn, 01:30": {
			"America/New_York", "30 1 * * *",
			[]string{"2027-11-07 01:30 -0400", "2027-11-07 01:30 -0500", "2027-11-08 01:30 -0500"},
			[]string{"2027-11-07 01:30 -0400", "2027-11-08 01:30 -0500"},
		},
		"Berlin, autumn, by hand": {
			"Europe/Berlin", "30 1 * * *",
			[]string{"2027-10-31 01:30 +0200", "2027-10-31 02:17 +0200"},
			[]string{"2027-10-31 01:30 +0200", "2027-10-31 02:17 +0200"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cadence := config.DefaultCadence()
			cadence.Cron, cadence.TimeZone = c.cron, c.zone
			require.Equal(t, c.runs, actsAt(t, cadence, c.acts...))
		})
	}
}

func TestEveryTimeOfAnIntervalIsRun(t *testing.T) {
	t.Parallel()
	cadence := config.DefaultCadence()
	cadence.Every, cadence.TimeZone = config.Duration(time.Hour), "Europe/Berlin"
	moments := []string{"2027-10-31 01:00 +0200", "2027-10-31 02:00 +0200", "2027-10-31 02:00 +0100", "2027-10-31 03:00 +0100"}
	require.Equal(t, moments, actsAt(t, cadence, moments...))
}

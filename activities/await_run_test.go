package activities

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
)

func TestOnlyAVerdictAboutTheSyncProvesIt(t *testing.T) {
	t.Parallel()
	verdict := func(kind string, report audience.Report) error {
		return temporal.NewNonRetryableApplicationError("said", kind, nil, report)
	}
	for name, c := range map[string]struct {
		report audience.Report
		err    error
		proved bool
	}{
		"equal":                {audience.Report{Verdict: audience.Equal}, nil, true},
		"unverifiable":         {audience.Report{Verdict: audience.Unverifiable}, nil, true},
		"a proof alone":        {audience.Report{Verdict: audience.Equal, Verified: true}, nil, true},
		"unexplained":          {audience.Report{}, verdict(TypeVerdictUnexplained, audience.Report{}), true},
		"outside":              {audience.Report{}, verdict(TypeVerdictOutside, audience.Report{}), true},
		"a plan":               {audience.Report{Ended: audience.EndedPlanned, Verdict: audience.Unverifiable}, nil, false},
		"an audit":             {audience.Report{Audited: true, Verdict: audience.Equal}, nil, false},
		"unexplained audit":    {audience.Report{}, verdict(TypeVerdictUnexplained, audience.Report{Audited: true}), false},
		"failed":               {audience.Report{}, verdict(TypeSourceBroken, audience.Report{}), false},
		"stopped":              {audience.Report{}, temporal.NewCanceledError(), false},
		"something unexpected": {audience.Report{}, errors.New("lost"), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.proved, proved(c.report, c.err))
		})
	}
}

func TestARunThatEndedBeforeTheDueTimeProvesNothingSince(t *testing.T) {
	t.Parallel()
	due := time.Date(2027, 3, 28, 3, 30, 0, 0, time.UTC)
	require.True(t, seenRun{}.closedBefore(due), "there is none")
	require.True(t, seenRun{id: "a", closedAt: due.Add(-time.Second)}.closedBefore(due))
	require.False(t, seenRun{id: "a", closedAt: due}.closedBefore(due))
	require.False(t, seenRun{id: "a"}.closedBefore(due), "it is going")
}

func TestACadenceThatAWorkerCannotReadLetsEveryStartCount(t *testing.T) {
	t.Parallel()
	at := time.Date(2027, 10, 31, 0, 30, 0, 0, time.UTC)
	cadence := config.DefaultCadence()
	cadence.Cron, cadence.TimeZone = "30 1 * * *", "Europe/Berlin"
	require.Equal(t, at.Add(-time.Hour), AwaitRunInput{DueAt: at, Cadence: &cadence}.Meant().UTC(), "02:30 means 01:30")
	cadence.TimeZone = "Europe/Nowhere"
	require.Equal(t, at, AwaitRunInput{DueAt: at, Cadence: &cadence}.Meant())
	require.Equal(t, at, AwaitRunInput{DueAt: at}.Meant())
}

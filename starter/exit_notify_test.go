package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/notify"
)

// A heartbeat says what exit code 0 says.
func TestARunIsGoodForAMonitorWhenItsExitCodeIsZero(t *testing.T) {
	t.Parallel()
	for _, verdict := range []audience.Verdict{audience.Equal, audience.Explained, audience.Unexplained, audience.Unverifiable} {
		for _, acceptable := range []bool{true, false} {
			for _, unasked := range []bool{true, false} {
				report := &audience.Report{Verdict: verdict, Acceptable: acceptable, Unasked: unasked}
				require.Equal(t, codeOfReport(report) == nil, notify.EndOf(report) == notify.Good, "%+v", report)
			}
		}
	}
}

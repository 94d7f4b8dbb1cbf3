package integration

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
)

// shapes are tests that together play every shape of a run.
var shapes = map[string]string{
	"plain, and with nothing to send":        "TestASecondRunFindsEverythingUnchangedAndSendsNothing",
	"continued as new, with split batches":   "TestARunGoesOnInNewHistoriesAndStaysOneRun",
	"waiting at the gate":                    "TestAnAudienceThatShrinksWaitsAtTheGateAndIsFollowedOnceApproved",
	"reading again after a late approval":    "TestAnApprovalThatComesLateIsForTheAudienceOfNow",
	"waiting for access":                     "TestAKeyThatExpiresInMidRunPausesTheRunAndResumeGoesOn",
	"paused":                                 "TestAPausedRunSendsNothingAndEndsAfterItIsResumed",
	"cancelled, by an order or from outside": "TestACancelledRunLeavesLedgerAndHelloCharlesInAgreement",
	"repairing":                              "TestARunThatRepairsAnotherOneIsFoundByItsOwnVerdict",
	"without an answer":                      "TestAContactThatTheAPICannotBearIsUnresolvedAndKeepsNobodyElseBack",
	"standing still":                         "TestARunThatStandsStillSaysSoAndWhyAndGoesOnByItself",
	"proving":                                "TestVerifyNamesWhoIsGoneSendsNothingAndLeavesNothingBehind",
	"auditing":                               "TestAnAuditAfterRunsKnowsWhoLeftAndWhoIsGoneAndChangesNothing",
	"due, after the run that is going":       "TestARunThatReadBeforeTheDueTimeIsFollowedByAnother",
	"due, to prove":                          "TestAScheduledProofReadsAndSendsNothing",
	"due, failing until it is paused":        "TestAScheduleThatFailsAgainAndAgainIsPausedWithANote",
	"telling":                                "TestOperatorsAreToldOfTransitionsOnlyAndTheMonitorOfEveryGoodRun",
}

func TestRunsDoNotDependOnWhatAWorkerRemembers(t *testing.T) {
	if testing.Short() {
		t.Skip("plays every shape of a run once more")
	}
	t.Parallel()
	// A second process of these tests, whose workers start from the history with
	// every workflow task: the cache is one for all workers of a process.
	names := make([]string, 0, len(shapes))
	for _, test := range shapes {
		names = append(names, test)
	}
	command := exec.CommandContext(t.Context(), os.Args[0], "-test.v", "-test.run", "^("+strings.Join(names, "|")+")$")
	command.Env = append(os.Environ(), forgetfulVariable+"=1", serverVariable+"="+serverAddress(t))
	output, err := command.CombinedOutput()
	require.NoError(t, err, "%s", output)
	for shape, test := range shapes {
		require.Contains(t, string(output), fmt.Sprintf("--- PASS: %s ", test), shape)
	}
}

// failingAtOnce lets a workflow fail whose code does not replay its history. It would
// wait for other code, and a test with it.
func failingAtOnce(t *testing.T) client.Plugin {
	t.Helper()
	plugin, err := temporal.NewSimplePlugin(temporal.SimplePluginOptions{
		Name: "integration-test",
		ConfigureWorker: func(_ context.Context, with worker.PluginConfigureWorkerOptions) error {
			with.WorkerOptions.WorkflowPanicPolicy = worker.FailWorkflow
			// A busy machine is no deadlock. By default it is one after a second.
			with.WorkerOptions.DeadlockDetectionTimeout = patience
			return nil
		},
	})
	require.NoError(t, err)
	return plugin
}

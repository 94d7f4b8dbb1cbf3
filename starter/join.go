package main

import (
	"context"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"audiencesync/internal/schedule"
	"audiencesync/workflows"
)

// startedWith is what a run was started with, nil if that is not to be had.
func startedWith(ctx context.Context, c client.Client, run client.WorkflowRun) *workflows.AudienceSyncInput {
	events := c.GetWorkflowHistory(ctx, run.GetID(), run.GetRunID(), false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	if !events.HasNext() {
		return nil
	}
	first, err := events.Next()
	if err != nil {
		return nil
	}
	var in workflows.AudienceSyncInput
	if converter.GetDefaultDataConverter().FromPayloads(first.GetWorkflowExecutionStartedEventAttributes().GetInput(), &in) != nil {
		return nil
	}
	return &in
}

// sayDifferences says what was asked for that the run that is going does not do.
func (a *app) sayDifferences(going *workflows.AudienceSyncInput, asked workflows.AudienceSyncInput) {
	if going == nil {
		going = &workflows.AudienceSyncInput{Spec: asked.Spec}
	}
	differences, err := schedule.Between(going.Spec, asked.Spec)
	if err == nil && len(differences) > 0 {
		a.say("That run goes by another file, which differs in %s: run this one when it has ended.", joined(differences))
	}
	expected := asked.Expect == nil || going.Expect != nil && *going.Expect == *asked.Expect
	for _, told := range []struct {
		flag string
		does bool
	}{{"--full", going.Full || !asked.Full}, {"--recreate", going.Recreate || !asked.Recreate}, {"--" + expectFlag, expected}} {
		if !told.does {
			a.say("That run was not started with this %s: run it again with it when it has ended.", told.flag)
		}
	}
}

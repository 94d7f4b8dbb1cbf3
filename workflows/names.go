// Package workflows holds the Temporal workflows of audiencesync. They decide
// and wait; they do no I/O.
package workflows

import (
	"fmt"
	"strings"

	"go.temporal.io/sdk/worker"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
)

// TaskQueue is where workflows and activities are worked on.
const TaskQueue = "audiencesync"

// Names of queries and prefixes of workflow IDs: part of the contract with the CLI.
const (
	// QueryProgress returns a Progress.
	QueryProgress = "progress"

	syncPrefix  = "audience-sync/"
	checkPrefix = "audience-sync-check/"
	duePrefix   = "audience-sync-due/"

	verifyPrefix    = "audience-sync-verify/"
	verifyDuePrefix = "audience-sync-verify-due/"

	notifyPrefix = "audience-sync-notify/"
	limitsPrefix = "audience-sync-limits/"
)

// SyncID is the workflow ID of a sync's runs: one at a time by construction. It is also
// the ID of the schedule that lets them run.
func SyncID(sync string) string { return syncPrefix + sync }

// CheckID is the workflow ID of a sync's checks.
func CheckID(sync string) string { return checkPrefix + sync }

// DueID is the workflow ID of a sync's due runs; schedules append the time.
func DueID(sync string) string { return duePrefix + sync }

// VerifyScheduleID is the ID of the schedule that lets a sync be proved.
func VerifyScheduleID(sync string) string { return verifyPrefix + sync }

// VerifyDueID is the workflow ID of due runs that only prove; schedules append the time.
func VerifyDueID(sync string) string { return verifyDuePrefix + sync }

// NotifyID is the workflow ID of telling what has happened in a run of a sync: first
// is the first Temporal run id of who tells.
func NotifyID(sync, first, what string) string { return notifyPrefix + sync + "/" + first + "/" + what }

// LimitsID is the workflow ID of one order about the limits of a workspace; once makes it
// the only one.
func LimitsID(connection, once string) string { return limitsPrefix + connection + "/" + once }

// SyncOf is the inverse of SyncID.
func SyncOf(workflowID string) (string, bool) { return strings.CutPrefix(workflowID, syncPrefix) }

// VerifiedSyncOf is the inverse of VerifyScheduleID.
func VerifiedSyncOf(scheduleID string) (string, bool) {
	return strings.CutPrefix(scheduleID, verifyPrefix)
}

// maxSummaryBytes is half of what a server takes (limit.userMetadataSummarySize).
const maxSummaryBytes = 200

// Summary is the one line that Temporal's web UI shows for runs of a sync.
func Summary(spec config.Sync) string {
	return audience.Shorten(fmt.Sprintf("audience %s %s into %s", spec.Audience.ID, spec.Audience.Name, spec.Destination), maxSummaryBytes)
}

// Register registers all workflows.
func Register(w worker.WorkflowRegistry) {
	w.RegisterWorkflow(AudienceSync)
	w.RegisterWorkflow(CheckSync)
	w.RegisterWorkflow(DueRun)
	w.RegisterWorkflow(Notify)
	w.RegisterWorkflow(SetLimits)
}

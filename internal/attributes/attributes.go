// Package attributes names the search attributes by which Temporal finds runs. Their
// values are names and counts, never contact data: a server keeps them in plain text.
package attributes

import (
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
)

// The search attributes of a run. They are part of the contract with operators, whose
// queries rest on them.
var (
	// Name is the sync's permanent name.
	Name = temporal.NewSearchAttributeKeyKeyword("AudienceSyncName")
	// Audience is the permanent id of the Zeotap audience.
	Audience = temporal.NewSearchAttributeKeyKeyword("AudienceSyncAudience")
	// Workspace is the Hello Charles workspace as people call it ("acme").
	Workspace = temporal.NewSearchAttributeKeyKeyword("AudienceSyncWorkspace")
	// Run is the run's number.
	Run = temporal.NewSearchAttributeKeyInt64("AudienceSyncRun")
	// Phase is where the run is, or ended: open, read, send, prove or done; waiting while
	// it waits for a person, stalled while nothing moves.
	Phase = temporal.NewSearchAttributeKeyKeyword("AudienceSyncPhase")
	// Verdict is how the run ended: a verdict, or planned, cancelled, declined, failed
	// or refused.
	Verdict = temporal.NewSearchAttributeKeyKeyword("AudienceSyncVerdict")
)

// All are the search attributes, in the order in which they are shown.
func All() []temporal.SearchAttributeKey {
	return []temporal.SearchAttributeKey{Name, Audience, Workspace, Run, Phase, Verdict}
}

// Types are the types by which a server registers the search attributes, by name.
func Types() map[string]enumspb.IndexedValueType {
	types := map[string]enumspb.IndexedValueType{}
	for _, key := range All() {
		types[key.GetName()] = key.GetValueType()
	}
	return types
}

package workflows

import (
	"errors"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"audiencesync/activities"
	"audiencesync/internal/attributes"
	"audiencesync/internal/audience"
	"audiencesync/internal/config"
)

// The search attribute of a phase while the run waits for a person, and while nothing
// moves.
const (
	shownWaiting = "waiting"
	shownStalled = "stalled"
)

// endedRefused is the search attribute of a verdict for a run that was refused before
// it had a report.
const endedRefused = "refused"

// SearchedBy are the search attributes that a workflow has set. They are kept, and carried
// from one history to the next, so that only what changes is set.
type SearchedBy struct {
	Name      string `json:"name,omitempty"`
	Audience  string `json:"audience,omitempty"`
	Workspace string `json:"workspace,omitempty"`
	Run       int64  `json:"run,omitempty"`
	Phase     string `json:"phase,omitempty"`
	Verdict   string `json:"verdict,omitempty"`
}

// letFind sets the search attributes that have changed, where the server knows them: to
// set others would fail the task, again and again. Each change is one event, so only the
// large steps of a run are shown.
func (r *audienceSync) letFind(ctx workflow.Context) {
	if r.opened.Attributes {
		r.searchedBy = r.searchedBy.change(ctx, SearchedBy{
			Name: r.spec.Sync, Audience: r.spec.Audience.ID, Workspace: r.opened.WorkspaceName, Run: r.opened.Run.Run,
			Phase: r.shownPhase(), Verdict: r.verdict,
		})
	}
}

// forgetVerdict takes the verdict away that a run has from the one that it follows: search
// attributes are carried into a new history.
func (r *audienceSync) forgetVerdict(ctx workflow.Context) {
	if r.in.Carried != nil {
		return
	}
	if verdict, ok := workflow.GetTypedSearchAttributes(ctx).GetKeyword(attributes.Verdict); ok {
		r.searchedBy = SearchedBy{Verdict: verdict}.change(ctx, SearchedBy{Phase: string(PhaseOpen)})
	}
}

// letFindDue lets a due run be found by its sync, and by how it ended, once it has. It has
// no workspace: who looks for the runs of one finds runs only.
func letFindDue(ctx workflow.Context, known bool, spec config.Sync, ended string) {
	if known {
		SearchedBy{}.change(ctx, SearchedBy{Name: spec.Sync, Audience: spec.Audience.ID, Verdict: endWordOf(ended)})
	}
}

// shownPhase is the step of the run as it is searched for.
func (r *audienceSync) shownPhase() string {
	switch {
	case r.verdict != "": // It shows where the run has ended.
	case r.waits:
		return shownWaiting
	case r.progress.Stalled != nil:
		return shownStalled
	}
	switch phase := r.progress.Phase; phase {
	case PhaseDecide, PhaseGate:
		return string(PhaseRead)
	case PhaseClose:
		return string(PhaseProve)
	default:
		return string(phase)
	}
}

// change sets what differs, and returns what is set then. An empty value is left as it
// is, but for the verdict.
func (s SearchedBy) change(ctx workflow.Context, to SearchedBy) SearchedBy {
	var changes []temporal.SearchAttributeUpdate
	for _, attribute := range []struct {
		key  temporal.SearchAttributeKeyKeyword
		is   *string
		want string
	}{
		{attributes.Name, &s.Name, to.Name},
		{attributes.Audience, &s.Audience, to.Audience},
		{attributes.Workspace, &s.Workspace, to.Workspace},
		{attributes.Phase, &s.Phase, to.Phase},
		{attributes.Verdict, &s.Verdict, to.Verdict},
	} {
		if attribute.want != "" && attribute.want != *attribute.is {
			*attribute.is = attribute.want
			changes = append(changes, attribute.key.ValueSet(attribute.want))
		}
	}
	if to.Run != 0 && to.Run != s.Run {
		s.Run = to.Run
		changes = append(changes, attributes.Run.ValueSet(to.Run))
	}
	if to.Verdict == "" && s.Verdict != "" {
		s.Verdict = ""
		changes = append(changes, attributes.Verdict.ValueUnset())
	}
	if len(changes) == 0 {
		return s
	}
	if err := workflow.UpsertTypedSearchAttributes(ctx, changes...); err != nil {
		workflow.GetLogger(ctx).Warn("search attributes are not set", "error", err)
	}
	return s
}

// endWord is the search attribute of a verdict for a run that has ended.
func endWord(report *audience.Report, err error) string {
	switch {
	case report != nil && report.Ended != "":
		return report.Ended
	case report != nil:
		return string(report.Verdict)
	case temporal.IsCanceledError(err):
		return audience.EndedCancelled
	}
	if said, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		return endWordOf(said.Type())
	}
	return audience.EndedFailed
}

// endWordOf is endWord for how a run ended as activities.EndOf names it: a verdict, or
// the type of an error; empty before it has ended.
func endWordOf(end string) string {
	switch end {
	case "", activities.EndUnknown:
		return ""
	case activities.TypeVerdictUnexplained:
		return string(audience.Unexplained)
	case activities.TypeVerdictOutside:
		return string(audience.Explained)
	case activities.TypeDeclined:
		return audience.EndedDeclined
	case activities.EndStopped:
		return audience.EndedCancelled
	case activities.TypeOpenRefused, activities.TypeUnknownLabels:
		return endedRefused
	case string(audience.Equal), string(audience.Explained), string(audience.Unexplained), string(audience.Unverifiable):
		return end
	}
	return audience.EndedFailed
}

package workflows_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"audiencesync/activities"
	"audiencesync/internal/attributes"
	"audiencesync/internal/audience"
	"audiencesync/workflows"
)

// attributesSet are the search attributes of a workflow as they change, in words.
type attributesSet struct {
	steps []string
	now   map[string]string
}

// watchAttributes remembers each change of search attributes.
func watchAttributes(env *testsuite.TestWorkflowEnvironment) *attributesSet {
	l := &attributesSet{now: map[string]string{}}
	env.OnUpsertTypedSearchAttributes(mock.Anything).Run(func(args mock.Arguments) {
		var changes []string
		set, _ := args.Get(0).(temporal.SearchAttributes)
		for key, value := range set.GetUntypedValues() {
			if value == nil {
				delete(l.now, key.GetName())
			} else {
				l.now[key.GetName()] = fmt.Sprint(value)
			}
		}
		for _, key := range []temporal.SearchAttributeKey{attributes.Phase, attributes.Verdict} {
			if value, changed := set.GetUntypedValues()[key]; changed {
				changes = append(changes, fmt.Sprint(value))
			}
		}
		l.steps = append(l.steps, fmt.Sprint(changes))
	}).Return(nil)
	return l
}

func TestARunIsFoundByWhatItIsWhereItStandsAndHowItEnded(t *testing.T) {
	t.Parallel()
	env := environment(t, &script{attributes: true, batches: 20, window: 4})
	found := watchAttributes(env)
	_, err := play(t, env, workflows.AudienceSyncInput{Spec: demo()})
	require.NoError(t, err)
	require.Equal(t, []string{"[read]", "[send]", "[prove]", "[done equal]"}, found.steps, "each is an event")
	require.Equal(t, map[string]string{
		"AudienceSyncName": "demo", "AudienceSyncAudience": "984", "AudienceSyncWorkspace": "acme", "AudienceSyncRun": "7",
		"AudienceSyncPhase": "done", "AudienceSyncVerdict": "equal",
	}, found.now)
}

func TestOnAServerThatDoesNotKnowThemNoSearchAttributeIsSet(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]*script{
		"a run": {},
		"a run that is refused": {openRun: func() error {
			return temporal.NewNonRetryableApplicationError("no", activities.TypeOpenRefused, nil, activities.Search{})
		}},
		"a run that an old worker refused": {openRun: func() error { return final(activities.TypeOpenRefused, "no") }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := environment(t, s)
			found := watchAttributes(env)
			_, _ = play(t, env, workflows.AudienceSyncInput{Spec: demo()})
			require.Empty(t, found.steps)
		})
	}
}

func TestHoweverARunEndsItIsFoundByItsEnd(t *testing.T) {
	t.Parallel()
	report := func(verdict audience.Verdict, acceptable bool) func(activities.CloseRunInput) (audience.Report, error) {
		return func(in activities.CloseRunInput) (audience.Report, error) {
			return audience.Report{Sync: "demo", Run: 7, Verdict: verdict, Acceptable: acceptable, Ended: in.Ended}, nil
		}
	}
	labelled := activities.Search{Attributes: true, WorkspaceName: "acme"}
	for name, c := range map[string]struct {
		script         *script
		in             workflows.AudienceSyncInput
		cancel         bool
		phase, verdict string
		run            string
	}{
		"unexplained":    {script: &script{closeRun: report(audience.Unexplained, false)}, phase: "done", verdict: "unexplained", run: "7"},
		"outside accept": {script: &script{closeRun: report(audience.Explained, false)}, phase: "done", verdict: "explained", run: "7"},
		"a proof":        {in: workflows.AudienceSyncInput{VerifyOnly: true}, script: &script{closeRun: report(audience.Explained, true)}, phase: "done", verdict: "explained", run: "7"},
		"a plan":         {in: workflows.AudienceSyncInput{PlanOnly: true}, script: &script{}, phase: "done", verdict: "planned", run: "7"},
		"cancelled":      {script: &script{}, cancel: true, phase: "send", verdict: "cancelled", run: "7"},
		"a broken source": {script: &script{readPages: func(int64) (activities.ReadPagesResult, error) {
			return activities.ReadPagesResult{}, final(activities.TypeSourceBroken, "broken")
		}}, phase: "read", verdict: "failed", run: "7"},
		"nobody approves": {script: &script{batches: 3, sendBatch: func(context.Context, int64) (activities.SendBatchResult, error) {
			return refused(1000), nil
		}}, phase: "send", verdict: "failed", run: "7"},
		"refused at open": {script: &script{openRun: func() error {
			return temporal.NewNonRetryableApplicationError("no", activities.TypeOpenRefused, nil, labelled)
		}}, phase: "open", verdict: "refused"},
		"access denied at open": {script: &script{openRun: func() error {
			return temporal.NewNonRetryableApplicationError("no", activities.TypeAccessDenied, nil, labelled)
		}}, phase: "open", verdict: "failed"},
		"a report that cannot be written": {script: &script{closeRun: func(activities.CloseRunInput) (audience.Report, error) {
			return audience.Report{}, final(activities.TypeFenced, "a newer run")
		}}, phase: "prove", verdict: "failed", run: "7"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.script.attributes = true
			env := environment(t, c.script)
			found := watchAttributes(env)
			if c.cancel {
				whenStarted(env, "SendBatch", 1, env.CancelWorkflow)
			}
			c.in.Spec = demo()
			_, _ = play(t, env, c.in)
			require.Equal(t, c.verdict, found.now["AudienceSyncVerdict"], found.steps)
			require.Equal(t, c.phase, found.now["AudienceSyncPhase"], found.steps)
			require.Equal(t, c.run, found.now["AudienceSyncRun"])
			require.Equal(t, "acme", found.now["AudienceSyncWorkspace"])
		})
	}
}

func TestARunThatWaitsForAPersonIsFoundAsOne(t *testing.T) {
	t.Parallel()
	s := &script{attributes: true, decide: beyondOnce()}
	env := environment(t, s)
	found := watchAttributes(env)
	_, err := play(t, env, workflows.AudienceSyncInput{Spec: demo()})
	requireType(t, err, activities.TypeNotApproved)
	require.Equal(t, []string{"[read]", "[waiting]", "[read]", "[failed]"}, found.steps)
}

// beyondOnce plans more than the gate allows.
func beyondOnce() func(int, activities.DecideInput) activities.Plan {
	return func(int, activities.DecideInput) activities.Plan {
		return activities.Plan{Plan: audience.Plan{Read: 1000, ToSend: 1000, Batches: 1, Beyond: []string{"too much"}}, Digest: "d1"}
	}
}

func TestARunThatRepairsAnotherOneDoesNotKeepItsVerdict(t *testing.T) {
	t.Parallel()
	s := &script{attributes: true}
	s.closeRun = func(activities.CloseRunInput) (audience.Report, error) {
		report := audience.Report{Sync: "demo", Run: 7, Verdict: audience.Unexplained}
		report.Segment.Comparison = &audience.Comparison{NotVisible: 3}
		return report, nil
	}
	spec := demo()
	spec.Verification.Repair = 1
	env := environment(t, s)
	found := watchAttributes(env)
	_, err := play(t, env, workflows.AudienceSyncInput{Spec: spec})
	in := followedBy(t, err)
	require.Equal(t, "unexplained", found.now["AudienceSyncVerdict"])
	require.Equal(t, "done", found.now["AudienceSyncPhase"])

	env = environment(t, &script{attributes: true})
	require.NoError(t, env.SetTypedSearchAttributesOnStart(carriedAttributes(found.now)))
	found = watchAttributes(env)
	_, err = play(t, env, in)
	require.NoError(t, err)
	require.Equal(t, []string{"[open]", "[read]", "[send]", "[prove]", "[done equal]"}, found.steps)
}

// carriedAttributes are search attributes as a new history has them from the one before.
func carriedAttributes(now map[string]string) temporal.SearchAttributes {
	of := func(key temporal.SearchAttributeKeyKeyword) temporal.SearchAttributeUpdate {
		return key.ValueSet(now[key.GetName()])
	}
	return temporal.NewSearchAttributes(attributes.Run.ValueSet(7),
		of(attributes.Name), of(attributes.Audience), of(attributes.Workspace), of(attributes.Phase), of(attributes.Verdict))
}

func TestADueRunIsFoundByItsSyncAndHowItEnded(t *testing.T) {
	t.Parallel()
	for ended, verdict := range map[string]string{
		string(audience.Equal): "equal", activities.TypeVerdictUnexplained: "unexplained", activities.TypeVerdictOutside: "explained",
		activities.TypeDeclined: "declined", activities.TypeOpenRefused: "refused", activities.TypeNotApproved: "failed", activities.EndStopped: "cancelled",
	} {
		t.Run(ended, func(t *testing.T) {
			t.Parallel()
			s := &script{awaitRun: func(context.Context) (activities.AwaitRunResult, error) {
				return activities.AwaitRunResult{Satisfied: true, Ended: ended, Attributes: true}, nil
			}}
			env := environment(t, s)
			found := watchAttributes(env)
			env.ExecuteWorkflow(workflows.DueRun, workflows.DueRunInput{Spec: demo()})
			require.NoError(t, env.GetWorkflowError())
			require.Equal(t, map[string]string{"AudienceSyncName": "demo", "AudienceSyncAudience": "984", "AudienceSyncVerdict": verdict}, found.now)
			require.ElementsMatch(t, []string{"AudienceSyncName", "AudienceSyncAudience", "AudienceSyncVerdict"}, slices.Collect(maps.Keys(found.now)),
				"it has no workspace: who looks for runs of one finds runs only")
		})
	}
}

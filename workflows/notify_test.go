package workflows_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"audiencesync/activities"
	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/workflows"
)

// telling is a sync that tells somebody of everything.
func telling() config.Sync {
	spec := demo()
	notify := config.DefaultNotify()
	notify.To = []string{"ops-slack"}
	spec.Notify = &notify
	return spec
}

// told are the tellings that were started, in their order.
type told struct {
	mutex  sync.Mutex
	inputs []activities.NotifyInput
}

func (l *told) all() []activities.NotifyInput {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.inputs
}

// names are what was told: the last parts of the workflow IDs.
func (l *told) names() []string {
	inputs := l.all()
	names := make([]string, len(inputs))
	for i, in := range inputs {
		names[i] = in.Cause[strings.LastIndex(in.Cause, "/")+1:]
	}
	return names
}

// listen remembers every telling.
func listen(t *testing.T, env *testsuite.TestWorkflowEnvironment) *told {
	t.Helper()
	l := &told{}
	env.SetOnChildWorkflowStartedListener(func(info *workflow.Info, _ workflow.Context, args converter.EncodedValues) {
		if info.WorkflowType.Name != "Notify" {
			return
		}
		var in activities.NotifyInput
		require.NoError(t, args.Get(&in))
		require.Equal(t, info.WorkflowExecution.ID, in.Cause)
		require.True(t, strings.HasPrefix(in.Cause, "audience-sync-notify/demo/"), in.Cause)
		l.mutex.Lock()
		defer l.mutex.Unlock()
		l.inputs = append(l.inputs, in)
	})
	return l
}

func TestEveryEndOfARunIsToldButOneThatAPersonCancelled(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		script *script
		change func(*workflows.AudienceSyncInput)
		end    *activities.NotifyEnd
	}{
		"good":        {&script{}, nil, &activities.NotifyEnd{Run: 7, How: "equal"}},
		"unexplained": {&script{closeRun: verdict(audience.Unexplained, false)}, nil, &activities.NotifyEnd{Run: 7, How: activities.TypeVerdictUnexplained}},
		"refused at open": {
			&script{openRun: func() error { return final(activities.TypeOpenRefused, "no such audience") }}, nil,
			&activities.NotifyEnd{How: activities.TypeOpenRefused, Why: "no such audience"},
		},
		"failed": {
			&script{readPages: func(int64) (activities.ReadPagesResult, error) {
				return activities.ReadPagesResult{}, final(activities.TypeSourceIncomplete, "the read is not complete")
			}}, nil,
			&activities.NotifyEnd{Run: 7, How: activities.TypeSourceIncomplete, Why: "the read is not complete"},
		},
		"a plan":         {&script{}, func(in *workflows.AudienceSyncInput) { in.PlanOnly = true }, nil},
		"a proof":        {&script{}, func(in *workflows.AudienceSyncInput) { in.VerifyOnly = true }, nil},
		"nobody to tell": {&script{}, func(in *workflows.AudienceSyncInput) { in.Spec.Notify = nil }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := environment(t, c.script)
			l := listen(t, env)
			in := workflows.AudienceSyncInput{Spec: telling()}
			if c.change != nil {
				c.change(&in)
			}
			_, _ = play(t, env, in)
			if c.end == nil {
				require.Empty(t, l.all())
				return
			}
			require.Len(t, l.all(), 1)
			require.Equal(t, c.end, l.all()[0].Ended)
			require.Equal(t, "demo", l.all()[0].Sync)
			require.Equal(t, *in.Spec.Notify, l.all()[0].Notify)
		})
	}
}

func TestACancelledRunIsNotTold(t *testing.T) {
	t.Parallel()
	s := &script{batches: 3}
	env := environment(t, s)
	l := listen(t, env)
	s.sendBatch = func(context.Context, int64) (activities.SendBatchResult, error) {
		env.CancelWorkflow()
		return created(1000), nil
	}
	_, err := play(t, env, workflows.AudienceSyncInput{Spec: telling()})
	var canceled *temporal.CanceledError
	require.ErrorAs(t, err, &canceled)
	require.Empty(t, l.all())
}

func TestARunThatGoesOnInANewHistoryIsNotAtItsEnd(t *testing.T) {
	t.Parallel()
	spec := telling()
	spec.Limits.BatchesPerHistory = 2
	env := environment(t, &script{batches: 9, window: 2})
	l := listen(t, env)
	_, err := play(t, env, workflows.AudienceSyncInput{Spec: spec})
	carriedBy(t, err)
	require.Empty(t, l.all())
}

func TestAnApprovalIsToldAndRemindedOfUntilSomebodyDecides(t *testing.T) {
	t.Parallel()
	env := environment(t, refusing())
	l := listen(t, env)
	give(t, env, order{9 * time.Hour, workflows.UpdateApprove, workflows.Steer{By: "ada"}, true})
	_, err := play(t, env, workflows.AudienceSyncInput{Spec: telling()})
	require.NoError(t, err)
	require.Equal(t, []string{"run-7-hold-1", "run-7-hold-1-reminder-1", "run-7-hold-1-reminder-2", "run-7-end"}, l.names(), "after 4 and 8 hours")
	first, second := l.all()[0], l.all()[1]
	require.Equal(t, noon, first.At.UTC())
	require.Equal(t, config.NotifyApproval, first.Hold.Event)
	require.Contains(t, first.Hold.Why, "Hello Charles refused 600 of 1,000 contacts")
	require.Equal(t, noon.Add(24*time.Hour), first.Hold.Until.UTC())
	require.False(t, first.Hold.Reminder)
	require.True(t, second.Hold.Reminder)
	require.Equal(t, noon.Add(4*time.Hour), second.At.UTC())
}

func TestNobodyIsRemindedWhereTheSyncSaysSo(t *testing.T) {
	t.Parallel()
	spec := telling()
	spec.Notify.Reminder = 0
	env := environment(t, refusing())
	l := listen(t, env)
	_, err := play(t, env, workflows.AudienceSyncInput{Spec: spec})
	requireType(t, err, activities.TypeNotApproved)
	require.Equal(t, []string{"run-7-hold-1", "run-7-end"}, l.names())
	require.Equal(t, activities.TypeNotApproved, l.all()[1].Ended.How)
}

func TestAHoldOfWhichNobodyWantsToHearLeavesNoTrace(t *testing.T) {
	t.Parallel()
	spec := telling()
	spec.Notify.On = []config.NotifyEvent{config.NotifyBad}
	env := environment(t, refusing())
	l := listen(t, env)
	_, err := play(t, env, workflows.AudienceSyncInput{Spec: spec})
	requireType(t, err, activities.TypeNotApproved)
	require.Equal(t, []string{"run-7-end"}, l.names())
}

func TestDeniedAccessIsToldAsAPause(t *testing.T) {
	t.Parallel()
	s := &script{batches: 2}
	s.sendBatch = func(context.Context, int64) (activities.SendBatchResult, error) {
		if s.happened("send 1") == 1 {
			return activities.SendBatchResult{}, final(activities.TypeAccessDenied, "the key is not accepted (401)")
		}
		return created(1000), nil
	}
	env := environment(t, s)
	l := listen(t, env)
	give(t, env, order{time.Hour, workflows.UpdateResume, workflows.Steer{}, false})
	_, err := play(t, env, workflows.AudienceSyncInput{Spec: telling()})
	require.NoError(t, err)
	require.Equal(t, []string{"run-7-hold-1", "run-7-end"}, l.names())
	require.Equal(t, config.NotifyPaused, l.all()[0].Hold.Event)
	require.Equal(t, "the key is not accepted (401)", l.all()[0].Hold.Why)
	require.False(t, l.all()[0].Hold.ByPerson)
}

func TestAPauseByAPersonIsToldOnceWithoutThePersonsWords(t *testing.T) {
	t.Parallel()
	s := &script{batches: 9, window: 2}
	env := environment(t, s)
	l := listen(t, env)
	pauseWhenStarted(env, "SendBatch", 4)
	give(t, env, order{30 * time.Hour, workflows.UpdateResume, workflows.Steer{}, false})
	_, err := play(t, env, workflows.AudienceSyncInput{Spec: telling()})
	require.NoError(t, err)
	require.Len(t, l.all(), 2)
	require.Regexp(t, `^run-7-pause-\d+$`, l.names()[0])
	hold := l.all()[0].Hold
	require.True(t, hold.ByPerson)
	require.Empty(t, hold.Why)
	require.Zero(t, hold.Until)
}

func TestARunEndsAsItDoesWhoeverCannotBeTold(t *testing.T) {
	t.Parallel()
	s := &script{deliver: func(activities.DeliverInput) error {
		return temporal.NewApplicationError("connection ops-slack: the receiver answers with status 500", activities.TypeNotDelivered)
	}}
	env := environment(t, s)
	env.ExecuteWorkflow(func(ctx workflow.Context) (time.Time, error) {
		child := workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{WorkflowID: workflows.SyncID("demo")})
		err := workflow.ExecuteChildWorkflow(child, workflows.AudienceSync, workflows.AudienceSyncInput{Spec: telling()}).Get(ctx, nil)
		return workflow.Now(ctx), err
	})
	require.NoError(t, env.GetWorkflowError())
	var ended time.Time
	require.NoError(t, env.GetWorkflowResult(&ended))
	require.Less(t, ended.Sub(noon), time.Minute, "it waits for nobody")
	require.Positive(t, s.happened("deliver to ops-slack"))
}

func TestEachReceiverIsToldOnItsOwnForAWhile(t *testing.T) {
	t.Parallel()
	s := &script{}
	s.deliver = func(in activities.DeliverInput) error {
		if in.Connection == "dead" {
			return temporal.NewApplicationError("connection dead: the receiver answers with status 500", activities.TypeNotDelivered)
		}
		return nil
	}
	env := environment(t, s)
	in := activities.NotifyInput{Sync: "demo", Notify: config.Notify{To: []string{"dead", "ops-slack"}}, Cause: "x", Due: true}
	env.ExecuteWorkflow(workflows.Notify, in)
	require.True(t, env.IsWorkflowCompleted())
	require.ErrorContains(t, env.GetWorkflowError(), "connection dead: the receiver answers with status 500", "it is red")
	require.Equal(t, 1, s.happened("deliver to ops-slack"))
	require.Greater(t, s.happened("deliver to dead"), 5)
	require.Greater(t, env.Now().Sub(noon), 20*time.Minute, "it is tried for long") // The environment gives up after ten tries.
	require.LessOrEqual(t, env.Now().Sub(noon), 6*time.Hour+time.Minute, "and not for ever")
	require.Equal(t, []activities.NotifyInput{in}, s.told)
}

func TestADueRunTellsOnceThatTheSyncIsOverdue(t *testing.T) {
	t.Parallel()
	const hour = time.Hour
	for name, c := range map[string]struct {
		looks []activities.LookOverdueResult
		asked int
		told  int
	}{
		"it is when the run is due": {[]activities.LookOverdueResult{{}}, 1, 1},
		"it was told":               {[]activities.LookOverdueResult{{Told: true}}, 1, 0},
		"the run goes on for long":  {[]activities.LookOverdueResult{{In: 5 * hour}, {In: 2 * hour}, {}}, 3, 1},
		"the run ends before":       {[]activities.LookOverdueResult{{In: 20 * hour}}, 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := refusing()
			s.lookOverdue = func(call int, in activities.LookOverdueInput) activities.LookOverdueResult {
				require.Equal(t, 26*time.Hour, in.After)
				return c.looks[min(call, len(c.looks))-1]
			}
			env := environment(t, s)
			l := listen(t, env)
			spec := telling()
			spec.Notify.On = []config.NotifyEvent{config.NotifyOverdue}
			spec.Limits.WaitForDecision = config.Duration(10 * hour)
			env.ExecuteWorkflow(workflows.DueRun, workflows.DueRunInput{Spec: spec})
			requireType(t, env.GetWorkflowError(), activities.TypeNotApproved)
			overdue := 0
			for _, in := range l.all() {
				if in.Due {
					overdue++
				}
			}
			require.Equal(t, c.told, overdue)
			require.Equal(t, c.asked, s.happened("look"))
		})
	}
}

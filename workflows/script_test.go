package workflows_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"audiencesync/activities"
	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/ledger"
	"audiencesync/workflows"
)

// script is the activities of a run as a workflow sees them. They do as a test
// tells them and remember what they were asked. Where a test tells nothing,
// all goes well: one page, batches of 1,000 members, all of them created.
type script struct {
	// batches are planned; window of them may be under way. Both default to 1.
	batches int64
	window  int
	// ledger and workspace are what OpenRun tells of a run that sends, notes what it
	// tells of one that only plans.
	ledger, workspace string
	notes             []string
	// readsBack says that OpenRun tells of a sample that is read back.
	readsBack bool
	// attributes says that the server knows search attributes.
	attributes bool

	openRun   func() error
	readPages func(page int64) (activities.ReadPagesResult, error)
	// decide returns the plan of the n-th call.
	decide    func(call int, in activities.DecideInput) activities.Plan
	dropRead  func(call int) error
	sendBatch func(ctx context.Context, batch int64) (activities.SendBatchResult, error)
	// inMode, when given, sends in place of sendBatch.
	inMode       func(batch int64, mode activities.SendMode) activities.SendBatchResult
	countSegment func(call int) (activities.CountSegmentResult, error)
	compare      func(call int) (activities.CompareSegmentResult, error)
	readBack     func(in activities.ReadBackInput) (activities.ReadBackResult, error)
	closeRun     func(activities.CloseRunInput) (audience.Report, error)
	awaitRun     func(ctx context.Context) (activities.AwaitRunResult, error)
	// awaitDue, when given, answers in place of awaitRun.
	awaitDue      func(in activities.AwaitRunInput) activities.AwaitRunResult
	pauseSchedule func() error
	lookOverdue   func(call int, in activities.LookOverdueInput) activities.LookOverdueResult
	deliver       func(in activities.DeliverInput) error
	// stalled is what Temporal says the run waits for, at the n-th question.
	stalled func(call int) (activities.LookStalledResult, error)

	mutex   sync.Mutex
	events  []string
	closed  []activities.CloseRunInput
	told    []activities.NotifyInput
	paused  []activities.PauseScheduleInput
	counted int
}

// note remembers an event; events returns all of them in order.
func (s *script) note(format string, args ...any) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.events = append(s.events, fmt.Sprintf(format, args...))
}

// happened returns how often an event happened.
func (s *script) happened(event string) int {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	n := 0
	for _, e := range s.events {
		if e == event {
			n++
		}
	}
	return n
}

// sent returns the numbers of the batches in the order in which they were sent.
func (s *script) sent() []int64 {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	var numbers []int64
	for _, event := range s.events {
		var number int64
		if _, err := fmt.Sscanf(event, "send %d", &number); err == nil {
			numbers = append(numbers, number)
		}
	}
	return numbers
}

// place returns when an event happened first, as a place among all events.
func (s *script) place(t *testing.T, event string) int {
	t.Helper()
	s.mutex.Lock()
	defer s.mutex.Unlock()
	at := slices.Index(s.events, event)
	require.GreaterOrEqual(t, at, 0, "%q did not happen: %v", event, s.events)
	return at
}

func (s *script) members() int64 { return max(s.batches, 1) * 1000 }

// OpenRun opens run 7.
func (s *script) OpenRun(_ context.Context, in activities.OpenRunInput) (activities.OpenRunResult, error) {
	s.note("open")
	if s.openRun != nil {
		if err := s.openRun(); err != nil {
			return activities.OpenRunResult{}, err
		}
	}
	return activities.OpenRunResult{
		Run:          activities.RunRef{Sync: in.Spec.Sync, Run: 7, Epoch: 9},
		AudienceName: "Spring campaign", Window: max(s.window, 1), BatchSize: 1000,
		Ledger: s.ledger, Workspace: s.workspace, Notes: s.notes, ReadsBack: s.readsBack,
		Allowed: &activities.Allowed{RequestsPerSecond: 2, RequestsInFlight: 4, ContactsPerRequest: 1000},
		Search:  activities.Search{Attributes: s.attributes, WorkspaceName: "acme"},
	}, nil
}

// ReadPages returns one page with all members, of whom each has changed.
func (s *script) ReadPages(_ context.Context, in activities.ReadPagesInput) (activities.ReadPagesResult, error) {
	s.note("read %d", in.Page)
	if s.readPages != nil {
		return s.readPages(in.Page)
	}
	return activities.ReadPagesResult{Page: in.Page + 1, Complete: true, Read: s.members(), Staged: s.members()}, nil
}

// Decide plans the batches.
func (s *script) Decide(_ context.Context, in activities.DecideInput) (activities.Plan, error) {
	s.note("decide")
	if s.decide != nil {
		return s.decide(s.happened("decide"), in), nil
	}
	batches := max(s.batches, 1)
	return activities.Plan{
		Plan:          audience.Plan{Read: s.members(), ToSend: s.members(), Batches: batches},
		MemberBatches: ledger.Numbers{From: 1, To: batches}, Digest: "d1",
	}, nil
}

// DropRead forgets what was read.
func (s *script) DropRead(context.Context, activities.DropReadInput) error {
	s.note("drop")
	if s.dropRead == nil {
		return nil
	}
	return s.dropRead(s.happened("drop"))
}

// SendBatch creates 1,000 contacts.
func (s *script) SendBatch(ctx context.Context, in activities.SendBatchInput) (activities.SendBatchResult, error) {
	s.note("send %d", in.Batch)
	defer s.note("sent %d", in.Batch)
	if s.inMode != nil {
		return s.inMode(in.Batch, in.Mode), nil
	}
	if s.sendBatch != nil {
		return s.sendBatch(ctx, in.Batch)
	}
	return created(1000), nil
}

// ExpectSegment expects all members.
func (s *script) ExpectSegment(context.Context, activities.ExpectSegmentInput) (int64, error) {
	s.note("expect")
	return s.members(), nil
}

// CountSegment counts all members.
func (s *script) CountSegment(context.Context, activities.CountSegmentInput) (activities.CountSegmentResult, error) {
	s.note("count")
	s.mutex.Lock()
	s.counted++
	call := s.counted
	s.mutex.Unlock()
	if s.countSegment != nil {
		return s.countSegment(call)
	}
	return counts(s.members()), nil
}

// CompareSegment finds all members, and nobody else.
func (s *script) CompareSegment(context.Context, activities.CompareSegmentInput) (activities.CompareSegmentResult, error) {
	s.note("compare")
	if s.compare != nil {
		return s.compare(s.happened("compare"))
	}
	return activities.CompareSegmentResult{Comparison: &audience.Comparison{Listed: s.members(), Found: s.members()}}, nil
}

// ReadBack finds that 20 contacts hold what was sent.
func (s *script) ReadBack(_ context.Context, in activities.ReadBackInput) (activities.ReadBackResult, error) {
	s.note("read back")
	if s.readBack != nil {
		return s.readBack(in)
	}
	return activities.ReadBackResult{ReadBack: audience.ReadBack{Sampled: 20, Same: 20}}, nil
}

// CloseRun returns a good report.
func (s *script) CloseRun(_ context.Context, in activities.CloseRunInput) (audience.Report, error) {
	s.note("close %s", in.Ended)
	s.mutex.Lock()
	s.closed = append(s.closed, in)
	s.mutex.Unlock()
	if s.closeRun != nil {
		return s.closeRun(in)
	}
	return audience.Report{Sync: in.Run.Sync, Run: in.Run.Run, Verdict: audience.Equal, Acceptable: true, Ended: in.Ended}, nil
}

// CheckSync finds no problem.
func (s *script) CheckSync(context.Context, activities.CheckSyncInput) (activities.CheckSyncResult, error) {
	s.note("check")
	return activities.CheckSyncResult{Problems: []string{}}, nil
}

// AwaitRun waits as the test says; by default no run satisfies the due time.
func (s *script) AwaitRun(ctx context.Context, in activities.AwaitRunInput) (activities.AwaitRunResult, error) {
	s.note("await")
	if s.awaitDue != nil {
		return s.awaitDue(in), nil
	}
	if s.awaitRun == nil {
		return activities.AwaitRunResult{Ended: "unknown"}, nil
	}
	return s.awaitRun(ctx)
}

// PauseSchedule remembers which schedule was paused, and why.
func (s *script) PauseSchedule(_ context.Context, in activities.PauseScheduleInput) error {
	s.note("pause schedule")
	s.mutex.Lock()
	s.paused = append(s.paused, in)
	s.mutex.Unlock()
	if s.pauseSchedule != nil {
		return s.pauseSchedule()
	}
	return nil
}

// RecordNotifications tells everybody whom the sync names.
func (s *script) RecordNotifications(_ context.Context, in activities.NotifyInput) ([]activities.Delivery, error) {
	s.note("record")
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.told = append(s.told, in)
	deliveries := make([]activities.Delivery, len(in.Notify.To))
	for i, name := range in.Notify.To {
		deliveries[i] = activities.Delivery{Connection: name, Within: 6 * time.Hour}
	}
	return deliveries, nil
}

// DeliverNotifications delivers, unless the test says otherwise.
func (s *script) DeliverNotifications(_ context.Context, in activities.DeliverInput) (activities.DeliverResult, error) {
	s.note("deliver to %s", in.Connection)
	if s.deliver != nil {
		return activities.DeliverResult{}, s.deliver(in)
	}
	return activities.DeliverResult{Delivered: 1}, nil
}

// LookOverdue says that it was told already, unless the test says otherwise.
func (s *script) LookOverdue(_ context.Context, in activities.LookOverdueInput) (activities.LookOverdueResult, error) {
	s.note("look")
	if s.lookOverdue == nil {
		return activities.LookOverdueResult{Told: true}, nil
	}
	return s.lookOverdue(s.happened("look"), in), nil
}

// LookStalled knows nothing, unless the test says otherwise.
func (s *script) LookStalled(context.Context) (activities.LookStalledResult, error) {
	s.note("look why")
	if s.stalled == nil {
		return activities.LookStalledResult{}, nil
	}
	return s.stalled(s.happened("look why"))
}

func created(n int64) activities.SendBatchResult {
	return activities.SendBatchResult{Outcomes: map[audience.Outcome]int64{audience.Created: n}}
}

func refused(n int64) activities.SendBatchResult {
	return activities.SendBatchResult{Outcomes: map[audience.Outcome]int64{audience.Refused: n}}
}

func split(into ...int64) activities.SendBatchResult {
	return activities.SendBatchResult{Split: true, Next: into}
}

func counts(n int64) activities.CountSegmentResult { return activities.CountSegmentResult{Counted: &n} }

// final is an activity's error that is not tried again.
func final(kind, text string) error {
	return temporal.NewNonRetryableApplicationError(text, kind, nil)
}

// demo is a sync with every default, and a segment to prove it by.
func demo() config.Sync {
	spec := config.DefaultSync()
	spec.Sync = "demo"
	spec.Audience.ID = "984"
	spec.Destination = "charles"
	spec.Verification.Segment = "seg-984"
	return spec
}

var noon = time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)

// environment is a Temporal in which time passes by itself while nothing runs.
func environment(t *testing.T, s *script) *testsuite.TestWorkflowEnvironment {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestWorkflowEnvironment()
	env.SetTestTimeout(time.Minute) // of real time without anything happening
	// A busy machine is no deadlock.
	env.SetWorkerOptions(worker.Options{DeadlockDetectionTimeout: time.Minute})
	env.SetStartTime(noon)
	workflows.Register(env)
	env.RegisterActivity(s)
	return env
}

// whenStarted does something while an activity is under way that starts for the
// n-th time.
func whenStarted(env *testsuite.TestWorkflowEnvironment, name string, n int, do func()) {
	env.SetOnActivityStartedListener(func(info *activity.Info, _ context.Context, _ converter.EncodedValues) {
		if info.ActivityType.Name != name {
			return
		}
		if n--; n == 0 {
			do()
		}
	})
}

// play runs the sync and returns its report or its error.
func play(t *testing.T, env *testsuite.TestWorkflowEnvironment, in workflows.AudienceSyncInput) (*audience.Report, error) {
	t.Helper()
	env.ExecuteWorkflow(workflows.AudienceSync, in)
	require.True(t, env.IsWorkflowCompleted())
	if err := env.GetWorkflowError(); err != nil {
		return nil, err
	}
	var report audience.Report
	require.NoError(t, env.GetWorkflowResult(&report))
	return &report, nil
}

// carriedBy returns the input with which a run goes on in a new history.
func carriedBy(t *testing.T, err error) workflows.AudienceSyncInput {
	t.Helper()
	in := followedBy(t, err)
	require.NotNil(t, in.Carried)
	return in
}

// progress asks the workflow how far it has come.
func progress(t *testing.T, env *testsuite.TestWorkflowEnvironment) workflows.Progress {
	t.Helper()
	value, err := env.QueryWorkflow(workflows.QueryProgress)
	require.NoError(t, err)
	var p workflows.Progress
	require.NoError(t, value.Get(&p))
	return p
}

// failedWith returns the application error that ended a run.
func failedWith(t *testing.T, err error, kind string) *temporal.ApplicationError {
	t.Helper()
	var failed *temporal.ApplicationError
	require.ErrorAs(t, err, &failed)
	require.Equal(t, kind, failed.Type())
	return failed
}

// requireType checks the type of the application error that ended a run.
func requireType(t *testing.T, err error, kind string) {
	t.Helper()
	_ = failedWith(t, err, kind)
}

package integration

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/metric/noop"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/temporal"

	"audiencesync/activities"
	"audiencesync/internal/audience"
	"audiencesync/internal/beginning"
	"audiencesync/internal/config"
	"audiencesync/internal/credentials"
	"audiencesync/internal/endpoints"
	"audiencesync/internal/ledger"
	"audiencesync/internal/ledger/ledgertest"
	"audiencesync/internal/simulator/contacts"
	"audiencesync/internal/simulator/people"
	"audiencesync/workflows"
)

// markedProperty is the property of the demo's marker.
const markedProperty = "zeotap_audience_984"

// filled is what was in a segment before anything ran.
type filled struct {
	// members are in the audience, strangers are not; both have our source type.
	members, strangers []string
}

// others of the segment are of a shop, and made in the app.
const others = 2

// fill puts contacts into the segment of the demo, as Zeotap's own connector and
// people would have.
func (w *world) fill(members, strangers int) filled {
	marked := map[string]json.RawMessage{markedProperty: json.RawMessage(`"member"`)}
	var f filled
	for i := int64(0); len(f.members) < members; i++ {
		if member := w.Crowd().Member(i); member.Kind == people.Plain {
			f.members = append(f.members, member.Number)
		}
	}
	for i := range strangers {
		f.strangers = append(f.strangers, fmt.Sprintf("+49151999%05d", i))
	}
	list := make([]contacts.Contact, 0, members+strangers+others)
	list = append(list, contacts.Contact{SourceType: "shop", Reference: "s1", Properties: marked}, contacts.Contact{FirstName: "In the app", Properties: marked})
	for _, reference := range slices.Concat(f.members, f.strangers) {
		list = append(list, contacts.Contact{SourceType: "zeotap", Reference: reference, Phones: []string{reference}, Properties: marked})
	}
	w.AddContacts(list...)
	return f
}

// inSegment reports which of the references are in the segment of the demo.
func (w *world) inSegment(t *testing.T, references []string) (in int) {
	t.Helper()
	for _, reference := range references {
		contact, ok := w.Contact(reference)
		require.True(t, ok)
		if string(contact.Properties[markedProperty]) == `"member"` {
			in++
		}
	}
	return in
}

// tell says how a sync began, as a data command does beside the worker.
func (w *world) tell(t *testing.T, spec config.Sync, how func(beginning.Options) error) {
	t.Helper()
	connections, err := config.LoadConnections(w.connections())
	require.NoError(t, err)
	book, err := ledger.Open(t.Context(), w.address)
	require.NoError(t, err)
	defer func() { require.NoError(t, book.Close()) }()
	pool := endpoints.New(endpoints.Options{
		Connections: connections, Ledger: book, Meter: noop.NewMeterProvider().Meter("test"), Credential: credentials.Store{Dir: w.dir}.Lookup,
	})
	require.NoError(t, how(beginning.Options{Pool: pool, Spec: spec, Say: func(text string) { t.Log(text) }}))
}

// refusedAtOpen runs the sync and returns why it is refused before anything is read.
func (w *world) refusedAtOpen(t *testing.T, spec config.Sync) string {
	t.Helper()
	before := w.Stats()
	_, err := w.end(t, w.started(t, spec))
	var refused *temporal.ApplicationError
	require.ErrorAs(t, err, &refused)
	require.Equal(t, activities.TypeOpenRefused, refused.Type())
	after := w.Stats()
	require.Equal(t, before.UpsertsReceived, after.UpsertsReceived)
	require.Equal(t, before.Requests["members"], after.Requests["members"])
	return refused.Message()
}

// quick unmarks who left, and does not wait long for a count that is not the expected
// one.
func quick(t *testing.T) config.Sync {
	t.Helper()
	spec := demo(t)
	spec.Verification.MaxLag, spec.Mode = config.Duration(time.Second), config.ModeMirror
	return spec
}

func TestASegmentThatWasFilledBeforeIsAdoptedAndWhoLeftIsUnmarkedThroughTheGate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 100)
	before := w.fill(60, 30)
	spec := quick(t)
	why := w.refusedAtOpen(t, spec)
	require.Contains(t, why, "its segment seg-984 counts 92 contacts in Hello Charles")
	require.Contains(t, why, `"audiencesync adopt SYNC.yaml"`)
	require.Contains(t, why, `"audiencesync ignore SYNC.yaml"`)

	run, _, err := w.start(t.Context(), workflows.AudienceSyncInput{Spec: spec, PlanOnly: true})
	require.NoError(t, err)
	planned, err := w.end(t, run)
	require.NoError(t, err)
	require.Equal(t, []string{why}, planned.Notes)
	require.NotEmpty(t, w.refusedAtOpen(t, spec), "a plan settles nothing")

	w.tell(t, spec, func(o beginning.Options) error {
		done, err := beginning.Adopt(t.Context(), o)
		require.Equal(t, int64(90), done.Members)
		require.Equal(t, int64(others), done.NotOurs)
		return err
	})
	run = w.started(t, spec)
	hold := w.awaitHold(t, spec)
	require.Contains(t, hold.Why, "30 contacts would be unmarked, 33.3% of the 90 that the sync has marked")
	require.Equal(t, 30, w.inSegment(t, before.strangers), "nothing was sent")
	require.NoError(t, w.steer(t, spec, workflows.UpdateApprove, hold.ID))
	report, err := w.end(t, run)
	require.NoError(t, err)
	require.Equal(t, int64(30), report.Leavers.Removed)
	require.Equal(t, int64(90), report.Plan.Marked)
	require.GreaterOrEqual(t, report.Plan.Changes, int64(60), "those who were adopted and are in the audience are sent")
	require.Zero(t, w.inSegment(t, before.strangers))
	require.Equal(t, 60, w.inSegment(t, before.members))
	require.Equal(t, audience.Explained, report.Verdict)
	require.Equal(t, int64(others), report.Segment.Before)
	require.Equal(t, report.Segment.Expected+others, *report.Segment.Counted)

	again := w.run(t, spec)
	require.Equal(t, report.Outcomes.Unchanged+report.Outcomes.Taken(), again.Outcomes.Unchanged)
	require.Zero(t, again.Requests)
}

func TestASegmentThatWasFilledBeforeIsIgnoredAndExplainedByItsLine(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 100)
	before := w.fill(60, 30)
	spec := quick(t)
	require.NotEmpty(t, w.refusedAtOpen(t, spec))
	w.tell(t, spec, func(o beginning.Options) error {
		_, err := beginning.Ignore(t.Context(), o)
		return err
	})
	report := w.run(t, spec)
	require.Equal(t, audience.Explained, report.Verdict)
	require.True(t, report.Acceptable)
	require.Zero(t, report.Leavers.Total())
	require.Equal(t, int64(92), report.Segment.Before)
	require.Equal(t, report.Segment.Expected+30+others, *report.Segment.Counted)
	require.Contains(t, report.Explanation, "Hello Charles: 32 contacts are in the segment that are not ours; 92 were there before the first run")
	require.Equal(t, 30, w.inSegment(t, before.strangers), "they are left alone")
}

func TestALedgerThatWasLostIsNoticedInTheWorkspaceAndInTemporal(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 100)
	spec := quick(t)
	first := w.run(t, spec)
	require.Eventually(t, func() bool {
		listed, err := w.client.ListWorkflow(t.Context(), &workflowservice.ListWorkflowExecutionsRequest{Query: "WorkflowType = '" + activities.SyncWorkflow + "'"})
		if err != nil || len(listed.GetExecutions()) != 1 {
			return false
		}
		memo := listed.GetExecutions()[0].GetMemo().GetFields()
		return memo[activities.MemoLedger] != nil && memo[activities.MemoWorkspace] != nil
	}, patience, 50*time.Millisecond, "the run has its memo")

	require.NoError(t, w.worker.Stop())
	w.worker = nil
	w.address = ledgertest.Address(t)
	w.startWorker(t)
	why := w.refusedAtOpen(t, spec)
	require.Contains(t, why, "its segment seg-984 counts")
	require.Contains(t, why, "another ledger has run syncs into the workspace "+w.charles.url+" zeotap (audience-sync/demo started ")
	uncounted := spec
	uncounted.Verification.Segment, uncounted.Verification.None = "", true
	require.True(t, strings.HasPrefix(w.refusedAtOpen(t, uncounted), "sync demo: another ledger has run syncs"), "Temporal alone tells it too")

	w.tell(t, spec, func(o beginning.Options) error {
		_, err := beginning.Adopt(t.Context(), o)
		return err
	})
	again := w.run(t, spec)
	require.Zero(t, again.Leavers.Total())
	require.Equal(t, first.Segment.Expected, again.Segment.Expected)
	require.Equal(t, first.Verdict, again.Verdict)
	require.Zero(t, again.Segment.Before)
	require.Equal(t, first.Segment.Expected, w.Stats().Contacts)
}

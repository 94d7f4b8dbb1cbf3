package activities

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/metric/noop"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/ledger"
	"audiencesync/internal/notify"
)

// receiver is a server that messages are delivered to.
type receiver struct {
	mutex sync.Mutex
	// answers are the next statuses; then 200.
	answers []int
	// ids and bodies are those of all requests.
	ids    []string
	bodies []string
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	body, _ := io.ReadAll(request.Body)
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.ids, r.bodies = append(r.ids, request.Header.Get("Webhook-Id")), append(r.bodies, string(body))
	if len(r.answers) > 0 {
		w.WriteHeader(r.answers[0])
		r.answers = r.answers[1:]
	}
}

// events are the events of all requests; "heartbeat" for an empty one.
func (r *receiver) events(t *testing.T) []string {
	t.Helper()
	r.mutex.Lock()
	defer r.mutex.Unlock()
	events := make([]string, len(r.bodies))
	for i, body := range r.bodies {
		var message notify.Message
		if events[i] = "heartbeat"; body != "" {
			require.NoError(t, json.Unmarshal([]byte(body), &message))
			events[i] = string(message.Event)
		}
	}
	return events
}

// operators are two receivers, and the activities that tell them.
type operators struct {
	slack, monitor *receiver
	activities     *Activities
	env            *testsuite.TestActivityEnvironment
	notify         config.Notify
	at             time.Time
}

func newOperators(t *testing.T) *operators {
	t.Helper()
	o := &operators{slack: &receiver{}, monitor: &receiver{}, notify: config.DefaultNotify(), at: time.Now().UTC().Truncate(time.Second)}
	o.notify.To, o.notify.Heartbeat = []string{"ops-slack"}, "healthchecks"
	behind, webhooks := map[string]string{}, map[string]config.Webhook{}
	for name, r := range map[string]*receiver{"ops-slack": o.slack, "healthchecks": o.monitor} {
		server := httptest.NewServer(r)
		t.Cleanup(server.Close)
		webhook := config.DefaultWebhook()
		webhook.URL = config.CredentialRef(name)
		webhooks[name], behind[name] = webhook, server.URL+"/hunter2"
	}
	a, closeAll := New(Dependencies{
		Ledger: openLedger(t), Connections: config.Connections{Webhooks: webhooks}, Meter: noop.NewMeterProvider().Meter("test"),
		Credential: func(_ context.Context, reference string) (string, error) { return behind[reference], nil },
	})
	t.Cleanup(closeAll)
	o.activities = a
	var suite testsuite.WorkflowTestSuite
	o.env = suite.NewTestActivityEnvironment()
	o.env.RegisterActivity(a)
	return o
}

// happens records what is told of something and returns who is told.
func (o *operators) happens(t *testing.T, cause string, in NotifyInput) []Delivery {
	t.Helper()
	in.Sync, in.Notify, in.Cause, in.At = "spring", o.notify, cause, o.at
	value, err := o.env.ExecuteActivity(o.activities.RecordNotifications, in)
	require.NoError(t, err)
	var deliveries []Delivery
	require.NoError(t, value.Get(&deliveries))
	return deliveries
}

func (o *operators) deliver(connection string) error {
	_, err := o.env.ExecuteActivity(o.activities.DeliverNotifications, DeliverInput{Sync: "spring", Connection: connection})
	return err
}

// ends is the end of the next run, an hour later, of which everybody is told.
func (o *operators) ends(t *testing.T, how string, report *audience.Report) {
	t.Helper()
	o.at = o.at.Add(time.Hour)
	end := &NotifyEnd{How: how, Why: "why it failed"}
	if report != nil {
		end.Run = o.closed(t, *report)
		end.Why = ""
	}
	for _, d := range o.happens(t, "end at "+o.at.String(), NotifyInput{Ended: end}) {
		require.NoError(t, o.deliver(d.Connection))
	}
}

// closed is a run with this report.
func (o *operators) closed(t *testing.T, report audience.Report) int64 {
	t.Helper()
	ref, err := o.activities.ledger.OpenRun(t.Context(), ledger.Opening{
		Token: o.at.String(), StartedAt: o.at, Sync: "spring", Workspace: "w", AudienceID: "984", Reference: "phone", Spec: []byte("{}"), BatchSize: 10,
	})
	require.NoError(t, err)
	report.Sync, report.Run, report.FinishedAt = "spring", ref.Run, o.at
	text, err := json.Marshal(report)
	require.NoError(t, err)
	require.NoError(t, o.activities.ledger.CloseRun(t.Context(), ref, ledger.Closing{Report: text}))
	return ref.Run
}

func explained() *audience.Report {
	return &audience.Report{Verdict: audience.Explained, Acceptable: true, Summary: "990 of 1,000 are in the segment; 10 are not, for 1 reason."}
}

func TestARunThatIsExplainedEveryHourIsToldOnceAtMost(t *testing.T) {
	t.Parallel()
	o := newOperators(t)
	for range 4 {
		o.ends(t, "explained", explained())
	}
	require.Empty(t, o.slack.bodies, "it is good, and it was never bad")
	require.Equal(t, []string{"heartbeat", "heartbeat", "heartbeat", "heartbeat"}, o.monitor.events(t))

	for range 4 {
		o.ends(t, TypeVerdictOutside, &audience.Report{Verdict: audience.Explained})
	}
	require.Equal(t, []string{"bad"}, o.slack.events(t))
	for range 4 {
		o.ends(t, "explained", explained())
	}
	require.Equal(t, []string{"bad", "recovered"}, o.slack.events(t))
	require.Contains(t, o.slack.bodies[1], "990 of 1,000 are in the segment")
	require.Len(t, o.monitor.bodies, 8, "one for each good run, and none for a bad one")
}

func TestARunThatStandsStillIsToldOnceAndThenHowItEnds(t *testing.T) {
	t.Parallel()
	o := newOperators(t)
	for _, since := range []time.Time{o.at.Add(-time.Hour), o.at.Add(-15 * time.Minute)} {
		for _, d := range o.happens(t, "stalled since "+since.String(), NotifyInput{Stalled: &NotifyStalled{Run: 3, Phase: "send", Since: since, Why: "late"}}) {
			require.NoError(t, o.deliver(d.Connection))
		}
	}
	require.Equal(t, []string{"stalled"}, o.slack.events(t))
	require.Contains(t, o.slack.bodies[0], "Sync spring stands still: nothing has moved in run 3 for 1h, in the step send: late.")
	o.ends(t, "explained", explained())
	require.Equal(t, []string{"stalled", "recovered"}, o.slack.events(t))
	require.Equal(t, []string{"heartbeat"}, o.monitor.events(t))
}

func TestARunThatCouldNotBeOpenedIsToldWithItsCause(t *testing.T) {
	t.Parallel()
	o := newOperators(t)
	o.ends(t, TypeOpenRefused, nil)
	o.ends(t, TypeOpenRefused, nil)
	require.Equal(t, []string{"bad"}, o.slack.events(t))
	require.Contains(t, o.slack.bodies[0], "a run was refused, and nothing was sent. why it failed.")
	o.ends(t, TypeDeclined, nil)
	o.ends(t, TypeFenced, nil)
	require.Len(t, o.slack.bodies, 1, "a person, or a newer run, has stopped it")
	require.Empty(t, o.monitor.bodies)
}

func TestAReceiverThatWasAwayHearsOfThingsInTheirOrderUnderTheSameID(t *testing.T) {
	t.Parallel()
	o := newOperators(t)
	o.slack.answers = []int{500, 503}
	require.Len(t, o.happens(t, "1", NotifyInput{Ended: &NotifyEnd{How: TypeSourceBroken}}), 1)
	err := o.deliver("ops-slack")
	var failed *temporal.ApplicationError
	require.ErrorAs(t, err, &failed)
	require.Equal(t, TypeNotDelivered, failed.Type())
	require.False(t, failed.NonRetryable())
	require.Equal(t, "sync spring: connection ops-slack: the receiver answers with status 500", failed.Message())

	o.at = o.at.Add(time.Hour)
	require.Len(t, o.happens(t, "2", NotifyInput{Ended: &NotifyEnd{How: TypeOpenRefused}}), 1)
	require.Error(t, o.deliver("ops-slack"))
	require.NoError(t, o.deliver("ops-slack"))
	require.Equal(t, []string{"bad", "bad", "bad", "bad"}, o.slack.events(t))
	require.Equal(t, o.slack.ids[0], o.slack.ids[1])
	require.Equal(t, o.slack.ids[0], o.slack.ids[2])
	require.NotEqual(t, o.slack.ids[0], o.slack.ids[3])
	require.NoError(t, o.deliver("ops-slack"))
	require.Len(t, o.slack.ids, 4, "what has arrived is not sent again")
}

func TestAMessageThatAReceiverDoesNotWantHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	o := newOperators(t)
	o.slack.answers = []int{400}
	o.happens(t, "1", NotifyInput{Ended: &NotifyEnd{How: TypeSourceBroken}})
	o.at = o.at.Add(time.Hour)
	o.happens(t, "2", NotifyInput{Ended: &NotifyEnd{How: TypeOpenRefused}})
	err := o.deliver("ops-slack")
	var failed *temporal.ApplicationError
	require.ErrorAs(t, err, &failed)
	require.True(t, failed.NonRetryable())
	require.Contains(t, failed.Message(), "status 400")
	require.Len(t, o.slack.ids, 2)
	require.NoError(t, o.deliver("ops-slack"))
	require.Len(t, o.slack.ids, 2)
}

func TestACallThatIsRepeatedTellsNothingTwice(t *testing.T) {
	t.Parallel()
	o := newOperators(t)
	first := o.happens(t, "1", NotifyInput{Ended: &NotifyEnd{How: TypeSourceBroken}})
	require.Equal(t, []Delivery{{Connection: "ops-slack", Events: []string{"bad"}, Within: 6 * time.Hour}}, first)
	require.Equal(t, first, o.happens(t, "1", NotifyInput{Ended: &NotifyEnd{How: TypeSourceBroken}}))
	require.NoError(t, o.deliver("ops-slack"))
	require.Len(t, o.slack.ids, 1)

	o.at = o.at.Add(time.Hour)
	good := NotifyInput{Ended: &NotifyEnd{How: "explained", Run: o.closed(t, *explained())}}
	require.Len(t, o.happens(t, "2", good), 2)
	require.Len(t, o.happens(t, "2", good), 2)
	require.NoError(t, o.deliver("healthchecks"))
	require.Len(t, o.monitor.ids, 1)
}

func TestAHoldIsToldAndThePersonsWordsAreNot(t *testing.T) {
	t.Parallel()
	o := newOperators(t)
	hold := &NotifyHold{Run: 7, Event: config.NotifyApproval, Why: "300 of 1,000 would be unmarked", Since: o.at}
	o.happens(t, "hold-1", NotifyInput{Hold: hold})
	o.happens(t, "hold-1-reminder-1", NotifyInput{Hold: &NotifyHold{Run: 7, Event: config.NotifyApproval, Since: o.at, Reminder: true}})
	o.happens(t, "pause-1", NotifyInput{Hold: &NotifyHold{Run: 7, Event: config.NotifyPaused, ByPerson: true, Why: "+4915112345678 complains"}})
	require.NoError(t, o.deliver("ops-slack"))
	require.Equal(t, []string{"approval", "approval", "paused"}, o.slack.events(t))
	require.Contains(t, o.slack.bodies[0], "300 of 1,000 would be unmarked")
	require.Contains(t, o.slack.bodies[1], `"reminder":true`)
	require.NotContains(t, o.slack.bodies[2], "4915112345678")
}

func TestNobodyIsToldOfWhatTheSyncDoesNotList(t *testing.T) {
	t.Parallel()
	o := newOperators(t)
	o.notify.On = []config.NotifyEvent{config.NotifyRecovered}
	o.ends(t, TypeOpenRefused, nil)
	o.ends(t, "explained", explained())
	require.Equal(t, []string{"recovered"}, o.slack.events(t))
}

func TestASyncIsOverdueWhenNoRunHasEndedWellForTooLong(t *testing.T) {
	t.Parallel()
	o := newOperators(t)
	look := func() LookOverdueResult {
		value, err := o.env.ExecuteActivity(o.activities.LookOverdue, LookOverdueInput{Sync: "spring", After: 26 * time.Hour, At: o.at})
		require.NoError(t, err)
		var found LookOverdueResult
		require.NoError(t, value.Get(&found))
		return found
	}
	require.Equal(t, LookOverdueResult{In: 26*time.Hour + time.Second}, look(), "it is watched from now on")
	o.ends(t, "explained", explained())
	require.Equal(t, LookOverdueResult{In: 26*time.Hour + time.Second}, look())
	require.Empty(t, o.happens(t, "early", NotifyInput{Due: true}), "not yet")
	o.at = o.at.Add(26*time.Hour + time.Second)
	require.Equal(t, LookOverdueResult{}, look())
	require.Len(t, o.happens(t, "due 1", NotifyInput{Due: true}), 1)
	require.Equal(t, LookOverdueResult{Told: true}, look())
	require.Empty(t, o.happens(t, "due 2", NotifyInput{Due: true}))
	o.ends(t, "explained", explained())
	require.Equal(t, []string{"overdue", "recovered"}, o.slack.events(t))
}

func TestAWeekOfRunsIsToldInADigest(t *testing.T) {
	t.Parallel()
	o := newOperators(t)
	o.at = o.at.Add(-30 * 24 * time.Hour) // The ledger's clock goes on by itself.
	for range 8 {
		o.at = o.at.Add(23 * time.Hour)
		o.ends(t, "explained", explained())
	}
	require.Equal(t, []string{"digest"}, o.slack.events(t), "at the first end after seven days")
	require.Contains(t, o.slack.bodies[0], "8 runs: 8 explained")
	for range 6 {
		o.at = o.at.Add(23 * time.Hour)
		o.ends(t, "explained", explained())
	}
	require.Len(t, o.slack.bodies, 1)
}

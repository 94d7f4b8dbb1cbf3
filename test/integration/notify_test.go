package integration

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"

	"audiencesync/activities"
	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/notify"
	"audiencesync/workflows"
)

const (
	signingKey = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	// hiddenPath is what nobody may see of a receiver's URL.
	hiddenPath = "/services/hunter2"
)

// receiver is where notifications arrive.
type receiver struct {
	mutex sync.Mutex
	// fail are the next answers that are a 500.
	fail     int
	ids      []string
	messages []notify.Message
	bodies   []string
	unsigned int
}

// ServeHTTP takes what is signed, as a receiver should.
func (r *receiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	body, _ := io.ReadAll(request.Body)
	key, _ := base64.StdEncoding.DecodeString(signingKey)
	mac := hmac.New(sha256.New, key)
	_, _ = mac.Write([]byte(request.Header.Get("Webhook-Id") + "." + request.Header.Get("Webhook-Timestamp") + "." + string(body)))
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if request.Header.Get("Webhook-Signature") != "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)) {
		r.unsigned++
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	r.ids = append(r.ids, request.Header.Get("Webhook-Id"))
	if r.fail > 0 {
		r.fail--
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	var message notify.Message
	if len(body) > 0 && json.Unmarshal(body, &message) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	r.bodies, r.messages = append(r.bodies, string(body)), append(r.messages, message)
}

// events are the events of all messages.
func (r *receiver) events() []config.NotifyEvent {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	events := make([]config.NotifyEvent, len(r.messages))
	for i, message := range r.messages {
		events[i] = message.Event
	}
	return events
}

// notified is a world with a receiver and a monitor, and a sync that tells both.
func notified(t *testing.T, members int64) (w *world, slack, monitor *receiver, spec config.Sync) {
	t.Helper()
	w = newWorld(t, members, batchesOf(25), func(s *settings) {
		s.connections = append(s.connections, "connections:\n", `connections:
  ops-slack: {kind: webhook, url: file:ops-slack.url, secret: file:signing.key}
  healthchecks: {kind: webhook, url: file:healthchecks.url, secret: file:signing.key}
`)
	})
	slack, monitor = &receiver{}, &receiver{}
	require.NoError(t, os.WriteFile(filepath.Join(w.dir, "signing.key"), []byte("whsec_"+signingKey+"\n"), 0o600))
	for name, r := range map[string]*receiver{"ops-slack.url": slack, "healthchecks.url": monitor} {
		server := httptest.NewServer(r)
		t.Cleanup(server.Close)
		require.NoError(t, os.WriteFile(filepath.Join(w.dir, name), []byte(server.URL+hiddenPath+"\n"), 0o600))
	}
	spec = demo(t)
	notify := config.DefaultNotify()
	notify.To, notify.Heartbeat = []string{"ops-slack"}, "healthchecks"
	spec.Notify = &notify
	return w, slack, monitor, spec
}

// awaitTold returns when everything is told, by so many workflows.
func (w *world) awaitTold(t *testing.T, tellings int64) {
	t.Helper()
	require.Eventually(t, func() bool {
		told, err := w.client.CountWorkflow(t.Context(), &workflowservice.CountWorkflowExecutionsRequest{
			Namespace: w.namespace, Query: "WorkflowType = 'Notify' AND ExecutionStatus = 'Completed'",
		})
		return err == nil && told.GetCount() == tellings
	}, patience, 50*time.Millisecond, "not everything is told")
}

func TestOperatorsAreToldOfTransitionsOnlyAndTheMonitorOfEveryGoodRun(t *testing.T) {
	t.Parallel()
	w, slack, monitor, spec := notified(t, 300)

	// A run that is explained, again and again; the first one asks before.
	asking := spec
	asking.Gate.FirstRun = config.FirstExpect
	first := w.started(t, asking)
	require.NoError(t, w.steer(t, asking, workflows.UpdateApprove, w.awaitHold(t, asking).ID))
	report, err := w.end(t, first)
	require.NoError(t, err)
	require.Equal(t, audience.Explained, report.Verdict)
	for range 3 {
		require.Equal(t, audience.Explained, w.run(t, spec).Verdict)
	}
	w.awaitTold(t, 1+4)
	require.Equal(t, []config.NotifyEvent{config.NotifyApproval}, slack.events(), "an explained run is good")
	require.Len(t, monitor.events(), 4, "a heartbeat for each good run")

	// Two that are not good, while the receiver has a bad moment.
	slack.mutex.Lock()
	slack.fail = 1
	slack.mutex.Unlock()
	strict := spec
	strict.Accept.Invalid = 0
	for range 2 {
		_, err := w.end(t, w.started(t, strict))
		failed(t, err, activities.TypeVerdictOutside)
	}
	// Two that are good again.
	for range 2 {
		w.run(t, spec)
	}
	w.awaitTold(t, 1+4+2+2)
	require.Equal(t, []config.NotifyEvent{config.NotifyApproval, config.NotifyBad, config.NotifyRecovered}, slack.events())
	require.Len(t, monitor.events(), 6)
	require.Zero(t, slack.unsigned+monitor.unsigned)
	require.Len(t, slack.ids, 4)
	require.Equal(t, slack.ids[1], slack.ids[2], "the same message, sent again, has the same id")

	bad := slack.messages[1]
	require.Equal(t, int64(5), bad.Run)
	require.Equal(t, notify.Outside, bad.Ended)
	require.Equal(t, audience.Explained, bad.Verdict)
	require.Contains(t, bad.Text, "Sync demo is not good: run 5 has more failures than the sync accepts.")
	require.Contains(t, bad.Text, "What to do: audiencesync failures demo")
	require.Equal(t, report.Source.Read, bad.Counts.Read)
	require.Equal(t, int64(7), slack.messages[2].Run)
	w.requireNothingPersonal(t, strings.Join(slack.bodies, "\n"))
	w.requireTellingsHideTheirReceivers(t)
}

// requireNothingPersonal finds nothing of any member in a text.
func (w *world) requireNothingPersonal(t *testing.T, text string) {
	t.Helper()
	require.NotEmpty(t, text)
	for i := range w.Crowd().Size() {
		member := w.Crowd().Member(i)
		for _, value := range []string{member.Phone, member.Number, member.Email, member.CustomerID} {
			require.False(t, value != "" && strings.Contains(text, value), "a notification holds contact data")
		}
	}
}

// requireTellingsHideTheirReceivers finds neither URL nor key nor contact data in what
// Temporal keeps of the tellings.
func (w *world) requireTellingsHideTheirReceivers(t *testing.T) {
	t.Helper()
	listed, err := w.client.ListWorkflow(t.Context(), &workflowservice.ListWorkflowExecutionsRequest{Namespace: w.namespace, Query: "WorkflowType = 'Notify'"})
	require.NoError(t, err)
	require.NotEmpty(t, listed.GetExecutions())
	for _, execution := range listed.GetExecutions() {
		for _, history := range w.histories(t, execution.GetExecution().GetWorkflowId(), execution.GetExecution().GetRunId()) {
			text := history.String()
			require.NotContains(t, text, hiddenPath)
			require.NotContains(t, text, signingKey)
			w.requireNothingPersonal(t, text)
		}
	}
}

func TestARunIsRefusedThatWouldTellSomebodyNobodyKnows(t *testing.T) {
	t.Parallel()
	w, slack, _, spec := notified(t, 50)
	spec.Notify.To = []string{"ops-slack", "ops-slak"}
	_, err := w.end(t, w.started(t, spec))
	require.ErrorContains(t, err, `notify.to[1]: webhook "ops-slak" is not a known connection; did you mean "ops-slack"?`)
	require.Eventually(t, func() bool { return len(slack.events()) == 1 }, patience, 50*time.Millisecond, "the others are told")
	require.Contains(t, slack.messages[0].Text, "a run was refused, and nothing was sent")
}

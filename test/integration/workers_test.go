package integration

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/metric/noop"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.uber.org/zap"

	"audiencesync/internal/host"
	"audiencesync/internal/ledger/ledgertest"
	"audiencesync/internal/simulator/conformance"
	"audiencesync/internal/simulator/faults"
	"audiencesync/internal/telemetry"
)

// TestWorkersShareALedgerInPostgreSQL runs tests of several workers, of deaths, and
// of later runs once more, with their ledgers in PostgreSQL.
func TestWorkersShareALedgerInPostgreSQL(t *testing.T) {
	ledgertest.AgainOnPostgreSQL(t, "Worker|Known|ToldDelays")
}

// addWorker starts one more worker on the ledger of the world, with a name, for
// so many activities at once.
func (w *world) addWorker(t *testing.T, name string, activities int) {
	t.Helper()
	c, err := client.DialContext(t.Context(), client.Options{
		HostPort: serverAddress(t), Namespace: w.namespace, Identity: name, Logger: telemetry.TemporalLogger(zap.NewNop()),
	})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	started, err := host.Start(t.Context(), host.Options{
		Client: c, Ledger: w.address, Connections: w.connections(), Activities: activities,
		Meter: noop.NewMeterProvider().Meter("test"), Logger: zap.NewNop(),
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, started.Stop()) })
}

// sentBy counts the batches of a run by the name of the worker that sent them.
func (w *world) sentBy(t *testing.T, run client.WorkflowRun) map[string]int {
	t.Helper()
	sent, batches := map[string]int{}, map[int64]bool{}
	events := w.client.GetWorkflowHistory(t.Context(), run.GetID(), run.GetRunID(), false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		event, err := events.Next()
		require.NoError(t, err)
		if event.GetActivityTaskScheduledEventAttributes().GetActivityType().GetName() == "SendBatch" {
			batches[event.GetEventId()] = true
		}
		if started := event.GetActivityTaskStartedEventAttributes(); batches[started.GetScheduledEventId()] {
			sent[started.GetIdentity()]++
		}
	}
	return sent
}

func TestToldDelaysHoldAllRequestsOfAllWorkers(t *testing.T) {
	t.Parallel()
	const (
		perWorker = 3
		wait      = faults.Duration(conformance.Grace + 2*time.Second)
	)
	contacts := func(request int64) faults.Match {
		return faults.Match{Side: faults.Charles, Method: http.MethodPost, Path: contactsPath, From: request, To: request}
	}
	every := contacts(0)
	w := newWorld(t, 300, batchesOf(10), inFlight(perWorker), func(s *settings) {
		s.simulator.RetryAfterGrace = conformance.Grace
		s.simulator.Faults.Rules = []faults.Rule{
			{Match: every, Latency: faults.Duration(time.Second)}, // So that all are at it at once.
			{Match: contacts(4), Do: faults.Status, Status: http.StatusTooManyRequests, RetryAfter: wait},
			{
				Match: contacts(14), Do: faults.Status, Status: http.StatusServiceUnavailable,
				RetryAfter: wait, RetryAfterForm: faults.RetryAfterDate,
			},
		}
	})
	w.workers(t, perWorker, "one", "other")
	run := w.started(t, demo(t))
	report, err := w.end(t, run)
	require.NoError(t, err)

	requireTrueReport(t, w, report)
	requireContactByContact(t, w)
	requireTrueClaims(t, w, w.claims(t))
	stats := w.Stats()
	require.Equal(t, map[string]int{"429": 1, "503": 1}, w.told())
	require.Zero(t, stats.RequestsInsideRetryAfter, "a request left while all were to wait")
	require.Greater(t, stats.MaxInFlight[faults.Charles], int64(perWorker), "one worker did it all")
	require.Len(t, w.sentBy(t, run), 2)
}

// workers puts several in the place of the only one.
func (w *world) workers(t *testing.T, activities int, names ...string) {
	t.Helper()
	require.NoError(t, w.worker.Stop())
	w.worker = nil
	for _, name := range names {
		w.addWorker(t, name, activities)
	}
}

func TestThreeWorkersShareASyncWithoutADuplicateEffect(t *testing.T) {
	t.Parallel()
	slow := faults.Rule{
		Match:   faults.Match{Side: faults.Charles, Method: http.MethodPost, Path: contactsPath},
		Latency: faults.Duration(300 * time.Millisecond), // So that one worker cannot do it all.
	}
	w := newWorld(t, 1_200, batchesOf(20), inFlight(6), func(s *settings) { s.simulator.Faults.Rules = []faults.Rule{slow} })
	w.workers(t, 2, "one", "two", "three")
	spec := demo(t)
	run := w.started(t, spec)
	report, err := w.end(t, run)
	require.NoError(t, err)
	requireTrueReport(t, w, report)
	requireContactByContact(t, w)
	stats := w.Stats()
	require.Len(t, w.sentBy(t, run), 3)
	require.Equal(t, report.Plan.Requests, report.Requests)
	require.Equal(t, stats.Contacts, stats.UpsertsReceived, "each contact was sent once")
	require.LessOrEqual(t, stats.MaxInFlight[faults.Charles], int64(6), "the workers share one budget")

	again := w.run(t, spec)
	require.Equal(t, report.Outcomes.Taken(), again.Outcomes.Unchanged)
	require.Zero(t, again.Requests)
}

// told counts the answers that asked to wait, by their status.
func (w *world) told() map[string]int {
	told := map[string]int{}
	for _, entry := range w.Journal() {
		if entry.RetryAfter != "" {
			told[entry.Status]++
		}
	}
	return told
}

package integration

import (
	"compress/gzip"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/temporalproto"
	"go.temporal.io/sdk/client"

	"audiencesync/internal/config"
	"audiencesync/internal/schedule"
	"audiencesync/internal/simulator"
	"audiencesync/internal/simulator/faults"
	"audiencesync/workflows"
)

// recordVariable makes TestRecordHistories write the histories that
// workflows/replay_test.go replays.
const recordVariable = "AUDIENCESYNC_RECORD_HISTORIES"

// release names the workflow code whose histories are recorded. Histories of
// released code stay in the folder: new code must replay them.
const release = "v0"

func TestRecordHistories(t *testing.T) {
	if os.Getenv(recordVariable) == "" {
		t.Skip("records only with " + recordVariable + "=1 (make replay-record)")
	}
	for name, play := range map[string]func(*testing.T, *world) client.WorkflowRun{
		"plain": func(t *testing.T, w *world) client.WorkflowRun {
			t.Helper()
			return w.started(t, demo(t))
		},
		"unchanged": func(t *testing.T, w *world) client.WorkflowRun {
			t.Helper()
			w.run(t, demo(t))
			return w.started(t, demo(t))
		},
		"continued": func(t *testing.T, w *world) client.WorkflowRun {
			t.Helper()
			spec := demo(t)
			spec.Limits.BatchesPerHistory = 3
			return w.started(t, spec)
		},
		"cancelled": func(t *testing.T, w *world) client.WorkflowRun {
			t.Helper()
			return w.cancelInMidSend(t, demo(t), w.cancelled(t))
		},
		"cancelled-by-order": func(t *testing.T, w *world) client.WorkflowRun {
			t.Helper()
			return w.cancelInMidSend(t, demo(t), w.orderedToEnd(t))
		},
		"refused-at-open": func(t *testing.T, w *world) client.WorkflowRun {
			t.Helper()
			spec := demo(t)
			spec.Mapping.Tags = config.ConstantTags("zeotop")
			return w.started(t, spec)
		},
		"unverifiable": func(t *testing.T, w *world) client.WorkflowRun {
			t.Helper()
			spec := demo(t)
			spec.Verification.None = true
			return w.started(t, spec)
		},
		"outside-accept": func(t *testing.T, w *world) client.WorkflowRun {
			t.Helper()
			spec := demo(t)
			spec.Accept.Invalid = 0
			return w.started(t, spec)
		},
		"paused": func(t *testing.T, w *world) client.WorkflowRun {
			t.Helper()
			held := w.charles.hold(http.MethodPost, contactsPath, 4)
			run := w.started(t, demo(t))
			held.await(t, 1)
			require.NoError(t, w.steer(t, demo(t), workflows.UpdatePause, ""))
			held.release()
			require.NoError(t, w.steer(t, demo(t), workflows.UpdateResume, ""))
			return run
		},
		"verified": func(t *testing.T, w *world) client.WorkflowRun {
			t.Helper()
			w.run(t, demo(t))
			run, _, err := w.start(t.Context(), workflows.AudienceSyncInput{Spec: demo(t), VerifyOnly: true})
			require.NoError(t, err)
			return run
		},
		"audited": func(t *testing.T, w *world) client.WorkflowRun {
			t.Helper()
			w.run(t, demo(t))
			run, _, err := w.start(t.Context(), workflows.AudienceSyncInput{Spec: demo(t), Audit: true})
			require.NoError(t, err)
			return run
		},
		"planned": func(t *testing.T, w *world) client.WorkflowRun {
			t.Helper()
			run, _, err := w.start(t.Context(), workflows.AudienceSyncInput{Spec: demo(t), PlanOnly: true})
			require.NoError(t, err)
			return run
		},
		"due-run": func(t *testing.T, w *world) client.WorkflowRun {
			t.Helper()
			return w.dueRun(t, w.schedule(t, demo(t), 24*time.Hour, true))
		},
		"due-run-proof": func(t *testing.T, w *world) client.WorkflowRun {
			t.Helper()
			w.run(t, demo(t))
			awaitNextSecond(t)
			return w.proofDue(t, demo(t))
		},
		"due-run-paused": func(t *testing.T, w *world) client.WorkflowRun {
			t.Helper()
			spec := demo(t)
			spec.Mapping.Tags = config.ConstantTags("zeotop")
			found := w.onceDue(t, spec, schedule.Runs, func(c *config.Cadence) { c.PauseAfter = 1 })
			require.NoError(t, found.Trigger(t.Context()))
			return w.dueRun(t, w.client.ScheduleClient().GetHandle(t.Context(), workflows.SyncID(spec.Sync)))
		},
		"due-run-joined": func(t *testing.T, w *world) client.WorkflowRun {
			t.Helper()
			return w.dueRunBeside(t, w.zeotap.hold(http.MethodGet, "/v1/audiences/984", 0))
		},
		"due-run-afterwards": func(t *testing.T, w *world) client.WorkflowRun {
			t.Helper()
			return w.dueRunBeside(t, w.zeotap.hold(http.MethodGet, membersPath, 0))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			record(t, newWorld(t, 300, batchesOf(25), inFlight(2)), name, play)
		})
	}
	t.Run("split", func(t *testing.T) {
		t.Parallel()
		record(t, newWorld(t, 200, batchesOf(40), inFlight(2), poisoned), "split",
			func(t *testing.T, w *world) client.WorkflowRun {
				t.Helper()
				return w.started(t, demo(t))
			})
	})
	t.Run("repaired", func(t *testing.T) {
		t.Parallel()
		lost := simulator.Faults{Lose: []faults.Selection{{References: []string{someone(3)}, Attempts: 1}}}
		record(t, newWorld(t, 1, withFaults(lost)), "repaired",
			func(t *testing.T, w *world) client.WorkflowRun {
				t.Helper()
				setAudience(t, w.Simulator, everyone(0, 20))
				return w.started(t, onceMore(t, w, 0))
			})
	})
	t.Run("gated", func(t *testing.T) {
		t.Parallel()
		record(t, newMirror(t, everyone(0, 40)), "gated",
			func(t *testing.T, w *world) client.WorkflowRun {
				t.Helper()
				setAudience(t, w.Simulator, everyone(0, 10))
				run := w.started(t, mirror(t))
				require.NoError(t, w.steer(t, mirror(t), workflows.UpdateApprove, w.awaitHold(t, mirror(t)).ID))
				return run
			})
	})
	t.Run("notified", func(t *testing.T) {
		t.Parallel()
		w, _, _, spec := notified(t, 300)
		spec.Gate.FirstRun = config.FirstExpect
		record(t, w, "notified", func(t *testing.T, w *world) client.WorkflowRun {
			t.Helper()
			run := w.started(t, spec)
			require.NoError(t, w.steer(t, spec, workflows.UpdateApprove, w.awaitHold(t, spec).ID))
			return run
		})
	})
	t.Run("notify", func(t *testing.T) {
		t.Parallel()
		w, _, _, spec := notified(t, 300)
		record(t, w, "notify", func(t *testing.T, w *world) client.WorkflowRun {
			t.Helper()
			run := w.started(t, spec)
			id := workflows.NotifyID(spec.Sync, run.GetRunID(), "run-1-end")
			_, err := w.end(t, run)
			require.NoError(t, err)
			telling, err := w.client.DescribeWorkflowExecution(t.Context(), id, "")
			require.NoError(t, err)
			return w.client.GetWorkflow(t.Context(), id, telling.GetWorkflowExecutionInfo().GetExecution().GetRunId())
		})
	})
	for name, c := range map[string]struct {
		answers faults.Rule
		update  string
	}{
		"approved": {faults.Rule{Match: faults.Match{To: 16}, Status: http.StatusUnprocessableEntity}, workflows.UpdateApprove},
		"declined": {faults.Rule{Status: http.StatusUnprocessableEntity}, workflows.UpdateDecline},
		"access":   {faults.Rule{Match: faults.Match{From: 3, To: 3}, Status: http.StatusUnauthorized}, workflows.UpdateResume},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.answers.Do, c.answers.Match.Side, c.answers.Match.Path = faults.Status, faults.Charles, contactsPath
			w := newWorld(t, 300, batchesOf(25), inFlight(2), withFaults(simulator.Faults{Rules: []faults.Rule{c.answers}}))
			record(t, w, name, func(t *testing.T, w *world) client.WorkflowRun {
				t.Helper()
				run := w.started(t, demo(t))
				require.NoError(t, w.steer(t, demo(t), c.update, w.awaitHold(t, demo(t)).ID))
				return run
			})
		})
	}
}

// dueRunBeside starts the sync by hand and then by schedule, while requests
// of the first run are held.
func (w *world) dueRunBeside(t *testing.T, held *hold) client.WorkflowRun {
	t.Helper()
	w.started(t, demo(t))
	held.await(t, 1)
	awaitNextSecond(t)
	due := w.dueRun(t, w.schedule(t, demo(t), 24*time.Hour, true))
	w.awaitWaiting(t, due)
	held.release()
	return due
}

// record plays a run to its end, whatever that is, and writes its histories.
func record(t *testing.T, w *world, name string, play func(*testing.T, *world) client.WorkflowRun) {
	t.Helper()
	run := play(t, w)
	id, first := run.GetID(), run.GetRunID()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	t.Log(run.Get(ctx, nil))
	require.NoError(t, ctx.Err(), "the run does not end")
	histories := w.histories(t, id, first)
	for i, history := range histories {
		anonymise(history)
		file := fmt.Sprintf("%s_%s.json.gz", release, name)
		if len(histories) > 1 {
			file = fmt.Sprintf("%s_%s-%d.json.gz", release, name, i+1)
		}
		write(t, filepath.Join("..", "..", "workflows", "testdata", "replay", file), history)
	}
}

// anonymise takes out the name of the machine, which stands in the names of
// the queues that lead back to one worker. A replay does not look at them.
func anonymise(history *historypb.History) {
	for _, event := range history.GetEvents() {
		queue := event.GetWorkflowTaskScheduledEventAttributes().GetTaskQueue()
		if queue.GetKind() == enumspb.TASK_QUEUE_KIND_STICKY {
			queue.Name = "worker"
		}
	}
}

// write writes a history as the temporal command line exports it.
func write(t *testing.T, path string, history *historypb.History) {
	t.Helper()
	text, err := temporalproto.CustomJSONMarshalOptions{Indent: " "}.Marshal(history)
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o750))
	file, err := os.Create(path)
	require.NoError(t, err)
	packer := gzip.NewWriter(file)
	_, err = packer.Write(text)
	require.NoError(t, err)
	require.NoError(t, packer.Close())
	require.NoError(t, file.Close())
}

package integration

import (
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"audiencesync/activities"
	"audiencesync/internal/config"
	"audiencesync/internal/schedule"
	"audiencesync/internal/simulator"
	"audiencesync/internal/simulator/faults"
	"audiencesync/workflows"
)

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
		"checked": func(t *testing.T, w *world) client.WorkflowRun {
			t.Helper()
			run, err := w.client.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
				ID: workflows.CheckID(demo(t).Sync), TaskQueue: workflows.TaskQueue,
			}, workflows.CheckSync, activities.CheckSyncInput{Spec: demo(t)})
			require.NoError(t, err)
			return run
		},
		"limits": func(t *testing.T, w *world) client.WorkflowRun {
			t.Helper()
			run, err := w.client.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
				ID: workflows.LimitsID("charles-demo", "1"), TaskQueue: workflows.TaskQueue,
			}, workflows.SetLimits, activities.SetLimitsInput{Connection: "charles-demo", By: "integration-test", Clear: true})
			require.NoError(t, err)
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
		recording(t, name, func(t *testing.T) {
			t.Helper()
			record(t, newWorld(t, 300, batchesOf(25), inFlight(2)), name, play)
		})
	}
	recording(t, "split", func(t *testing.T) {
		t.Helper()
		record(t, newWorld(t, 200, batchesOf(40), inFlight(2), poisoned), "split",
			func(t *testing.T, w *world) client.WorkflowRun {
				t.Helper()
				return w.started(t, demo(t))
			})
	})
	recording(t, "large", func(t *testing.T) {
		t.Helper()
		// More batches than a history may have (limits.batches_per_history).
		record(t, newWorld(t, 12_000, batchesOf(10)), "large", func(t *testing.T, w *world) client.WorkflowRun {
			t.Helper()
			return w.started(t, demo(t))
		})
	})
	recording(t, "unanswered", func(t *testing.T) {
		t.Helper()
		record(t, newWorld(t, 60, batchesOf(8)), "unanswered", func(t *testing.T, w *world) client.WorkflowRun {
			t.Helper()
			bad := faults.Selection{References: []string{w.Crowd().Member(30).Number}}
			require.NoError(t, w.SetFaults(simulator.Faults{Crash: []faults.Selection{bad}}))
			run := w.started(t, demo(t))
			w.hurry(t, run)
			return run
		})
	})
	recording(t, "stalled", func(t *testing.T) {
		t.Helper()
		record(t, newWorld(t, 100), "stalled", func(t *testing.T, w *world) client.WorkflowRun {
			t.Helper()
			spec := demo(t)
			spec.Limits.StalledAfter = config.Duration(2 * time.Second)
			held := w.charles.hold(http.MethodPost, contactsPath, 0)
			run := w.started(t, spec)
			require.Eventually(t, func() bool {
				p, err := w.progress(t.Context(), spec)
				return err == nil && p.Stalled != nil
			}, patience, 50*time.Millisecond)
			held.release()
			return run
		})
	})
	recording(t, "approved-late", func(t *testing.T) {
		t.Helper()
		record(t, shrunk(t), "approved-late", func(t *testing.T, w *world) client.WorkflowRun {
			t.Helper()
			spec, run, hold := w.late(t)
			require.NoError(t, w.steer(t, spec, workflows.UpdateApprove, hold.ID))
			return run
		})
	})
	recording(t, "repaired", func(t *testing.T) {
		t.Helper()
		lost := simulator.Faults{Lose: []faults.Selection{{References: []string{someone(3)}, Attempts: 1}}}
		record(t, newWorld(t, 1, withFaults(lost)), "repaired",
			func(t *testing.T, w *world) client.WorkflowRun {
				t.Helper()
				setAudience(t, w.Simulator, everyone(0, 20))
				return w.started(t, onceMore(t, w, 0))
			})
	})
	recording(t, "gated", func(t *testing.T) {
		t.Helper()
		record(t, newMirror(t, everyone(0, 40)), "gated",
			func(t *testing.T, w *world) client.WorkflowRun {
				t.Helper()
				setAudience(t, w.Simulator, everyone(0, 10))
				run := w.started(t, mirror(t))
				require.NoError(t, w.steer(t, mirror(t), workflows.UpdateApprove, w.awaitHold(t, mirror(t)).ID))
				return run
			})
	})
	recording(t, "retired", func(t *testing.T) {
		t.Helper()
		record(t, newMirror(t, everyone(0, 40)), "retired", func(t *testing.T, w *world) client.WorkflowRun {
			t.Helper()
			run, _, err := w.start(t.Context(), workflows.AudienceSyncInput{Spec: mirror(t), Retire: true})
			require.NoError(t, err)
			hold := w.awaitHold(t, mirror(t))
			require.NoError(t, w.steer(t, mirror(t), workflows.UpdateApprove, hold.ID))
			return run
		})
	})
	recording(t, "notified", func(t *testing.T) {
		t.Helper()
		w, _, _, spec := notified(t, 300)
		spec.Gate.FirstRun = config.FirstExpect
		record(t, w, "notified", func(t *testing.T, w *world) client.WorkflowRun {
			t.Helper()
			run := w.started(t, spec)
			require.NoError(t, w.steer(t, spec, workflows.UpdateApprove, w.awaitHold(t, spec).ID))
			return run
		})
	})
	recording(t, "notify", func(t *testing.T) {
		t.Helper()
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
		recording(t, name, func(t *testing.T) {
			t.Helper()
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

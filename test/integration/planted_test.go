package integration

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.uber.org/zap"

	"audiencesync/activities"
	"audiencesync/internal/config"
	"audiencesync/internal/ledger"
	"audiencesync/internal/simulator"
	"audiencesync/internal/simulator/faults"
	"audiencesync/internal/vendorhttp/tlstest"
	"audiencesync/test/endtoend/programs"
	"audiencesync/test/planted"
	"audiencesync/workflows"
)

// plantedWorld is a watched world in which each value of each member, and each secret,
// is planted.
func plantedWorld(t *testing.T) (*world, *receiver) {
	t.Helper()
	by := watch(t)
	keys := t.TempDir()
	by.failureKey = "file:" + filepath.Join(keys, "failure.key")
	require.NoError(t, os.WriteFile(filepath.Join(keys, "failure.key"), []byte(plantedFailureKey), 0o600))
	authority := tlstest.NewAuthority(t)
	w := newWorld(t, 1, batchesOf(10), inFlight(2), overMutualTLS(authority), func(s *settings) {
		s.watched = by
		s.simulator.Zeotap.Key, s.simulator.Charles.Key = plantedKey, plantedKey
		s.connections = append(s.connections, "connections:\n", `connections:
  ops-slack: {kind: webhook, url: file:ops-slack.url, secret: file:signing.key}
  healthchecks: {kind: webhook, url: file:healthchecks.url, secret: file:signing.key}
`)
	})
	require.NoError(t, os.WriteFile(filepath.Join(w.dir, "demo.key"), []byte(plantedKey+"\n"), 0o600))
	w.shows(t, authority, authority.Issue(t))
	require.NoError(t, os.WriteFile(filepath.Join(w.dir, "signing.key"), []byte("whsec_"+signingKey+"\n"), 0o600))
	told := &receiver{}
	server := httptest.NewServer(told)
	t.Cleanup(server.Close)
	for _, name := range []string{"ops-slack.url", "healthchecks.url"} {
		require.NoError(t, os.WriteFile(filepath.Join(w.dir, name), []byte(server.URL+hiddenPath+"\n"), 0o600))
	}
	return w, told
}

// act is one shape of a run, which starts the worker's next run and waits for its end.
type act struct {
	name string
	play func(t *testing.T, w *world, spec config.Sync)
}

// plays starts a run, lets something happen to it, and waits for its end.
func (w *world) plays(t *testing.T, in workflows.AudienceSyncInput, meanwhile func(client.WorkflowRun)) error {
	t.Helper()
	run, joined, err := w.start(t.Context(), in)
	require.NoError(t, err)
	require.False(t, joined)
	w.hurry(t, run)
	if meanwhile != nil {
		meanwhile(run)
	}
	_, err = w.end(t, run)
	return err
}

// renamed changes some fields of these people.
func renamed(people ...int) func(int, map[string]any) {
	return func(person int, member map[string]any) {
		if slices.Contains(people, person) {
			member["first_name"], member["city"] = "Qplantfirst renamed", "Plantdörf & Söhne moved"
		}
	}
}

var plantedActs = []act{
	{"a check", func(t *testing.T, w *world, spec config.Sync) {
		t.Helper()
		run, err := w.client.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: "check-" + spec.Sync, TaskQueue: workflows.TaskQueue},
			workflows.CheckSync, activities.CheckSyncInput{Spec: spec})
		require.NoError(t, err)
		require.NoError(t, run.Get(t.Context(), nil))
	}},
	{"a plan of a first run", func(t *testing.T, w *world, spec config.Sync) {
		t.Helper()
		require.NoError(t, w.plays(t, workflows.AudienceSyncInput{Spec: spec, PlanOnly: true}, nil))
	}},
	{"a first run that asks, with contacts that are refused in the words of the contact", func(t *testing.T, w *world, spec config.Sync) {
		t.Helper()
		said := fmt.Sprintf("%v is not allowed", plantedMember(3))
		require.NoError(t, w.SetFaults(simulator.Faults{Refuse: []faults.Refusal{
			{References: []string{plantedReference(3)}, Code: "Qplantfirst 003 qplantmail.003@plantpost.example", Message: said},
			{References: []string{plantedReference(4)}, Code: "invalid_phone_4915199077004", Message: said},
			{References: []string{plantedReference(5)}, Status: http.StatusInternalServerError, Code: "+4915199077005", Message: said, Attempts: 1},
		}}))
		spec.Gate.FirstRun = config.FirstExpect
		require.NoError(t, w.plays(t, workflows.AudienceSyncInput{Spec: spec}, func(client.WorkflowRun) {
			require.NoError(t, w.steer(t, spec, workflows.UpdateApprove, w.awaitHold(t, spec).ID))
		}))
	}},
	{"known failures", func(t *testing.T, w *world, spec config.Sync) {
		t.Helper()
		require.NoError(t, w.plays(t, workflows.AudienceSyncInput{Spec: spec}, nil))
		require.NoError(t, w.SetFaults(simulator.Faults{}))
	}},
	{"a plan with samples of changes and leavers", func(t *testing.T, w *world, spec config.Sync) {
		t.Helper()
		plantedAudience(t, w.Simulator, everyone(5, 45), renamed(7, 8))
		require.NoError(t, w.plays(t, workflows.AudienceSyncInput{Spec: spec, PlanOnly: true}, nil))
	}},
	{"a refresh with changes and leavers", func(t *testing.T, w *world, spec config.Sync) {
		t.Helper()
		require.NoError(t, w.plays(t, workflows.AudienceSyncInput{Spec: spec}, nil))
	}},
	{"a refresh that is declined", func(t *testing.T, w *world, spec config.Sync) {
		t.Helper()
		plantedAudience(t, w.Simulator, everyone(25, 45))
		require.Error(t, w.plays(t, workflows.AudienceSyncInput{Spec: spec}, func(client.WorkflowRun) {
			require.NoError(t, w.steer(t, spec, workflows.UpdateDecline, w.awaitHold(t, spec).ID))
		}))
	}},
	{"a refresh of consents that is approved", func(t *testing.T, w *world, spec config.Sync) {
		t.Helper()
		plantedAudience(t, w.Simulator, everyone(5, 45), func(person int, member map[string]any) {
			if person >= 20 {
				member["consent"] = "qplantunmapped"
			}
		})
		require.NoError(t, w.plays(t, workflows.AudienceSyncInput{Spec: spec}, func(client.WorkflowRun) {
			require.NoError(t, w.steer(t, spec, workflows.UpdateApprove, w.awaitHold(t, spec).ID))
		}))
	}},
	{"a full run with answers that repeat the request", func(t *testing.T, w *world, spec config.Sync) {
		t.Helper()
		plantedAudience(t, w.Simulator, everyone(0, 40), renamed(1, 2, 3))
		w.charles.answer(http.MethodPost, contactsPath, "", 500, 200, 422, 207, 400, 409, 413, 202, 503, 429, 408)
		require.NoError(t, w.plays(t, workflows.AudienceSyncInput{Spec: spec, Full: true}, nil))
	}},
	{"answers that are no answers to the end", func(t *testing.T, w *world, spec config.Sync) {
		t.Helper()
		w.charles.answer(http.MethodPost, contactsPath, "", slices.Repeat([]int{200}, 5)...)
		require.Error(t, w.plays(t, workflows.AudienceSyncInput{Spec: spec, Full: true}, nil))
		w.charles.forget()
	}},
	{"a contact that the API cannot bear", func(t *testing.T, w *world, spec config.Sync) {
		t.Helper()
		require.NoError(t, w.SetFaults(simulator.Faults{
			Crash: []faults.Selection{{References: []string{plantedReference(9)}, Attempts: 3}},
			Rules: []faults.Rule{
				{Match: faults.Match{Side: faults.Charles, Path: contactsPath, From: 2, To: 2}, Do: faults.LostReply},
				{Match: faults.Match{Side: faults.Charles, Path: contactsPath, From: 3, To: 3}, Do: faults.TruncatedJSON},
			},
		}))
		require.NoError(t, w.plays(t, workflows.AudienceSyncInput{Spec: spec, Full: true}, nil))
		require.NoError(t, w.SetFaults(simulator.Faults{}))
	}},
	{"a key that is not accepted, and redirects", func(t *testing.T, w *world, spec config.Sync) {
		t.Helper()
		var before workflows.Hold
		w.charles.answer(http.MethodPost, contactsPath, "", 401)
		require.NoError(t, w.plays(t, workflows.AudienceSyncInput{Spec: spec, Full: true}, func(client.WorkflowRun) {
			for _, status := range []int{403, 307, 404, 0} {
				before = *w.awaitOtherHold(t, spec, &before)
				w.charles.forget()
				if status > 0 {
					w.charles.answer(http.MethodPost, contactsPath, "", status)
				}
				require.NoError(t, w.steer(t, spec, workflows.UpdateResume, ""))
			}
		}))
	}},
	{"a run that is cancelled while it sends", func(t *testing.T, w *world, spec config.Sync) {
		t.Helper()
		held := w.charles.hold(http.MethodPost, contactsPath, 1)
		require.Error(t, w.plays(t, workflows.AudienceSyncInput{Spec: spec, Full: true}, func(run client.WorkflowRun) {
			held.await(t, 2)
			require.NoError(t, w.client.CancelWorkflow(t.Context(), run.GetID(), run.GetRunID()))
			held.release()
		}))
	}},
	{"a run whose worker stops while it sends", func(t *testing.T, w *world, spec config.Sync) {
		t.Helper()
		held := w.charles.hold(http.MethodPost, contactsPath, 1)
		require.NoError(t, w.plays(t, workflows.AudienceSyncInput{Spec: spec, Full: true}, func(client.WorkflowRun) {
			held.await(t, 2)
			stopped := make(chan error, 1)
			go func() { stopped <- w.worker.Stop() }()
			held.release()
			require.NoError(t, <-stopped)
			w.worker = nil
			w.startWorker(t)
		}))
	}},
	{"a read that fails", func(t *testing.T, w *world, spec config.Sync) {
		t.Helper()
		member, err := json.Marshal(plantedMember(1))
		require.NoError(t, err)
		for _, body := range []string{
			fmt.Sprintf(`{"version":"v","members":[%s,%q],"next_cursor":null}`, member, member),
			fmt.Sprintf(`{"version":"%[1]x","members":[%[1]s],"next_cursor":%[1]q}`, member),
			fmt.Sprintf(`{"members":[%[1]s],"next_cursor":%[1]s,"version":%[1]s}`, member),
			string(member), string(member[:len(member)/2]),
		} {
			w.zeotap.answer(http.MethodGet, membersPath, body, 500, 200, 200, 200, 200, 200)
			require.Error(t, w.plays(t, workflows.AudienceSyncInput{Spec: spec}, nil), body)
			w.zeotap.forget()
		}
		w.zeotap.answer(http.MethodGet, "/v1/audiences/984", string(member), slices.Repeat([]int{200}, 6)...)
		require.Error(t, w.plays(t, workflows.AudienceSyncInput{Spec: spec}, nil))
		w.zeotap.forget()
	}},
	{"a due run", func(t *testing.T, w *world, spec config.Sync) {
		t.Helper()
		due := w.dueRun(t, w.schedule(t, spec, 24*time.Hour, true))
		require.NoError(t, due.Get(t.Context(), nil))
	}},
	{"an audit", func(t *testing.T, w *world, spec config.Sync) {
		t.Helper()
		_ = w.plays(t, workflows.AudienceSyncInput{Spec: spec, Audit: true}, nil) // Its verdict is no matter here.
	}},
	{"a proof alone", func(t *testing.T, w *world, spec config.Sync) {
		t.Helper()
		require.NoError(t, w.plays(t, workflows.AudienceSyncInput{Spec: spec, VerifyOnly: true}, nil))
	}},
	{"labels that stop a run", func(t *testing.T, w *world, spec config.Sync) {
		t.Helper()
		spec.Mapping.Tags[1].Unknown = config.UnknownStop
		require.Error(t, w.plays(t, workflows.AudienceSyncInput{Spec: spec, Full: true}, nil))
	}},
	{"a sync that is retired", func(t *testing.T, w *world, spec config.Sync) {
		t.Helper()
		require.NoError(t, w.plays(t, workflows.AudienceSyncInput{Spec: spec, Retire: true}, func(client.WorkflowRun) {
			require.NoError(t, w.steer(t, spec, workflows.UpdateApprove, w.awaitHold(t, spec).ID))
		}))
	}},
}

func TestNothingOfAMemberLeavesTheLedgerButToHelloCharles(t *testing.T) {
	t.Parallel()
	w, told := plantedWorld(t)
	plantedAudience(t, w.Simulator, everyone(0, 40))
	spec := plantedSync(t, "planted", "zeotap-demo")
	for _, act := range plantedActs {
		t.Run(act.name, func(t *testing.T) { act.play(t, w, spec) })
	}
	t.Run("export files", func(t *testing.T) { playFiles(t, w) })
	requirePlanted(t, w)
	w.commands(t, spec.Sync)
	w.awaitAllTold(t)
	w.watched.add("notifications", []byte(strings.Join(told.bodies, "\n")))
	require.Greater(t, len(told.bodies), 10)

	finder := planted.New(append(slices.Clone(plantedStems), w.clientKey(t))...)
	w.export(t)
	texts := w.watched.all()
	t.Logf("looked at %d bytes: %s", sizeOf(texts), strings.Join(slices.Sorted(maps.Keys(texts)), ", "))
	for name, text := range texts {
		require.NotEmpty(t, text, name)
		for _, found := range finder.Find(text) {
			t.Errorf("%s: %s", name, found)
		}
	}

	t.Run("what is planted on purpose is found", func(t *testing.T) { requireLeaksFound(t, w, finder) })
}

// playFiles reads members of files, and one that cannot be read.
func playFiles(t *testing.T, w *world) {
	t.Helper()
	spec := plantedSync(t, "planted-files", "zeotap-ndjson")
	member, err := json.Marshal(plantedMember(1))
	require.NoError(t, err)
	w.drop(t, "2026-01-01", string(member), string(member), `{"phone":"+4915199077002"}`)
	require.NoError(t, w.plays(t, workflows.AudienceSyncInput{Spec: spec}, nil))
	w.drop(t, "2026-01-02", string(member), string(member[:len(member)/2]), string(member))
	require.Error(t, w.plays(t, workflows.AudienceSyncInput{Spec: spec}, nil))
	w.addMarked("zeotap", plantedReference(700))
	require.Error(t, w.plays(t, workflows.AudienceSyncInput{Spec: spec, VerifyOnly: true}, nil), "a contact is not ours")
}

// requirePlanted makes sure that the values have come where they may: else the test
// would look for what was never there.
func requirePlanted(t *testing.T, w *world) {
	t.Helper()
	contact, found := w.Contact(plantedReference(7))
	require.True(t, found)
	held := fmt.Sprintf("%+v", contact)
	for _, stem := range []string{"Qplantfirst", "Qplantlästné", "qplantmail"} {
		require.Contains(t, held, stem)
	}
	var kept []string
	for failure, err := range w.ledger(t).Failures(t.Context(), ledger.FailureQuery{Sync: "planted", Run: 2}) {
		require.NoError(t, err)
		kept = append(kept, failure.Reference)
	}
	require.Contains(t, kept, plantedReference(3))
	require.Greater(t, len(kept), 4)
}

// commands runs what an operator may show to anybody.
func (w *world) commands(t *testing.T, sync string) {
	t.Helper()
	built, err := programs.Build(t.Context(), t.TempDir())
	require.NoError(t, err)
	for _, arguments := range [][]string{
		{"status", sync},
		{"status", sync, "-o", "json"},
		{"history", sync},
		{"history", sync, "-o", "json"},
		{"history", sync, "-o", "csv"},
		{"report", sync},
		{"report", sync, "-o", "json"},
		{"report", sync, "--html", "-"},
		{"report", sync, "--run", "3"},
		{"report", sync, "--run", "3", "--html", "-"},
	} {
		command := exec.CommandContext(t.Context(), built.AudienceSync, arguments...)
		command.Dir = t.TempDir()
		command.Env = append(os.Environ(), "TEMPORAL_ADDRESS="+serverAddress(t), "TEMPORAL_NAMESPACE="+w.namespace, "AUDIENCESYNC_LEDGER="+w.address)
		output, err := command.CombinedOutput()
		if err != nil {
			require.ErrorAs(t, err, new(*exec.ExitError), "%s", output)
		}
		w.watched.add("audiencesync "+arguments[0], output)
	}
}

// awaitAllTold waits until no telling is going.
func (w *world) awaitAllTold(t *testing.T) {
	t.Helper()
	require.Eventually(t, func() bool {
		going, err := w.client.CountWorkflow(t.Context(), &workflowservice.CountWorkflowExecutionsRequest{
			Namespace: w.namespace, Query: "ExecutionStatus = 'Running'",
		})
		return err == nil && going.GetCount() == 0
	}, patience, 100*time.Millisecond)
}

// requireLeaksFound plants a value in a log line, in a workflow's input, in a memo and
// in a metric, and expects each to be found.
func requireLeaksFound(t *testing.T, w *world, finder *planted.Finder) {
	t.Helper()
	w.watched.logger.Info("a batch was sent", zap.String("member", "Qplantfirst 007"))
	_, err := w.client.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
		ID: "leak", TaskQueue: "nobody", Memo: map[string]any{"who": plantedReference(7)},
	}, "Leak", map[string]any{"name": plantedMember(7)["last_name"]})
	require.NoError(t, err)
	counter, err := w.watched.metrics.Meter().Int64Counter("leak_qplantmail")
	require.NoError(t, err)
	counter.Add(t.Context(), 1)
	require.Eventually(t, func() bool {
		listed, err := w.client.CountWorkflow(t.Context(), &workflowservice.CountWorkflowExecutionsRequest{
			Namespace: w.namespace, Query: "WorkflowType = 'Leak'",
		})
		return err == nil && listed.GetCount() == 1
	}, patience, 100*time.Millisecond)
	w.export(t)
	texts := w.watched.all()
	for name, stem := range map[string]string{
		theLog: "Qplantfirst", theRequests: "Qplantlästné", "history of Leak": "Qplantlästné", "description of Leak": "4915199077",
		"list of workflows": "4915199077", "metrics": "qplantmail",
	} {
		require.True(t, slices.ContainsFunc(finder.Find(texts[name]), func(f planted.Find) bool { return f.Value == stem }), name)
	}
}

func sizeOf(texts map[string][]byte) (size int) {
	for _, text := range texts {
		size += len(text)
	}
	return size
}

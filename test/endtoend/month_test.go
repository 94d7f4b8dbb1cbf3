package endtoend

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/runreport"
	"audiencesync/internal/simulator"
	"audiencesync/test/endtoend/programs"
	"audiencesync/workflows"
)

// month is what an operator has for a month: a machine, both vendors, and a sync. The
// days are told in their order, and each goes on from the one before.
type month struct {
	machine
	vendors simulators
	// whole is the test of all days: what goes on to the next one is started for it.
	whole *testing.T
}

// contactsABatch makes many batches of a small audience.
const contactsABatch = 20

// newMonth starts with nothing but two files. A second audience of the same people has
// a source of its own.
func newMonth(t *testing.T) *month {
	t.Helper()
	config := write(t, t.TempDir(), "simulate.yaml", `charles:
  segments:
    - {id: seg-984, name: Spring campaign, all: [{property: zeotap_audience_984, equals: member}]}
    - {id: seg-985, name: Summer campaign, all: [{property: zeotap_audiences, equals: summer}]}
`)
	summer := write(t, t.TempDir(), "summer.yaml", "zeotap: {audience: {id: '985', name: Summer campaign}}\n")
	m := &month{whole: t, vendors: simulate(t, audienceOf{members: 400, seed: 21}, "--config", config)}
	other := simulate(t, audienceOf{members: 100, seed: 21}, "--config", summer)
	m.machine = up(t, copyDemo(t, m.vendors, append(batchesOf(contactsABatch),
		"\nconnections:\n", "\nconnections:\n  zeotap-summer:\n    kind: zeotap-api\n    base_url: http://"+other.zeotap+"\n    credential: file:demo.key\n\n",
		"sync: demo\n", "sync: demo\nmode: mirror\n", "  member: member\n", "  member: member\n  left: left\n")...))
	return m
}

// admin tells the vendors what is new in the world.
func (m *month) admin(t *testing.T, method, path, body string) []byte {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, "http://"+m.vendors.charles+"/_sim/"+path, bytes.NewBufferString(body))
	require.NoError(t, err)
	reply, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer func() { require.NoError(t, reply.Body.Close()) }()
	answer, err := io.ReadAll(reply.Body)
	require.NoError(t, err)
	require.Less(t, reply.StatusCode, 300, string(answer))
	return answer
}

// data runs a command that reads the ledger.
func (m *month) data(t *testing.T, args ...string) result {
	t.Helper()
	return m.do(t, append(args, "--ledger", "sqlite:"+filepath.Join(m.dir, "ledger.db"))...)
}

// good is a run that ends well.
func (m *month) good(t *testing.T, args ...string) audience.Report {
	t.Helper()
	if len(args) == 0 {
		args = []string{"run", m.sync}
	}
	ended := m.do(t, append(args, "-o", "json")...)
	require.Zero(t, ended.code, ended.stderr)
	return reportOf(t, ended)
}

// slowly starts a run that is given one request at a time, and waits until it sends.
func (m *month) slowly(t *testing.T, args ...string) *programs.Program {
	t.Helper()
	m.admin(t, http.MethodPost, "faults", slowBatches)
	before := m.vendors.stats(t).Batches
	run := m.start(t, append([]string{"run", m.sync, "-o", "json"}, args...)...)
	m.vendors.eventually(t, "the run should be in send", func(s simulator.Stats) bool { return s.Batches >= before+2 })
	return run
}

// calm ends that batches are slow.
func (m *month) calm(t *testing.T) {
	t.Helper()
	m.admin(t, http.MethodDelete, "faults", "")
}

// progress is how far the run is that is going.
func (m *month) progress(t *testing.T) (p workflows.Progress, code int) {
	t.Helper()
	status := m.do(t, "status", "demo", "-o", "json")
	require.NoError(t, json.Unmarshal([]byte(status.stdout), &p), status.stderr)
	return p, status.code
}

func TestAnOperatorsMonth(t *testing.T) {
	t.Parallel()
	m := newMonth(t)
	for _, day := range []struct {
		name string
		live func(*testing.T, *month)
	}{
		{"the first sync", theFirstSync},
		{"a schedule", aSchedule},
		{"a refresh", aRefresh},
		{"a pause, and other limits", aPauseAndOtherLimits},
		{"a cancellation", aCancellation},
		{"an approval", anApproval},
		{"a key that expires", aKeyThatExpires},
		{"a weekend without a worker", aWeekendWithoutAWorker},
		{"a restart", aRestart},
		{"failures that are retried", failuresThatAreRetried},
		{"another mapping", anotherMapping},
		{"a second audience of the same people, and its end", aSecondAudience},
		{"looking back", lookingBack},
	} {
		if !t.Run(day.name, func(t *testing.T) { day.live(t, m) }) {
			return // The next day would begin elsewhere.
		}
	}
}

func theFirstSync(t *testing.T, m *month) {
	t.Helper()
	check := m.do(t, "check", m.sync)
	require.Zero(t, check.code, check.stderr)
	require.Contains(t, check.stdout, "ready to run")
	tried := m.data(t, "try", m.sync, "--limit", "3", "--connections", m.connections)
	require.Zero(t, tried.code, tried.stderr)
	require.EqualValues(t, 3, m.vendors.stats(t).UpsertsReceived)

	plan := m.good(t, "plan", m.sync)
	require.Equal(t, audience.EndedPlanned, plan.Ended)
	require.EqualValues(t, 400, plan.Source.Read)
	require.EqualValues(t, 3, m.vendors.stats(t).UpsertsReceived, "a plan sends nothing")
	audit := m.do(t, "audit", m.sync, "-o", "json")
	require.Equal(t, 3, audit.code, "nearly all are missing: %s", audit.stderr)
	require.Equal(t, plan.Plan.ToSend, reportOf(t, audit).Segment.Comparison.Missing)

	first := m.good(t)
	require.Equal(t, audience.Explained, first.Verdict)
	require.Equal(t, plan.Plan.ToSend, first.Outcomes.Taken())
	require.Equal(t, plan.Outcomes.Invalid+plan.Outcomes.Duplicate, first.Outcomes.Invalid+first.Outcomes.Duplicate)
	audited := m.good(t, "audit", m.sync)
	require.Equal(t, first.Segment.Expected, audited.Segment.Comparison.Found)
	require.Equal(t, first.Segment.Expected, m.good(t, "verify", m.sync).Segment.Comparison.Found)
}

func aSchedule(t *testing.T, m *month) {
	t.Helper()
	made := m.do(t, "schedule", "create", m.sync, "--cron", "0 6 29 2 *", "--time-zone", "Europe/Berlin")
	require.Zero(t, made.code, made.stderr)
	before := m.runs(t)
	triggered := m.do(t, "schedule", "trigger", "demo")
	require.Zero(t, triggered.code, triggered.stderr)
	m.awaitRuns(t, before+1)
	fresh := m.do(t, "status", "demo", "--fail-if-older", "26h")
	require.Zero(t, fresh.code, fresh.stderr)
	listed := m.do(t, "list", "-o", "json")
	require.Zero(t, listed.code, listed.stderr)
	require.Contains(t, listed.stdout, `"demo"`)
}

// runs is how many runs the history has.
func (m *month) runs(t *testing.T) int {
	t.Helper()
	return len(m.history(t))
}

func (m *month) history(t *testing.T) []runreport.Past {
	t.Helper()
	listed := m.data(t, "history", "demo", "--limit", "100", "-o", "json")
	require.Zero(t, listed.code, listed.stderr)
	var past []runreport.Past
	require.NoError(t, json.Unmarshal([]byte(listed.stdout), &past), listed.stdout)
	return past
}

// awaitRuns waits until so many runs have ended.
func (m *month) awaitRuns(t *testing.T, runs int) {
	t.Helper()
	require.Eventually(t, func() bool {
		past := m.history(t)
		return len(past) >= runs && past[0].Account != nil
	}, runWithin, 10*poll, "there should be %d runs", runs)
}

func aRefresh(t *testing.T, m *month) {
	t.Helper()
	m.admin(t, http.MethodPut, "refresh", `{"changed": {"share": 0.2, "field": "city", "version": 1}, "left": 0.05}`)
	before := m.vendors.stats(t).UpsertsReceived
	report := m.good(t)
	require.Positive(t, report.Outcomes.Unchanged)
	require.Positive(t, report.Leavers.Removed)
	m.requirePlanned(t, report, before)
}

// requirePlanned finds that a run has sent what it planned: whom it marks and unmarks,
// and whom it sends twice, and nobody else.
func (m *month) requirePlanned(t *testing.T, report audience.Report, before int64) {
	t.Helper()
	sent, planned := m.vendors.stats(t).UpsertsReceived-before, report.Plan.ToSend+report.Plan.MarkedAgain+report.Plan.Leavers-report.Plan.KnownLeavers
	require.GreaterOrEqual(t, sent, planned)
	require.LessOrEqual(t, sent, planned+report.Plan.FurtherRequests*contactsABatch)
}

func aPauseAndOtherLimits(t *testing.T, m *month) {
	t.Helper()
	set := m.do(t, "limits", "charles-demo", "--in-flight", "1", "--why", "a look")
	require.Zero(t, set.code, set.stderr)
	m.admin(t, http.MethodPut, "refresh", `{"changed": {"share": 1, "field": "city", "version": 2}, "left": 0.05}`)
	run := m.slowly(t)
	paused := m.do(t, "pause", "demo", "--why", "a question")
	require.Zero(t, paused.code, paused.stderr)
	require.Equal(t, 6, finish(t, run).code)
	require.Eventually(t, func() bool { p, code := m.progress(t); return code == 6 && p.InFlight == 0 }, runWithin, 10*poll)
	still := m.vendors.stats(t).Batches
	require.Zero(t, m.do(t, "pause", "demo").code, "to pause what is paused changes nothing")

	cleared := m.do(t, "limits", "charles-demo", "--clear")
	require.Zero(t, cleared.code, cleared.stderr)
	require.Equal(t, still, m.vendors.stats(t).Batches, "nothing is sent while it is paused")
	m.calm(t)
	resumed := m.do(t, "resume", "demo")
	require.Zero(t, resumed.code, resumed.stderr)
	report := m.good(t)
	require.Zero(t, report.Outcomes.Unresolved)
	require.Len(t, report.Decisions, 2, "who paused and resumed is in the report: %+v", report.Decisions)
}

func aCancellation(t *testing.T, m *month) {
	t.Helper()
	m.admin(t, http.MethodPut, "refresh", `{"changed": {"share": 1, "field": "city", "version": 3}, "left": 0.05}`)
	require.Zero(t, m.do(t, "limits", "charles-demo", "--in-flight", "1").code)
	run := m.slowly(t)
	cancelled := m.do(t, "cancel", "demo", "--why", "the wrong day", "-o", "json")
	require.Equal(t, 7, cancelled.code, cancelled.stderr)
	require.Equal(t, 7, finish(t, run).code)
	m.calm(t)
	require.Zero(t, m.do(t, "limits", "charles-demo", "--clear").code)
	sent := reportOf(t, cancelled).Outcomes.Taken()
	require.Positive(t, sent)
	before := m.vendors.stats(t).UpsertsReceived
	rest := m.good(t)
	require.Equal(t, sent, rest.Outcomes.Unchanged, "what was taken is not sent again")
	m.requirePlanned(t, rest, before)
}

func anApproval(t *testing.T, m *month) {
	t.Helper()
	m.admin(t, http.MethodPut, "refresh", `{"changed": {"share": 1, "field": "city", "version": 3}, "left": 0.4}`)
	before := m.vendors.stats(t).UpsertsReceived
	asks := m.do(t, "run", m.sync)
	require.Equal(t, 6, asks.code, asks.stderr)
	status := m.do(t, "status", "demo")
	require.Equal(t, 6, status.code)
	require.Contains(t, status.stdout+status.stderr, "audiencesync approve demo")
	require.Equal(t, before, m.vendors.stats(t).UpsertsReceived, "nothing is sent before somebody approves")
	approved := m.do(t, "approve", "demo", "--why", "the campaign is over")
	require.Zero(t, approved.code, approved.stderr)
	report := m.good(t)
	require.Equal(t, report.Plan.Leavers, report.Leavers.Removed)
	require.Equal(t, audience.Explained, report.Verdict)
}

func aKeyThatExpires(t *testing.T, m *month) {
	t.Helper()
	m.admin(t, http.MethodPut, "refresh", `{"changed": {"share": 1, "field": "city", "version": 4}, "left": 0.4}`)
	m.admin(t, http.MethodPost, "faults", "rules: [{match: {path: /api/v1beta/contacts/batch}, do: status, status: 401}]")
	expired := m.do(t, "run", m.sync)
	require.Equal(t, 6, expired.code, expired.stderr)
	require.Contains(t, expired.stderr, "401")
	require.Contains(t, expired.stderr, "audiencesync resume")
	m.calm(t)
	resumed := m.do(t, "resume", "demo", "--why", "a new key")
	require.Zero(t, resumed.code, resumed.stderr)
	report := m.good(t)
	require.Zero(t, report.Outcomes.Unresolved)
}

func aWeekendWithoutAWorker(t *testing.T, m *month) {
	t.Helper()
	before := m.runs(t)
	m.program.Kill()
	require.Equal(t, 1, m.do(t, "status", "demo", "--fail-if-older", "26h").code, "nobody is there to ask")
	m.machine = m.up(m.whole)
	require.Equal(t, 1, m.do(t, "status", "demo", "--fail-if-older", "1ms").code, "no run has ended well of late")
	triggered := m.do(t, "schedule", "trigger", "demo")
	require.Zero(t, triggered.code, triggered.stderr)
	m.awaitRuns(t, before+1)
	require.Zero(t, m.do(t, "status", "demo", "--fail-if-older", "26h").code)
}

func aRestart(t *testing.T, m *month) {
	t.Helper()
	_, err := m.program.Stop(stopWithin)
	require.NoError(t, err)
	requireGone(t, m.program.PID())
	m.machine = m.up(m.whole)
	report := m.good(t)
	require.Zero(t, report.Plan.ToSend, "the ledger knows what Hello Charles has")
	schedules := m.do(t, "schedule", "list")
	require.Zero(t, schedules.code, schedules.stderr)
	require.Contains(t, schedules.stdout, "demo")
}

func failuresThatAreRetried(t *testing.T, m *month) {
	t.Helper()
	m.admin(t, http.MethodPut, "refresh", `{"changed": {"share": 1, "field": "city", "version": 5}, "left": 0.4}`)
	m.admin(t, http.MethodPost, "faults", "refuse: [{share: 0.05, code: blocked, message: This contact is blocked}]")
	bad := m.do(t, "run", m.sync, "-o", "json")
	require.Equal(t, 5, bad.code, bad.stderr)
	refused := reportOf(t, bad).Outcomes.Refused
	require.Positive(t, refused)
	listed := m.data(t, "failures", "demo", "--new", "-o", "csv")
	require.Zero(t, listed.code, listed.stderr)
	require.EqualValues(t, refused, strings.Count(listed.stdout, "This contact is blocked"))

	m.calm(t)
	before := m.vendors.stats(t).UpsertsReceived
	require.Equal(t, 5, m.do(t, "run", m.sync).code, "they are known, and still missing")
	require.Equal(t, before, m.vendors.stats(t).UpsertsReceived, "and not sent again and again")
	retried := m.data(t, "retry-failures", "demo")
	require.Zero(t, retried.code, retried.stderr)
	require.Equal(t, refused, m.good(t).Outcomes.Updated)
}

func anotherMapping(t *testing.T, m *month) {
	t.Helper()
	content, err := os.ReadFile(m.sync)
	require.NoError(t, err)
	text := strings.Replace(string(content), "  tags: [zeotap]", "  tags: [zeotap, vip]", 1)
	require.NotEqual(t, string(content), text)
	require.NoError(t, os.WriteFile(m.sync, []byte(text), 0o600))
	report := m.good(t)
	require.Zero(t, report.Outcomes.Unchanged)
	require.Equal(t, report.Plan.ToSend, report.Outcomes.Updated)
	updated := m.do(t, "schedule", "update", m.sync)
	require.Zero(t, updated.code, updated.stderr)
	require.Zero(t, m.good(t).Plan.ToSend)
}

func aSecondAudience(t *testing.T, m *month) {
	t.Helper()
	content, err := os.ReadFile(m.sync)
	require.NoError(t, err)
	summer := write(t, m.settings.dir, "summer.yaml", strings.NewReplacer(
		"sync: demo", "sync: summer", `id: "984"`, `id: "985"`, "source: zeotap-demo", "source: zeotap-summer", "seg-984", "seg-985",
		"property: zeotap_audience_984", "property: zeotap_audiences", "member: member", "member: summer",
	).Replace(string(content)))
	report := m.good(t, "run", summer)
	require.Equal(t, audience.Explained, report.Verdict)
	marks := m.marks(t)
	require.Positive(t, marks.both, "people are in both audiences")
	spring := m.good(t)
	require.Zero(t, spring.Plan.ToSend)

	asks := m.do(t, "retire", summer)
	require.Equal(t, 6, asks.code, asks.stderr)
	require.Zero(t, m.do(t, "approve", "summer").code)
	watched := m.do(t, "watch", "summer")
	require.Zero(t, watched.code, watched.stderr)
	after := m.marks(t)
	require.Zero(t, after.both+after.summer)
	require.Equal(t, marks.both+marks.spring, after.spring, "the other audience keeps its marks")
	require.Equal(t, 2, m.do(t, "run", summer).code, "it is closed for ever")
}

// marks count the contacts by the audiences that they are marked for.
type marks struct{ spring, summer, both int }

func (m *month) marks(t *testing.T) (n marks) {
	t.Helper()
	var held struct {
		Contacts []struct {
			Properties map[string]any `json:"custom_properties"`
		} `json:"contacts"`
	}
	require.NoError(t, json.Unmarshal(m.admin(t, http.MethodGet, "contacts", ""), &held))
	for _, contact := range held.Contacts {
		spring, summer := contact.Properties["zeotap_audience_984"] == "member", contact.Properties["zeotap_audiences"] == "summer"
		switch {
		case spring && summer:
			n.both++
		case spring:
			n.spring++
		case summer:
			n.summer++
		}
	}
	return n
}

func lookingBack(t *testing.T, m *month) {
	t.Helper()
	ends := map[string]int{}
	for _, past := range m.history(t) {
		require.NotNil(t, past.Account, "run %d has no report", past.Run)
		ends[past.End()]++
	}
	require.Positive(t, ends["cancelled"])
	require.Positive(t, ends["plan"])
	require.Positive(t, ends["explained"])
	require.Positive(t, ends["explained, outside accept"])
	require.Positive(t, ends["equal, proof only"])
	require.Zero(t, ends["unexplained"], "but for an audit before anything was sent: %v", ends)
	page := filepath.Join(t.TempDir(), "report.html")
	shown := m.data(t, "report", "demo", "--html", page)
	require.Zero(t, shown.code, shown.stderr)
	require.FileExists(t, page)
}

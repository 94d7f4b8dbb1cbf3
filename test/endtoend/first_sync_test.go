package endtoend

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
)

// reportKeys are the keys of a report as JSON: a contract with scripts.
var reportKeys = []string{
	"sync", "run", "audience", "audience.id", "audience.name",
	"source", "source.reported", "source.basis", "source.as_of", "source.read", "source.gap", "source.snapshot",
	"outcomes", "outcomes.unchanged", "outcomes.created", "outcomes.updated", "outcomes.accepted", "outcomes.invalid",
	"outcomes.duplicate", "outcomes.suppressed", "outcomes.refused", "outcomes.unresolved",
	"plan", "plan.first_run", "plan.read", "plan.unchanged", "plan.to_send", "plan.joiners", "plan.changes", "plan.invalid", "plan.duplicate", "plan.suppressed",
	"plan.refused", "plan.marked", "plan.leavers", "plan.keeps_leavers", "plan.batches", "plan.requests", "plan.seconds",
	"leavers", "leavers.removed", "leavers.gone", "leavers.kept", "leavers.refused", "leavers.unresolved",
	"reasons", "new_failures", "known_failures", "segment", "segment.id", "segment.expected", "segment.counted", "segment.evidence", "segment.comparison",
	"read_back", "read_back.sampled", "read_back.same",
	"verdict", "acceptable", "summary", "batches", "requests", "started_at", "finished_at",
}

func TestThreeProcessesBringAnAudienceIntoHelloCharles(t *testing.T) {
	t.Parallel()
	vendors := simulate(t, audienceOf{members: 5000, seed: 3})
	machine := up(t, copyDemo(t, vendors))
	requireWebUI(t, machine)

	first := machine.do(t, "run", machine.sync, "--output", "json")
	require.Zero(t, first.code, first.stderr)
	report, stats := reportOf(t, first), vendors.stats(t)
	requireReportKeys(t, first.stdout, report)
	require.Equal(t, audience.Explained, report.Verdict)
	require.True(t, report.Acceptable)
	require.EqualValues(t, 5000, report.Source.Read)
	require.Equal(t, report.Source.Read, report.Outcomes.Total())
	require.Equal(t, stats.Contacts, report.Outcomes.Created)
	require.Equal(t, stats.Contacts, *report.Segment.Counted)
	require.Equal(t, report.Segment.Expected, stats.Contacts)
	require.Equal(t, stats.Audience.Distinct()-stats.Audience.BadEmail, report.Outcomes.Created)
	require.Equal(t, map[string]int64{
		string(audience.ReferenceMissing):    stats.Audience.WithoutPhone,
		string(audience.ReferenceHashed):     stats.Audience.HashedPhone,
		string(audience.ReferenceNotANumber): stats.Audience.InvalidPhone,
		string(audience.EmailNotAnAddress):   stats.Audience.BadEmail,
		string(audience.ReferenceSeenBefore): stats.Audience.Duplicates,
	}, report.Reasons)
	require.Equal(t, report.Requests, stats.Batches)
	require.Zero(t, stats.DuplicateEffects)
	require.Zero(t, stats.ValuesDropped)

	second := machine.do(t, "run", machine.sync, "--output", "json")
	require.Zero(t, second.code, second.stderr)
	again := reportOf(t, second)
	require.EqualValues(t, 2, again.Run)
	require.Equal(t, report.Outcomes.Created, again.Outcomes.Unchanged)
	require.Zero(t, again.Outcomes.Taken())
	require.Equal(t, report.Outcomes.Duplicate, again.Outcomes.Duplicate)
	require.Equal(t, stats.Contacts, *again.Segment.Counted)
	// Members with a bad email are looked at again, and are not sent.
	require.Equal(t, report.Outcomes.Invalid, again.Outcomes.Invalid)
	require.Zero(t, again.Requests)
	require.Equal(t, stats.UpsertsReceived, vendors.stats(t).UpsertsReceived)
}

func TestAWorkerBesideATemporalServerSyncsAsWell(t *testing.T) {
	t.Parallel()
	vendors := simulate(t, audienceOf{members: 2000, seed: 4})
	site := deploy(t, copyDemo(t, vendors))
	site.startWorker(t)

	ended := site.do(t, "run", site.sync)
	require.Zero(t, ended.code, ended.stderr)
	stats := vendors.stats(t)
	require.Contains(t, ended.stdout, "sync demo, run 1: audience 984 Spring campaign")
	require.Contains(t, ended.stdout, "verdict: explained")
	require.Regexp(t, `(?m)^`+audience.Thousands(stats.Contacts)+` of 2,000 are in the segment; \d+ are not, for 6 reasons\.$`, ended.stdout)

	status := site.do(t, "status", "demo", "--output", "json")
	require.Zero(t, status.code, status.stderr)
	require.Equal(t, stats.Contacts, *reportOf(t, status).Segment.Counted)
}

func requireReportKeys(t *testing.T, text string, report audience.Report) {
	t.Helper()
	documented := map[string]bool{}
	for _, key := range reportKeys {
		documented[key] = true
	}
	for reason := range report.Reasons {
		documented["reasons."+reason] = true
	}
	require.Equal(t, documented, keysOf(t, text))
}

func requireWebUI(t *testing.T, m machine) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+m.ui+"/namespaces/default/workflows", http.NoBody)
	require.NoError(t, err)
	reply, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.NoError(t, reply.Body.Close())
	require.Equal(t, http.StatusOK, reply.StatusCode)
}

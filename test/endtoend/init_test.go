package endtoend

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
)

func TestInitLeadsToAScheduledSyncThatIsProved(t *testing.T) {
	t.Parallel()
	vendors := simulate(t, audienceOf{members: 400, seed: 12})
	site := begun(t, vendors)
	machine := up(t, site)

	checked := machine.do(t, "check", machine.sync)
	require.Zero(t, checked.code, checked.stdout+checked.stderr)
	require.Contains(t, checked.stdout, "ready to run\n")
	planned := machine.do(t, "plan", machine.sync)
	require.Zero(t, planned.code, planned.stderr)
	require.Zero(t, vendors.stats(t).Contacts, "nothing was sent so far")

	ran := machine.do(t, "run", machine.sync, "--output", "json")
	require.Zero(t, ran.code, ran.stderr)
	report, stats := reportOf(t, ran), vendors.stats(t)
	require.Equal(t, audience.Explained, report.Verdict)
	require.Equal(t, stats.Contacts, *report.Segment.Counted)
	require.Zero(t, stats.ValuesDropped, "all that is mapped has a place")
	require.Zero(t, report.Reasons[string(audience.EmailNotAnAddress)])

	scheduled := machine.do(t, "schedule", "create", machine.sync, "--cron", "0 6 * * *", "--time-zone", "Europe/Berlin")
	require.Zero(t, scheduled.code, scheduled.stderr)
	verified := machine.do(t, "verify", machine.sync)
	require.Zero(t, verified.code, verified.stderr)
}

// begun is a folder with what init has written for the simulators, and the key.
func begun(t *testing.T, vendors simulators) settings {
	t.Helper()
	dir := t.TempDir()
	s := settings{dir: dir, connections: filepath.Join(dir, "connections.yaml"), sync: filepath.Join(dir, "sync.yaml")}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "demo.key"), []byte("demo-key\n"), 0o600))
	answers := filepath.Join(dir, "answers.yaml")
	require.NoError(t, os.WriteFile(answers, []byte(`
source: api
zeotap_base_url: http://`+vendors.zeotap+`
zeotap_credential: file:demo.key
charles_base_url: http://`+vendors.charles+`
charles_credential: file:demo.key
send: batch
batch_path: /api/v1beta/contacts/batch
batch_envelope: contacts
batch_reply: items
audience_id: 984
properties: {city: city, loyalty_points: loyalty_points, birthday: birth_date}
segment: seg-984
accept_invalid: 5%
`), 0o600))
	began := audiencesync(t, "init", "--answers", answers, "--write-connections", s.connections, "--write-sync", s.sync)
	require.Zero(t, began.code, began.stderr)
	require.Contains(t, began.stdout, `custom property zeotap_audience_984 equals "member"`)
	require.Contains(t, began.stdout, "audiencesync check "+s.sync)
	return s
}

package endtoend

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/simulator/contacts"
	"audiencesync/workflows"
)

// asMirror are the edits that make the demo's sync take the marker from who left.
var asMirror = []string{
	"destination: charles-demo\n", "destination: charles-demo\nmode: mirror\n",
	"  member: member\n", "  member: member\n  left: left\n",
}

// someone is a member of a test: the person of the number, under a name.
type someone struct {
	number int
	name   string
}

func (s someone) reference() string { return fmt.Sprintf("+4915112345%03d", s.number) }

// setMembers makes these people the audience.
func (s simulators) setMembers(t *testing.T, people []someone) {
	t.Helper()
	var lines bytes.Buffer
	for _, person := range people {
		require.NoError(t, json.NewEncoder(&lines).Encode(map[string]string{"phone": person.reference(), "first_name": person.name}))
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, "http://"+s.zeotap+"/_sim/members", &lines)
	require.NoError(t, err)
	reply, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.NoError(t, reply.Body.Close())
	require.Less(t, reply.StatusCode, 300)
}

// contacts are the first 1,000 that the workspace holds.
func (s simulators) contacts(t *testing.T) []contacts.Contact {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+s.charles+"/_sim/contacts", http.NoBody)
	require.NoError(t, err)
	reply, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer func() { _ = reply.Body.Close() }()
	var list struct {
		Contacts []contacts.Contact `json:"contacts"`
	}
	require.NoError(t, json.NewDecoder(reply.Body).Decode(&list))
	return list.Contacts
}

// TestARunTerminatedBetweenSendAndSettlement: Hello Charles has taken the last request,
// the worker that sent it is dead, the run is terminated for good, and what was sent is
// not so any more.
func TestARunTerminatedBetweenSendAndSettlementIsMadeGoodByTheNextOne(t *testing.T) {
	t.Parallel()
	others := make([]someone, 0, 8)
	for number := range 8 {
		others = append(others, someone{number, "Zoë"})
	}
	same, changed := someone{8, "Zoë"}, someone{8, "Ada"}
	with := func(person someone) []someone { return append(slices.Clone(others), person) }
	for name, c := range map[string]struct{ before, sent, then []someone }{
		"the member changes back": {with(same), with(changed), with(same)},
		"the leaver returns":      {with(same), others, with(same)},
		"the joiner leaves":       {others, with(same), others},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			vendors := simulate(t, audienceOf{members: 1, seed: 1})
			vendors.setMembers(t, c.before)
			replies := newGate(t, vendors.charles, "/batch", 1)
			site := deploy(t, copyDemo(t, simulators{zeotap: vendors.zeotap, charles: replies.address}, asMirror...))
			worker := site.startWorker(t)
			first := site.do(t, "run", site.sync)
			require.Zero(t, first.code, first.stderr)

			vendors.setMembers(t, c.sent)
			run := site.start(t, "run", site.sync)
			replies.awaitHeld(t, 1)
			worker.Kill()
			require.NoError(t, site.client(t).TerminateWorkflow(t.Context(), workflows.SyncID("demo"), "", "for good"))
			require.NotZero(t, finish(t, run).code)
			replies.open()

			vendors.setMembers(t, c.then)
			site.startWorker(t)
			next := site.do(t, "run", site.sync, "--output", "json")
			require.Zero(t, next.code, next.stderr)
			require.Equal(t, audience.Equal, reportOf(t, next).Verdict)
			requireStore(t, vendors, c.then)

			last := site.do(t, "run", site.sync, "--output", "json")
			require.Zero(t, last.code, last.stderr)
			require.Zero(t, reportOf(t, last).Requests)
		})
	}
}

// requireStore makes sure that these people are marked, under their names, and nobody
// else is.
func requireStore(t *testing.T, vendors simulators, people []someone) {
	t.Helper()
	var marked []someone
	for _, contact := range vendors.contacts(t) {
		if string(contact.Properties["zeotap_audience_984"]) == `"member"` {
			var person someone
			_, err := fmt.Sscanf(contact.Reference, "+4915112345%03d", &person.number)
			require.NoError(t, err)
			person.name = contact.FirstName
			marked = append(marked, person)
		}
	}
	require.ElementsMatch(t, people, marked)
}

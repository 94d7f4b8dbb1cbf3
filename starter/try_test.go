package main

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/readback"
	"audiencesync/internal/simulator"
	"audiencesync/internal/simulator/faults"
)

func TestATrialSaysThatAllIsHeldAsItWasSent(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	tried := d.call(t, "try", "--limit", "3")
	require.Zero(t, tried.code, tried.stderr)
	require.Contains(t, tried.stderr, "sending 3 contacts, one a request, to http://127.0.0.1:")
	require.NotContains(t, tried.stderr, d.first())
	require.Contains(t, tried.stdout, "sync demo, members read: 3\n")
	require.Contains(t, tried.stdout, " "+d.first()+"  created  same\n")
	require.Len(t, slices.Collect(d.Contacts()), 3)

	again := d.call(t, "try", "--reference", strings.Replace(d.first(), "+49", "0049 ", 1), "--output", "json")
	require.Zero(t, again.code, again.stderr)
	var shown shownTrial
	require.NoError(t, json.Unmarshal([]byte(again.stdout), &shown))
	require.Equal(t, []shownMember{{Reference: d.first(), Outcome: audience.Updated, Held: readback.Same}}, shown.Members)
	require.Len(t, slices.Collect(d.Contacts()), 3)
}

func TestADryRunShowsTheRequestsAndSendsNothing(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	dry := d.call(t, "try", "--dry-run", "--limit", "2")
	require.Zero(t, dry.code, dry.stderr)
	require.Empty(t, dry.stderr)
	require.Equal(t, 2, strings.Count(dry.stdout, "\nPOST /api/v1beta/contacts/batch\n{\n"))
	require.Contains(t, dry.stdout, `      "external_reference_id": "`+d.first()+`",`)
	require.Empty(t, slices.Collect(d.Contacts()))

	dry = d.call(t, "try", "--dry-run", "--limit", "1", "-o", "json")
	var shown shownTrial
	require.NoError(t, json.Unmarshal([]byte(dry.stdout), &shown))
	require.True(t, shown.DryRun)
	require.Equal(t, http.MethodPost, shown.Members[0].Request.Method)
}

func TestATrialWithARefusalEndsWithCodeOne(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	require.NoError(t, d.SetFaults(simulator.Faults{Refuse: []faults.Refusal{{References: []string{d.first()}, Code: "bad_name", Message: "Not this name."}}}))
	tried := d.call(t, "try", "--limit", "2")
	require.Equal(t, exitFailed, tried.code)
	require.Contains(t, tried.stdout, "bad_name: Not this name.")
	require.NotContains(t, tried.stderr, "error:", "the table says it all")
}

func TestATrialOfSomebodyWhoCannotBeSentSaysWhy(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.edit(t, "sync.yaml", "mapping:\n", "filter: {field: city, is: Atlantis}\nmapping:\n")
	tried := d.call(t, "try", "--reference", d.first())
	require.Equal(t, exitFailed, tried.code)
	require.Equal(t, "sync demo, members read: 1\npassed over: 1, the filter of the sync excludes the member (field city)\n", tried.stdout)
	require.Equal(t, "error: sync demo: no member was found that can be sent; nothing was sent\n", tried.stderr)
}

func TestATrialThatCannotReadBackSaysSo(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.edit(t, "connections.yaml", "      contact_path: /api/v1beta/contacts/{reference}\n", "      page_size: 10\n")
	tried := d.call(t, "try", "--limit", "2")
	require.Zero(t, tried.code, tried.stderr)
	require.Equal(t, 1, strings.Count(tried.stdout, "\nnot compared: connection charles-demo: contacts cannot be read back"))
}

func TestASyncThatCannotRunIsNotTried(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.edit(t, "sync.yaml", "tags: [zeotap]", "tags: [zeotop, quarterly]")
	refused := d.call(t, "try")
	require.Equal(t, exitUsage, refused.code)
	require.Contains(t, refused.stderr, `problem: tag "zeotop" does not exist`)
	require.Contains(t, refused.stderr, `problem: tag "quarterly" does not exist`)
	require.Contains(t, refused.stderr, "error: sync demo cannot run as it is; nothing was sent\n")
	require.Empty(t, refused.stdout)

	d.edit(t, "sync.yaml", "destination: charles-demo", "destination: charly")
	refused = d.call(t, "try")
	require.Equal(t, exitUsage, refused.code)
	require.Contains(t, refused.stderr, `destination "charly" is not a known connection`)
	require.Empty(t, slices.Collect(d.Contacts()))
}

func TestATrialThatEndsEarlyShowsWhatWasSent(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	require.NoError(t, d.SetFaults(simulator.Faults{Rules: []faults.Rule{{
		Match: faults.Match{Side: faults.Charles, Method: http.MethodPost, From: 2}, Do: faults.Status, Status: http.StatusUnauthorized,
	}}}))
	tried := d.call(t, "try", "--limit", "3")
	require.Equal(t, exitFailed, tried.code)
	require.Contains(t, tried.stdout, d.first()+"  created  same")
	require.Contains(t, tried.stderr, "error: sync demo: connection charles-demo: sending a batch of 1 contact: the credential is not accepted (status 401)")
}

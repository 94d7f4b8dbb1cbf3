package simulator_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/simulator"
	"audiencesync/internal/simulator/faults"
)

func (w *world) journal() (entries []simulator.Entry) {
	w.t.Helper()
	got := w.do("GET", w.charles+"/_sim/journal", nil, http.StatusOK, nil)
	for line := range strings.Lines(string(got.body)) {
		var e simulator.Entry
		require.NoError(w.t, json.Unmarshal([]byte(line), &e))
		entries = append(entries, e)
	}
	return entries
}

func TestStatsTellWhatHappenedOnBothSides(t *testing.T) {
	t.Parallel()
	w := start(t, simulator.Options{Zeotap: simulator.ZeotapOptions{Members: 1000}})
	w.read("500")
	w.do("POST", w.charles+batch, contactsOf("a", "b"), http.StatusOK, nil)
	w.do("PUT", w.charles+single, contact("b"), http.StatusOK, nil)
	w.do("PUT", w.charles+single, []byte("{"), http.StatusBadRequest, nil)
	w.counted()
	for _, url := range []string{w.zeotap, w.charles} {
		var stats simulator.Stats
		w.do("GET", url+"/_sim/stats", nil, http.StatusOK, &stats)
		require.Equal(t, w.Stats(), stats)
		require.EqualValues(t, 2, stats.Contacts)
		require.EqualValues(t, 3, stats.UpsertsReceived)
		require.EqualValues(t, 1, stats.DuplicateEffects)
		require.EqualValues(t, 1, stats.Batches)
		require.Equal(t, map[string]map[string]int64{
			"snapshot": {"201": 1}, "members": {"200": 2},
			"batch": {"200": 1}, "contact": {"200": 1, "400": 1}, "segment_count": {"200": 1},
		}, stats.Requests)
		require.Equal(t, map[faults.Side]int64{faults.Zeotap: 1, faults.Charles: 1}, stats.MaxInFlight)
		require.EqualValues(t, 5, stats.Audience.Duplicates)
	}
}

func TestContactsAreListedInPages(t *testing.T) {
	t.Parallel()
	w := start(t, simulator.Options{})
	w.do("POST", w.charles+batch, contactsOf("a", "b", "c"), http.StatusOK, nil)
	var got struct {
		Total    int64
		Contacts []object
	}
	w.do("GET", w.charles+"/_sim/contacts?limit=1&offset=1", nil, http.StatusOK, &got)
	require.EqualValues(t, 3, got.Total)
	require.Len(t, got.Contacts, 1)
	require.Equal(t, "b", got.Contacts[0]["external_reference_id"])
	w.do("GET", w.charles+"/_sim/contacts?limit=-1", nil, http.StatusBadRequest, nil)
}

func TestTheJournalRemembersTheLastRequestsWithoutContactData(t *testing.T) {
	t.Parallel()
	clock := newClock()
	w := start(t, simulator.Options{
		Zeotap: simulator.ZeotapOptions{Members: 50}, JournalEntries: 3, Clock: clock.Now,
	})
	w.read("")
	w.do("POST", w.charles+batch, contactsOf("+4915199999999", "b"), http.StatusOK, nil)
	w.do("POST", w.charles+batch, object{}, http.StatusBadRequest, nil)
	now, key := clock.Now(), w.journal()[0].Key
	require.Len(t, key, 8)
	require.Equal(t, []simulator.Entry{
		{Time: now, Side: faults.Zeotap, Method: "GET", Path: audience984 + "/members", Key: key, Items: 50, Status: "200", Effect: "none"},
		{Time: now, Side: faults.Charles, Method: "POST", Path: batch, Key: key, Items: 2, Status: "200", Effect: "applied"},
		{Time: now, Side: faults.Charles, Method: "POST", Path: batch, Key: key, Status: "400", Effect: "none"},
	}, w.journal())
	raw := string(w.do("GET", w.charles+"/_sim/journal", nil, http.StatusOK, nil).body)
	for _, secret := range []string{"+4915199999999", "zoe@example.com", simulator.DefaultKey} {
		require.NotContains(t, raw, secret)
	}
}

func TestFaultsCanBeSetAndClearedAtRunTime(t *testing.T) {
	t.Parallel()
	w := start(t, simulator.Options{})
	plan := []byte("rules:\n  - {do: status, status: 500, match: {side: charles}}\ncounts: {delay: 1h}\n")
	w.do("POST", w.zeotap+"/_sim/faults", plan, http.StatusNoContent, nil)
	w.do("POST", w.charles+batch, contactsOf("a"), 500, nil)
	var active simulator.Faults
	w.do("GET", w.charles+"/_sim/faults", nil, http.StatusOK, &active)
	require.Equal(t, faults.Duration(time.Hour), active.Counts.Delay)

	got := w.do("POST", w.charles+"/_sim/faults", []byte("rules: [{do: explode}]"), http.StatusBadRequest, nil)
	require.Contains(t, string(got.body), "explode")
	w.do("POST", w.charles+batch, contactsOf("a"), 500, nil)

	w.do("DELETE", w.charles+"/_sim/faults", nil, http.StatusNoContent, nil)
	w.do("POST", w.charles+batch, contactsOf("a"), http.StatusOK, nil)
	require.Equal(t, "1", w.counted())

	require.ErrorContains(t, w.SetFaults(simulator.Faults{Rules: []faults.Rule{{}}}), "does nothing")
	require.NoError(t, w.SetFaults(active))
	w.do("GET", w.charles+"/api/v0/tags", nil, 500, nil)
}

func TestAResetStartsAgain(t *testing.T) {
	t.Parallel()
	w := faulty(t, faults.Rule{Do: faults.Status, Status: 503})
	w.do("POST", w.charles+batch, contactsOf("a"), 503, nil)
	w.do("POST", w.charles+batch, contactsOf("a"), http.StatusOK, nil)
	w.do("POST", w.charles+"/_sim/reset", nil, http.StatusNoContent, nil)
	require.Zero(t, w.Stats().Contacts)
	require.Empty(t, w.Stats().Requests)
	require.Empty(t, w.journal())
	w.do("POST", w.charles+batch, contactsOf("a"), 503, nil)
}

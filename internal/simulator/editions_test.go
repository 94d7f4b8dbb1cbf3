package simulator_test

import (
	"encoding/csv"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/simulator"
	"audiencesync/internal/simulator/people"
)

// listed are members that a test gives.
func listed(phones ...string) []object {
	members := make([]object, len(phones))
	for i, phone := range phones {
		members[i] = object{"customer_id": phone[1:], "phone": phone, "consent": object{"whatsapp": true}}
	}
	return members
}

// phones pages through the audience from a snapshot on.
func (w *world) phones(opened snapshot) (phones, versions []string) {
	w.t.Helper()
	for cursor := ""; ; {
		p := w.page(opened.Snapshot, cursor, "2")
		versions = append(versions, p.Version)
		for _, member := range p.Members {
			var one struct{ Phone string }
			require.NoError(w.t, json.Unmarshal(member, &one))
			phones = append(phones, one.Phone)
		}
		if p.Next == nil {
			return phones, versions
		}
		cursor = *p.Next
	}
}

func TestTheAudienceCanBeAnyListAndAnotherOneAfterIt(t *testing.T) {
	t.Parallel()
	clock := newClock()
	w := start(t, simulator.Options{Zeotap: simulator.ZeotapOptions{Members: 50}, Clock: clock.Now})
	seen := map[string]bool{w.open().Version: true}
	for i, want := range [][]string{{"+491", "+492", "+493"}, {"+492"}, {}, {"+492"}, {"+492", "+491", "+495", "+494", "+493"}} {
		clock.Advance(time.Hour)
		require.NoError(t, w.SetMembers(listed(want...)))
		opened := w.open()
		require.False(t, seen[opened.Version], "list %d has a version of its own", i)
		seen[opened.Version] = true
		require.Equal(t, clock.Now(), opened.AsOf)
		require.EqualValues(t, len(want), *opened.Total)
		phones, versions := w.phones(opened)
		require.Equal(t, want, append([]string{}, phones...))
		require.Equal(t, opened.Version, versions[len(versions)-1])
		var told struct {
			Size struct {
				Value int64
				AsOf  time.Time `json:"as_of"`
			}
		}
		w.do("GET", w.zeotap+audience984, nil, http.StatusOK, &told)
		require.EqualValues(t, len(want), told.Size.Value)
		require.Equal(t, clock.Now(), told.Size.AsOf)
		require.EqualValues(t, len(want), w.Stats().Audience.Members)
	}
	w.Reset()
	require.EqualValues(t, 50, *w.open().Total)
	require.EqualValues(t, 50, w.Stats().Audience.Members)
}

func TestAPinnedSnapshotIsReadToItsEndWhenTheAudienceChanges(t *testing.T) {
	t.Parallel()
	w := start(t, simulator.Options{})
	require.NoError(t, w.SetMembers(listed("+491", "+492", "+493", "+494")))
	opened := w.open()
	cursor := *w.page(opened.Snapshot, "", "2").Next
	require.NoError(t, w.SetMembers(listed("+495")))
	rest := w.page(opened.Snapshot, cursor, "2")
	require.Equal(t, opened.Version, rest.Version)
	require.Len(t, rest.Members, 2)
	require.Nil(t, rest.Next)
	phones, _ := w.phones(w.open())
	require.Equal(t, []string{"+495"}, phones)

	for range 8 { // Only the last ones are kept.
		require.NoError(t, w.SetMembers(nil))
	}
	w.do("GET", w.zeotap+audience984+"/members?snapshot="+opened.Snapshot, nil, http.StatusBadRequest, nil)
}

func TestASnapshotThatIsNotPinnedShowsTheAudienceAsItBecomes(t *testing.T) {
	t.Parallel()
	w := start(t, simulator.Options{Zeotap: simulator.ZeotapOptions{Unpinned: true}})
	require.NoError(t, w.SetMembers(listed("+491", "+492", "+493", "+494")))
	opened := w.open()
	cursor := *w.page(opened.Snapshot, "", "2").Next
	require.NoError(t, w.SetMembers(listed("+491", "+493", "+495")))
	rest := w.page(opened.Snapshot, cursor, "2")
	require.NotEqual(t, opened.Version, rest.Version, "the version tells it")
	require.Len(t, rest.Members, 1)
	require.NoError(t, w.SetMembers(listed("+491")))
	require.Empty(t, w.page(opened.Snapshot, cursor, "2").Members)
}

func TestAListCanBeGivenLineByLine(t *testing.T) {
	t.Parallel()
	w := start(t, simulator.Options{})
	var got struct {
		Version string
		Members int
	}
	body := []byte(`{"phone": "+491", "points": 12.50}` + "\n\n" + `{"phone":"+492"}`)
	w.do("PUT", w.charles+"/_sim/members", body, http.StatusOK, &got)
	require.Equal(t, 2, got.Members)
	opened := w.open()
	require.Equal(t, got.Version, opened.Version)
	require.JSONEq(t, `{"phone":"+491","points":12.50}`, string(w.page(opened.Snapshot, "", "").Members[0]))

	for _, bad := range []string{`{"phone":"+491"`, `{"phone":"+491"} 7`, `["+491"]`, `null`} {
		refused := w.do("PUT", w.charles+"/_sim/members", []byte(bad), http.StatusBadRequest, nil)
		require.Contains(t, string(refused.body), `"error":"`)
	}
	require.Equal(t, opened.Version, w.open().Version, "nothing was changed by those")
	require.ErrorContains(t, w.SetMembers([]object{{"phone": "+491"}, {"phone": func() {}}}), "member 2: ")
}

func TestTheCrowdCanBeRefreshed(t *testing.T) {
	t.Parallel()
	clock := newClock()
	w := start(t, simulator.Options{Zeotap: simulator.ZeotapOptions{Members: 1000, Seed: 4}, Clock: clock.Now})
	before, _ := w.read("")
	versions := map[string]bool{w.open().Version: true}
	refresh := func(body string) (members []json.RawMessage) {
		t.Helper()
		clock.Advance(time.Hour)
		var got struct {
			Version string
			Members int64
		}
		w.do("PUT", w.charles+"/_sim/refresh", []byte(body), http.StatusOK, &got)
		opened := w.open()
		require.Equal(t, got.Version, opened.Version)
		require.False(t, versions[opened.Version], "it has a version of its own")
		versions[opened.Version] = true
		require.Equal(t, clock.Now(), opened.AsOf)
		require.Equal(t, got.Members, *opened.Total)
		require.Equal(t, people.Oddities{Members: got.Members}, w.Stats().Audience)
		members, _ = w.read("")
		require.Len(t, members, int(got.Members))
		return members
	}
	different := func(now []json.RawMessage) (n int) {
		t.Helper()
		require.Len(t, now, len(before))
		for i := range now {
			if string(now[i]) != string(before[i]) {
				n++
			}
		}
		return n
	}
	require.Zero(t, different(refresh(`{}`)))
	require.InDelta(t, 100, different(refresh(`{"changed": {"share": 0.1, "field": "city", "version": 1}}`)), 40)
	require.InDelta(t, 900, len(refresh(`{"changed": {"share": 0.1, "field": "city", "version": 1}, "left": 0.1}`)), 40)
	require.Zero(t, different(refresh(`{"left": 0}`)), "each refresh is one of the beginning")

	for _, bad := range []string{`{"left": 2}`, `{"gone": 0.1}`, `{"changed": {"share": 0.1, "field": "phone", "version": 1}}`} {
		refused := w.do("PUT", w.charles+"/_sim/refresh", []byte(bad), http.StatusBadRequest, nil)
		require.Contains(t, string(refused.body), `"error":"`)
	}
	require.True(t, versions[w.open().Version], "nothing was changed by those")
	w.Reset()
	require.EqualValues(t, 5, w.Stats().Audience.Duplicates)
}

func TestAListIsExportedAsThePagesHoldIt(t *testing.T) {
	t.Parallel()
	w := start(t, simulator.Options{Zeotap: simulator.ZeotapOptions{Members: 50}})
	members := listed("+491", "+492", "+493")
	members[1] = object{"phone": "+492", "points": 7, "interests": []any{"running", 3, nil}, "nothing": nil, "consent": object{"whatsapp": false}}
	require.NoError(t, w.SetMembers(members))
	paged, _ := w.read("")
	for format, read := range exportReaders {
		dir := t.TempDir()
		require.NoError(t, w.WriteExport(t.Context(), dir, format, true, 2))
		got := make([]string, 0, 3)
		for _, file := range exported(t, dir, 2) {
			got = append(got, read(t, file)...)
		}
		require.Len(t, got, 3)
		for i := range paged {
			require.Equal(t, string(paged[i]), got[i], format)
		}
	}
	dir := t.TempDir()
	require.NoError(t, w.WriteExport(t.Context(), dir, "csv", false, 1))
	rows, err := csv.NewReader(exported(t, dir, 1)[0]).ReadAll()
	require.NoError(t, err)
	require.Equal(t, [][]string{
		{"consent.whatsapp", "customer_id", "interests", "nothing", "phone", "points"},
		{"true", "491", "", "", "+491", ""},
		{"false", "", "running|3|", "", "+492", "7"},
		{"true", "493", "", "", "+493", ""},
	}, rows)
}

func TestPagesCanEndEarlyAsIfThatWereAll(t *testing.T) {
	t.Parallel()
	w := start(t, simulator.Options{Zeotap: simulator.ZeotapOptions{Members: 50}})
	require.NoError(t, w.SetFaults(simulator.Faults{EndsAfter: 7}))
	members, pages := w.read("5")
	require.Len(t, members, 7)
	require.Len(t, pages, 2)
	require.EqualValues(t, 50, *w.open().Total, "the total is not changed")
	require.NoError(t, w.SetFaults(simulator.Faults{}))
	members, _ = w.read("5")
	require.Len(t, members, 50)
	require.ErrorContains(t, w.SetFaults(simulator.Faults{EndsAfter: -1}), "not negative")
}

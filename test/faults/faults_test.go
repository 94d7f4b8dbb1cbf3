package main

import (
	"bytes"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/bench/command"
	"audiencesync/internal/simulator/contacts"
	"audiencesync/test/site"
)

// short are cells of the most telling kinds.
var short = map[string]uint64{
	"Zeotap: the audience changes while it is paged":                     2,
	"Zeotap: a page comes again":                                         1,
	"Hello Charles: wrong length":                                        1,
	"Hello Charles: wrong types":                                         2,
	"Hello Charles: connection lost after the effect":                    2,
	"Hello Charles: 429, Retry-After as a date":                          1,
	"Hello Charles: the key expires (401), is renewed, resume":           1,
	"Hello Charles: 207, some refused for good":                          2,
	"Hello Charles: the count is forbidden (403)":                        1,
	"both vendors: the server is not trusted any more, is again, resume": 1,
	"both vendors: their clock is an hour ahead, 429 with a date":        2,
	"ledger: the disk is full for a while":                               1,
	"ledger: its clock goes back an hour":                                2,
}

func TestARunEndsWithTheTruthWhateverGoesWrong(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("runs programs for a minute")
	}
	var cells []coordinates
	for _, fault := range catalogue() {
		if seed, chosen := short[fault.title()]; chosen {
			cells = append(cells, coordinates{fault, seed})
		}
	}
	require.Len(t, cells, len(short), "a fault has another name")
	var progress bytes.Buffer
	results, err := play(t.Context(), cells, &progress, "-ldflags=-w") // Nobody debugs the programs.
	require.NoError(t, err, "%s", &progress)
	require.Len(t, results, len(cells))
	require.Zero(t, broken(results), "%s\n%s", &progress, render(results))
	t.Logf("\n%s%s", render(results), summary(results))
}

func TestEveryFaultHasANameOfItsOwn(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, fault := range catalogue() {
		require.False(t, seen[fault.title()], fault.title())
		seen[fault.title()] = true
	}
	require.Greater(t, len(seen), 25)
}

func TestACellThatIsNotGreenIsShownAndCounted(t *testing.T) {
	t.Parallel()
	fault := catalogue()[0]
	cell := func(seed uint64, change func(*result)) result {
		r := result{coordinates: coordinates{fault, seed}, wall: time.Second}
		change(&r)
		return r
	}
	results := []result{
		cell(1, func(*result) {}),
		cell(2, func(r *result) { r.wrong.Expect(false, "%d contacts are gone", 3) }),
		cell(3, func(r *result) { r.skipped = "no disk" }),
	}
	require.Equal(t, 1, broken(results))
	require.Equal(t, "1 of 3 cells are green, 1 were skipped (no disk)", summary(results))
	require.Contains(t, results[1].line(), "3 contacts are gone")
	require.Contains(t, results[2].line(), "skipped: no disk")
	require.Regexp(t, `│ ok +│ NO +│ - +│`, render(results))
}

func TestAContactThatIsNeitherAsBeforeNorAsItShouldBeIsFoundOut(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change    func(*contacts.Contact)
		untouched bool
		wrong     int
	}{
		"as before":         {change: func(*contacts.Contact) {}, untouched: true},
		"as it should be":   {change: func(c *contacts.Contact) { c.FirstName = "Ada" }},
		"sent all the same": {change: func(c *contacts.Contact) { c.FirstName = "Ada" }, untouched: true, wrong: 1},
		"something else":    {change: func(c *contacts.Contact) { c.FirstName = "Eve" }, wrong: 1},
		"gone":              {change: nil, wrong: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before := site.Wanted{Name: "Zoë", City: "Berlin", Points: 1, Marker: "member"}
			after := before
			after.Name = "Ada"
			var store []contacts.Contact
			if c.change != nil {
				store = []contacts.Contact{{Reference: "+491", FirstName: before.Name, Phones: []string{"+491"}, Properties: before.Properties()}}
				c.change(&store[0])
			}
			found := between(slices.Values(store), map[string]site.Wanted{"+491": before}, map[string]site.Wanted{"+491": after}, c.untouched)
			require.Len(t, found, c.wrong)
		})
	}
}

func TestFlagsThatMakeNoSenseAreRefused(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"--seeds", "0"}, {"--only", "earthquake"}, {"--only", "("}, {"--fast"}} {
		require.Equal(t, command.ExitUsage, run(t.Context(), args, &bytes.Buffer{}, &bytes.Buffer{}))
	}
}

func TestACellThatCannotBePlayedIsNotTakenForARedOne(t *testing.T) {
	t.Parallel()
	why, yes := skippedBy(skipped(errors.New("no disk")))
	require.True(t, yes)
	require.Equal(t, "no disk", why.Error())
	_, yes = skippedBy(errors.New("no disk"))
	require.False(t, yes)
}

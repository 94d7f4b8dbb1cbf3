package main

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/bench/command"
	"audiencesync/internal/simulator"
	"audiencesync/internal/simulator/contacts"
	"audiencesync/test/site"
)

// short are seeds of one round of each of the most telling kinds.
var short = map[uint64]struct {
	victim victim
	point  point
}{
	56: {workerKilled, beforeSettle},
	1:  {temporalKilled, beforeSend},
	2:  {ledgerKilled, betweenPages},
	3:  {runTerminated, splitting},
	4:  {vendorsCut, continuing},
	14: {workerKilled, closing},
}

func TestEveryPromiseIsKeptWhateverIsKilled(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("kills programs for a minute")
	}
	seeds := make([]uint64, 0, len(short))
	for seed, want := range short {
		plan, _ := planOf(seed)
		require.Equal(t, want.victim, plan.victim)
		require.Equal(t, want.point, plan.point)
		seeds = append(seeds, seed)
	}
	slices.Sort(seeds)
	var progress bytes.Buffer
	results, err := play(t.Context(), seeds, &progress, "-ldflags=-w") // Nobody debugs the programs.
	require.NoError(t, err, "%s", &progress)
	require.Equal(t, len(short), kept(results), "%s\n%s", &progress, render(results))
	t.Logf("\n%s", render(results))
}

func TestEveryVictimIsMetAtEveryPointAndASeedIsOneRound(t *testing.T) {
	t.Parallel()
	met := map[[2]string]bool{}
	for seed := range uint64(len(victims) * len(points)) {
		plan, random := planOf(seed)
		again, same := planOf(seed)
		require.Equal(t, plan, again)
		require.Equal(t, site.NewCrowd(random).Members(), site.NewCrowd(same).Members())
		met[[2]string{string(plan.victim), string(plan.point)}] = true
	}
	require.Len(t, met, len(victims)*len(points))
}

// settledCrowd is a crowd and a workspace that holds what it should.
func settledCrowd() (*site.Crowd, []contacts.Contact) {
	c := site.NewCrowd(rand.New(rand.NewPCG(1, 1)))
	vendors := simulator.New(simulator.Options{})
	list := make([]contacts.Contact, 0, site.PeopleAtFirst)
	for reference, want := range c.Wanted() {
		list = append(list, contacts.Contact{
			SourceType: "chaos", Reference: reference, FirstName: want.Name, Phones: []string{reference},
			Properties: want.Properties(),
		})
	}
	vendors.AddContacts(list...)
	return c, slices.Collect(vendors.Contacts())
}

func TestAWorkspaceThatIsNotAsWantedIsFoundOut(t *testing.T) {
	t.Parallel()
	c, right := settledCrowd()
	require.Empty(t, c.Differences(slices.Values(right)))
	for name, change := range map[string]func([]contacts.Contact) []contacts.Contact{
		"a contact is missing": func(list []contacts.Contact) []contacts.Contact { return list[1:] },
		"one is too many": func(list []contacts.Contact) []contacts.Contact {
			return append(list, contacts.Contact{Reference: "+491"})
		},
		"one is there twice": func(list []contacts.Contact) []contacts.Contact { return append(list, list[0]) },
		"one has another name": func(list []contacts.Contact) []contacts.Contact {
			list[0].FirstName = "Ada"
			return list
		},
		"one lost its marker": func(list []contacts.Contact) []contacts.Contact {
			list[0].Properties = site.Wanted{Name: list[0].FirstName, City: "Berlin", Points: 1, Marker: "left"}.Properties()
			return list
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Len(t, c.Differences(slices.Values(change(slices.Clone(right)))), 1)
		})
	}
}

func TestARoundThatBrokeAPromiseIsShownAndIsNotCounted(t *testing.T) {
	t.Parallel()
	good, bad := result{reached: true}, result{}
	bad.wrong.Expect(true, "nothing")
	require.Empty(t, bad.wrong)
	bad.wrong.Expect(false, "%d contacts were never sent", 3)
	require.Equal(t, 1, kept([]result{good, bad}))
	require.Contains(t, bad.line(), "3 contacts were never sent")
	require.Contains(t, render([]result{good, bad}), "NO")
}

func TestFlagsThatMakeNoSenseAreRefused(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"--rounds", "0"}, {"--fast"}} {
		require.Equal(t, command.ExitUsage, run(t.Context(), args, &bytes.Buffer{}, &bytes.Buffer{}))
	}
}

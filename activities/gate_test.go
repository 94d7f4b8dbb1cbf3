package activities

import (
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
)

// mirrored is a sync in mode mirror with every default.
func mirrored() config.Sync {
	sync := spring()
	sync.Mode = config.ModeMirror
	sync.Marker.Left = "left"
	return sync
}

func TestAPlanAsksBeyondEachLimitAndNotAtIt(t *testing.T) {
	t.Parallel()
	type change = func(*config.Gate)
	for name, test := range map[string]struct {
		plan audience.Plan
		gate change
		// beyond is empty for a plan that asks for nothing.
		beyond []string
	}{
		"nothing changes":                 {audience.Plan{Marked: 1000, Read: 1000, Unchanged: 1000}, nil, nil},
		"leavers at the share":            {audience.Plan{Marked: 1000, Read: 800, Leavers: 200}, nil, nil},
		"one leaver more than the share":  {audience.Plan{Marked: 1000, Read: 799, Leavers: 201}, nil, []string{"201 contacts would be unmarked, 20.1% of the 1,000 that the sync has marked; gate.leavers.share is 20%"}},
		"leavers that are not sent again": {audience.Plan{Marked: 1000, Read: 700, Leavers: 300, KnownLeavers: 100}, nil, nil},
		"few leavers of few":              {audience.Plan{Marked: 12, Read: 2, Leavers: 10}, nil, nil},
		"more leavers than the floor":     {audience.Plan{Marked: 12, Read: 1, Leavers: 11}, nil, []string{"11 contacts would be unmarked, 91.7% of the 12 that the sync has marked; gate.leavers.share is 20%"}},
		"a floor of nobody":               {audience.Plan{Marked: 4, Read: 2, Leavers: 2}, func(g *config.Gate) { g.Leavers.Floor = 0 }, []string{"2 contacts would be unmarked, 50% of the 4 that the sync has marked; gate.leavers.share is 20%"}},
		"leavers at their number":         {audience.Plan{Marked: 1000, Read: 950, Leavers: 50}, func(g *config.Gate) { g.Leavers.Number = 50 }, nil},
		"more leavers than their number":  {audience.Plan{Marked: 100_000, Read: 98_949, Leavers: 1051}, func(g *config.Gate) { g.Leavers.Number = 1050 }, []string{"1,051 contacts would be unmarked, more than 1,050 (gate.leavers.number)"}},
		"a number below the floor counts": {audience.Plan{Marked: 1000, Read: 997, Leavers: 3}, func(g *config.Gate) { g.Leavers.Number = 2 }, []string{"3 contacts would be unmarked, more than 2 (gate.leavers.number)"}},
		"all may leave":                   {audience.Plan{Marked: 1000, Read: 1, Leavers: 999}, func(g *config.Gate) { g.Leavers.Share = 1 }, nil},
		"the audience doubles":            {audience.Plan{Marked: 1000, Read: 2000, Joiners: 1000}, nil, nil},
		"the audience more than doubles":  {audience.Plan{Marked: 1000, Read: 2010, Joiners: 1010}, nil, []string{"1,010 contacts would be added, 101% of the 1,000 that the sync has marked; gate.joiners.share is 100%"}},
		"more joiners than their number":  {audience.Plan{Marked: 1000, Read: 1101, Joiners: 101}, func(g *config.Gate) { g.Joiners.Number = 100 }, []string{"101 contacts would be added, more than 100 (gate.joiners.number)"}},
		"everybody has changed":           {audience.Plan{Marked: 1000, Read: 1000, Changes: 1000}, nil, nil},
		"more changes than their share": {audience.Plan{Marked: 1000, Read: 1000, Changes: 501}, func(g *config.Gate) { g.Changes.Share = 0.5 }, []string{
			"501 contacts would be sent again because something changed, 50.1% of the 1,000 that the sync has marked; gate.changes.share is 50%",
		}},
		"more changes than their number": {audience.Plan{Marked: 1000, Read: 1000, Changes: 6}, func(g *config.Gate) { g.Changes.Number = 5 }, []string{
			"6 contacts would be sent again because something changed, more than 5 (gate.changes.number)",
		}},
		"each limit has its part": {audience.Plan{Marked: 100, Read: 250, Leavers: 50, Joiners: 150, Changes: 50}, func(g *config.Gate) { g.Changes.Share = 0.1 }, []string{
			"50 contacts would be unmarked, 50% of the 100 that the sync has marked; gate.leavers.share is 20%",
			"150 contacts would be added, 150% of the 100 that the sync has marked; gate.joiners.share is 100%",
			"50 contacts would be sent again because something changed, 50% of the 100 that the sync has marked; gate.changes.share is 10%",
		}},
		"an empty audience":               {audience.Plan{Marked: 5, Leavers: 5}, nil, []string{"the audience is empty, and all 5 contacts that the sync has marked would be unmarked (gate.empty_audience)"}},
		"an audience that may be empty":   {audience.Plan{Marked: 5, Leavers: 5}, func(g *config.Gate) { g.EmptyAudience = config.GateAllow }, nil},
		"nobody is left who may be in it": {audience.Plan{Marked: 5, Read: 5, Suppressed: 5, Leavers: 5}, nil, nil},
		"a first run":                     {audience.Plan{FirstRun: true, Read: 1_000_000, ToSend: 1_000_000, Joiners: 1_000_000}, nil, nil},
		"a first run of nobody":           {audience.Plan{FirstRun: true}, nil, nil},
		"the rest of a first run":         {audience.Plan{FirstRun: true, Marked: 100, Read: 10_000, ToSend: 9_900, Joiners: 9_800, Changes: 100}, func(g *config.Gate) { g.Joiners.Number = 1 }, nil},
		"leavers of a first run":          {audience.Plan{FirstRun: true, Marked: 1000, Read: 799, Leavers: 201}, nil, []string{"201 contacts would be unmarked, 20.1% of the 1,000 that the sync has marked; gate.leavers.share is 20%"}},
		"a first run that needs a number": {audience.Plan{FirstRun: true, Read: 1200, ToSend: 1100, Joiners: 1100}, func(g *config.Gate) { g.FirstRun = config.FirstExpect }, []string{
			"this is the first run, it would send 1,100 members, and nobody said how many are expected (gate.first_run; run --expect N)",
		}},
		"only a first run needs a number": {audience.Plan{Marked: 1, Read: 1}, func(g *config.Gate) { g.FirstRun = config.FirstExpect }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sync := mirrored()
			if test.gate != nil {
				test.gate(&sync.Gate)
			}
			require.Equal(t, test.beyond, beyond(sync, test.plan, nil, nil))
		})
	}
}

func TestModeAddAsksForNobodyWhoLeft(t *testing.T) {
	t.Parallel()
	sync := spring()
	sync.Gate.Leavers.Number = 1
	require.Empty(t, beyond(sync, audience.Plan{Marked: 1000, Leavers: 1000}, nil, nil), "nobody is unmarked")
	require.Len(t, beyond(sync, audience.Plan{Marked: 100, Read: 201, Joiners: 201}, nil, nil), 1, "joiners are sent in every mode")
}

func TestTheExpectedNumberOfMembersIsHeldAgainstThoseThatWereRead(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		marked, read, expect int64
		gap                  config.Share
		asks                 bool
	}{
		"as many as expected":          {0, 1000, 1000, 0, false},
		"one less":                     {0, 999, 1000, 0, true},
		"one more":                     {0, 1001, 1000, 0, true},
		"within the source gap":        {0, 990, 1000, 0.01, false},
		"outside the source gap":       {0, 989, 1000, 0.01, true},
		"nobody, as expected":          {0, 0, 0, 0.5, false},
		"nobody was expected":          {0, 1, 0, 0.5, true},
		"a later run, as expected":     {1000, 1000, 1000, 0, false},
		"a later run, not as expected": {1000, 1001, 1000, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sync := mirrored()
			sync.Gate.FirstRun, sync.Accept.SourceGap = config.FirstExpect, test.gap
			why := beyond(sync, audience.Plan{Marked: test.marked, Read: test.read, ToSend: test.read}, nil, &test.expect)
			if !test.asks {
				require.Empty(t, why)
				return
			}
			require.Len(t, why, 1)
			require.Contains(t, why[0], audience.Thousands(test.read)+" members were read, and "+audience.Thousands(test.expect)+" were expected (--expect)")
		})
	}
}

func TestAPlanAsksForAFieldThatIsProbablyMistyped(t *testing.T) {
	t.Parallel()
	sends := audience.Plan{Marked: 1000, Read: 1000, ToSend: 12, Changes: 12}
	citty := map[string]string{"citty": "city", "phone_2": "phone", "zodiac": ""}
	mapped := []string{"citty", "phone", "phone_2", "zodiac"}
	const why = "no member has a value in citty (did you mean city?), and 12 members would be sent without: if that is a slip, correct the sync file (gate.unfilled)"
	require.Equal(t, []string{why}, beyond(spring(), sends, mistyped(citty, mapped), nil),
		"a field that nobody has may be empty for everybody, where no other one is meant")
	require.Empty(t, beyond(spring(), audience.Plan{Marked: 1000, Read: 1000}, mistyped(citty, mapped), nil), "nobody is sent")

	allowed := spring()
	allowed.Gate.Unfilled = config.GateAllow
	require.Empty(t, beyond(allowed, sends, mistyped(citty, mapped), nil))
	older := spring() // A schedule may have been made by a version without the setting.
	older.Gate.Unfilled = ""
	require.Empty(t, beyond(older, sends, mistyped(citty, mapped), nil))
}

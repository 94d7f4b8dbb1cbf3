package integration

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/ledger"
	"audiencesync/internal/simulator"
)

// behaviour is one way in which a segment may behave.
type behaviour struct {
	name string
	// world is what is so from the beginning, and begin what happens then.
	world []func(*settings)
	begin func(*testing.T, *world)
	// faults begin before the run that is looked at, and meanwhile happens in it.
	faults    simulator.Faults
	meanwhile meanwhile
	// stuck says that the count is never the expected one, so that max_lag is waited for.
	stuck bool
	// good is the verdict of the four runs before the fifth.
	good         audience.Verdict
	first, fifth proof
}

// meanwhile is what happens while a request to Hello Charles is held back, the first
// one after some.
type meanwhile struct {
	method, path string
	after        int
	happens      func(*world)
}

// proof is a run, and what it has to say.
type proof struct {
	// members are 0 to 19 in the first run.
	members []int
	// family have the email address of its first one.
	family []int
	// before happens before the run.
	before func(*world)

	// number is that of the last run, where others followed at once; earlier is what the
	// one before it named.
	number  int64
	earlier []ledger.Difference
	// fails is the type of the error that it ends with, empty for a good run.
	fails             string
	verdict           audience.Verdict
	evidence          audience.Evidence
	expected, counted int64 // uncounted: there is none
	comparison        *audience.Comparison
	notCompared       string
	differences       []ledger.Difference

	outcomes audience.Outcomes
	removed  int64
	reasons  map[string]int64
	// fields are those that members do not hold as they were sent.
	fields map[string]int64
	// sent is how many contacts Hello Charles got; whole are of those whom it holds
	// afterwards with everything that they have, absent those whom it does not hold.
	sent          int64
	whole, absent []int
	explanation   []string
	summary       string
}

const uncounted = -1

func (b *behaviour) spec(t *testing.T) config.Sync {
	t.Helper()
	spec := mirror(t)
	spec.Verification.Sample = 100 // That is everybody.
	if b.stuck {
		spec.Verification.MaxLag = config.Duration(time.Second)
	}
	return spec
}

// setFamily makes these people the members. Some of them share an email address.
func (w *world) setFamily(t *testing.T, people, family []int) {
	t.Helper()
	members := make([]map[string]any, 0, len(people))
	for _, person := range people {
		mailbox := person
		if slices.Contains(family, person) {
			mailbox = family[0]
		}
		members = append(members, map[string]any{
			"phone": someone(person), "email": fmt.Sprintf("person%d@example.com", mailbox), "first_name": "Zoë",
		})
	}
	require.NoError(t, w.SetMembers(members))
}

// after starts a world and lets so many runs go well.
func (b *behaviour) after(t *testing.T, runs int) *world {
	t.Helper()
	w := newWorld(t, 1, b.world...)
	if b.begin != nil {
		b.begin(t, w)
	}
	w.setFamily(t, everyone(0, 20), nil)
	for range runs {
		require.Equal(t, b.good, w.run(t, b.spec(t)).Verdict)
	}
	return w
}

// report lets the behaviour begin and runs the sync to its end, good or bad.
func (b *behaviour) report(t *testing.T, w *world, p proof) *audience.Report {
	t.Helper()
	w.setFamily(t, p.members, p.family)
	require.NoError(t, w.SetFaults(b.faults))
	if p.before != nil {
		p.before(w)
	}
	if b.meanwhile.happens == nil {
		return w.reportOf(t, b.spec(t), p.fails, func() {})
	}
	held := w.charles.hold(b.meanwhile.method, b.meanwhile.path, b.meanwhile.after)
	return w.reportOf(t, b.spec(t), p.fails, func() {
		held.await(t, 1)
		b.meanwhile.happens(w)
		held.release()
	})
}

func (w *world) reportOf(t *testing.T, spec config.Sync, fails string, meanwhile func()) *audience.Report {
	t.Helper()
	run := w.started(t, spec)
	meanwhile()
	report, err := w.end(t, run)
	if fails == "" {
		require.NoError(t, err)
		return report
	}
	return failed(t, err, fails)
}

// check compares a run with what it has to say.
func (b *behaviour) check(t *testing.T, w *world, p proof) {
	t.Helper()
	before := w.Stats().UpsertsReceived
	report := b.report(t, w, p)
	require.Equal(t, p.explanation, report.Explanation)
	require.Equal(t, p.summary, report.Summary)
	require.Equal(t, p.verdict, report.Verdict)
	require.Equal(t, p.number, report.Run)

	require.Equal(t, p.evidence, report.Segment.Evidence)
	require.Equal(t, p.expected, report.Segment.Expected)
	if p.counted == uncounted {
		require.Nil(t, report.Segment.Counted)
	} else {
		require.Equal(t, p.counted, *report.Segment.Counted)
	}
	require.Equal(t, p.comparison, report.Segment.Comparison)
	require.Equal(t, p.notCompared, report.Segment.NotCompared)
	if p.notCompared != "" {
		require.Contains(t, report.Lines(), audience.Line{Label: "listed in segment", Note: "not compared: " + p.notCompared})
	}
	require.Equal(t, p.differences, w.differences(t, report))
	if earlier := *report; p.earlier != nil {
		earlier.Run--
		require.Equal(t, p.earlier, w.differences(t, &earlier))
	}

	require.Equal(t, p.outcomes, report.Outcomes)
	require.Equal(t, audience.Leavers{Removed: p.removed}, report.Leavers)
	require.Len(t, report.Reasons, len(p.reasons))
	for reason, members := range p.reasons {
		require.Equal(t, members, report.Reasons[reason])
	}
	require.Equal(t, p.sent, w.Stats().UpsertsReceived-before)
	require.Equal(t, p.fields, report.ReadBack.Fields)
	for _, person := range p.whole {
		held, _ := w.Contact(someone(person))
		require.Equal(t, []string{someone(person)}, held.Phones)
	}
	for _, person := range p.absent {
		require.Empty(t, w.Truth(someone(person))[0].Contacts)
	}
}

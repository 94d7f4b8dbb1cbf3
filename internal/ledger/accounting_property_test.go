package ledger_test

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"audiencesync/internal/audience"
	"audiencesync/internal/ledger"
	"audiencesync/internal/ledger/ledgertest"
)

// TestNoFailureHidesAChangedMemberWhateverHappens plays random runs against a
// model of what the ledger may know: members change, are suppressed, doubled or
// rejected; batches are split, refused, half answered; workers and runs die. At
// every read each member is where the model has it, and every account adds up.
func TestNoFailureHidesAChangedMemberWhateverHappens(t *testing.T) {
	t.Parallel()
	address, most := ledgertest.Address(t), math.MaxInt
	if ledgertest.IsPostgreSQL(address) {
		most = 40 // It answers more slowly than a file, and the code is the same.
	}
	checkAccounts(t, address, most)
}

// checkAccounts checks at most so many times, and as often as rapid is told to.
func checkAccounts(t *testing.T, address string, most int) {
	t.Helper()
	// One ledger for all checks: opening a new one takes longer than a check.
	checks := 0
	l, err := ledger.Open(t.Context(), address)
	require.NoError(t, err)
	rapid.Check(t, func(rt *rapid.T) {
		if checks++; checks > most {
			return
		}
		w := &world{T: rt, ctx: t.Context(), address: address, ledger: l, sync: fmt.Sprintf("spring %d", checks), contacts: map[int]*modelContact{}}
		defer func() { l = w.ledger }()
		for range rapid.IntRange(2, 4).Draw(rt, "runs") {
			w.run()
		}
	})
	require.NoError(t, l.Close())
}

// world is the ledger and the model beside it.
type world struct {
	*rapid.T

	ctx      context.Context
	address  string
	ledger   *ledger.Ledger
	sync     string
	number   int64
	contacts map[int]*modelContact
	// rejected are the fingerprints that the last complete, closed run rejected, with
	// their first runs.
	rejected map[string]int64
}

// modelContact is what the ledger should hold of one contact.
type modelContact struct {
	membership ledger.Membership
	accepted   string // content last accepted, empty if it is not known
	known      *modelFailure
}

type modelFailure struct {
	version, knownBy string
	outcome          audience.Outcome
	firstRun         int64
	retry            bool
}

// modelRun is one run of the model.
type modelRun struct {
	ref      ledger.RunRef
	knownBy  string
	full     bool
	aged     bool // refusals are older than they count
	complete bool // the source has confirmed the read
	read     int64
	versions map[int]string // of members that are not suppressed
	failures map[int]bool   // contacts with a failure, and whether it is known
	rejected map[string]int64
	batches  map[int64]*modelBatch
}

type modelBatch struct {
	members     []int
	sends       int
	unanswered  bool
	inLimbo     bool // a request left and no outcome is stored
	takenFromIt int
}

// mayDie lets the worker die here: the ledger is opened again.
func (w *world) mayDie(label string) {
	if rapid.IntRange(0, 19).Draw(w.T, label) == 0 {
		var err error
		require.NoError(w, w.ledger.Close())
		w.ledger, err = ledger.Open(w.ctx, w.address)
		require.NoError(w, err)
	}
}

func (w *world) run() {
	r := w.openRun()
	if rapid.IntRange(0, 5).Draw(w.T, "retry failures") == 0 {
		w.retryFailures()
	}
	w.checkHistories()
	w.read(r)
	if ended := w.send(r); !ended {
		return // The run dies; the next one folds it.
	}
	w.close(r)
}

func (w *world) retryFailures() {
	var want int64
	for _, c := range w.contacts {
		if c.known != nil {
			c.known.retry = true
			want++
		}
	}
	n, err := w.ledger.RetryFailures(w.ctx, w.sync, ledger.RetryQuery{})
	require.NoError(w, err)
	require.Equal(w, want, n)
}

func (w *world) openRun() *modelRun {
	w.number++
	r := &modelRun{
		knownBy: rapid.SampledFrom([]string{"x", "x", "x", "y"}).Draw(w.T, "known by"),
		full:    rapid.IntRange(0, 6).Draw(w.T, "full") == 0, aged: rapid.IntRange(0, 6).Draw(w.T, "aged") == 0,
		versions: map[int]string{}, failures: map[int]bool{}, rejected: map[string]int64{}, batches: map[int64]*modelBatch{},
	}
	o := opening(strconv.FormatInt(w.number, 10))
	o.Sync, o.KnownBy, o.Full, o.BatchSize = w.sync, r.knownBy, r.full, 3
	var err error
	r.ref, err = w.ledger.OpenRun(w.ctx, o)
	require.NoError(w, err)
	require.Equal(w, w.number, r.ref.Run)
	return r
}

// read reads one or two pages of random members.
func (w *world) read(r *modelRun) {
	var want ledger.PageResult
	var staged []int
	seen := map[int]bool{}
	pages := rapid.IntRange(1, 2).Draw(w.T, "pages")
	for page := range pages {
		input := ledger.PageInput{Next: "next", Last: page == pages-1, Check: objects}
		for _, id := range rapid.SliceOfN(rapid.IntRange(0, 5), 1, 6).Draw(w.T, "members") {
			version := rapid.SampledFrom([]string{"v1", "v1", "v2", badVersion}).Draw(w.T, "version")
			member := members(id, 1, version)[0]
			if rapid.IntRange(0, 7).Draw(w.T, "suppressed") == 0 {
				member.Suppressed = &ledger.Suppression{Reason: noConsent}
			}
			input.Members = append(input.Members, member)
			if w.expect(r, &want, id, version, member.Suppressed != nil, seen) {
				staged = append(staged, id)
			}
		}
		if rapid.Bool().Draw(w.T, "with a rejected member") {
			input.Rejected = append(input.Rejected, w.reject(r, &want))
		}
		r.read += int64(len(input.Members) + len(input.Rejected))
		w.mayDie("worker dies before a page")
		retryAfter := week
		if r.aged {
			retryAfter = -time.Second
		}
		reading, err := w.ledger.Reading(w.ctx, r.ref, staging, retryAfter)
		require.NoError(w, err)
		_, err = reading.Commit(w.ctx, input)
		require.NoError(w, err)
	}
	w.finishReading(r)
	want.Read, want.Staged = r.read, int64(len(staged))
	got, err := w.ledger.PageResults(w.ctx, r.ref, 0)
	require.NoError(w, err)
	want.Reasons = got.Reasons
	require.Equal(w, want, got)
	for number := int64(1); len(staged) > 0; number++ {
		size := min(3, len(staged))
		r.batches[number] = &modelBatch{members: staged[:size]}
		staged = staged[size:]
	}
}

// finishReading ends the read, mostly: a run may also end before that.
func (w *world) finishReading(r *modelRun) {
	if r.complete = rapid.IntRange(0, 5).Draw(w.T, "complete") > 0; !r.complete {
		return
	}
	reading, err := w.ledger.Reading(w.ctx, r.ref, staging, week)
	require.NoError(w, err)
	require.NoError(w, reading.Finish(w.ctx))
}

// badVersion is content that our checks refuse.
const badVersion = "bad"

func objects(m ledger.ReadMember) (ledger.Channels, *ledger.Objection) {
	if string(m.Fingerprint) == string(members(0, 1, badVersion)[0].Fingerprint) {
		return ledger.Channels{}, &ledger.Objection{Reason: audience.EmailNotAnAddress, Field: "email"}
	}
	return ledger.Channels{}, nil
}

func (w *world) reject(r *modelRun, want *ledger.PageResult) ledger.RejectedMember {
	print := rapid.SampledFrom([]string{"one", "two", "three"}).Draw(w.T, "rejected")
	want.Outcomes.Invalid++
	r.rejected[print] = r.ref.Run
	if first, ok := w.rejected[print]; ok {
		want.Known++
		r.rejected[print] = first
	}
	return ledger.RejectedMember{Position: 1, Outcome: audience.Invalid, Reason: audience.ReferenceMissing, Fingerprint: []byte(print)}
}

// send sends batches until none is left, the run dies, or it ends early. It
// reports whether the run ended in order.
func (w *world) send(r *modelRun) bool {
	for len(r.batches) > 0 {
		number := slices.Min(slices.Collect(maps.Keys(r.batches)))
		b := r.batches[number]
		w.mayDie("worker dies before a batch")
		switch rapid.SampledFrom([]string{"settle", "settle", "settle", "settle", "send", "split", "die", "end"}).Draw(w.T, "step") {
		case "settle":
			w.settle(r, number, b)
		case "send":
			w.markSent(r, number, b)
		case "split":
			w.split(r, number, b)
		case "die":
			w.loseUnanswered(r)
			return false
		case "end":
			w.loseUnanswered(r)
			return true
		}
	}
	return true
}

func (w *world) markSent(r *modelRun, number int64, b *modelBatch) {
	require.NoError(w, w.ledger.MarkSent(w.ctx, r.ref, number, 1))
	b.sends++
	b.inLimbo = true
}

func (w *world) split(r *modelRun, number int64, b *modelBatch) {
	if len(b.members) < 2 {
		return
	}
	refused, unanswered := rapid.Bool().Draw(w.T, "refused as a whole"), b.unanswered || b.sends > 0
	if refused || rapid.Bool().Draw(w.T, "sent before") {
		w.markSent(r, number, b)
		unanswered = unanswered || !refused
	}
	next, err := w.ledger.Split(w.ctx, r.ref, number, refused)
	require.NoError(w, err)
	next = next[len(next)-2:] // Some members may have moved on their own before.
	half := len(b.members) / 2
	for i, members := range [][]int{b.members[:half], b.members[half:]} {
		r.batches[next[i]] = &modelBatch{members: members, unanswered: unanswered}
	}
	delete(r.batches, number)
}

func (w *world) settle(r *modelRun, number int64, b *modelBatch) {
	w.markSent(r, number, b)
	size := rapid.IntRange(1, len(b.members)).Draw(w.T, "settled")
	outcomes := make([]ledger.MemberOutcome, size)
	var again, untried []int
	for i, id := range b.members[:size] {
		outcomes[i] = rapid.SampledFrom([]ledger.MemberOutcome{
			{Outcome: audience.Created},
			{Outcome: audience.Refused, Reason: badName, Permanent: true},
			{Outcome: audience.Refused, Reason: "refused_by_hello_charles:busy"},
			{Outcome: audience.Invalid, Reason: string(audience.EmailNotAnAddress)},
			{Outcome: audience.Unresolved, Reason: string(audience.NoAnswerForContact)},
			{},
			{Untried: true},
		}).Draw(w.T, "outcome")
		switch o := outcomes[i]; {
		case o.Untried:
			untried = append(untried, id)
		case o.Outcome == "":
			again = append(again, id)
		default:
			before := w.contacts[id].known
			w.contacts[id].learn(o, r, id, b.unanswered || b.sends > 1)
			if o.Outcome.Failed() {
				r.failures[id] = before != nil && before.version == r.versions[id]
			}
		}
	}
	batch, err := settleAt(w.ctx, w.ledger, r.ref, number, outcomes)
	require.NoError(w, err)
	for _, moved := range []*modelBatch{{members: untried, unanswered: b.unanswered || b.sends > 1}, {members: again, unanswered: true}} {
		if len(moved.members) > 0 {
			r.batches[batch.Next[b.takenFromIt]] = moved
			b.takenFromIt++
		}
	}
	require.Len(w, batch.Next, b.takenFromIt)
	if b.members = b.members[size:]; len(b.members) == 0 {
		delete(r.batches, number)
	}
}

func settleAt(ctx context.Context, l *ledger.Ledger, ref ledger.RunRef, number int64, outcomes []ledger.MemberOutcome) (ledger.Batch, error) {
	batch, err := l.Batch(ctx, ref, number)
	if err != nil {
		return batch, err
	}
	return l.Settle(ctx, ref, batch, outcomes)
}

// learn takes an outcome. doubtful says that a request before the last one may
// have brought the content too.
func (c *modelContact) learn(o ledger.MemberOutcome, r *modelRun, id int, doubtful bool) {
	version := r.versions[id]
	before := c.known
	c.known = nil
	switch {
	case o.Outcome.Took():
		c.membership, c.accepted = ledger.MemberYes, version
	case o.Outcome == audience.Unresolved:
		c.suspect()
	case o.Outcome == audience.Refused && doubtful:
		c.suspect()
	case c.accepted == version:
		c.accepted = ""
	}
	if o.Permanent || o.Outcome == audience.Invalid {
		c.known = &modelFailure{version: version, knownBy: r.knownBy, outcome: o.Outcome, firstRun: r.ref.Run}
		if before != nil && before.version == version {
			c.known.firstRun = before.firstRun
		}
	}
}

// suspect takes note of a request that may have arrived. Who was marked still is.
func (c *modelContact) suspect() {
	c.accepted = ""
	if c.membership == ledger.MemberNo {
		c.membership = ledger.MemberUnknown
	}
}

// loseUnanswered makes the members of requests without an answer unknown.
func (w *world) loseUnanswered(r *modelRun) {
	for _, b := range r.batches {
		if !b.inLimbo && !b.unanswered {
			continue
		}
		for _, id := range b.members {
			c := w.contacts[id]
			c.suspect()
			c.known = nil
		}
	}
}

func (w *world) close(r *modelRun) {
	require.NoError(w, w.ledger.EndUnsent(w.ctx, r.ref))
	for _, b := range r.batches {
		for _, id := range b.members {
			if b.inLimbo || b.unanswered {
				r.failures[id] = false
			}
		}
	}
	tally, err := w.ledger.Tally(w.ctx, r.ref)
	require.NoError(w, err)
	require.Equal(w, r.read, tally.Read)
	require.Equal(w, r.read, tally.Outcomes.Total(), "every member has one outcome")
	w.checkFailures(r)
	w.checkExpected(r)
	require.NoError(w, w.ledger.CloseRun(w.ctx, r.ref, ledger.Closing{Report: []byte(`{}`), Complete: true}))
	if r.complete {
		w.rejected = r.rejected
	}
}

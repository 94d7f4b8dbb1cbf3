package ledger_test

import (
	"fmt"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/ledger"
)

func (w *world) checkHistories() {
	for id, c := range w.contacts {
		held, err := w.ledger.Outcomes(w.ctx, w.sync, members(id, 1, "")[0].Reference)
		require.NoError(w, err)
		require.True(w, held.Known)
		require.Equal(w, c.membership, held.Membership, "contact %d", id)
		require.Equal(w, c.known == nil, held.KnownFailure == nil, "contact %d", id)
		if c.known != nil {
			require.Equal(w, c.known.firstRun, held.KnownFailure.FirstRun)
			require.Equal(w, c.known.retry, held.KnownFailure.Retry)
			require.Equal(w, c.known.outcome, held.KnownFailure.Outcome)
		}
	}
}

// expect counts where the model has a member, and reports whether it is staged.
func (w *world) expect(r *modelRun, want *ledger.PageResult, id int, version string, suppressed bool, seen map[int]bool) bool {
	c := w.contacts[id]
	if c == nil {
		c = &modelContact{membership: ledger.MemberNo}
		w.contacts[id] = c
	}
	switch k := c.known; {
	case seen[id]:
		want.Outcomes.Duplicate++
		return false
	case suppressed:
		want.Outcomes.Suppressed++
	case r.full:
	case k != nil && k.version == version && k.knownBy == r.knownBy && !k.retry && (k.outcome == audience.Invalid || !r.aged):
		want.Outcomes.Add(k.outcome, 1)
		want.Known++
		r.failures[id] = true
		r.versions[id] = version
		seen[id] = true
		return false
	case c.membership == ledger.MemberYes && c.accepted == version:
		want.Outcomes.Unchanged++
		r.versions[id] = version
		seen[id] = true
		return false
	}
	seen[id] = true
	if suppressed {
		return false
	}
	r.versions[id] = version
	if version == badVersion {
		before := c.known
		c.learn(ledger.MemberOutcome{Outcome: audience.Invalid}, r, id, false)
		want.Outcomes.Invalid++
		r.failures[id] = before != nil && before.version == version
		if r.failures[id] {
			want.Known++
		}
		return false
	}
	if c.membership == ledger.MemberNo {
		want.Joiners++
	}
	return true
}

func (w *world) checkFailures(r *modelRun) {
	found := map[string]bool{}
	for failure, err := range w.ledger.Failures(w.ctx, ledger.FailureQuery{Sync: w.sync}) {
		require.NoError(w, err)
		if failure.Reference == "" {
			continue
		}
		require.NotContains(w, found, failure.Reference, "one failure of one member")
		found[failure.Reference] = failure.Known
	}
	want := map[string]bool{}
	for id, known := range r.failures {
		want[fmt.Sprintf("+49151%08d", id)] = known
	}
	require.Equal(w, want, found)
}

func (w *world) checkExpected(r *modelRun) {
	var want ledger.Expected
	for id, c := range w.contacts {
		if c.membership != ledger.MemberYes {
			continue
		}
		want.Marked++
		_, failed := r.failures[id]
		_, read := r.versions[id]
		switch {
		case !read:
			want.Left++
		case failed:
			want.Stale++
		}
	}
	got, err := w.ledger.Expected(w.ctx, r.ref)
	require.NoError(w, err)
	require.Equal(w, want, got)
}

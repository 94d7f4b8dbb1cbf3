package activities

import (
	"fmt"
	"slices"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
)

// beyond says which limits of the gate a plan passes. Until a run of the sync has come
// to its end nothing says how many joiners and changes are usual: a first run that was
// cancelled half-way must not make the next one ask for the other half.
func beyond(spec config.Sync, plan audience.Plan, unfilled []audience.UnfilledField, expect *int64) []string {
	var why []string
	add := func(format string, args ...any) { why = append(why, fmt.Sprintf(format, args...)) }
	if expect != nil && far(plan.Read, *expect, float64(spec.Accept.SourceGap)) {
		add("%s members were read, and %s were expected (--expect)", audience.Thousands(plan.Read), audience.Thousands(*expect))
	}
	if plan.FirstRun && spec.Gate.FirstRun == config.FirstExpect && expect == nil {
		add("this is the first run, it would send %s members, and nobody said how many are expected (gate.first_run; run --expect N)",
			audience.Thousands(plan.ToSend))
	}
	if len(unfilled) > 0 && plan.ToSend > 0 && spec.Gate.Unfilled == config.GateAsk {
		add("no member has a value in %s, and %s would be sent without: if that is a slip, correct the sync file (gate.unfilled)", audience.NameUnfilled(unfilled), audience.Count(plan.ToSend, "member", "members"))
	}
	if plan.Marked == 0 {
		return why
	}
	mirror := spec.Mode == config.ModeMirror && !plan.KeepsLeavers
	if mirror && plan.Read == 0 && spec.Gate.EmptyAudience == config.GateAsk {
		add("the audience is empty, and all %s contacts that the sync has marked would be unmarked (gate.empty_audience)", audience.Thousands(plan.Marked))
	}
	for _, change := range []struct {
		name, what string
		n          int64
		limit      config.GateLimit
		counts     bool
	}{
		{"leavers", "would be unmarked", plan.Leavers - plan.KnownLeavers, spec.Gate.Leavers, mirror},
		{"joiners", "would be added", plan.Joiners, spec.Gate.Joiners, !plan.FirstRun},
		{"changes", "would be sent again because something changed", plan.Changes, spec.Gate.Changes, !plan.FirstRun},
	} {
		limit, base := change.limit, float64(plan.Marked)
		switch {
		case !change.counts:
		case limit.Number > 0 && change.n > int64(limit.Number):
			add("%s contacts %s, more than %s (gate.%s.number)", audience.Thousands(change.n), change.what, audience.Thousands(int64(limit.Number)), change.name)
		case change.n > int64(limit.Floor) && float64(change.n) > float64(limit.Share)*base:
			add("%s contacts %s, %.3g%% of the %s that the sync has marked; gate.%s.share is %.3g%%",
				audience.Thousands(change.n), change.what, 100*float64(change.n)/base, audience.Thousands(plan.Marked), change.name, 100*float64(limit.Share))
		}
	}
	return why
}

// mistyped are the fields of a mapping in which no member has a value, and which are
// spelled nearly as one of the source that the mapping does not use.
func mistyped(unfilled map[string]string, mapped []string) []audience.UnfilledField {
	return slices.DeleteFunc(audience.Unfilled(unfilled), func(field audience.UnfilledField) bool {
		return field.Meant == "" || slices.Contains(mapped, field.Meant)
	})
}

// far reports whether a number differs from the expected one by more than a share.
func far(n, expected int64, share float64) bool {
	difference := n - expected
	return float64(max(difference, -difference)) > share*float64(expected)
}

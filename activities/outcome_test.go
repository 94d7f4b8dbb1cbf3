package activities

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/hellocharles"
	"audiencesync/internal/ledger"
)

func TestWhatAReplySaysOfAContactIsItsOutcome(t *testing.T) {
	t.Parallel()
	const blocked = "refused_by_hello_charles:blocked"
	confirmed := func(o audience.Outcome) hellocharles.Result { return hellocharles.Result{Outcome: o, Confirmed: true} }
	refusal := hellocharles.Result{Outcome: audience.Refused, Code: "blocked", Message: "The contact is blocked."}
	passing, gone := refusal, refusal
	passing.Transient, gone.Gone = true, true
	lost := ledger.MemberOutcome{
		Outcome: audience.Refused, Reason: string(audience.GoneFromHelloCharles), Message: refusal.Message, Permanent: true, Gone: true,
	}
	refused := ledger.MemberOutcome{Outcome: audience.Refused, Reason: blocked, Message: refusal.Message, Permanent: true}
	refusedForNow := refused
	refusedForNow.Permanent = false
	withheld := []audience.Withheld{{Target: "tags", Label: "vip"}}
	without := slices.Concat(withheld, []audience.Withheld{{Target: "changed_phone"}, {Target: "changed_email"}})
	both := ledger.Channels{Phone: 1, Email: 2}

	for name, test := range map[string]struct {
		result hellocharles.Result
		kind   ledger.BatchKind
		held   ledger.Held
		whole  bool
		tries  int
		want   ledger.MemberOutcome
	}{
		"created":                 {result: confirmed(audience.Created), want: ledger.MemberOutcome{Outcome: audience.Created, Confirmed: true, Withheld: withheld}},
		"updated":                 {result: confirmed(audience.Updated), want: ledger.MemberOutcome{Outcome: audience.Updated, Confirmed: true, Withheld: withheld}},
		"taken into a queue":      {result: hellocharles.Result{Outcome: audience.Accepted}, want: ledger.MemberOutcome{Outcome: audience.Accepted, Withheld: withheld}},
		"refused":                 {result: refusal, want: refused},
		"refused without a code":  {result: hellocharles.Result{Outcome: audience.Refused}, want: ledger.MemberOutcome{Outcome: audience.Refused, Reason: string(audience.RefusedByHelloCharles), Permanent: true}},
		"refused for the moment":  {result: passing, tries: triesAlone - 1, want: ledger.MemberOutcome{}},
		"refused again and again": {result: passing, tries: triesAlone, want: refusedForNow},
		"not named":               {result: hellocharles.Result{}, tries: triesAlone - 1, want: ledger.MemberOutcome{}},
		"never named": {
			result: hellocharles.Result{Message: "no word of it"}, tries: triesAlone,
			want: ledger.MemberOutcome{Outcome: audience.Unresolved, Reason: string(audience.NoAnswerForContact), Message: "no word of it"},
		},
		"not applied because of others":              {result: hellocharles.Result{Outcome: audience.Refused, NotApplied: true}, tries: triesAlone, want: ledger.MemberOutcome{Untried: true}},
		"a leaver not applied because of others":     {result: hellocharles.Result{NotApplied: true}, kind: ledger.BatchLeavers, want: ledger.MemberOutcome{Untried: true}},
		"a new contact that could not be created":    {result: gone, want: refused},
		"a contact that is held no more":             {result: gone, held: ledger.HeldSame, want: lost},
		"one with other channels, held no more":      {result: gone, held: ledger.HeldChanged, want: lost},
		"one sent whole that could not be created":   {result: gone, held: ledger.HeldChanged, whole: true, want: refused},
		"a held contact is refused":                  {result: refusal, held: ledger.HeldSame, want: refused},
		"a held contact with the same channels":      {result: confirmed(audience.Updated), held: ledger.HeldSame, want: ledger.MemberOutcome{Outcome: audience.Updated, Confirmed: true, Withheld: withheld}},
		"with other channels, and it is there":       {result: confirmed(audience.Updated), held: ledger.HeldChanged, want: ledger.MemberOutcome{Whole: true}},
		"with other channels, and nobody knows":      {result: hellocharles.Result{Outcome: audience.Accepted}, held: ledger.HeldChanged, want: ledger.MemberOutcome{Outcome: audience.Accepted, Withheld: without}},
		"with other channels, made of a reference":   {result: confirmed(audience.Created), held: ledger.HeldChanged, want: ledger.MemberOutcome{Outcome: audience.Created, Confirmed: true, Withheld: without}},
		"with other channels, sent whole":            {result: confirmed(audience.Updated), held: ledger.HeldChanged, whole: true, want: ledger.MemberOutcome{Outcome: audience.Updated, Confirmed: true, Withheld: withheld}},
		"a leaver is unmarked":                       {result: confirmed(audience.Updated), kind: ledger.BatchLeavers, want: ledger.MemberOutcome{Outcome: audience.Removed}},
		"a leaver is taken into a queue":             {result: hellocharles.Result{Outcome: audience.Accepted}, kind: ledger.BatchLeavers, want: ledger.MemberOutcome{Outcome: audience.Removed}},
		"a leaver that is not there":                 {result: gone, kind: ledger.BatchLeavers, want: ledger.MemberOutcome{Outcome: audience.Gone}},
		"a leaver that was made of a reference":      {result: confirmed(audience.Created), kind: ledger.BatchLeavers, want: ledger.MemberOutcome{Outcome: audience.Gone}},
		"a leaver that is refused":                   {result: refusal, kind: ledger.BatchLeavers, want: refused},
		"a leaver that is refused for the moment":    {result: passing, kind: ledger.BatchLeavers, tries: triesAlone - 1, want: ledger.MemberOutcome{}},
		"a leaver that is never named":               {result: hellocharles.Result{}, kind: ledger.BatchLeavers, tries: triesAlone, want: ledger.MemberOutcome{Outcome: audience.Unresolved, Reason: string(audience.NoAnswerForContact)}},
		"a member is marked again":                   {result: confirmed(audience.Updated), kind: ledger.BatchMarks, want: ledger.MemberOutcome{Outcome: audience.Updated, Confirmed: true, Withheld: withheld}},
		"a member to be marked again is not there":   {result: gone, kind: ledger.BatchMarks, want: lost},
		"a member to be marked again is refused":     {result: refusal, kind: ledger.BatchMarks, want: refused},
		"a mark says nothing of phone and email":     {result: confirmed(audience.Updated), kind: ledger.BatchMarks, held: ledger.HeldChanged, want: ledger.MemberOutcome{Outcome: audience.Updated, Confirmed: true, Withheld: withheld}},
		"a member to be marked again is never named": {result: hellocharles.Result{}, kind: ledger.BatchMarks, tries: triesAlone, want: ledger.MemberOutcome{Outcome: audience.Unresolved, Reason: string(audience.NoAnswerForContact)}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			batch := ledger.Batch{Kind: test.kind, Whole: test.whole, Tries: test.tries}
			if batch.Kind == "" {
				batch.Kind = ledger.BatchMembers
			}
			member := ledger.Staged{Channels: both, Held: test.held}
			require.Equal(t, test.want, outcomeOf(test.result, batch, member, withheld))
		})
	}
}

func TestOnlyTheChannelsThatWereLeftOutAreWithheld(t *testing.T) {
	t.Parallel()
	for target, channels := range map[string]ledger.Channels{"changed_phone": {Phone: 1}, "changed_email": {Email: 2}} {
		outcome := outcomeOf(hellocharles.Result{Outcome: audience.Accepted}, ledger.Batch{Kind: ledger.BatchMembers},
			ledger.Staged{Channels: channels, Held: ledger.HeldChanged}, nil)
		require.Equal(t, []audience.Withheld{{Target: target}}, outcome.Withheld)
	}
}

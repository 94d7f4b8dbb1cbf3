package activities

import (
	"audiencesync/internal/audience"
	"audiencesync/internal/hellocharles"
	"audiencesync/internal/ledger"
)

// triesAlone is how often a contact that a reply did not name, or that was
// refused for the moment, is sent again on its own.
const triesAlone = 3

// outcomeOf turns what a reply says of one contact into its outcome; empty
// means that it is sent again.
func outcomeOf(result hellocharles.Result, batch ledger.Batch, member ledger.Staged, withheld []audience.Withheld) ledger.MemberOutcome {
	again := result.Outcome == "" || result.Transient
	switch {
	case result.NotApplied:
		return ledger.MemberOutcome{Untried: true}
	case again && batch.Tries < triesAlone:
		return ledger.MemberOutcome{}
	case result.Outcome == "":
		return ledger.MemberOutcome{Outcome: audience.Unresolved, Reason: string(audience.NoAnswerForContact), Message: result.Message}
	case result.Gone && batch.Kind == ledger.BatchLeavers:
		return ledger.MemberOutcome{Outcome: audience.Gone}
	case result.Gone && !namesChannels(batch, member):
		return ledger.MemberOutcome{
			Outcome: audience.Refused, Reason: string(audience.GoneFromHelloCharles), Message: result.Message, Permanent: true, Gone: true,
		}
	case result.Outcome == audience.Refused:
		return ledger.MemberOutcome{Outcome: audience.Refused, Reason: refusalReason(result.Code), Message: result.Message, Permanent: !result.Transient}
	case batch.Kind == ledger.BatchLeavers && result.Outcome == audience.Created:
		// It was erased, and Hello Charles makes contacts of a reference alone.
		return ledger.MemberOutcome{Outcome: audience.Gone}
	case batch.Kind == ledger.BatchLeavers:
		return ledger.MemberOutcome{Outcome: audience.Removed}
	case batch.Kind == ledger.BatchMembers && member.Held == ledger.HeldChanged && !batch.Whole:
		return withoutChannels(result, member, withheld)
	default:
		return ledger.MemberOutcome{Outcome: result.Outcome, Confirmed: result.Confirmed, Withheld: withheld}
	}
}

// namesChannels reports whether a request could have created the contact.
func namesChannels(batch ledger.Batch, member ledger.Staged) bool {
	return batch.Kind == ledger.BatchMembers && (batch.Whole || member.Held == ledger.HeldUnknown)
}

// withoutChannels is the outcome of a contact that was taken without the phone
// number or email address that changed. Only if it is confirmed that it was there is
// it sure that sending them does not bring back what was erased.
func withoutChannels(taken hellocharles.Result, member ledger.Staged, withheld []audience.Withheld) ledger.MemberOutcome {
	if taken.Confirmed && taken.Outcome != audience.Created {
		return ledger.MemberOutcome{Whole: true}
	}
	for _, channel := range []struct {
		target string
		digest int64
	}{{"changed_phone", member.Phone}, {"changed_email", member.Email}} {
		if channel.digest != 0 {
			withheld = append(withheld, audience.Withheld{Target: channel.target})
		}
	}
	return ledger.MemberOutcome{Outcome: taken.Outcome, Confirmed: taken.Confirmed, Withheld: withheld}
}

func refusalReason(code string) string {
	if code == "" {
		return string(audience.RefusedByHelloCharles)
	}
	return string(audience.RefusedByHelloCharles) + ":" + code
}

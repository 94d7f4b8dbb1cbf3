package conformance

import (
	"errors"
	"fmt"
	"slices"

	"audiencesync/internal/audience"
	"audiencesync/internal/simulator"
	"audiencesync/internal/simulator/contacts"
)

// Claim is what a client says of one contact.
type Claim struct {
	// Contact is what Hello Charles must hold when it was taken.
	Contact audience.Contact
	// Outcome is what the client says became of it.
	Outcome audience.Outcome
	// Code is why the contact was refused, where the client says it.
	Code string
}

// Account compares what a client claims with what a workspace holds. It begins
// before anything is sent.
type Account struct {
	configuration Configuration
	simulator     *simulator.Simulator
	before        map[string]contacts.Contact
	// digits says that phone numbers are sent without their plus sign.
	digits bool
}

// Open opens the account of a workspace that was set as the configuration says.
func Open(c Configuration, s *simulator.Simulator) (*Account, error) {
	settings, err := c.Over(nil)
	if err != nil {
		return nil, err
	}
	a := &Account{configuration: c, simulator: s, before: map[string]contacts.Contact{}}
	phone, _ := settings["phone"].(map[string]any)
	a.digits = phone["spelling"] == "digits"
	for held := range s.Contacts() {
		a.before[held.Reference] = held
	}
	return a, nil
}

// Was reports whether the workspace held the contact before anything was sent.
func (a *Account) Was(reference string) bool {
	_, was := a.before[reference]
	return was
}

// Check returns the first claim that is not true. The claims are about all
// contacts that may have been sent, one each. Where the workspace is silent, only
// those are excused that it has lost, or has refused or left out of its answers
// without a word; all others must be as claimed.
func (a *Account) Check(claims []Claim) error {
	sent := make(map[string]audience.Contact, len(claims))
	for _, claim := range claims {
		if _, twice := sent[claim.Contact.Reference]; twice {
			return fmt.Errorf("contact %s: claimed twice", claim.Contact.Reference)
		}
		sent[claim.Contact.Reference] = claim.Contact
	}
	odd := a.simulator.Exceptions()
	for _, claim := range claims {
		if err := a.check(claim, odd[claim.Contact.Reference], sent); err != nil {
			return fmt.Errorf("contact %s: claimed to be %s: %w", claim.Contact.Reference, claim.Outcome, err)
		}
	}
	for held := range a.simulator.Contacts() {
		for _, reference := range append([]string{held.Reference}, held.AlsoKnownAs...) {
			_, claimed := sent[reference]
			_, was := a.before[reference]
			switch {
			case claimed, was && len(held.AlsoKnownAs) > 0: // Others became one with it.
			case a.untouched(reference) != nil:
				return fmt.Errorf("contact %s: something arrived, and nobody claims anything of it", reference)
			}
		}
	}
	for reference := range odd {
		if _, claimed := sent[reference]; !claimed {
			return fmt.Errorf("contact %s: it was sent, and nobody claims anything of it", reference)
		}
	}
	stats := a.simulator.Stats()
	if stats.ValuesDropped > 0 && !slices.ContainsFunc(claims, func(claim Claim) bool { return a.configuration.drops(claim.Contact) }) {
		return fmt.Errorf("%d values were dropped", stats.ValuesDropped)
	}
	if known := stats.UpsertsApplied + stats.UpsertsRefused + stats.UpsertsLost; known != stats.UpsertsReceived {
		return fmt.Errorf("%d contacts were received, and %d applied, refused or lost", stats.UpsertsReceived, known)
	}
	return nil
}

func (a *Account) check(claim Claim, odd simulator.Exception, sent map[string]audience.Contact) error {
	silent := a.configuration.Silent
	switch reference := claim.Contact.Reference; {
	case claim.Outcome == audience.Invalid && (odd.Refused > 0 || odd.Hidden > 0 || odd.Lost > 0):
		return errors.New("it was sent")
	case claim.Outcome.Took() && silent && a.vanishes(odd), claim.Outcome == audience.Invalid:
		return a.untouched(reference)
	case claim.Outcome == audience.Refused && odd.Refused == 0:
		return errors.New("nobody refused it")
	case claim.Outcome == audience.Refused && claim.Code != "" && claim.Code != odd.Code:
		return fmt.Errorf("refused as %s, and not as %s", odd.Code, claim.Code)
	case claim.Outcome == audience.Refused:
		return a.untouched(reference)
	case claim.Outcome.Took(), claim.Outcome == audience.Unresolved && silent && odd.Hidden > 0:
		return a.taken(claim, sent)
	default:
		return errors.New("the workspace has told what became of it")
	}
}

// vanishes says that a contact was said to be taken, or that nothing was said of
// any contact, and it was not taken.
func (a *Account) vanishes(odd simulator.Exception) bool {
	batch := a.configuration.Charles.Batch
	return odd.Lost > 0 || odd.Refused > 0 && (batch.Queued || batch.Reply == simulator.ReplyNone)
}

// untouched checks that a contact is as it was, or is still not there.
func (a *Account) untouched(reference string) error {
	before, was := a.before[reference]
	held, is := a.simulator.Contact(reference)
	switch {
	case is && !was:
		return errors.New("it is there")
	case was && held.Upserts != before.Upserts:
		return errors.New("something arrived")
	case was:
		return differences(before, held)
	}
	return nil
}

// taken checks that a contact is there with all that was sent and has a place, and
// with what the workspace keeps of what was there.
func (a *Account) taken(claim Claim, sent map[string]audience.Contact) error {
	reference := claim.Contact.Reference
	held, there := a.simulator.Contact(reference)
	switch {
	case !there:
		return errors.New("it is not there")
	case held.Upserts == 0:
		return errors.New("nothing arrived")
	case held.Reference != reference || len(held.AlsoKnownAs) > 0:
		return a.stitched(held, reference, sent)
	case claim.Outcome == audience.Created && a.Was(reference):
		return errors.New("it was there before")
	case claim.Outcome == audience.Updated && !a.Was(reference) && held.Upserts == 1:
		return errors.New("it is new")
	}
	want, err := a.after(a.before[reference], claim.Contact)
	if err != nil {
		return err
	}
	return differences(want, held)
}

// stitched checks one of several members who are one contact: it can be reached
// as each of them can, and has all else of one of them, of whoever came last.
func (a *Account) stitched(held contacts.Contact, reference string, sent map[string]audience.Contact) error {
	if c := a.configuration.Charles; !c.StitchPhone && !c.StitchEmail {
		return fmt.Errorf("it is one with %s", held.Reference)
	}
	member := sent[reference]
	if !slices.Contains(held.Phones, member.Phone) || member.Email != "" && !slices.Contains(held.Emails, member.Email) {
		return errors.New("it cannot be reached as the member can")
	}
	var err error
	for _, name := range append([]string{held.Reference}, held.AlsoKnownAs...) {
		last, isMember := sent[name]
		if !isMember {
			continue
		}
		var want contacts.Contact
		if want, err = a.after(a.before[held.Reference], last); err != nil {
			return err
		}
		want.Phones, want.Emails = held.Phones, held.Emails
		if err = differences(want, held); err == nil {
			return nil
		}
	}
	return err
}

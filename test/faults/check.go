package main

import (
	"context"
	"iter"
	"maps"
	"slices"
	"strings"

	"audiencesync/internal/audience"
	"audiencesync/internal/simulator/contacts"
	"audiencesync/test/endtoend/programs"
	"audiencesync/test/site"
)

// checkGood checks that a run has brought everything, and says so.
func (c *cell) checkGood(ctx context.Context, report audience.Report) {
	c.checkStore()
	c.crowd.CheckReport(report, &c.found)
	c.CheckLedger(ctx, c.crowd, &c.found)
}

// checkStore compares all contacts with the model, field by field.
func (c *cell) checkStore() {
	wrong := c.crowd.Differences(c.vendors.Contacts())
	c.found = append(c.found, wrong[:min(3, len(wrong))]...)
}

// checkBad checks that a run that did not end well says why, and has left nothing behind
// that is neither as before nor as it should be.
func (c *cell) checkBad(ctx context.Context, run *programs.Program) {
	ends := c.fault.ends
	said := run.Stdout() + run.Stderr()
	for _, text := range ends.says {
		c.found.Expect(strings.Contains(said, text), "the run does not say %q, but: %s", text, site.Ending(said))
	}
	c.checkSilence("the command", said)
	if report, has := reportOf(run); has {
		c.found.Expect(report.Outcomes.Total() == report.Source.Read, "%d members were read, and %d have an outcome: %+v",
			report.Source.Read, report.Outcomes.Total(), report.Outcomes)
		if ends.report != nil {
			ends.report(c, report)
		}
	} else {
		c.found.Expect(ends.report == nil, "the run ends without a report: %s", site.Ending(said))
	}
	if ends.clean {
		c.checkStore()
	}
	c.found = append(c.found, between(c.vendors.Contacts(), c.crowd.Held, c.crowd.Wanted(), ends.untouched)...)
	c.CheckDamage(ctx, &c.found)
}

// between says which contacts are neither as before nor as they should be; with untouched
// none may be as it should be.
func between(store iter.Seq[contacts.Contact], before, wanted map[string]site.Wanted, untouched bool) (found site.Findings) {
	rest := maps.Clone(before)
	for contact := range store {
		was, known := before[contact.Reference]
		delete(rest, contact.Reference)
		right := known && was.IsHeldBy(contact) || !untouched && wanted[contact.Reference].IsHeldBy(contact)
		found.Expect(right, "a contact is neither as before nor as it should be: %+v", contact)
	}
	found.Expect(len(rest) == 0, "contacts are gone: %v", slices.Collect(maps.Keys(rest)))
	return found
}

// checkSilence checks that a text holds nothing of what the members are.
func (c *cell) checkSilence(what, text string) {
	for _, content := range []string{"4915112345", "Zoë"} {
		at := strings.Index(text, content)
		c.found.Expect(at < 0, "%s holds contact data: %s", what, text[max(0, at-80):min(len(text), max(0, at)+80)])
	}
}

package conformance

import (
	"audiencesync/internal/simulator"
	"audiencesync/internal/simulator/contacts"
	"audiencesync/internal/simulator/faults"
)

// refusals are the ways in which one contact can stop a whole call.
func refusals() []Configuration {
	allOrNothing := func(names simulator.Naming) simulator.CharlesOptions {
		return batched(simulator.BatchOptions{AllOrNothing: true, Names: names})
	}
	// Enough where only the form of the refusal is another one.
	twoRefused := simulator.Faults{Refuse: []faults.Refusal{{Places: []int{7, 40}, Batch: 2, Code: "contact_blocked"}}}
	object, empty := allOrNothing(""), allOrNothing("")
	object.Errors, empty.Errors = simulator.ErrorObject, simulator.ErrorEmpty
	return []Configuration{
		{
			Name: "all-or-nothing-named", Charles: allOrNothing(simulator.NameReference), Faults: someRefused(),
			Shows: answered(`422 \{"errors":\[.*"external_reference_id":"\+\d+"`),
		},
		{
			Name: "all-or-nothing-by-index", Charles: allOrNothing(simulator.NameIndex), Faults: someRefused(),
			Connection: `batch: {errors: {index: index}}`,
			Shows:      answered(`422 \{"errors":\[.*"index":\d+`),
		},
		{
			Name: "all-or-nothing-unnamed", Charles: allOrNothing(""), Faults: someRefused(), Connection: `batch: {max_items: 100}`,
			Shows: answered(`422 \{"errors":\[.*"message":"contacts\[\d+\]: `),
		},
		{
			Name: "all-or-nothing-error-object", Charles: object, Faults: twoRefused, Connection: `batch: {max_items: 100}`,
			Shows: answered(`422 \{"error":\{"code":"contact_blocked"`),
		},
		{
			Name: "all-or-nothing-empty-errors", Charles: empty, Faults: twoRefused, Connection: `batch: {max_items: 100}`,
			Shows: answered(`422 $`),
		},
		{
			Name: "poison-at-the-ends", Charles: allOrNothing(""), Connection: `batch: {max_items: 100}`,
			Faults: simulator.Faults{Refuse: []faults.Refusal{{Places: []int{0, 50, -1}, Batch: 2}}},
			Shows:  both(answered(`422 `), func(s Seen) bool { return len(s.Exceptions()) == 3 }),
		},
		{
			Name: "channels-to-create", Charles: simulator.CharlesOptions{ChannelsToCreate: true},
			Shows: answered(`207 .*"email_address_required"`),
		},
	}
}

// losses are the ways in which contacts get lost, or are said to be lost,
// without a word.
func losses() []Configuration {
	lost := simulator.Faults{Seed: 1, Lose: []faults.Selection{{Share: 0.05}}}
	return []Configuration{
		{
			Name: "accepted-and-dropped", Faults: lost, Silent: true, Charles: simulator.CharlesOptions{Known: someKnown()},
			Shows: func(s Seen) bool { return s.Stats().UpsertsLost > 0 },
		},
		{
			Name: "none-with-refusals", Faults: someRefused(), Silent: true, Connection: `batch: {reply: none}`,
			Charles: batched(simulator.BatchOptions{Reply: simulator.ReplyNone}),
			Shows:   both(answered(`204 $`), someOdd(refused)),
		},
		{
			Name: "queued-with-failures", Faults: someRefused(), Silent: true,
			Charles: batched(simulator.BatchOptions{Queued: true}),
			Shows:   both(answered(`202 \{"items":\[.*"status":"accepted"`), someOdd(refused)),
		},
		{
			Name: "items-hidden-for-ever", Silent: true,
			Faults: simulator.Faults{Seed: 1, Hide: []faults.Selection{{Share: 0.02}}},
			Shows:  someOdd(func(odd simulator.Exception) bool { return odd.Hidden > 1 }),
		},
		{
			Name: "stitched-households", Silent: true,
			Charles: simulator.CharlesOptions{Households: 20, StitchPhone: true, StitchEmail: true, AddChannels: true},
			Shows:   someHeld(func(c contacts.Contact) bool { return len(c.AlsoKnownAs) > 1 }),
		},
	}
}

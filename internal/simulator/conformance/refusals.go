package conformance

import (
	"audiencesync/internal/simulator"
	"audiencesync/internal/simulator/faults"
)

// refusals are the ways in which one contact can stop a whole call.
func refusals() []Configuration {
	allOrNothing := func(names simulator.Naming) simulator.CharlesOptions {
		return batched(simulator.BatchOptions{AllOrNothing: true, Names: names})
	}
	object, empty := allOrNothing(""), allOrNothing("")
	object.Errors, empty.Errors = simulator.ErrorObject, simulator.ErrorEmpty
	return []Configuration{
		{Name: "all-or-nothing-named", Charles: allOrNothing(simulator.NameReference), Faults: someRefused()},
		{
			Name: "all-or-nothing-by-index", Charles: allOrNothing(simulator.NameIndex), Faults: someRefused(),
			Connection: `batch: {errors: {index: index}}`,
		},
		{Name: "all-or-nothing-unnamed", Charles: allOrNothing(""), Faults: someRefused(), Connection: `batch: {max_items: 100}`},
		{Name: "all-or-nothing-error-object", Charles: object, Faults: someRefused(), Connection: `batch: {max_items: 100}`},
		{Name: "all-or-nothing-empty-errors", Charles: empty, Faults: someRefused(), Connection: `batch: {max_items: 100}`},
		{
			Name: "poison-at-the-ends", Charles: allOrNothing(""), Connection: `batch: {max_items: 100}`,
			Faults: simulator.Faults{Refuse: []faults.Refusal{{Places: []int{0, 50, -1}, Batch: 2}}},
		},
		{Name: "channels-to-create", Charles: simulator.CharlesOptions{ChannelsToCreate: true}},
	}
}

// losses are the ways in which contacts get lost, or are said to be lost,
// without a word.
func losses() []Configuration {
	lost := simulator.Faults{Seed: 1, Lose: []faults.Selection{{Share: 0.05}}}
	return []Configuration{
		{Name: "accepted-and-dropped", Faults: lost, Silent: true},
		{
			Name: "none-with-refusals", Faults: someRefused(), Silent: true, Connection: `batch: {reply: none}`,
			Charles: batched(simulator.BatchOptions{Reply: simulator.ReplyNone}),
		},
		{
			Name: "queued-with-failures", Faults: someRefused(), Silent: true,
			Charles: batched(simulator.BatchOptions{Queued: true}),
		},
		{
			Name: "items-hidden-for-ever", Silent: true,
			Faults: simulator.Faults{Seed: 1, Hide: []faults.Selection{{Share: 0.02}}},
		},
		{
			Name: "stitched-households", Silent: true,
			Charles: simulator.CharlesOptions{Households: 20, StitchPhone: true, StitchEmail: true, AddChannels: true},
		},
	}
}

package conformance

import (
	"time"

	"audiencesync/internal/simulator"
	"audiencesync/internal/simulator/faults"
)

// someRefused refuses 3 % of the contacts for ever.
func someRefused() simulator.Faults {
	return simulator.Faults{Seed: 1, Refuse: []faults.Refusal{
		{Share: 0.03, Code: "contact_blocked", Message: "the contact is blocked"},
	}}
}

// someKnown are members who are contacts already: so many that some of them are
// refused, lost or cannot be sent.
func someKnown() simulator.KnownContacts { return simulator.KnownContacts{Members: 120} }

// batched is a workspace that is only special in its batches.
func batched(o simulator.BatchOptions) simulator.CharlesOptions {
	return simulator.CharlesOptions{Batch: o}
}

// replies are the shapes of replies in which every contact can be accounted for.
func replies() []Configuration {
	return []Configuration{
		{
			Name: "items", Faults: someRefused(), Charles: simulator.CharlesOptions{Known: someKnown()},
			Shows: both(
				answered(`207 \{"items":\[\{"external_reference_id":"\+\d+","status":"`), answered(`207 .*"status":"created"`),
				answered(`207 .*"status":"updated"`), answered(`207 .*"status":"refused"`),
			),
		},
		{
			Name: "items-shuffled-http-status", Faults: someRefused(),
			Charles: simulator.CharlesOptions{Known: someKnown(), Batch: simulator.BatchOptions{
				PartialStatus: 200, Items: simulator.ItemOptions{Shuffle: true, Status: simulator.StatusHTTP},
			}},
			Shows: both(
				answered(`200 .*"status":201`), answered(`200 .*"status":200`), answered(`200 .*"status":422`), disordered,
			),
		},
		{
			Name: "items-by-index", Faults: someRefused(), Connection: `batch: {items: {index: index}}`,
			Charles: batched(simulator.BatchOptions{Items: simulator.ItemOptions{Shape: simulator.ItemsByIndex, Shuffle: true}}),
			Shows:   both(answered(`207 \{"items":\[\{"index":\d+,"status":"`), shuffled(`"index":(\d+)`)),
		},
		{
			Name: "items-object-by-reference", Faults: someRefused(), Connection: `batch: {items: {key: results, shape: object}}`,
			Charles: batched(simulator.BatchOptions{Items: simulator.ItemOptions{Key: "results", Shape: simulator.ItemsObject}}),
			Shows:   answered(`207 \{"results":\{"\+\d+":\{"status":"`),
		},
		{
			Name: "items-nested-boolean", Faults: someRefused(),
			Connection: `batch: {items: {key: data.batch.items, status: result.ok, accepted: ["true"], refused: ["false"]}}`,
			Charles: batched(simulator.BatchOptions{
				Wrap: "data.batch", PartialStatus: 200,
				Items: simulator.ItemOptions{StatusKey: "result.ok", Status: simulator.StatusBoolean},
			}),
			Shows: both(answered(`200 \{"data":\{"batch":\{"items":\[.*"result":\{"ok":true`), answered(`200 .*"result":\{"ok":false`)),
		},
		{
			Name: "items-bare-arrays", Faults: someRefused(),
			Connection: `batch: {method: PUT, path: /api/v2/bulk, envelope: array, items: {key: array}}`,
			Charles: batched(simulator.BatchOptions{
				Method: "PUT", Path: "/api/v2/bulk", Envelope: "array", Items: simulator.ItemOptions{Key: "array"},
			}),
			Shows: answered(`207 \[\{"external_reference_id":"`),
		},
		{
			Name: "errors-by-reference", Faults: someRefused(), Connection: `batch: {reply: errors}`,
			Charles: batched(simulator.BatchOptions{Reply: simulator.ReplyErrors}),
			Shows:   answered(`207 \{"errors":\[.*"external_reference_id":"\+\d+"`),
		},
		{
			Name: "errors-by-index", Faults: someRefused(),
			Connection: `batch: {reply: errors, errors: {key: data.errors, index: index}}`,
			Charles: simulator.CharlesOptions{Known: someKnown(), ReplaceTags: true, Batch: simulator.BatchOptions{
				Reply: simulator.ReplyErrors, Names: simulator.NameIndex, Wrap: "data", PartialStatus: 200,
			}},
			Shows: answered(`200 \{"data":\{"errors":\[.*"index":\d+`),
		},
		{
			Name: "counts", Connection: `batch: {reply: counts}`,
			Charles: batched(simulator.BatchOptions{Reply: simulator.ReplyCounts}),
			Shows:   answered(`200 \{"created":\d+,"refused":0,"updated":\d+\}$`),
		},
		{
			Name: "counts-with-refusals", Faults: someRefused(),
			Connection: `batch: {reply: counts, counts: {created: data.created, updated: data.updated, refused: data.refused}}`,
			Charles: simulator.CharlesOptions{
				Known: someKnown(), ClearOmitted: true, Batch: simulator.BatchOptions{Reply: simulator.ReplyCounts, Wrap: "data"},
			},
			Shows: answered(`207 \{"data":\{"created":\d+,"refused":[1-9]`),
		},
		{
			Name: "none", Connection: `batch: {reply: none}`,
			Charles: batched(simulator.BatchOptions{Reply: simulator.ReplyNone}),
			Shows:   answered(`204 $`),
		},
		{
			Name: "items-hidden-once", Charles: batched(simulator.BatchOptions{Items: simulator.ItemOptions{Strangers: 3}}),
			Faults: simulator.Faults{Seed: 1, Hide: []faults.Selection{{Share: 0.05, Attempts: 1}}},
			Shows: both(
				answered(`200 .*"external_reference_id":"stranger-`),
				someOdd(func(odd simulator.Exception) bool { return odd.Hidden == 1 }),
			),
		},
		{
			Name: "items-transient", Charles: batched(simulator.BatchOptions{Items: simulator.ItemOptions{Status: simulator.StatusHTTP}}),
			Faults: simulator.Faults{Seed: 1, Refuse: []faults.Refusal{
				{Share: 0.05, Status: 429, Attempts: 1}, {Share: 0.05, Status: 503, Attempts: 2},
			}},
			Shows: both(answered(`207 .*"status":429`), answered(`207 .*"status":503`)),
		},
		{
			Name: "queued", Connection: `batch: {reply: none}`,
			Charles: batched(simulator.BatchOptions{Reply: simulator.ReplyNone, Queued: true, QueueDelay: 500 * time.Millisecond}),
			Shows:   answered(`202 $`),
		},
	}
}

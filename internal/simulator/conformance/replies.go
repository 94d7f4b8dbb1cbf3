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

// batched is a workspace that is only special in its batches.
func batched(o simulator.BatchOptions) simulator.CharlesOptions {
	return simulator.CharlesOptions{Batch: o}
}

// replies are the shapes of replies in which every contact can be accounted for.
func replies() []Configuration {
	return []Configuration{
		{Name: "items", Faults: someRefused()},
		{
			Name: "items-shuffled-http-status", Faults: someRefused(),
			Charles: batched(simulator.BatchOptions{
				PartialStatus: 200, Items: simulator.ItemOptions{Shuffle: true, Status: simulator.StatusHTTP},
			}),
		},
		{
			Name: "items-by-index", Faults: someRefused(), Connection: `batch: {items: {index: index}}`,
			Charles: batched(simulator.BatchOptions{Items: simulator.ItemOptions{Shape: simulator.ItemsByIndex, Shuffle: true}}),
		},
		{
			Name: "items-object-by-reference", Faults: someRefused(), Connection: `batch: {items: {key: results, shape: object}}`,
			Charles: batched(simulator.BatchOptions{Items: simulator.ItemOptions{Key: "results", Shape: simulator.ItemsObject}}),
		},
		{
			Name: "items-nested-boolean", Faults: someRefused(),
			Connection: `batch: {items: {key: data.batch.items, status: result.ok, accepted: ["true"], refused: ["false"]}}`,
			Charles: batched(simulator.BatchOptions{
				Wrap: "data.batch", PartialStatus: 200,
				Items: simulator.ItemOptions{StatusKey: "result.ok", Status: simulator.StatusBoolean},
			}),
		},
		{
			Name: "items-bare-arrays", Faults: someRefused(),
			Connection: `batch: {method: PUT, path: /api/v2/bulk, envelope: array, items: {key: array}}`,
			Charles: batched(simulator.BatchOptions{
				Method: "PUT", Path: "/api/v2/bulk", Envelope: "array", Items: simulator.ItemOptions{Key: "array"},
			}),
		},
		{
			Name: "errors-by-reference", Faults: someRefused(), Connection: `batch: {reply: errors}`,
			Charles: batched(simulator.BatchOptions{Reply: simulator.ReplyErrors}),
		},
		{
			Name: "errors-by-index", Faults: someRefused(),
			Connection: `batch: {reply: errors, errors: {key: data.errors, index: index}}`,
			Charles: batched(simulator.BatchOptions{
				Reply: simulator.ReplyErrors, Names: simulator.NameIndex, Wrap: "data", PartialStatus: 200,
			}),
		},
		{
			Name: "counts", Connection: `batch: {reply: counts}`,
			Charles: batched(simulator.BatchOptions{Reply: simulator.ReplyCounts}),
		},
		{
			Name: "counts-with-refusals", Faults: someRefused(),
			Connection: `batch: {reply: counts, counts: {created: data.created, updated: data.updated, refused: data.refused}}`,
			Charles:    batched(simulator.BatchOptions{Reply: simulator.ReplyCounts, Wrap: "data"}),
		},
		{
			Name: "none", Connection: `batch: {reply: none}`,
			Charles: batched(simulator.BatchOptions{Reply: simulator.ReplyNone}),
		},
		{
			Name: "items-hidden-once", Charles: batched(simulator.BatchOptions{Items: simulator.ItemOptions{Strangers: 3}}),
			Faults: simulator.Faults{Seed: 1, Hide: []faults.Selection{{Share: 0.05, Attempts: 1}}},
		},
		{
			Name: "items-transient", Charles: batched(simulator.BatchOptions{Items: simulator.ItemOptions{Status: simulator.StatusHTTP}}),
			Faults: simulator.Faults{Seed: 1, Refuse: []faults.Refusal{
				{Share: 0.05, Status: 429, Attempts: 1}, {Share: 0.05, Status: 503, Attempts: 2},
			}},
		},
		{
			Name: "queued", Connection: `batch: {reply: none}`,
			Charles: batched(simulator.BatchOptions{Reply: simulator.ReplyNone, Queued: true, QueueDelay: 500 * time.Millisecond}),
		},
	}
}

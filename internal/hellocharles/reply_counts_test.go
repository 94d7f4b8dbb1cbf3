package hellocharles_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/vendorhttp"
)

func TestCountsDecideForTheWholeBatch(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		reply   string
		outcome audience.Outcome
		kind    vendorhttp.Kind
		text    string
	}{
		"all created":       {reply: `{"created":3,"updated":0,"refused":0}`, outcome: created},
		"all updated":       {reply: `{"updated":3}`, outcome: updated},
		"mixed":             {reply: `{"created":1,"updated":2,"more":"ignored"}`, outcome: accepted},
		"some refused":      {reply: `{"created":1,"refused":2}`, kind: vendorhttp.Rejected, text: "2 of 3 contacts refused, 0 of them named (setting batch.errors)"},
		"all refused":       {reply: `{"refused":3}`, kind: vendorhttp.Rejected, text: "3 of 3 contacts refused, 0 of them named"},
		"sum too low":       {reply: `{"created":2}`, kind: vendorhttp.Unreadable, text: "2 created, 0 updated and 0 refused contacts, but 3 were sent"},
		"sum too high":      {reply: `{"created":3,"updated":3}`, kind: vendorhttp.Unreadable, text: "but 3 were sent"},
		"low with refusals": {reply: `{"created":1,"refused":1}`, kind: vendorhttp.Unreadable},
		"count too high":    {reply: `{"created":9223372036854775807}`, kind: vendorhttp.Unreadable, text: "batch.counts.created"},
		"negative":          {reply: `{"created":3,"updated":-1}`, kind: vendorhttp.Unreadable, text: "batch.counts.updated: not a whole number"},
		"fraction":          {reply: `{"created":3.0}`, kind: vendorhttp.Unreadable},
		"text":              {reply: `{"created":"3"}`, kind: vendorhttp.Unreadable, text: "not a number"},
		"nothing known":     {reply: `{"status":"ok"}`, kind: vendorhttp.Unreadable},
		"no object":         {reply: `[3]`, kind: vendorhttp.Unreadable},
		"two values":        {reply: `{"created":3}{"created":3}`, kind: vendorhttp.Unreadable},
		"empty":             {reply: "", kind: vendorhttp.Unreadable, text: "it is empty, but batch.reply is counts"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := serve(t, answer(200, test.reply), replying(config.RepliesCounts))
			results, err := w.api.Upsert(t.Context(), contacts(3), nil)
			if test.kind != "" {
				failed(t, err, test.kind)
				require.ErrorContains(t, err, test.text)
				require.Nil(t, results)
				return
			}
			require.NoError(t, err)
			require.Equal(t, []audience.Outcome{test.outcome, test.outcome, test.outcome}, outcomes(results))
		})
	}
}

func TestCountsMayBeNested(t *testing.T) {
	t.Parallel()
	w := serve(t, answer(200, `{"data":{"made":1,"changed":0}}`), replying(config.RepliesCounts), func(s *config.HelloCharles) {
		s.Batch.Counts = config.ReplyCounts{Created: "data.made", Updated: "data.changed"}
	})
	results, err := w.api.Upsert(t.Context(), contacts(1), nil)
	require.NoError(t, err)
	require.Equal(t, []audience.Outcome{created}, outcomes(results))
}

func TestCountsWithNamedRefusals(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		reply string
		want  []audience.Outcome
		kind  vendorhttp.Kind
		text  string
	}{
		"the rest created":   {reply: `{"created":2,"refused":1,"errors":[{"external_reference_id":"r1"}]}`, want: []audience.Outcome{created, refused, created}},
		"the rest updated":   {reply: `{"updated":2,"refused":1,"errors":[{"external_reference_id":"r1"}]}`, want: []audience.Outcome{updated, refused, updated}},
		"the rest is mixed":  {reply: `{"created":1,"updated":1,"refused":1,"errors":{"r1":["no"]}}`, want: []audience.Outcome{accepted, refused, accepted}},
		"all refused":        {reply: `{"refused":3,"errors":["r1","r2","+4915112345678"]}`, want: []audience.Outcome{refused, refused, refused}},
		"some not named":     {reply: `{"created":1,"refused":2,"errors":[{"external_reference_id":"r1"}]}`, kind: vendorhttp.Rejected, text: "2 of 3 contacts refused, 1 of them named"},
		"named twice":        {reply: `{"created":1,"refused":2,"errors":["r1","r1"]}`, kind: vendorhttp.Rejected, text: "1 of them named"},
		"too many named":     {reply: `{"created":2,"refused":1,"errors":["r1","r2"]}`, kind: vendorhttp.Unreadable, text: "counts 1 refused contacts, but names 2"},
		"named, not counted": {reply: `{"created":3,"errors":["r1"]}`, kind: vendorhttp.Unreadable, text: "it counts no refused contact, but reports errors"},
		"error, not counted": {reply: `{"created":3,"error":"Quintessa"}`, kind: vendorhttp.Unreadable, text: "it counts no refused contact, but reports errors"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := serve(t, answer(200, test.reply), replying(config.RepliesCounts))
			results, err := w.api.Upsert(t.Context(), contacts(3), nil)
			if test.kind != "" {
				failed(t, err, test.kind)
				require.ErrorContains(t, err, test.text)
				return
			}
			require.NoError(t, err)
			require.Equal(t, test.want, outcomes(results))
		})
	}
}

package main

import (
	"github.com/invopop/jsonschema"

	"audiencesync/internal/config"
)

// refineSchedule adds that a schedule says when exactly once, or only when to prove,
// which needs a segment.
func refineSchedule(schema *jsonschema.Schema) error {
	schedule := property(schema, "schedule")
	verify := property(schedule, "verify")
	for _, cadence := range []*jsonschema.Schema{schedule, verify} {
		// What a run pins does not hold it, so the defaults are not those of a sync.
		if err := fillDefaultsOf(cadence, config.DefaultCadence()); err != nil {
			return err
		}
		exactlyOne(cadence, "every", "cron", "calendars")
		calendar := property(cadence, "calendars").Items
		lists := []string{"at", "weekdays", "days", "months"}
		filled(calendar, lists...)
		for _, list := range lists {
			property(calendar, list).UniqueItems = true
		}
		days := property(calendar, "days").Items
		days.Minimum, days.Maximum = "1", "31"
	}
	timeless := &jsonschema.Schema{Required: []string{"verify"}}
	var keys []*jsonschema.Schema
	for _, key := range []string{"every", "cron", "calendars", "jitter", "start", "end", "catch_up", "pause_after"} {
		keys = append(keys, &jsonschema.Schema{Required: []string{key}})
	}
	timeless.Not = &jsonschema.Schema{AnyOf: keys}
	schedule.OneOf = append(schedule.OneOf, timeless)
	schema.AllOf = append(schema.AllOf, &jsonschema.Schema{
		If:   requiring("schedule", &jsonschema.Schema{Required: []string{"verify"}}),
		Then: requiring("verification", &jsonschema.Schema{Required: []string{"segment"}}),
	})
	return nil
}

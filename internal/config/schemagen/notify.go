package main

import (
	"github.com/invopop/jsonschema"
)

// refineNotify adds that somebody is told, and that lists name nothing twice.
func refineNotify(schema *jsonschema.Schema) {
	notify := property(schema, "notify")
	notify.AnyOf = []*jsonschema.Schema{{Required: []string{"to"}}, {Required: []string{"heartbeat"}}}
	for _, list := range []string{"to", "on"} {
		property(notify, list).UniqueItems = true
	}
	filled(notify, "to", "on")
}

package main

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/invopop/jsonschema"

	"audiencesync/internal/config"
)

// generate returns the schemas by file name; root is the folder of go.mod,
// whose sources hold the descriptions.
func generate(root string) (map[string][]byte, error) {
	comments, err := readComments(root)
	if err != nil {
		return nil, err
	}
	sync, err := syncSchema(comments)
	if err != nil {
		return nil, err
	}
	connections, err := connectionsSchema(comments)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for name, schema := range map[string]*jsonschema.Schema{
		"sync.schema.json":        sync,
		"connections.schema.json": connections,
	} {
		var content bytes.Buffer
		encoder := json.NewEncoder(&content)
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(schema); err != nil {
			return nil, fmt.Errorf("encode %s: %w", name, err)
		}
		// The types of the library escape what they encode: undo it in a second pass.
		var indented bytes.Buffer
		if err := json.Indent(&indented, content.Bytes(), "", "  "); err != nil {
			return nil, fmt.Errorf("indent %s: %w", name, err)
		}
		files[name] = unescapeHTML(indented.Bytes())
	}
	return files, nil
}

// unescapeHTML makes patterns readable: "<" for the escape that stands for it.
func unescapeHTML(content []byte) []byte {
	for escaped, plain := range map[string]string{`\u003c`: "<", `\u003e`: ">", `\u0026`: "&"} {
		content = bytes.ReplaceAll(content, []byte(escaped), []byte(plain))
	}
	return content
}

// syncSchema describes a sync file.
func syncSchema(comments comments) (*jsonschema.Schema, error) {
	// Optional sections have defaults too: give them a value to take these from.
	example, channel := config.DefaultSync(), config.DefaultChannel()
	example.Mapping.Phone, example.Mapping.Email = &channel, &channel
	notify := config.DefaultNotify()
	example.Notify = &notify
	example.Schedule = &config.Schedule{Verify: &config.Cadence{}}
	schema, err := reflectSchema(comments, example)
	if err != nil {
		return nil, err
	}
	schema.Version = jsonschema.Version
	schema.Title = "audiencesync sync"
	property(schema, "sync").Pattern = config.NamePattern

	marker := property(schema, "marker")
	shared := requiring("shared", &jsonschema.Schema{Const: true})
	marker.OneOf = []*jsonschema.Schema{
		{Required: []string{"property", "member"}, Not: shared},
		{AllOf: []*jsonschema.Schema{{Required: []string{"property"}}, shared, {Not: &jsonschema.Schema{AnyOf: []*jsonschema.Schema{{Required: []string{"member"}}, {Required: []string{"left"}}}}}}},
		{Required: []string{"tag"}, Not: shared},
	}
	marker.DependentRequired = map[string][]string{"member": {"property"}, "left": {"property"}}
	// A mirror marks by a property that can be taken away.
	schema.If = requiring("mode", &jsonschema.Schema{Const: config.ModeMirror})
	schema.Then = requiring("marker", &jsonschema.Schema{AnyOf: []*jsonschema.Schema{{Required: []string{"property", "left"}}, shared}})
	schema.Else = &jsonschema.Schema{Not: requiring("on_invalid", &jsonschema.Schema{Const: config.InvalidRemove})}

	schema.Definitions = jsonschema.Definitions{conditionName: conditionSchema(comments)}
	refineMapping(schema)
	refineNotify(schema)
	if err := refineSchedule(schema); err != nil {
		return nil, err
	}
	property(schema, "verification").Not = requiring("none", &jsonschema.Schema{Const: true}, "segment")
	return schema, nil
}

// connectionsSchema describes a connections file: what a connection holds
// depends on its kind.
func connectionsSchema(comments comments) (*jsonschema.Schema, error) {
	kind := &jsonschema.Schema{Description: "What the connection leads to, and with it which settings it has."}
	connection := requiring("kind", kind)
	connection.Type = "object"
	definitions := jsonschema.Definitions{}
	for _, known := range []struct {
		name     config.Kind
		defaults any
	}{
		{config.KindZeotapAPI, config.DefaultZeotapAPI()},
		{config.KindZeotapExport, config.DefaultZeotapExport()},
		{config.KindHelloCharles, config.DefaultHelloCharles()},
		{config.KindWebhook, config.DefaultWebhook()},
	} {
		schema, err := reflectSchema(comments, known.defaults)
		if err != nil {
			return nil, err
		}
		schema.Properties.Set("kind", &jsonschema.Schema{Const: known.name})
		schema.Required = append(schema.Required, "kind")
		definitions[string(known.name)] = schema
		kind.Enum = append(kind.Enum, known.name)
		connection.AllOf = append(connection.AllOf, &jsonschema.Schema{
			If:   requiring("kind", &jsonschema.Schema{Const: known.name}),
			Then: &jsonschema.Schema{Ref: "#/$defs/" + string(known.name)},
		})
	}

	charles := definitions[string(config.KindHelloCharles)]
	charles.If = requiring("send", &jsonschema.Schema{Const: config.SendBatch})
	orText(property(charles, "read", "known_properties").Items)
	charles.Then = requiring("batch", &jsonschema.Schema{Required: []string{"method", "path", "envelope", "reply"}})

	schema := requiring("connections", &jsonschema.Schema{
		Type:                 "object",
		Description:          "Connections by name: lower-case letters, digits and dashes, at most 64.",
		MinProperties:        new(uint64(1)),
		PropertyNames:        &jsonschema.Schema{Pattern: config.NamePattern},
		AdditionalProperties: connection,
	})
	schema.Version = jsonschema.Version
	schema.Title = "audiencesync connections"
	schema.Description = "The endpoints that a worker knows, by name."
	schema.Type = "object"
	schema.AdditionalProperties = jsonschema.FalseSchema
	schema.Definitions = definitions
	return schema, nil
}

// requiring describes objects with a key of that schema, and with the other keys.
func requiring(key string, schema *jsonschema.Schema, others ...string) *jsonschema.Schema {
	object := &jsonschema.Schema{Required: append([]string{key}, others...), Properties: jsonschema.NewProperties()}
	object.Properties.Set(key, schema)
	return object
}

// property descends into a schema by names; every name must exist.
func property(schema *jsonschema.Schema, path ...string) *jsonschema.Schema {
	for _, name := range path {
		schema = schema.Properties.Value(name)
	}
	return schema
}

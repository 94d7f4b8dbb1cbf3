package main

import (
	"reflect"

	"github.com/invopop/jsonschema"

	"audiencesync/internal/config"
)

// refineMapping adds that each field of a contact has exactly one source, and
// that some may be written as a text alone.
func refineMapping(schema *jsonschema.Schema) {
	reference := property(schema, "reference")
	reference.Properties.Delete("value")
	exactlyOne(reference, "from", "first_of", "template")
	for _, name := range []string{"first_name", "middle_name", "last_name"} {
		text := property(schema, "mapping", name)
		exactlyOne(text, "from", "first_of", "value", "template")
		orText(text)
	}
	for _, name := range []string{"phone", "email"} {
		channel := property(schema, "mapping", name)
		channel.Properties.Delete("value")
		exactlyOne(channel, "from", "first_of", "template")
		orText(channel)
	}
	tags := property(schema, "mapping", "tags")
	tags.UniqueItems = true
	exactlyOne(tags.Items, "from", "first_of", "value", "template", "list", "audience")
	filled(tags.Items, "allow")
	orText(tags.Items)
	properties := property(schema, "mapping", "properties").AdditionalProperties
	exactlyOne(properties, "from", "first_of", "value", "template", "list", "audience")
	filled(properties, "allow", "true", "false")
}

// filled asks for an entry in each of these lists.
func filled(schema *jsonschema.Schema, lists ...string) {
	for _, list := range lists {
		property(schema, list).MinItems = new(uint64(1))
	}
}

// exactlyOne asks for one of the keys, which lists must then fill.
func exactlyOne(schema *jsonschema.Schema, keys ...string) {
	for _, key := range keys {
		schema.OneOf = append(schema.OneOf, &jsonschema.Schema{Required: []string{key}})
		if property(schema, key).Type == "array" {
			filled(schema, key)
		}
	}
}

// orText allows a text alone instead of the object.
func orText(schema *jsonschema.Schema) {
	object := *schema
	object.Description = ""
	*schema = jsonschema.Schema{
		Description: schema.Description,
		AnyOf:       []*jsonschema.Schema{{Type: "string", MinLength: new(uint64(1))}, &object},
	}
}

// conditionName is where the schema of a filter's condition stands: it holds
// itself.
const conditionName = "condition"

func conditionSchema(comments comments) *jsonschema.Schema {
	reflector := jsonschema.Reflector{Anonymous: true, DoNotReference: true, FieldNameTag: "yaml", RequiredFromJSONSchemaTags: true, Mapper: scalarSchema}
	schema := &jsonschema.Schema{Type: "object", Properties: jsonschema.NewProperties(), AdditionalProperties: jsonschema.FalseSchema}
	structure := reflect.TypeFor[config.Condition]()
	for f := range structure.Fields() {
		key := reflector.ReflectFromType(f.Type)
		refine(key, f.Type)
		key.Description = comments.of(structure, f.Name)
		schema.Properties.Set(f.Tag.Get("yaml"), key)
	}
	exactlyOne(schema, "all", "any", "not", "field")
	field, tests := schema.OneOf[len(schema.OneOf)-1], []string{"is", "is_not", "in", "present"}
	schema.DependentRequired = map[string][]string{}
	for _, test := range tests {
		field.OneOf = append(field.OneOf, &jsonschema.Schema{Required: []string{test}})
		schema.DependentRequired[test] = []string{"field"}
	}
	filled(schema, "in")
	return schema
}

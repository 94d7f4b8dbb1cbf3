package main

import (
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/invopop/jsonschema"

	"audiencesync/internal/config"
)

// The texts of scalars; a test holds them against the parsers.
const (
	durationPattern   = `^([0-9]+\.?[0-9]*|\.[0-9]+)(ns|us|µs|ms|s|m|h)(([0-9]+\.?[0-9]*|\.[0-9]+)(ns|us|µs|ms|s|m|h))*$`
	sharePattern      = `^(([0-9]{1,2}(\.[0-9]*)?|\.[0-9]+|100(\.0*)?) *%|0?\.[0-9]+|0\.?|1(\.0*)?)$`
	clockTimePattern  = `^([01][0-9]|2[0-3]):[0-5][0-9]$`
	localTimePattern  = `^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])(T([01][0-9]|2[0-3]):[0-5][0-9])?$`
	credentialPattern = `^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$`
)

// reflectSchema describes the type of a value; what the value holds are the defaults.
func reflectSchema(comments comments, defaults any) (*jsonschema.Schema, error) {
	reflector := jsonschema.Reflector{
		Anonymous:                  true,
		DoNotReference:             true,
		ExpandedStruct:             true,
		FieldNameTag:               "yaml",
		RequiredFromJSONSchemaTags: true,
		Mapper:                     scalarSchema,
		LookupComment:              comments.of,
	}
	schema := reflector.Reflect(defaults)
	schema.Version = ""
	refine(schema, reflect.TypeOf(defaults))

	return schema, fillDefaultsOf(schema, defaults)
}

// fillDefaultsOf writes what a value holds into the schema of its type.
func fillDefaultsOf(schema *jsonschema.Schema, defaults any) error {
	raw, err := json.Marshal(defaults)
	if err != nil {
		return fmt.Errorf("encode defaults: %w", err)
	}
	var values map[string]any
	if err := json.Unmarshal(raw, &values); err != nil {
		return fmt.Errorf("decode defaults: %w", err)
	}
	fillDefaults(schema, values)
	return nil
}

type chooser interface{ Choices() []string }

// scalarSchema describes the types that are written as one text or number.
func scalarSchema(t reflect.Type) *jsonschema.Schema {
	switch t {
	case reflect.TypeFor[config.Duration]():
		return &jsonschema.Schema{Type: "string", Pattern: durationPattern}
	case reflect.TypeFor[config.ClockTime]():
		return &jsonschema.Schema{Type: "string", Pattern: clockTimePattern}
	case reflect.TypeFor[config.LocalTime]():
		return &jsonschema.Schema{Type: "string", Pattern: localTimePattern}
	case reflect.TypeFor[config.CredentialRef]():
		return &jsonschema.Schema{Type: "string", Pattern: credentialPattern}
	case reflect.TypeFor[config.Condition]():
		return &jsonschema.Schema{Ref: "#/$defs/" + conditionName}
	case reflect.TypeFor[config.FilterValue]():
		return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{{Type: "string", MinLength: new(uint64(1))}, {Type: "number"}, {Type: "boolean"}}}
	case reflect.TypeFor[config.Share]():
		return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{
			{Type: "number", Minimum: "0", Maximum: "1"},
			{Type: "string", Pattern: sharePattern},
		}}
	default:
		return nil
	}
}

// refine adds what the parser refuses for every text and list of values.
func refine(schema *jsonschema.Schema, t reflect.Type) {
	schema.Version = ""
	if schema.Ref != "" {
		return
	}
	switch t.Kind() {
	case reflect.Pointer:
		refine(schema, t.Elem())
	case reflect.Slice:
		refine(schema.Items, t.Elem())
	case reflect.Map:
		refine(schema.AdditionalProperties, t.Elem())
	case reflect.Struct:
		for f := range t.Fields() {
			if f.Anonymous {
				refine(schema, f.Type)
			} else {
				refine(schema.Properties.Value(f.Tag.Get("yaml")), f.Type)
			}
		}
	case reflect.String:
		refineText(schema, t)
	}
}

func refineText(schema *jsonschema.Schema, t reflect.Type) {
	if choice, ok := reflect.TypeAssert[chooser](reflect.Zero(t)); ok && schema.Enum == nil {
		for _, value := range choice.Choices() {
			schema.Enum = append(schema.Enum, value)
		}
	}
	if schema.Enum == nil && schema.Pattern == "" && schema.MinLength == nil {
		schema.MinLength = new(uint64(1))
	}
}

// fillDefaults writes the defaults into the properties that have one.
func fillDefaults(schema *jsonschema.Schema, values map[string]any) {
	for name, property := range schema.Properties.FromOldest() {
		switch value := values[name].(type) {
		case nil:
		case map[string]any:
			fillDefaults(property, value)
		case string:
			if value != "" || property.MinLength != nil && *property.MinLength == 0 {
				property.Default = value
			}
		case float64:
			if value != 0 || property.ExclusiveMinimum == "" {
				property.Default = value
			}
		default:
			property.Default = value
		}
	}
}

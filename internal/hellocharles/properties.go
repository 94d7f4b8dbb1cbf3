package hellocharles

import (
	"context"
	"maps"
	"slices"
)

// Properties implements API. Where the connection may not read, the properties
// are those that the operator lists, taken to be writable.
func (c *client) Properties(ctx context.Context) ([]Property, error) {
	if !c.settings.Read.ReadsAllowed() {
		properties := make([]Property, 0, len(c.settings.Read.KnownProperties))
		for _, known := range c.settings.Read.KnownProperties {
			properties = append(properties, Property{
				Name: known.Name, Label: known.Name, Type: known.Type, Input: string(known.Input), Options: known.Options,
				Writable: true,
			})
		}
		return properties, nil
	}
	records, err := c.list(ctx, listing{
		call: propertiesCall, operation: "listing custom properties", path: c.settings.Read.PropertiesPath, setting: "read.properties_path",
		texts: []string{"object", "name"},
	})
	if err != nil {
		return nil, err
	}
	return propertiesOf(records), nil
}

func propertiesOf(records []map[string]any) []Property {
	properties := make([]Property, 0, len(records))
	for _, record := range records {
		if name := scalar(record["name"]); name != "" && forContacts(record) {
			properties = append(properties, propertyOf(name, record))
		}
	}
	return properties
}

func propertyOf(name string, record map[string]any) Property {
	property := Property{
		Name:     name,
		Label:    localised(at(record, "input.label")),
		Type:     scalar(record["type"]),
		Input:    scalar(at(record, "input.type")),
		Writable: !isSet(record["readonly"]) && !isSet(record["disabled"]) && !isSet(record["is_proxy"]),
	}
	if property.Label == "" {
		property.Label = name
	}
	options, _ := at(record, "input.options").([]any)
	for _, option := range options {
		value := scalar(at(option, "value"))
		if value == "" {
			value = scalar(option)
		}
		if value != "" {
			property.Options = append(property.Options, value)
		}
	}
	return property
}

// localised returns a text that is given as it is or by language: English, or
// the first language there is.
func localised(value any) string {
	languages, ok := value.(map[string]any)
	if !ok {
		return scalar(value)
	}
	if text := scalar(languages["en"]); text != "" {
		return text
	}
	for _, language := range slices.Sorted(maps.Keys(languages)) {
		if text := scalar(languages[language]); text != "" {
			return text
		}
	}
	return ""
}

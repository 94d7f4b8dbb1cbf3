package config

// KnownProperty is a custom property that exists, as the operator says. In a
// file it is the technical name alone, or keys below it.
type KnownProperty struct {
	// Name is the technical name.
	Name string `yaml:"name" json:"name" jsonschema:"required"`
	// Type of the values: "string", "number", "boolean" or "object". Default:
	// empty, the type is not checked.
	Type string `yaml:"type" json:"type,omitempty" jsonschema:"enum=string,enum=number,enum=boolean,enum=object"`
	// Input is the kind of input field in Hello Charles ("select", "date").
	// Default: empty, not checked.
	Input InputKind `yaml:"input" json:"input,omitempty"`
	// Options are the values that a select, radio or multiselect property can
	// have. Default: empty, not checked.
	Options []string `yaml:"options" json:"options,omitempty"`
}

// named reads the short form.
func (p *KnownProperty) named(name string) { p.Name = name }

// InputKind is a kind of input field of a custom property, as charles' public
// SDK names it (observed, docs/hello-charles.md section 6).
type InputKind string

// Choices are the kinds of input fields.
func (InputKind) Choices() []string {
	return []string{
		"checkbox", "currencyinput", "date", "daterange", "datetime", "datetimerange", "largetextinput", "multiselect",
		"numberinput", "numberwithunitinput", "phonenumber", "radio", "select", "textinput", "time", "timerange", "urlinput",
	}
}

package config

import "errors"

// Condition is one condition on the fields of a member: exactly one of All,
// Any, Not, or Field with one of Is, IsNot, In and Present.
type Condition struct {
	// All holds when every one of these conditions does.
	All []Condition `yaml:"all" json:"all,omitempty"`
	// Any holds when at least one of these conditions does.
	Any []Condition `yaml:"any" json:"any,omitempty"`
	// Not holds when this condition does not.
	Not *Condition `yaml:"not" json:"not,omitempty"`
	// Field is the catalogue field that is looked at.
	Field string `yaml:"field" json:"field,omitempty"`
	// Is holds when the field has this value, compared as text without blanks
	// around it. A missing or empty field has no value.
	Is *FilterValue `yaml:"is" json:"is,omitempty"`
	// IsNot holds when the field does not have this value, or none.
	IsNot *FilterValue `yaml:"is_not" json:"is_not,omitempty"`
	// In holds when the field has one of these values.
	In []FilterValue `yaml:"in" json:"in,omitempty"`
	// Present holds when the field has a value (true), or none (false).
	Present *bool `yaml:"present" json:"present,omitempty"`
}

// FilterValue is a value that a field is compared with: text, a number, or true
// or false, compared by its text.
type FilterValue string

var errFilterValue = errors.New("expected text, a number, or true or false; to ask for no value write present: false")

// UnmarshalText takes any text but an empty one.
func (v *FilterValue) UnmarshalText(raw []byte) error {
	if complaintAbout(string(raw)) != "" {
		return errFilterValue
	}
	*v = FilterValue(raw)
	return nil
}

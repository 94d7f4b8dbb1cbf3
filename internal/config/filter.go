package config

import (
	"errors"
	"strconv"

	"github.com/goccy/go-yaml/ast"

	"audiencesync/internal/config/convert"
)

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
// or false, compared by its text. Without quotes, a truth value is written true
// or false and a number as in JSON, as the text of a member's value is.
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

// misspelt says what is wrong with a value that YAML takes for a truth value or
// a number, but whose text no member has; nothing if it is right.
func misspelt(node ast.Node) string {
	switch n := node.(type) {
	case *ast.BoolNode:
		if right := strconv.FormatBool(n.Value); n.GetToken().Value != right {
			return "without quotes this is a truth value, which is compared as " + right + "; write " + right + ", or quotes for the text"
		}
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		if _, ok := convert.Number(n.GetToken().Value, false); !ok {
			return "without quotes this is a number, which is compared as JSON writes it; write it so (1000, 0.5), or quotes for the text"
		}
	}
	return ""
}

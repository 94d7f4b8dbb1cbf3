package preflight

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"audiencesync/internal/config"
	"audiencesync/internal/hellocharles"
	"audiencesync/internal/mapping"
)

// properties compares the custom properties that the mapping sends with those
// of Hello Charles: technical name, writable, type, and options.
func (i *inspection) properties(ctx context.Context) error {
	if len(i.Needs.Properties) == 0 {
		return nil
	}
	properties, err := i.API.Properties(ctx)
	if err != nil {
		return err
	}
	i.counted("custom properties", len(properties))
	byName := make(map[string]hellocharles.Property, len(properties))
	names := make([]string, 0, len(properties))
	for _, property := range properties {
		byName[property.Name] = property
		names = append(names, property.Name)
	}
	slices.Sort(names)
	for _, needed := range i.Needs.Properties {
		property, ok := byName[needed.Name]
		switch {
		case !ok:
			i.problem("custom property %q does not exist in Hello Charles, which would ignore it silently: create it under Settings, or correct its technical name%s",
				needed.Name, meantProperty(needed.Name, names, properties))
		case !property.Writable:
			i.problem("custom property %s is read-only, disabled or owned by another system in Hello Charles, so it cannot be set", titled(property))
		default:
			i.compare(needed, property)
		}
	}
	return nil
}

// meantProperty suggests a technical name; people write labels too.
func meantProperty(name string, names []string, properties []hellocharles.Property) string {
	for _, property := range properties {
		if strings.EqualFold(property.Label, name) && property.Label != property.Name {
			return fmt.Sprintf(" (%q is the label of %q: write the technical name)", property.Label, property.Name)
		}
	}
	return meant(name, names)
}

// titled is a property as people and the API know it.
func titled(p hellocharles.Property) string {
	if p.Label == "" || p.Label == p.Name {
		return fmt.Sprintf("%q", p.Name)
	}
	return fmt.Sprintf("%q (%q)", p.Name, p.Label)
}

// compare checks type and options of one property, and remembers its options.
func (i *inspection) compare(needed mapping.NeededProperty, property hellocharles.Property) {
	if why := misfit(needed, property); why != "" {
		i.problem("custom property %s: %s", titled(property), why)
		return
	}
	if len(property.Options) == 0 {
		return
	}
	if needed.Constant == nil {
		if i.found.Surroundings.Options == nil {
			i.found.Surroundings.Options = map[string][]string{}
		}
		i.found.Surroundings.Options[needed.Name] = property.Options
		return
	}
	for _, value := range constants(needed.Constant) {
		if !slices.Contains(property.Options, value) {
			i.problem("custom property %s has no option %q in Hello Charles%s; its options are %s",
				titled(property), value, meant(value, property.Options), listed(property.Options))
		}
	}
}

func constants(value any) []string {
	switch value := value.(type) {
	case []string:
		return value
	case string:
		return []string{value}
	case json.Number:
		return []string{value.String()}
	default:
		return nil
	}
}

// mostListed bounds how many options an error names.
const mostListed = 12

func listed(words []string) string {
	quoted := make([]string, 0, mostListed+1)
	for n, word := range words {
		if n == mostListed {
			quoted = append(quoted, fmt.Sprintf("and %d more", len(words)-n))
			break
		}
		quoted = append(quoted, fmt.Sprintf("%q", word))
	}
	return strings.Join(quoted, ", ")
}

// kinds are the types of a mapping that fit an input field of Hello Charles
// (docs/hello-charles.md, custom properties). Fields that are not listed take
// a value that no mapping makes.
var kinds = map[string][]config.PropertyType{
	"checkbox":       {config.PropertyBoolean},
	"numberinput":    {config.PropertyNumber},
	"date":           {config.PropertyDate},
	"datetime":       {config.PropertyDateTime},
	"textinput":      {config.PropertyString, config.PropertyDate, config.PropertyDateTime},
	"largetextinput": {config.PropertyString, config.PropertyDate, config.PropertyDateTime},
	"urlinput":       {config.PropertyString},
	"phonenumber":    {config.PropertyString},
	"select":         {config.PropertySelect},
	"radio":          {config.PropertySelect},
	"multiselect":    {config.PropertyMultiselect},
}

// misfit says why a mapped type cannot be sent to a property, or nothing. A
// property whose record says less is compared by what it says.
func misfit(needed mapping.NeededProperty, property hellocharles.Property) string {
	if property.Input != "" {
		fitting, known := kinds[property.Input]
		switch {
		case !known:
			return fmt.Sprintf("its field %q in Hello Charles takes a value that this mapping cannot make", property.Input)
		case slices.Contains(fitting, needed.Type):
			return ""
		case needed.Constant != nil && needed.Type == config.PropertyString && fitting[0] == config.PropertySelect:
			return "" // A constant is compared with the options.
		}
		return fmt.Sprintf("its field is %q in Hello Charles, and type %s in the mapping: write type: %s", property.Input, needed.Type, fitting[0])
	}
	if property.Type == "" || fitsRecord(needed.Type, property.Type) {
		return ""
	}
	return fmt.Sprintf("it has type %s in Hello Charles and type %s in the mapping", property.Type, needed.Type)
}

// Fitting returns the type by which a mapping fills a property, and false where none
// can or the property does not say what it is.
func Fitting(property hellocharles.Property) (config.PropertyType, bool) {
	if property.Input != "" {
		fitting, known := kinds[property.Input]
		if !known {
			return "", false
		}
		return fitting[0], true
	}
	switch record := config.PropertyType(property.Type); record {
	case config.PropertyString, config.PropertyNumber, config.PropertyBoolean:
		return record, true
	default:
		return "", false
	}
}

// fitsRecord compares a mapped type with the type of the property's record;
// dates are texts there, and select takes texts or numbers.
func fitsRecord(mapped config.PropertyType, record string) bool {
	switch mapped {
	case config.PropertyNumber, config.PropertyBoolean:
		return record == string(mapped)
	case config.PropertySelect:
		return record == "string" || record == "number"
	case config.PropertyMultiselect:
		return record == "object" || record == "string"
	default:
		return record == "string"
	}
}

package config

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"audiencesync/internal/config/convert"
)

// The most tags of a mapping and characters of one: what a member may have.
const (
	mostTags     = 100
	longestLabel = 255
)

// originKeys are the keys of an Origin.
var originKeys = names(reflect.TypeFor[Origin]())

// personalKeys are those of them that can tell members apart.
var personalKeys = slices.DeleteFunc(names(reflect.TypeFor[Origin]()), func(key string) bool { return key == "value" })

func checkMapping(r *report, s Sync) {
	for name, text := range map[string]*Text{
		"first_name": s.Mapping.FirstName, "middle_name": s.Mapping.MiddleName, "last_name": s.Mapping.LastName,
	} {
		if text != nil {
			checkOrigin(r, "mapping."+name, text.Origin, originKeys)
		}
	}
	for name, channel := range map[string]*Channel{"phone": s.Mapping.Phone, "email": s.Mapping.Email} {
		if channel != nil {
			checkChannel(r, "mapping."+name, *channel)
		}
	}
	checkTagSources(r, s)
	checkProperties(r, s)
}

func checkReference(r *report, reference Reference) {
	const path = "reference"
	checkRegion(r, reference)
	if !checkOrigin(r, path, reference.Origin, personalKeys) {
		return
	}
	switch {
	case reference.Value != nil:
		r.refuse(path+".value", "gives every member the same reference; expected from, first_of or template")
	case namesNoField(reference.Origin):
		r.refuse(path+".template", "names no field, so every member has the same reference; write fields in braces")
	}
}

func checkChannel(r *report, path string, channel Channel) {
	if !checkOrigin(r, path, channel.Origin, personalKeys) {
		return
	}
	switch {
	case channel.Value != nil:
		r.refuse(path+".value", "gives every member the same; expected from, first_of or template")
	case namesNoField(channel.Origin):
		r.refuse(path+".template", "names no field, so every member has the same; write fields in braces")
	}
}

// namesNoField reports whether the source is a template that is the same text
// for every member.
func namesNoField(o Origin) bool {
	parts, err := convert.ParseTemplate(o.Template)
	return o.Template != "" && err == nil && !slices.ContainsFunc(parts, func(part convert.Part) bool { return part.Field != "" })
}

// checkMemberTemplate reports a template that is a constant: as value it is
// checked before the run like every constant.
func checkMemberTemplate(r *report, path string, o Origin) {
	if namesNoField(o) {
		r.refuse(path+".template", "names no field, so it is the same for every member; write value, or fields in braces")
	}
}

// checkOrigin reports anything but exactly one source, among the keys that
// these are, and a source that cannot be read.
func checkOrigin(r *report, path string, o Origin, keys []string) bool {
	if r.told[path] {
		return false
	}
	var given []string
	for _, key := range keys {
		if r.broken(path + "." + key) {
			return false
		}
		if r.given(path+"."+key) || key == "from" && o.From != "" {
			given = append(given, key)
		}
	}
	switch {
	case len(given) == 0 && o.Value == nil:
		r.refuse(path, "expected exactly one of %s", either(keys))
		return false
	case len(given) > 1:
		r.refuse(path+"."+given[1], "there is %q already; expected exactly one of %s", given[0], either(keys))
		return false
	}
	if o.FirstOf == nil {
		checkFilled(r, path+".first_of", "field")
	}
	checkTwice(r, path+".first_of", o.FirstOf)
	if _, err := convert.ParseTemplate(o.Template); err != nil {
		r.refuse(path+".template", "%s", err.Error())
	}
	return !r.broken(path)
}

// either lists keys for a sentence: a, b or c.
func either(keys []string) string {
	last := len(keys) - 1
	return strings.Join(keys[:last], ", ") + " or " + keys[last]
}

// checkFilled reports a list that is there and empty.
func checkFilled(r *report, path, of string) {
	if r.given(path) && !r.broken(path) {
		r.refuse(path, "the list is empty; give at least one %s or delete the key", of)
	}
}

// checkTwice reports entries of a list that it has already.
func checkTwice[T comparable](r *report, path string, list []T) {
	first := map[T]int{}
	var nothing T
	for i, entry := range list {
		if at, twice := first[entry]; twice && entry != nothing {
			r.refuse(item(path, i), "the same as entry %d of the list; delete one", at+1)
		} else {
			first[entry] = i
		}
	}
}

// checkNotWith reports settings that do not go with what else is there.
func checkNotWith(r *report, path string, keys []string, why string) {
	for _, key := range keys {
		if place := path + "." + key; r.given(place) {
			r.refuseKey(place, why)
		}
	}
}

func checkAudiencePart(r *report, path string, part AudiencePart, of AudienceID) {
	if part == AudienceNamePart && of.Name == "" && !r.broken("audience") {
		r.refuse(path+".audience", "the sync has no audience.name; give it one")
	}
}

// labelKeys are the settings of labels that members bring.
var labelKeys = names(reflect.TypeFor[Labels]())

func checkLabels(r *report, path string, labels Labels) {
	if labels.Allow == nil {
		checkFilled(r, path+".allow", "label")
		return
	}
	checkTwice(r, path+".allow", labels.Allow)
	for _, from := range slices.Sorted(maps.Keys(labels.Rename)) {
		if !slices.Contains(labels.Allow, from) {
			r.refuseKey(join(path+".rename", from), "is not in allow, so it is never sent; add it there or delete it here")
		}
	}
}

func checkTagSources(r *report, s Sync) {
	const path = "mapping.tags"
	keys := append(slices.Clone(originKeys), "list", "audience")
	for i, tag := range s.Mapping.Tags {
		place := item(path, i)
		if i == mostTags {
			r.refuse(place, "expected at most %d entries", mostTags)
			return
		}
		same := func(other TagSource) bool { return reflect.DeepEqual(tag, other) }
		if first := slices.IndexFunc(s.Mapping.Tags, same); first < i && !r.broken(place) {
			r.refuse(place, "the same as entry %d of the list; delete one", first+1)
		}
		if !checkOrigin(r, place, tag.Origin, keys) {
			continue
		}
		checkMemberTemplate(r, place, tag.Origin)
		checkAudiencePart(r, place, tag.Audience, s.Audience)
		switch {
		case tag.Value != nil:
			checkNotWith(r, place, labelKeys, "belongs to tags that members bring; a constant is sent as it is")
			if utf8.RuneCountInString(*tag.Value) > longestLabel {
				r.refuse(place, "expected at most %d characters", longestLabel)
			}
		case tag.Audience != "":
			checkNotWith(r, place, []string{"allow", "rename", "unknown"}, "belongs to tags that members bring; the audience is the same for all")
		default:
			checkLabels(r, place, tag.Labels)
		}
		if tag.List == "" {
			checkNotWith(r, place, []string{"separator"}, "belongs to a list; delete it or write list instead of from")
		}
	}
}

func checkProperties(r *report, s Sync) {
	for _, name := range slices.Sorted(maps.Keys(s.Mapping.Properties)) {
		path := join("mapping.properties", name)
		if name == s.Marker.Property {
			r.refuseKey(path, "is the marker's property, which the marker alone may set; delete it here")
		}
		if !r.broken(path) {
			checkProperty(r, path, s.Mapping.Properties[name], s.Audience)
		}
	}
}

// settingsOfTypes are the settings that belong to some types of properties only.
var settingsOfTypes = []struct {
	keys  []string
	types []PropertyType
}{
	{[]string{"format", "time_zone"}, []PropertyType{PropertyDate, PropertyDateTime}},
	{[]string{"true", "false"}, []PropertyType{PropertyBoolean}},
	{[]string{"max_length", "too_long"}, []PropertyType{PropertyString}},
	{[]string{"list", "separator"}, []PropertyType{PropertyMultiselect}},
	{append([]string{"numbers"}, labelKeys...), []PropertyType{PropertySelect, PropertyMultiselect}},
	{[]string{"decimal_comma"}, []PropertyType{PropertyNumber}},
}

func checkProperty(r *report, path string, source PropertySource, of AudienceID) {
	for _, setting := range settingsOfTypes {
		if slices.Contains(setting.types, source.Type) {
			continue
		}
		types := make([]string, len(setting.types))
		for i, kind := range setting.types {
			types[i] = string(kind)
		}
		why := "belongs to type " + types[0]
		if len(types) > 1 {
			why = "belongs to types " + either(types)
		}
		checkNotWith(r, path, setting.keys, why+"; the type here is "+string(source.Type))
	}
	keys := append(slices.Clone(originKeys), "audience")
	if source.Type == PropertyMultiselect {
		keys = append(keys, "list")
	}
	if r.broken(path+".list") || !checkOrigin(r, path, source.Origin, keys) {
		return
	}
	checkMemberTemplate(r, path, source.Origin)
	if source.List == "" {
		checkNotWith(r, path, []string{"separator"}, "belongs to a list; delete it or write list instead of from")
	}
	checkAudiencePart(r, path, source.Audience, of)
	checkLabels(r, path, source.Labels)
	checkReading(r, path, source)
	if !r.broken(path) {
		checkConstant(r, path, source, of)
	}
}

func checkConstant(r *report, path string, source PropertySource, of AudienceID) {
	var value string
	switch {
	case source.Value != nil:
		value, path = *source.Value, path+".value"
	case source.Audience == AudienceIDPart:
		value, path = of.ID, path+".audience"
	case source.Audience == AudienceNamePart:
		value, path = of.Name, path+".audience"
	default:
		return
	}
	checkNotWith(r, parentOf(path), append([]string{"empty", "unusable"}, labelKeys...), "belongs to values that members bring; a constant is the same for all")
	if expected := source.expects(value); expected != "" {
		r.refuse(path, "expected %s, because the type is %s", expected, source.Type)
	}
}

// expects returns what a constant should be, or nothing if it is.
func (s PropertySource) expects(value string) string {
	ok, expected := true, ""
	switch s.Type {
	case PropertyNumber:
		_, ok = convert.Number(value, s.DecimalComma)
		expected = `a number such as "12.5"`
	case PropertySelect, PropertyMultiselect:
		if s.Numbers {
			_, ok = convert.Number(value, false)
		}
		expected = `a number such as "12.5"`
	case PropertyBoolean:
		_, ok = convert.NewBoolean(s.True, s.False).Read(value)
		expected = `"true" or "false"`
	case PropertyDate:
		_, ok = s.reader().Date(value)
		expected = `a date in its format, such as "2026-01-31"`
	case PropertyDateTime:
		_, ok = s.reader().DateTime(value)
		expected = `a date and time in its format, such as "2026-01-31T10:00:00Z"`
	default:
		ok = utf8.RuneCountInString(value) <= s.Longest()
		expected = fmt.Sprintf("at most %d characters", s.Longest())
	}
	if ok {
		return ""
	}
	return expected
}

package config

import (
	"maps"
	"slices"
	"strings"

	"audiencesync/internal/config/convert"
)

const (
	tagsStay = "a tag cannot be taken away: who leaves the audience keeps it, and a segment by it holds everyone who ever was a member; " +
		"a custom property can be overwritten"
	membershipStays = "Segment Membership also names those who left an audience within the last 30 days (docs/mapping.md)"
)

// Warnings returns what is allowed but seldom meant, one sentence each, with the
// key that it is about.
func (s Sync) Warnings() []string {
	var warnings []string
	for i, tag := range s.Mapping.Tags {
		path := item("mapping.tags", i)
		switch {
		case tag.Audience != "":
			warnings = append(warnings, path+": "+tagsStay)
		case namesMembership(tag.Origin, tag.ListField):
			warnings = append(warnings, path+": "+membershipStays+", and "+tagsStay)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Mapping.Properties)) {
		source := s.Mapping.Properties[name]
		if namesMembership(source.Origin, source.ListField) {
			warnings = append(warnings, join("mapping.properties", name)+": "+membershipStays)
		}
	}
	return warnings
}

// namesMembership reports whether a source looks like Zeotap's calculated
// attribute Segment Membership, whose key is not public.
func namesMembership(o Origin, list ListField) bool {
	fields := append([]string{o.From, list.List}, o.FirstOf...)
	parts, _ := convert.ParseTemplate(o.Template)
	for _, part := range parts {
		fields = append(fields, part.Field)
	}
	return slices.ContainsFunc(fields, func(field string) bool { return strings.Contains(fold(field), "segmentmembership") })
}

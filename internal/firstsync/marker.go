package firstsync

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"audiencesync/internal/config"
	"audiencesync/internal/hellocharles"
	"audiencesync/internal/preflight"
)

var notInNames = regexp.MustCompile(`[^A-Za-z0-9_]+`)

// Marker proposes the custom property that marks the members of an audience: one that
// exists and looks like it, or the name of one to create.
func Marker(audienceID string, w Workspace) string {
	wanted := "zeotap_audience_" + strings.Trim(notInNames.ReplaceAllString(audienceID, "_"), "_")
	for _, property := range w.Properties {
		if fold(property.Name) == fold(wanted) && MisfitMarker(property) == "" {
			return property.Name
		}
	}
	return wanted
}

// MisfitMarker says why a custom property cannot be a marker, or nothing.
func MisfitMarker(property hellocharles.Property) string {
	kind, _ := preflight.Fitting(property)
	switch {
	case !property.Writable:
		return "it is read-only, disabled or owned by another system in Hello Charles"
	case kind != config.PropertyString:
		return "it is not a text in Hello Charles"
	case property.Input != "" && property.Input != "textinput" && property.Input != "largetextinput":
		return fmt.Sprintf("its field in Hello Charles is %q and not a text", property.Input)
	}
	return ""
}

// Tags proposes the tags of a first sync: zeotap, where there is one.
func Tags(w Workspace) []string {
	if slices.ContainsFunc(w.Tags, func(tag hellocharles.Tag) bool { return tag.Label == "zeotap" }) {
		return []string{"zeotap"}
	}
	return nil
}

// SegmentFilter is the one condition of the segment, as it is entered in Hello Charles.
func SegmentFilter(property, member string) string {
	return fmt.Sprintf("custom property %s equals %q", property, member)
}

// SyncName makes the permanent name of a sync from that of its audience.
func SyncName(name, id string) string {
	folded := strings.Trim(notInSyncNames.ReplaceAllString(strings.ToLower(name), "-"), "-")
	if folded == "" {
		folded = strings.Trim("audience-"+strings.Trim(notInSyncNames.ReplaceAllString(strings.ToLower(id), "-"), "-"), "-")
	}
	return strings.Trim(folded[:min(len(folded), 64)], "-")
}

var notInSyncNames = regexp.MustCompile(`[^a-z0-9]+`)

package config

import (
	"regexp"
	"strings"
	"time"

	"github.com/nyaruka/phonenumbers"
)

// NamePattern is what names of syncs and connections look like: lower-case
// letters, digits and dashes, at most 64.
const NamePattern = `^[a-z0-9][a-z0-9-]{0,63}$`

var namePattern = regexp.MustCompile(NamePattern)

// shortestPoll keeps a mistake from turning into a stream of requests.
const shortestPoll = Duration(100 * time.Millisecond)

// shortestStall keeps ordinary waiting from being told as a standstill.
const shortestStall = Duration(time.Minute)

// checkSync reports what the types of a sync cannot say.
func checkSync(r *report, s Sync) {
	if !r.broken("sync") && !namePattern.MatchString(s.Sync) {
		r.refuse("sync", "expected a name of lower-case letters, digits and dashes, at most 64, that starts with a letter or digit; it is permanent")
	}
	checkSize(r, s)
	checkReference(r, s.Reference)
	checkMarker(r, s)
	checkMode(r, s)
	if s.Filter != nil {
		checkCondition(r, "filter", *s.Filter)
	}
	checkMapping(r, s)
	checkVerification(r, s.Verification)
	if path := "limits.stalled_after"; s.Limits.StalledAfter != 0 && s.Limits.StalledAfter < shortestStall && !r.broken(path) {
		r.refuse(path, "expected at least %s, or 0s for never", shortestStall)
	}
	if s.Notify != nil {
		checkNotify(r, *s.Notify)
	}
	if s.Schedule != nil {
		checkSchedule(r, s)
	}
}

func checkRegion(r *report, reference Reference) {
	const path = "reference.default_region"
	region := reference.DefaultRegion
	regions := phonenumbers.GetSupportedRegions()
	if region == "" || regions[region] || r.broken(path) {
		return
	}
	said := `expected a region of ISO 3166 in two capital letters, such as "DE"`
	switch upper := strings.ToUpper(region); {
	case upper == "UK":
		said += `; did you mean "GB"?`
	case regions[upper]:
		said += `; did you mean "` + upper + `"?`
	}
	r.refuse(path, "%s", said)
}

func checkMarker(r *report, s Sync) {
	if r.broken("marker") {
		return
	}
	marker := s.Marker
	switch {
	case marker.Property == "" && marker.Tag == "":
		r.refuse("marker", "expected exactly one of property (with member) or tag: it is how the segment recognises members")
	case marker.Property != "" && marker.Tag != "":
		r.refuse("marker.tag", "there is a property already; expected exactly one of property or tag")
	case marker.Shared && marker.Property == "":
		r.refuse("marker.shared", "belongs to a property; a tag is one audience's alone")
	case marker.Shared && marker.Member != "":
		r.refuse("marker.member", "a shared property holds the ids of audiences; delete this key")
	case marker.Shared && marker.Left != "":
		r.refuse("marker.left", "a shared property holds the ids of audiences; delete this key")
	case marker.Shared && strings.Contains(s.Audience.ID, "|"):
		r.refuse("marker.shared", "the audience id holds a |, which parts the ids in a shared property; use a property of its own")
	case marker.Shared:
	case marker.Property != "" && marker.Member == "":
		r.missing("marker.member", "missing; expected the value that the property has for members")
	case marker.Tag != "" && marker.Member != "":
		r.refuse("marker.member", "belongs to a property; a tag has no value")
	case marker.Tag != "" && marker.Left != "":
		r.refuse("marker.left", "belongs to a property; a tag has no value and cannot be taken away")
	case marker.Property != "" && marker.Left == marker.Member:
		r.refuse("marker.left", "is the value of members too; expected another one, which the segment does not match")
	}
}

// checkMode reports what mode mirror lacks, and what only it would heed.
func checkMode(r *report, s Sync) {
	if r.broken("mode") || r.broken("marker") {
		return
	}
	switch {
	case s.Mode == ModeMirror && s.Marker.Tag != "":
		r.refuse("mode", "mirror takes the marker from those who left, and a tag can only be added; mark members with marker.property, or use mode add")
	case s.Mode == ModeMirror && s.Marker.Property != "" && !s.Marker.Shared && s.Marker.Left == "":
		r.missing("marker.left", "missing; mode mirror needs the value that the property has for those who left")
	case s.Mode != ModeMirror && s.OnInvalid == InvalidRemove:
		r.refuse("on_invalid", "remove belongs to mode mirror; mode add unmarks nobody")
	}
}

func checkVerification(r *report, v Verification) {
	const path = "verification"
	if v.None && v.Segment != "" && !r.broken(path+".none") {
		r.refuse(path+".none", "there is a segment to verify with; delete the segment or this key")
	}
	if r.broken(path+".poll") || r.broken(path+".max_lag") || r.broken(path+".deadline") {
		return
	}
	switch {
	case v.Poll < shortestPoll:
		r.refuse(path+".poll", "expected at least %s between two counts", shortestPoll)
	case v.MaxLag < v.Poll:
		r.refuse(path+".max_lag", "must not be less than poll, which is %s", v.Poll)
	case v.Deadline < v.MaxLag:
		r.refuse(path+".deadline", "must not be less than max_lag, which is %s", v.MaxLag)
	}
}

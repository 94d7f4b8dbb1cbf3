package config_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/config"
)

func warningsOf(t *testing.T, mapping string) []string {
	t.Helper()
	sync, err := config.ParseSync("sync.yaml", []byte(minimalSync+"mapping: "+mapping+"\n"))
	require.NoError(t, err)
	return sync.Warnings()
}

const (
	tagsStay = "a tag cannot be taken away: who leaves the audience keeps it, and a segment by it holds everyone who ever was a member; " +
		"a custom property can be overwritten"
	membershipStays = "Segment Membership also names those who left an audience within the last 30 days (docs/mapping.md)"
)

func TestTheAudienceAsATagGivesAWarning(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{"mapping.tags[1]: " + tagsStay}, warningsOf(t, "{tags: [zeotap, {audience: id}]}"))
}

func TestSegmentMembershipGivesAWarningWhateverItsSpelling(t *testing.T) {
	t.Parallel()
	for _, field := range []string{"segment_membership", "Segment Membership", "attributes.segmentMembership", "SEGMENT-MEMBERSHIP.ids"} {
		require.Equal(t, []string{"mapping.tags[0]: " + membershipStays + ", and " + tagsStay}, warningsOf(t, "{tags: [{list: "+field+"}]}"))
		require.Equal(t, []string{"mapping.properties.p: " + membershipStays}, warningsOf(t, "{properties: {p: {type: multiselect, list: "+field+"}}}"))
		require.Len(t, warningsOf(t, "{tags: [{first_of: [a, "+field+"]}, {template: 'in the audience with the long name {"+field+"}, it seems'}]}"), 2)
	}
}

func TestAUsualSyncGivesNoWarning(t *testing.T) {
	t.Parallel()
	require.Empty(t, warningsOf(t, "{tags: [zeotap, {list: interests}], properties: {p: {type: string, audience: id}}}"))
}

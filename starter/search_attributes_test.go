package main

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/attributes"
	"audiencesync/internal/temporalclient"
)

func TestSearchAttributesAreRegisteredByACommandThatMayBeRepeated(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	require.Contains(t, o.tell(t, "check", o.file("sync.yaml")).stdout, "note: "+temporalclient.NotRegistered)

	first := o.tell(t, "search-attributes")
	require.Zero(t, first.code, first.stderr)
	require.Contains(t, first.stdout, "AudienceSyncWorkspace  Keyword  added")
	again := o.tell(t, "search-attributes", "-o", "json")
	require.Zero(t, again.code, again.stderr)
	var registered []temporalclient.RegisteredAttribute
	require.NoError(t, json.Unmarshal([]byte(again.stdout), &registered))
	require.Len(t, registered, len(attributes.All()))
	require.Equal(t, temporalclient.RegisteredAttribute{Name: "AudienceSyncName", Type: "Keyword"}, registered[0])
	require.NotContains(t, o.tell(t, "check", o.file("sync.yaml")).stdout, temporalclient.NotRegistered)
}

package main

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/attributes"
	"audiencesync/internal/devserver/devservertest"
	"audiencesync/internal/temporalclient"
)

func TestSearchAttributesAreRegisteredByACommandThatMayBeRepeated(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	in := []string{"--address", devservertest.ForTest(t).Address(), "--namespace", o.namespace}
	require.Contains(t, call(t, append([]string{"check", o.file("sync.yaml")}, in...)...).stdout, "note: "+temporalclient.NotRegistered)

	first := call(t, append([]string{"search-attributes"}, in...)...)
	require.Zero(t, first.code, first.stderr)
	require.Contains(t, first.stdout, "AudienceSyncWorkspace  Keyword  added")
	again := call(t, append([]string{"search-attributes", "-o", "json"}, in...)...)
	require.Zero(t, again.code, again.stderr)
	var registered []temporalclient.RegisteredAttribute
	require.NoError(t, json.Unmarshal([]byte(again.stdout), &registered))
	require.Len(t, registered, len(attributes.All()))
	require.Equal(t, temporalclient.RegisteredAttribute{Name: "AudienceSyncName", Type: "Keyword"}, registered[0])
	require.NotContains(t, call(t, append([]string{"check", o.file("sync.yaml")}, in...)...).stdout, temporalclient.NotRegistered)
}

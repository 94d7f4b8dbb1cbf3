package main

import (
	"encoding/json"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/buildinfo"
)

func TestVersionNamesTheBuild(t *testing.T) {
	t.Parallel()
	require.Equal(t, answer{stdout: buildinfo.Read().Line("audiencesync") + "\n"}, call(t, "version"))
	done := call(t, "version", "--output", "json")
	var info buildinfo.Info
	require.NoError(t, json.Unmarshal([]byte(done.stdout), &info))
	require.Equal(t, runtime.Version(), info.Go)
	require.Equal(t, exitUsage, call(t, "version", "now").code)
}

package buildinfo

import (
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAStampedBuildNamesItsCommit(t *testing.T) {
	t.Parallel()
	built := &debug.BuildInfo{
		GoVersion: "go1.26.8", Main: debug.Module{Version: "v1.4.2"},
		Settings: []debug.BuildSetting{
			{Key: "vcs.revision", Value: "c3010b1"}, {Key: "vcs.time", Value: "2026-11-20T06:00:00Z"}, {Key: "vcs.modified", Value: "false"},
		},
	}
	info := of(built)
	require.Equal(t, Info{Version: "v1.4.2", Revision: "c3010b1", Time: "2026-11-20T06:00:00Z", Go: "go1.26.8"}, info)
	require.Equal(t, "audiencesync v1.4.2, commit c3010b1 of 2026-11-20T06:00:00Z, go1.26.8", info.Line("audiencesync"))
	require.Equal(t, "c3010b1", info.Commit())
	built.Settings[2].Value = "true"
	info = of(built)
	require.Equal(t, "audiencesync v1.4.2, commit c3010b1 with changes of 2026-11-20T06:00:00Z, go1.26.8", info.Line("audiencesync"))
	require.Equal(t, "c3010b1+dirty", info.Commit())
}

func TestABuildWithoutAStampSaysSo(t *testing.T) {
	t.Parallel()
	info := of(&debug.BuildInfo{GoVersion: "go1.26.8", Main: debug.Module{Version: "(devel)"}})
	require.Equal(t, "audiencesync a development build, go1.26.8", info.Line("audiencesync"))
	require.Empty(t, info.Commit())
}

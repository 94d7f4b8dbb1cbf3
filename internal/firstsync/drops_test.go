package firstsync_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/config"
	"audiencesync/internal/firstsync"
)

func TestAPatternIsProposedFromTheNamesOfFiles(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		files []string
		want  firstsync.Drops
	}{
		"parts in folders of sets, with a marker": {
			[]string{"984/20260301T0600/_DONE", "984/20260301T0600/part-0001.csv.gz", "984/20260301T0600/part-0002.csv.gz", "985/20260302T0600/part-0001.csv.gz"},
			firstsync.Drops{Pattern: `^{audience}/(?P<set>[^/]+)/part-[0-9]+\.csv\.gz$`, Marker: "{audience}/{set}/_DONE"},
		},
		"further folders above": {
			[]string{"crm/out.bound/984/2026-03-01/export.ndjson"},
			firstsync.Drops{Pattern: `^crm/out\.bound/{audience}/(?P<set>[^/]+)/export\.ndjson$`},
		},
		"a set in a file": {
			[]string{"984/members-2026-03-01.csv", "984/members-2026-03-02.csv"},
			firstsync.Drops{Pattern: `^{audience}/(?P<set>members-[0-9]+-[0-9]+-[0-9]+\.csv)$`},
		},
		"two other files":            {[]string{"984/a/x.json", "984/a/README", "984/a/_DONE"}, firstsync.Drops{Pattern: `^{audience}/(?P<set>[^/]+)/x\.json$`}},
		"parts of who knows what":    {[]string{"984/part-1.csv", "984/part-2.csv"}, firstsync.Drops{}},
		"no folder of the audience":  {[]string{"export.csv"}, firstsync.Drops{}},
		"files that look unlike":     {[]string{"984/a/x.csv", "984/a/y.csv"}, firstsync.Drops{}},
		"files at different depths":  {[]string{"984/a/x.csv", "984/x.csv"}, firstsync.Drops{}},
		"different folders above":    {[]string{"crm/984/a/x.csv", "shop/984/a/x.csv"}, firstsync.Drops{}},
		"no files of members at all": {[]string{"984/a/readme.txt"}, firstsync.Drops{}},
		"nothing":                    {nil, firstsync.Drops{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := firstsync.LookLike(test.files)
			require.Equal(t, test.want, got)
			if got.Pattern == "" {
				return
			}
			export := firstsync.Export{URL: "drops", Pattern: got.Pattern, Format: string(config.FormatCSV), Delimiter: ",", Marker: got.Marker}
			require.NoError(t, firstsync.Connections{Export: &export, Charles: charles}.ProblemIn("zeotap"))
		})
	}
}

package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/ledger"
	"audiencesync/internal/proof"
)

// tried sends the first few members of the demo's audience, and returns their references.
func (d *desk) tried(t *testing.T, members string) []string {
	t.Helper()
	done := d.call(t, "try", "--limit", members, "-o", "json")
	require.Zero(t, done.code, done.stderr)
	var shown shownTrial
	require.NoError(t, json.Unmarshal([]byte(done.stdout), &shown))
	references := make([]string, len(shown.Members))
	for i, member := range shown.Members {
		references[i] = member.Reference
	}
	return references
}

// verify calls the command with the ledger alone.
func (d *desk) verify(t *testing.T, args ...string) answer {
	t.Helper()
	return call(t, append([]string{"verify", d.file("sync.yaml"), "--ledger", "sqlite:" + d.file("ledger.db")}, args...)...)
}

func (d *desk) provenBy(t *testing.T, code int, file string, flags ...string) proof.Proof {
	t.Helper()
	done := d.verify(t, append([]string{"--members-file", d.membersFile(t, file), "-o", "json"}, flags...)...)
	require.Equal(t, code, done.code, done.stderr)
	var p proof.Proof
	require.NoError(t, json.Unmarshal([]byte(done.stdout), &p))
	return p
}

func TestAFileThatWasExportedInTheAppProvesASync(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	references := d.tried(t, "3")
	before := d.Stats()

	p := d.provenBy(t, 0, "Name,External Id\nAda,"+references[0]+"\nBo,"+references[1]+"\nBo,"+references[1]+"\nCy,"+references[2]+"\n", "--column", "External Id")
	require.Equal(t, audience.Equal, p.Verdict)
	require.Equal(t, audience.EvidenceFile, p.Segment.Evidence)
	require.Equal(t, &audience.Comparison{Listed: 3, Found: 3}, p.Segment.Comparison)
	require.Equal(t, []string{"file: 1 lines repeat a reference; it counts once"}, p.Explanation)

	p = d.provenBy(t, exitUnexplained, strings.Join([]string{references[0], stranger, references[2]}, "\n"), "--with-references")
	require.Equal(t, audience.Unexplained, p.Verdict, "as many as are expected, and not the same")
	require.Equal(t, &audience.Comparison{Listed: 3, Found: 2, NotVisible: 1, Foreign: 1}, p.Segment.Comparison)
	require.Equal(t, []ledger.Difference{
		{Kind: ledger.DifferenceForeign, Reference: stranger}, {Kind: ledger.DifferenceNotVisible, Reference: references[1]},
	}, p.Differences)
	require.Equal(t, before, d.Stats(), "nobody was asked for anything")
}

func TestAProofByFileNamesNobodyUnlessItIsAskedTo(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	references := d.tried(t, "2")
	file := d.membersFile(t, stranger+"\n"+references[1])
	quiet, named := d.verify(t, "--members-file", file), d.verify(t, "--members-file", file, "--with-references")
	require.Equal(t, exitUnexplained, quiet.code, quiet.stderr)
	require.Contains(t, quiet.stdout, "The segment lists 2 contacts: of 2 expected references 1 is not in it, and 1 of its contacts is not ours. Nothing was sent.")
	for _, reference := range append(slices.Clone(references), stranger) {
		require.NotContains(t, quiet.stdout+quiet.stderr, reference)
	}
	require.Contains(t, named.stdout, stranger)
	require.Contains(t, named.stdout, references[0])
	require.NotContains(t, named.stdout, references[1], "it is where it should be")
}

func TestVerifyRefusesWhatItCannotProveBy(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	untouched := d.verify(t, "--members-file", d.membersFile(t, stranger))
	require.Equal(t, exitUsage, untouched.code)
	require.Contains(t, untouched.stderr, "demo")
	d.tried(t, "1")
	for name, test := range map[string]struct {
		args []string
		says string
	}{
		"a column of no file":      {[]string{"--column", "id"}, "--column: name the file too"},
		"an empty file":            {[]string{"--members-file", d.membersFile(t, "")}, "--members-file: the file is empty; nothing was compared"},
		"two kinds of evidence":    {[]string{"--members-file", "x", "--counted", "3"}, "[counted members-file]"},
		"fewer than nobody":        {[]string{"--counted", "-3"}, "--counted -3: write how many contacts the segment shows in the app"},
		"references of no file":    {[]string{"--with-references"}, "audiencesync differences"},
		"a file that is not there": {[]string{"--members-file", "nobody.csv"}, "no such file or directory; nothing was compared"},
	} {
		refused := d.verify(t, test.args...)
		require.Equal(t, exitUsage, refused.code, name)
		require.Contains(t, refused.stderr, test.says, name)
		require.Empty(t, refused.stdout, name)
	}
}

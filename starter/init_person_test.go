package main

import (
	"bytes"
	"maps"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/config"
)

// beginAs runs init for a person who types these lines, and returns what it has said.
func (d *desk) beginAs(t *testing.T, lines string, given map[string]string) string {
	t.Helper()
	asks, said := person(lines, given)
	begun := (&beginner{app: &app{stdout: &bytes.Buffer{}, stderr: said}, asker: asks, flags: initFlags{
		dataFlags: dataFlags{ledger: "sqlite:" + d.file("ledger.db")}, sample: usualSample,
		writeConnections: d.file("first-connections.yaml"), writeSync: d.file("first-sync.yaml"),
	}}).begin(t.Context())
	require.NoError(t, begun, said.String())
	return said.String()
}

func TestAPersonIsAskedAgainForAKeyThatIsNotAccepted(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	require.NoError(t, os.WriteFile(d.file("wrong.key"), []byte("wrong"), 0o600))
	answers := d.answers()
	answers["zeotap_credential"], answers["charles_credential"] = "file:wrong.key", "file:wrong.key"
	answers["segment"] = "https://acme.hello-charles.com/contacts/segments/seg-984"
	lines := "\n\n" + // source_type and send
		"file:demo.key\n" + "\n" + // the audience can be asked for, and has a name
		"file:wrong.key\nfile:nowhere.key\nfile:demo.key\n" + strings.Repeat("\n", 30)
	said := d.beginAs(t, lines, answers)
	require.Equal(t, 1, strings.Count(said, "Zeotap: where the right key is"))
	require.Equal(t, 3, strings.Count(said, "Hello Charles: where the right key is"))
	require.Equal(t, 1, strings.Count(said, "name one that is here, or answer - to go on without"))
	require.NotContains(t, said, "cannot be read")
	connections, err := config.LoadConnections(d.file("first-connections.yaml"))
	require.NoError(t, err)
	require.Equal(t, "file:demo.key", string(connections.HelloCharles["charles"].Credential))
	require.Equal(t, "file:demo.key", string(connections.ZeotapAPI["zeotap"].Credential))
	spec, err := config.LoadSync(d.file("first-sync.yaml"))
	require.NoError(t, err)
	require.Equal(t, "seg-984", spec.Verification.Segment, "the address of the segment was pasted")
}

func TestAPersonMayGoOnWithoutAKey(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	require.NoError(t, os.WriteFile(d.file("demo.key"), []byte("wrong"), 0o600))
	answers := d.answers()
	delete(answers, "segment")
	answers["reference"], answers["region"] = "mobile", "DE"
	said := d.beginAs(t, strings.Repeat("\n", 40), answers)
	require.Contains(t, said, "the list of tags cannot be read")
	require.Contains(t, said, "  going on without the key of Zeotap: no member can be looked at, so no mapping is proposed")
	require.Contains(t, said, "  going on without the key of Hello Charles: no custom properties, tags and segment are proposed, and the two files are without them unless you name them\n")
	connections, err := config.LoadConnections(d.file("first-connections.yaml"))
	require.NoError(t, err)
	require.Equal(t, "file:demo.key", string(connections.HelloCharles["charles"].Credential), "where it will be")
}

func TestWhatABatchIsLikeIsAskedWithAnExplanation(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	answers := d.answers()
	answers["send"], answers["batch_path"], answers["batch_method"] = "batch", "/api/v1beta/contacts/batch", "POST"
	answers["source_type"] = "zeotap"
	said := d.beginAs(t, "contacts\nitems\n"+strings.Repeat("\n", 40), answers)
	for question, document := range map[string]string{"Batches: key around the contacts": "Batches", "Batches: what the reply says": "What a reply can say"} {
		require.Regexp(t, `  .*docs/hello-charles\.md, `+document+`\)\n`+question, said)
	}
}

func TestWhoDoesNotUseTheConnectionsFileNamesAnotherOne(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	require.NoError(t, os.WriteFile(d.file("first-connections.yaml"), []byte("mine"), 0o600))
	lines := "no\n" + d.file("first-connections.yaml") + "\n" + d.file("first-sync.yaml") + "\n" + d.file("nowhere/c.yaml") + "\n" + d.file("second.yaml") + "\n"
	said := d.beginAs(t, lines+strings.Repeat("\n", 40), d.answers())
	require.Contains(t, said, "first-connections.yaml is there already; name one that is not")
	require.Contains(t, said, "first-sync.yaml will be the sync file; name another one")
	require.Contains(t, said, "there is no folder "+d.file("nowhere")+" to write it in")
	_, err := config.LoadConnections(d.file("second.yaml"))
	require.NoError(t, err)
	content, err := os.ReadFile(d.file("first-connections.yaml"))
	require.NoError(t, err)
	require.Equal(t, "mine", string(content))

	answers := d.answers()
	answers["use_existing"] = "no"
	refused := d.begin(t, answers, "--force=false", "--write-sync", d.file("other.yaml"))
	require.Equal(t, exitUsage, refused.code)
	require.Contains(t, refused.stderr, "name another file with --write-connections, or replace it with --force; nothing was written")
}

func TestAPersonIsAskedWhetherAFolderAndAnAudienceAreMeantThatAreNotThere(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	require.Zero(t, call(t, "simulate", "export", d.file("drops"), "--members", "300", "--seed", "1").code)
	answers := d.answers()
	maps.DeleteFunc(answers, func(name, _ string) bool { return strings.HasPrefix(name, "zeotap_") || name == "audience_id" })
	answers["source"], answers["source_type"], answers["send"] = "export", "zeotap", "single"
	lines := "dropz\nno\ndrops\n" + // the folder
		"\n\n\n\n" + // pattern, format, delimiter and marker, as proposed
		"985\n\n984\n" // the audience
	said := d.beginAs(t, lines+strings.Repeat("\n", 40), answers)
	require.Contains(t, said, "  there is no folder "+d.file("dropz")+" on this machine\nKeep it, because it will be there, yes or no? [no]:   then give another one\n")
	require.Contains(t, said, "no file below it belongs to audience 985")
	require.Contains(t, said, "Keep this id, because files of it will come, yes or no? [no]:   then give another one\n")
	require.NotContains(t, said, "cannot be read")
	spec, err := config.LoadSync(d.file("first-sync.yaml"))
	require.NoError(t, err)
	require.Equal(t, "984", spec.Audience.ID)
	require.Equal(t, "phone", spec.Reference.From, "the sample was read")

	answers["zeotap_pattern"] = `^{audience}/part-[0-9]+\.csv$`
	require.NoError(t, os.Mkdir(d.file("later"), 0o700))
	require.NoError(t, os.Remove(d.file("first-connections.yaml")))
	require.NoError(t, os.Remove(d.file("first-sync.yaml")))
	answers["zeotap_url"], answers["reference"], answers["region"] = "later", "mobile", "DE"
	said = d.beginAs(t, "\n\n\n985\nyes\n"+strings.Repeat("\n", 40), answers)
	require.NotContains(t, said, "then give another one")
	spec, err = config.LoadSync(d.file("first-sync.yaml"))
	require.NoError(t, err)
	require.Equal(t, "985", spec.Audience.ID)
}

package firstsync_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/config"
	"audiencesync/internal/firstsync"
)

// update writes the files in testdata anew: go test ./internal/firstsync -update.
var update = flag.Bool("update", false, "write the expected files anew")

func requireFile(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(path, got, 0o600))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), string(got), "if this is meant: go test ./internal/firstsync -update")
}

var charles = firstsync.Charles{BaseURL: "acme", SourceType: "zeotap", Credential: "env:HELLO_CHARLES_API_KEY"}

func TestAConnectionsFileIsCommentedAndHoldsTogether(t *testing.T) {
	t.Parallel()
	batches, unread := charles, charles
	batches.Batch = &firstsync.Batch{Method: "POST", Path: "/api/v1beta/contacts/batch", Envelope: "contacts", Reply: "items"}
	unread.MayNotRead, unread.KnownTags, unread.KnownProperties = true, []string{"zeotap"}, []string{"zeotap_audience_984", "Größe: \"#1\""}
	for name, connections := range map[string]firstsync.Connections{
		"api": {API: &firstsync.API{BaseURL: "https://cdp.example.com", Credential: "file:zeotap.key"}, Charles: batches},
		"export": {Export: &firstsync.Export{
			URL: "s3://drops/zeotap", Pattern: `^{audience}/(?P<set>[^/]+)/part-[0-9]+\.csv\.gz$`, Format: "csv", Delimiter: ";", Marker: "{audience}/{set}/_DONE",
		}, Charles: charles},
		"sftp": {Export: &firstsync.Export{
			URL: "sftp://audiencesync@files.example.com/drops", Pattern: `^{audience}\.ndjson$`, Format: "ndjson", PrivateKey: "file:sftp.key",
			HostKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHUhlnn2kBZMUd7WSCbRnbNZLPFc6mDq6J/9zSTfcZYw",
		}, Charles: unread},
	} {
		raw, err := connections.YAML()
		require.NoError(t, err)
		requireFile(t, "connections-"+name+".yaml", raw)
		read, err := config.ParseConnections(name, raw)
		require.NoError(t, err, string(raw))
		workspace, err := read.Charles(firstsync.DestinationName)
		require.NoError(t, err)
		require.Equal(t, "https://acme.hello-charles.com", workspace.BaseURL)
		_, err = read.Source(firstsync.SourceName)
		require.NoError(t, err)
		if name == "sftp" {
			require.False(t, workspace.Read.ReadsAllowed())
			require.Equal(t, "Größe: \"#1\"", workspace.Read.KnownProperties[1].Name)
		}
	}
}

// bare is a sync of which only what it needs is known.
var bare = firstsync.Sync{
	Name: "audience-984", AudienceID: "984", Source: "zeotap", Destination: "charles",
	Reference: "customer_id", Normalise: "raw", Marker: "zeotap_audience_984", Member: "member", AcceptInvalid: "2%",
}

func TestASyncFileIsCommentedAndHoldsTogether(t *testing.T) {
	t.Parallel()
	full := bare
	full.Name, full.AudienceName, full.Reference, full.Normalise, full.Region = "spring-campaign", "Spring campaign", "phone", "e164", "DE"
	full.FirstName, full.MiddleName, full.LastName, full.Phone, full.Email = "first_name", "name.second", "last_name", "phone", "email"
	full.Tags, full.Segment, full.Consent, full.SampleNote = []string{"zeotap"}, "0a1b2c3d", "consent.whatsapp", "of the first 200 members, 2 had no usable reference"
	full.Properties = []firstsync.Property{
		{Name: "birthday", Source: config.PropertySource{Type: config.PropertyDate, Origin: config.Origin{From: "birth_date"}, Format: "DD.MM.YYYY"}},
		{Name: "interests", Source: config.PropertySource{Type: config.PropertyMultiselect, ListField: config.ListField{List: "interests", Separator: "|"}}},
		{Name: "revenue", Source: config.PropertySource{Type: config.PropertyNumber, Origin: config.Origin{From: "revenue"}, DecimalComma: true}},
	}
	full.Remarks = []firstsync.Remark{
		{Property: "city", Field: "town", Source: config.PropertySource{Type: config.PropertyString, Origin: config.Origin{From: "town"}}, Why: "the names differ"},
		{Property: "stay", Field: "stay", Why: `no mapping makes a value for its field "daterange"`},
	}
	for name, sync := range map[string]firstsync.Sync{"full": full, "bare": bare} {
		raw, err := sync.YAML()
		require.NoError(t, err)
		requireFile(t, "sync-"+name+".yaml", raw)
		read, err := config.ParseSync(name, raw)
		require.NoError(t, err, string(raw))
		require.Equal(t, sync.AudienceID, read.Audience.ID)
		require.Equal(t, sync.Segment, read.Verification.Segment)
		require.Len(t, read.Mapping.Properties, len(sync.Properties))
		for _, property := range sync.Properties {
			require.Equal(t, property.Source, read.Mapping.Properties[property.Name])
		}
	}
}

func TestAnyNameIsWrittenSoThatItIsReadBack(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"yes", "null", "~", "007", "1e3", "a: b", "#1", "- x", "{a}", "[b]", "it's", `"q"`, `back\slash`, "Größe", "a.b-c_d", "*x", "&y", "!z", "%", "@", "`", "env:A:B", "<&>", "日本", "a b", "true.x", "?", "k:",
	} {
		sync := bare
		sync.Reference, sync.AudienceName, sync.Email, sync.Member = name, name, name, name
		sync.Tags = []string{name}
		sync.Properties = []firstsync.Property{{Name: name, Source: config.PropertySource{Type: config.PropertyString, Origin: config.Origin{From: name}}}}
		sync.Remarks = []firstsync.Remark{{Property: name, Field: name, Source: config.PropertySource{Type: config.PropertyString, Origin: config.Origin{From: name}}, Why: "so"}}
		raw, err := sync.YAML()
		require.NoError(t, err)
		read, err := config.ParseSync("sync.yaml", raw)
		require.NoError(t, err, string(raw))
		require.Equal(t, name, read.Reference.From)
		require.Equal(t, name, read.Audience.Name)
		require.Equal(t, name, read.Mapping.Email.From)
		require.Equal(t, name, read.Marker.Member)
		require.Equal(t, config.ConstantTags(name), read.Mapping.Tags)
		require.Equal(t, name, read.Mapping.Properties[name].From)
	}
}

func TestAWrongSettingIsSaidInTheWordsOfItsFile(t *testing.T) {
	t.Parallel()
	connections := firstsync.Connections{API: &firstsync.API{BaseURL: "http://cdp.example.com"}, Charles: charles}
	require.ErrorContains(t, connections.ProblemIn("zeotap.base_url"), "plain http shows the credential to everyone on the way")
	require.NoError(t, connections.ProblemIn("charles.base_url"))
	sync := bare
	sync.Region, sync.Name = "UK", "Spring"
	require.ErrorContains(t, sync.ProblemIn("reference.default_region"), `did you mean "GB"?`)
	require.ErrorContains(t, sync.ProblemIn("sync"), "expected a name of lower-case letters")
	require.NoError(t, sync.ProblemIn("marker"))
}

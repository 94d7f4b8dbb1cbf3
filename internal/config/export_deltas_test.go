package config_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/config"
)

const deltaConnection = `connections:
  drops:
    kind: zeotap-export
    url: sftp://zeotap@files.example/drops
    pattern: ^{audience}/(?P<set>(?P<sequence>\d+))/(?P<operation>[a-z]+)\.csv$
    format: csv
    delivers: deltas
    deltas:
      words: {insert: [insert, add]}
      key: [crm_id]
      deletes: true
      updates: changed
      complete_with: [insert, delete]
      late_after: 6h
      full_share: 50%
    sftp:
      password: env:SFTP_PASSWORD
      known_hosts: known_hosts
`

func TestSettingsOfSetsOfChanges(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	connections, err := config.LoadConnections(write(t, folder, "connections.yaml", deltaConnection))
	require.NoError(t, err)

	want := config.DefaultZeotapExport()
	want.URL, want.Format = "sftp://zeotap@files.example/drops", config.FormatCSV
	want.Pattern = `^{audience}/(?P<set>(?P<sequence>\d+))/(?P<operation>[a-z]+)\.csv$`
	want.Delivers = config.DeliversDeltas
	want.Deltas = config.ExportDeltas{
		Words: config.OperationWords{
			Full: []string{"full"}, Insert: []string{"insert", "add"}, Update: []string{"update"}, Delete: []string{"delete"},
		},
		Key:          []string{"crm_id"},
		Deletes:      true,
		Updates:      config.UpdatesChanged,
		CompleteWith: []config.Operation{config.OperationInsert, config.OperationDelete},
		LateAfter:    config.Duration(6 * time.Hour),
		FullShare:    0.5,
	}
	want.SFTP = config.SFTP{
		Password: "env:SFTP_PASSWORD", KnownHosts: filepath.Join(folder, "known_hosts"), Timeout: config.Duration(30 * time.Second),
	}
	require.Equal(t, want, connections.ZeotapExport["drops"])
}

func TestSettingsOfSetsOfChangesAreRefusedWithOneClearSentence(t *testing.T) {
	t.Parallel()
	for title, c := range map[string]struct{ replace, with, problem string }{
		"deltas of full sets": {"delivers: deltas", "delivers: full", "5:14: connections.drops.pattern: holds the group (?P<sequence>...), which is read with delivers: deltas only"},
		"no set":              {"(?P<set>(?P<sequence>\\d+))", "\\d+", "5:14: connections.drops.pattern: needs the group (?P<set>...) with delivers: deltas: sets are applied in the order of their names"},
		"no operation":        {"(?P<operation>[a-z]+)", "[a-z]+", "5:14: connections.drops.pattern: needs the group (?P<operation>...) with delivers: deltas, or write deltas.operation_column: else nobody knows who is inserted and who deleted"},
		"operation twice":     {"deletes: true", "deletes: true\n      operation_column: op\n      complete_with: []", "12:25: connections.drops.deltas.operation_column: the pattern has a group (?P<operation>...) already; the operation is told by one of them"},
		"other group":         {"(?P<operation>", "(?P<op>[a-z])(?P<operation>", "5:14: connections.drops.pattern: holds a named group that nothing reads; the known groups are (?P<set>...), (?P<operation>...) and (?P<sequence>...)"},
		"word twice":          {"insert: [insert, add]", "insert: [insert, Delete]", "9:14: connections.drops.deltas.words.delete[0]: also stands in the list insert; case does not matter, and a word has one meaning"},
		"key twice":           {"key: [crm_id]", "key: [crm_id, crm_id]", "10:21: connections.drops.deltas.key[1]: the same as entry 1 of the list; delete one"},
		"no deletes":          {"deletes: true", "deletes: false", "13:31: connections.drops.deltas.complete_with[1]: no set holds deletes while deletes is false; write deletes: true, or delete the entry"},
		"waiting for full":    {"[insert, delete]", "[full]", `13:23: connections.drops.deltas.complete_with[0]: expected one of "insert", "update", "delete"`},
		"late at once":        {"late_after: 6h", "late_after: 0s", "14:19: connections.drops.deltas.late_after: expected a duration above zero"},
		"no age":              {"format: csv", "format: csv\n    max_age: 30s", "7:14: connections.drops.max_age: expected at least 1m, or zero for any age"},
		"share":               {"full_share: 50%", "full_share: 150%", `15:19: connections.drops.deltas.full_share: expected a share of the whole: "2%" or 0.02, from 0 to 1`},
		"updates":             {"updates: changed", "updates: merge", `12:16: connections.drops.deltas.updates: expected one of "whole", "changed"`},
		"password in the url": {"zeotap@files", "zeotap:hunter2@files", "4:10: connections.drops.url: must not hold a password; write it as sftp.password: env:NAME or file:PATH, and delete it here"},
		"no user":             {"zeotap@files", "files", "4:10: connections.drops.url: expected sftp://user@host/absolute/path, or sftp://user@host:port/absolute/path"},
		"no path":             {"files.example/drops", "files.example", "4:10: connections.drops.url: expected the absolute path of a folder after the host, without parameters: sftp://user@host/absolute/path"},
		"sftp elsewhere":      {"sftp://zeotap@files.example/drops", "/data", "16:5: connections.drops.sftp: has no effect: the url does not start with sftp://"},
		"no login":            {"password: env:SFTP_PASSWORD", "timeout: 5s", "16:5: connections.drops.sftp.private_key: missing with sftp://, and so is password; write where one of them is: env:NAME or file:PATH"},
		"passphrase alone":    {"known_hosts: known_hosts", "known_hosts: known_hosts\n      passphrase: env:P", "19:19: connections.drops.sftp.passphrase: belongs to a private_key, and there is none"},
		"no host key":         {"known_hosts: known_hosts", "timeout: 5s", "16:5: connections.drops.sftp.host_key: missing with sftp://, and so is known_hosts; the server is always checked: write the path of a known_hosts file, or the public key that the server's operator gives you"},
		"two host keys":       {"known_hosts: known_hosts", "known_hosts: known_hosts\n      host_key: ssh-ed25519 AAAA", "19:17: connections.drops.sftp.host_key: there is known_hosts already; the server is checked by one of them"},
		"broken host key":     {"known_hosts: known_hosts", "host_key: ssh-ed25519 AAAA", `18:17: connections.drops.sftp.host_key: expected the public key of the server, as in "ssh-ed25519 AAAA..."`},
		"password itself":     {"env:SFTP_PASSWORD", "hunter2", "17:17: connections.drops.sftp.password: expected where the credential is, never the credential itself: env:NAME (an environment variable of the worker) or file:PATH (relative to the connections file)"},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			file := strings.Replace(deltaConnection, c.replace, c.with, 1)
			require.NotEqual(t, deltaConnection, file)
			err := connectionsError("c.yaml", []byte(file))
			require.ErrorContains(t, err, "c.yaml:"+c.problem)
			require.NotContains(t, err.Error(), "hunter2")
		})
	}
	full := strings.Replace(deltaConnection, "(?P<set>(?P<sequence>\\d+))/(?P<operation>[a-z]+)", "(?P<set>x)", 1)
	err := connectionsError("c.yaml", []byte(strings.Replace(full, "delivers: deltas", "delivers: full", 1)))
	require.EqualError(t, err, "c.yaml:8:5: connections.drops.deltas: has no effect with delivers: full; write delivers: deltas, or delete this")
}

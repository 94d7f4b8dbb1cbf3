package endpoints

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/metric/noop"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/ledger"
	"audiencesync/internal/zeotap"
)

const spring = `
sync: spring
audience: {id: "984"}
source: drops
destination: charles
reference: {from: ids.crm, normalise: raw}
marker: {property: zeotap_audience_984, member: member}
filter: {field: consent, is: "yes"}
mapping: {first_name: first_name}
verification: {none: true}
`

// poolOfDeltas reads sets of changes out of a folder.
func poolOfDeltas(t *testing.T, l *ledger.Ledger) (pool *Pool, folder string) {
	t.Helper()
	folder = t.TempDir()
	export := config.DefaultZeotapExport()
	export.URL, export.Format, export.Delivers = folder, config.FormatNDJSON, config.DeliversDeltas
	export.Pattern = `{audience}-(?P<set>\d+)-(?P<operation>[a-z]+)`
	return New(Options{
		Ledger: l, Meter: noop.NewMeterProvider().Meter("test"),
		Connections: config.Connections{ZeotapExport: map[string]config.ZeotapExport{"drops": export}},
	}), folder
}

func syncOf(t *testing.T, text string) config.Sync {
	t.Helper()
	spec, err := config.ParseSync("sync.yaml", []byte(text))
	require.NoError(t, err)
	return spec
}

func drop(t *testing.T, path, content string) {
	t.Helper()
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	at := time.Now().Add(-time.Hour)
	require.NoError(t, os.Chtimes(path, at, at))
}

func membersOf(t *testing.T, source zeotap.Source) []audience.Member {
	t.Helper()
	snapshot, err := source.Open(t.Context(), "984")
	require.NoError(t, err)
	reader, err := source.Reader(t.Context(), snapshot)
	require.NoError(t, err)
	page, err := reader.Page(t.Context(), "")
	require.NoError(t, err)
	require.True(t, page.Last)
	return page.Members
}

func TestSetsOfChangesKeepWhatTheSyncMapsAndNothingElse(t *testing.T) {
	t.Parallel()
	l, err := ledger.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "ledger.db"), ledger.WithFailureKey([]byte("0123456789abcdef")))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close()) })
	pool, folder := poolOfDeltas(t, l)
	drop(t, filepath.Join(folder, "984-1-full"), `{"ids":{"crm":1,"other":"x"},"first_name":"Zoë","consent":"yes","secret":"x"}`+"\n"+`{"ids":{"crm":"2"}}`)
	drop(t, filepath.Join(folder, "984-2-delete"), `{"ids":{"crm":2}}`)

	source, err := pool.Source(syncOf(t, spring))
	require.NoError(t, err)
	require.Equal(t, []audience.Member{{"ids.crm": json.Number("1"), "first_name": "Zoë", "consent": "yes"}}, membersOf(t, source))

	other, err := pool.Source(syncOf(t, `
sync: autumn
audience: {id: "984"}
source: drops
destination: charles
reference: {from: ids.crm, normalise: raw}
marker: {property: zeotap_audience_984, member: member}
verification: {none: true}
`))
	require.NoError(t, err)
	require.Equal(t, []audience.Member{{"ids.crm": json.Number("1")}}, membersOf(t, other))
}

func TestSetsOfChangesAreRefusedWithoutAKeyToKeepMembersWith(t *testing.T) {
	t.Parallel()
	pool, _ := poolOfDeltas(t, openLedger(t))
	_, err := pool.Source(syncOf(t, spring))
	var settings *SettingsError
	require.ErrorAs(t, err, &settings)
	require.ErrorContains(t, err, "connection drops: the members of sets of changes are kept in the ledger, encrypted, and the ledger was opened without a key: give a failure key")
}

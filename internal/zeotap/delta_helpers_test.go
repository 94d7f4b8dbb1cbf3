package zeotap_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/ledger"
	"audiencesync/internal/ledger/ledgertest"
	"audiencesync/internal/zeotap"
)

var failureSecret = []byte("0123456789abcdef0123456789abcdef")

// drops is a folder of sets of changes, and the ledger that they go into.
type drops struct {
	testing.TB

	folder   string
	settings config.ZeotapExport
	ledger   *ledger.Ledger
	fields   []string
	key      []string
	sync     string
	clock    time.Time
	// kept is told of every member that is kept.
	kept func(audience.Member)
}

// newDrops is a folder of sets such as 984/00001/insert.csv.
func newDrops(t *testing.T) *drops {
	t.Helper()
	d := newDropsIn(t, t.TempDir())
	d.ledger = openLedger(t, ledgertest.Address(t))
	t.Cleanup(func() { require.NoError(t, d.ledger.Close()) })
	return d
}

func newDropsIn(t *testing.T, folder string) *drops {
	t.Helper()
	d := &drops{TB: t, folder: folder, fields: []string{"id", "name", "city"}, key: []string{"id"}, sync: "spring", clock: time.Now().Add(-time.Hour)}
	s := config.DefaultZeotapExport()
	s.URL = d.folder
	s.Pattern = `{audience}/(?P<set>(?P<sequence>\d+))/(?P<operation>[a-z]+)[^/]*`
	s.Format, s.Delivers = config.FormatCSV, config.DeliversDeltas
	s.Deltas.Deletes = true
	s.PageSize = 3
	d.settings = s
	return d
}

func openLedger(tb testing.TB, address string) *ledger.Ledger {
	tb.Helper()
	l, err := ledger.Open(tb.Context(), address, ledger.WithFailureKey(failureSecret))
	require.NoError(tb, err)
	return l
}

// set delivers files of a set, each a second after the last one: "insert" or
// "insert-2.csv" to content.
func (d *drops) set(set string, files map[string]string) {
	d.Helper()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		d.file("984/"+set+"/"+name, files[name])
	}
}

func (d *drops) file(key, content string) {
	d.Helper()
	t, ok := d.TB.(*testing.T)
	require.True(d, ok)
	deliver(t, d.folder, key, []byte(content))
	d.clock = d.clock.Add(time.Second)
	changedAgo(d, d.folder, key, time.Since(d.clock))
}

func (d *drops) source() zeotap.Source {
	d.Helper()
	export, err := zeotap.NewExport("drop", d.settings, nil)
	require.NoError(d, err)
	kept, err := d.ledger.Export(d.sync)
	require.NoError(d, err)
	source, err := export.Deltas(zeotap.Membership{Ledger: kept, Key: d.key, Fields: d.fields, Keep: d.keep})
	require.NoError(d, err)
	return source
}

// keep is what a mapping of the fields keeps.
func (d *drops) keep(member audience.Member) audience.Member {
	if d.kept != nil {
		d.kept(member)
	}
	kept := audience.Member{}
	for _, field := range d.fields {
		if value := member[field]; value != nil {
			kept[field] = value
		}
	}
	return kept
}

func (d *drops) open() (audience.Snapshot, error) {
	d.Helper()
	return d.source().Open(d.Context(), "984")
}

// failsWith opens the audience, which fails.
func (d *drops) failsWith(kind zeotap.Kind) *zeotap.Error {
	d.Helper()
	_, err := d.open()
	var failed *zeotap.Error
	require.ErrorAs(d, err, &failed)
	require.Equal(d, kind, failed.Kind, failed.Error())
	require.NotContains(d, failed.Error(), planted)
	return failed
}

// snapshot opens the audience.
func (d *drops) snapshot() audience.Snapshot {
	d.Helper()
	snapshot, err := d.open()
	require.NoError(d, err)
	return snapshot
}

// members opens the audience and reads it: names by id.
func (d *drops) members() map[string]string {
	d.Helper()
	source := d.source()
	snapshot, err := source.Open(d.Context(), "984")
	require.NoError(d, err)
	reader, err := source.Reader(d.Context(), snapshot)
	require.NoError(d, err)
	found := map[string]string{}
	var read int64
	for at, last := audience.Cursor(""), false; !last; {
		page, err := reader.Page(d.Context(), at)
		require.NoError(d, err)
		require.LessOrEqual(d, len(page.Members), d.settings.PageSize)
		for _, member := range page.Members {
			id, _ := member["id"].(string)
			name, _ := member["name"].(string)
			require.NotContains(d, found, id, "a member is read once")
			found[id] = name
			read++
		}
		at, last = page.Next, page.Last
	}
	completeness, err := reader.Finish(d.Context(), read)
	require.NoError(d, err)
	require.Equal(d, audience.Completeness{Complete: true}, completeness)
	require.Equal(d, read, *snapshot.Total)
	return found
}

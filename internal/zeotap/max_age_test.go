package zeotap_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/zeotap"
)

func TestExportRefusesASetThatIsOlderThanTheConnectionAllows(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	deliver(t, folder, "984/a/part-1.csv", []byte("id\n1\n"))
	deliver(t, folder, "984/b/part-1.csv", []byte("id\nstill written\n"))
	changedAgo(t, folder, "984/a/part-1.csv", 49*time.Hour)
	changedAgo(t, folder, "984/b/part-1.csv", time.Minute)
	s := settings(folder, config.FormatCSV)
	s.MaxAge = config.Duration(48 * time.Hour)
	source := newExport(t, s)

	_, err := source.Open(t.Context(), "984")
	failed := failure(t, err, zeotap.TooOld)
	require.Contains(t, failed.Error(), "set a of audience 984: it is the newest that is complete, of ")
	require.Contains(t, failed.Error(), "older than max_age of the connection (48h)")
	_, _, err = source.Identify(t.Context(), "984")
	failure(t, err, zeotap.TooOld)

	changedAgo(t, folder, "984/b/part-1.csv", time.Hour)
	require.Equal(t, []audience.Member{{"id": "still written"}}, readAll(t, source))
	_, _, err = source.Identify(t.Context(), "984")
	require.NoError(t, err)
}

func TestDeltasAreRefusedWhenTheNewestSetIsOlderThanTheConnectionAllows(t *testing.T) {
	t.Parallel()
	d := newDrops(t) // Its sets are an hour old.
	d.set("8", map[string]string{"insert.csv": "id,name\n1,a\n"})
	d.settings.MaxAge = config.Duration(30 * time.Minute)
	require.Contains(t, d.failsWith(zeotap.TooOld).Error(), "set 8 of audience 984: it is the newest that is complete, of ")
	d.settings.MaxAge = config.Duration(3 * time.Hour)
	require.Equal(t, map[string]string{"1": "a"}, d.members())
	require.Equal(t, "8", d.snapshot().Name)
}

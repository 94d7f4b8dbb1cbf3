package zeotap_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/ledger"
	"audiencesync/internal/ledger/ledgertest"
	"audiencesync/internal/zeotap"
)

func TestSetsOfChangesAreKeptInPostgreSQL(t *testing.T) {
	ledgertest.AgainOnPostgreSQL(t, "^TestDelta")
}

func TestDeltasAreAppliedInTheirOrder(t *testing.T) {
	t.Parallel()
	d := newDrops(t)
	d.set("8", map[string]string{"insert.csv": "id,name\n1,a\n2,b\n3,c\n4,d\n"})
	require.Equal(t, map[string]string{"1": "a", "2": "b", "3": "c", "4": "d"}, d.members())

	// Number 10 comes after number 9, whatever their names and times say.
	d.set("10", map[string]string{"update.csv": "id,name\n5,later\n"})
	d.set("9", map[string]string{"insert-1.csv": "id,name\n5,e\n", "insert-2.csv": "id,name\n6,f\n", "update.csv": "id,name\n2,new\n", "delete.csv": "id\n1\n"})
	want := map[string]string{"2": "new", "3": "c", "4": "d", "5": "later", "6": "f"}
	require.Equal(t, want, d.members())
	require.Equal(t, want, d.members(), "what was applied is not applied again")

	require.NoError(t, os.RemoveAll(filepath.Join(d.folder, "984")))
	require.Equal(t, want, d.members(), "files may be cleared away once they are applied")
	_, _, err := d.source().Identify(t.Context(), "984")
	require.NoError(t, err)
}

func TestDeltasWithOperationsInAColumn(t *testing.T) {
	t.Parallel()
	d := newDrops(t)
	d.settings.Pattern = `{audience}/(?P<set>[^/]+)/part-.+`
	d.settings.Format = config.FormatNDJSON
	d.settings.Deltas.OperationColumn = "_op.kind"
	d.settings.Deltas.Words.Insert = []string{"A", "insert"}
	d.set("a", map[string]string{"part-1": `{"id":"1","name":"a","_op":{"kind":"full"}}` + "\n" + `{"id":2,"name":"b","_op":{"kind":"FULL"}}`})
	d.set("b", map[string]string{"part-1": strings.Join([]string{
		`{"id":3,"name":"c","_op":{"kind":"a"}}`,
		`{"id":"2","_op":{"kind":"delete"}}`,
		`{"id":"1","name":"new","_op":{"kind":"Update"}}`,
	}, "\n")})
	snapshot := d.snapshot()
	require.Equal(t, int64(2), *snapshot.Total)
	source := d.source()
	require.Equal(t, []audience.Member{{"id": "1", "name": "new"}, {"id": json.Number("3"), "name": "c"}}, readAll(t, source))

	d.set("c", map[string]string{"part-1": `{"id":"1","_op":{"kind":"` + planted + `"}}`})
	failed := d.failsWith(zeotap.BrokenData)
	require.Contains(t, failed.Error(), "984/c/part-1, record 1: what it says in _op.kind is no operation")
	d.set("c", map[string]string{"part-1": `{"id":"1","_op":{"kind":"full"}}` + "\n" + `{"id":"2","_op":{"kind":"delete"}}`})
	require.Contains(t, d.failsWith(zeotap.BrokenData).Text, "the whole audience and changes of it at once")
}

func TestDeltaSnapshotSaysWhatIsKnown(t *testing.T) {
	t.Parallel()
	d := newDrops(t)
	d.set("1", map[string]string{"full.csv": "id,name\n1,a\n2,b\n"})
	snapshot := d.snapshot()
	require.Equal(t, audience.Audience{ID: "984"}, snapshot.Audience)
	require.Equal(t, int64(2), *snapshot.Total)
	require.WithinDuration(t, d.clock, snapshot.AsOf, time.Millisecond)
	require.False(t, snapshot.LeaversUnknown)
	require.Empty(t, snapshot.LeaversUnknownWhy)
	require.Empty(t, snapshot.Notes)
	require.Equal(t, snapshot, d.snapshot(), "nothing new is the same version")

	d.settings.Deltas.Deletes = false
	without := d.snapshot()
	require.True(t, without.LeaversUnknown)
	require.Contains(t, without.LeaversUnknownWhy, "deltas.deletes: true")

	d.set("2", map[string]string{"update.csv": "id,name\n1,a2\n"})
	require.NotEqual(t, snapshot.Version, d.snapshot().Version)
}

func TestDeltasCountWhatIsUnusual(t *testing.T) {
	t.Parallel()
	d := newDrops(t)
	d.set("1", map[string]string{"full.csv": "id,name\n1,a\n2,b\n2,again\n3,c\n4,d\n5,e\n"})
	d.set("2", map[string]string{
		"insert.csv": "id,name\n1,known\n8,h\n9,i\n", "update.csv": "id,name\n7,unknown\n,nobody\n", "delete.csv": "id\n6\n3\n",
	})
	require.Equal(t, map[string]string{"1": "known", "2": "again", "4": "d", "5": "e", "7": "unknown", "8": "h", "9": "i"}, d.members())
	require.Equal(t, []string{
		"set 2: 1 updates of nobody known were taken as inserts; 1 deletes were of nobody known; 1 updates and deletes named nobody: their key is empty; 1 inserts were of members",
		"set 1: 1 records named a member that the set had named before: the last one counts",
	}, d.snapshot().Notes)
}

func TestDeltaMembersWithoutAKeyStayUntilAFullSet(t *testing.T) {
	t.Parallel()
	d := newDrops(t)
	d.set("1", map[string]string{"full.csv": "id,name\n1,a\n,nobody\n"})
	require.Equal(t, map[string]string{"1": "a", "": "nobody"}, d.members(), "the run says what is wrong with them")
	d.set("2", map[string]string{"full.csv": "id,name\n1,a\n"})
	require.Equal(t, map[string]string{"1": "a"}, d.members())
	d.set("3", map[string]string{"full.csv": "id,name\n,a\n,b\n"})
	require.Contains(t, d.failsWith(zeotap.BrokenData).Text, "none of its records has a value in id")
}

func TestDeltaUpdatesOfChangedFields(t *testing.T) {
	t.Parallel()
	for form, want := range map[config.UpdateForm]audience.Member{
		config.UpdatesWhole:   {"id": "1", "name": "", "city": "Köln"},
		config.UpdatesChanged: {"id": "1", "name": "a", "city": "Köln"},
	} {
		d := newDrops(t)
		d.settings.Deltas.Updates = form
		d.set("1", map[string]string{"full.csv": "id,name,city\n1,a,Bonn\n"})
		d.set("2", map[string]string{"update.csv": "id,name,city\n1,,Ulm\n1,,Köln\n"})
		require.Equal(t, []audience.Member{want}, readAll(t, d.source()), form)
	}
}

func TestDeltaFullSetsReplaceTheMembers(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		file string
		want map[string]string
	}{
		"announced":             {"full.csv", map[string]string{"1": "n", "2": "n", "3": "n", "4": "n", "9": "n"}},
		"nobody announced it":   {"insert.csv", map[string]string{"1": "n", "2": "n", "3": "n", "4": "n", "9": "n"}},
		"a set of inserts only": {"insert.csv", map[string]string{"1": "n", "2": "o", "3": "o", "4": "o", "5": "o", "6": "n", "7": "n", "8": "n", "9": "n"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDrops(t)
			d.set("1", map[string]string{"insert.csv": "id,name\n1,o\n2,o\n3,o\n4,o\n5,o\n"})
			require.Len(t, d.members(), 5)
			ids := "id,name\n1,n\n2,n\n3,n\n4,n\n9,n\n"
			if strings.HasPrefix(name, "a set") {
				ids = "id,name\n1,n\n6,n\n7,n\n8,n\n9,n\n"
			}
			d.set("2", map[string]string{c.file: ids})
			require.Equal(t, c.want, d.members())
			d.set("3", map[string]string{"delete.csv": "id\n9\n", "update.csv": "id,name\n1,last\n"})
			delete(c.want, "9")
			c.want["1"] = "last"
			require.Equal(t, c.want, d.members())
			if name == "nobody announced it" {
				require.Contains(t, d.snapshot().Notes, "set 2: holds inserts only and was taken as the whole audience: "+
					"of its 5 records 4 were members already, and 1 who are not in it are no longer members")
			}
		})
	}
}

func TestDeltaInsertsOfAFewMembersAreNoFullSet(t *testing.T) {
	t.Parallel()
	d := newDrops(t)
	d.set("1", map[string]string{"full.csv": "id,name\n1,o\n2,o\n3,o\n4,o\n5,o\n"})
	d.set("2", map[string]string{"insert.csv": "id,name\n1,n\n1,n\n1,n\n1,n\n2,n\n"})
	require.Len(t, d.members(), 5, "every record is of a member, but they are not most of them")
	d.set("3", map[string]string{"insert.csv": "id,name\n1,n\n2,n\n3,n\n4,n\n5,n\n", "delete.csv": "id\n7\n"})
	require.Len(t, d.members(), 5)
	d.settings.Deltas.FullShare = 0
	d.set("4", map[string]string{"insert.csv": "id,name\n1,x\n2,x\n3,x\n4,x\n"})
	require.Equal(t, map[string]string{"1": "x", "2": "x", "3": "x", "4": "x", "5": "n"}, d.members(), "zero is never")
}

func TestDeltaFullSetNeedsNothingBeforeIt(t *testing.T) {
	t.Parallel()
	d := newDrops(t)
	d.set("3", map[string]string{"delete.csv": "id\n1\n"})
	d.set("4", map[string]string{"full.csv": "id,name\n1,a\n"})
	d.set("5", map[string]string{"insert.csv": "id,name\n2,b\n"})
	require.Equal(t, map[string]string{"1": "a", "2": "b"}, d.members())
	d.set("8", map[string]string{"insert.csv": "id,name\n3,c\n"})
	_ = d.failsWith(zeotap.NotSettled)
	d.set("9", map[string]string{"full.csv": "id,name\n4,d\n"})
	require.Equal(t, map[string]string{"4": "d"}, d.members(), "a gap before a full set does no harm")
}

func TestDeltasBeginWithTheWholeAudience(t *testing.T) {
	t.Parallel()
	d := newDrops(t)
	_ = d.failsWith(zeotap.NothingToRead)
	d.set("3", map[string]string{"insert.csv": "id,name\n1,a\n", "delete.csv": "id\n9\n"})
	failed := d.failsWith(zeotap.BrokenData)
	require.Contains(t, failed.Error(), "set 3 of audience 984")
	require.Contains(t, failed.Text, "nobody knows the whole audience")
	require.Contains(t, failed.Text, "deltas.words.full")
}

func TestDeltaSetThatIsMissingIsWaitedFor(t *testing.T) {
	t.Parallel()
	d := newDrops(t)
	d.set("1", map[string]string{"full.csv": "id,name\n1,a\n"})
	require.Len(t, d.members(), 1)
	d.set("4", map[string]string{"insert.csv": "id,name\n2,b\n"})
	failed := d.failsWith(zeotap.NotSettled)
	require.Contains(t, failed.Error(), "set 4 of audience 984: the set 1 was applied last, and numbers 2 to 3 are missing before this one, since "+d.clock.UTC().Format(time.RFC3339))

	d.settings.Deltas.LateAfter = config.Duration(30 * time.Minute)
	failed = d.failsWith(zeotap.BrokenData)
	require.Contains(t, failed.Text, "numbers 2 to 3 are missing before this one, since "+d.clock.UTC().Format(time.RFC3339)+", which is longer than 30m0s (deltas.late_after)")

	d.set("2", map[string]string{"insert.csv": "id,name\n3,c\n"})
	require.Contains(t, d.failsWith(zeotap.BrokenData).Text, "number 3 is missing")
	d.set("3", map[string]string{"insert.csv": "id,name\n4,d\n"})
	require.Len(t, d.members(), 4)
}

func TestDeltaSetThatIsNotCompleteIsWaitedForOnlyIfALaterOneIs(t *testing.T) {
	t.Parallel()
	d := newDrops(t)
	d.settings.Deltas.CompleteWith = []config.Operation{config.OperationInsert, config.OperationDelete}
	d.set("1", map[string]string{"full.csv": "id,name\n1,a\n"})
	d.set("2", map[string]string{"insert.csv": "id,name\n2,b\n"})
	require.Len(t, d.members(), 1, "the newest set may take its time")
	d.set("3", map[string]string{"insert.csv": "id,name\n3,c\n", "delete.csv": "id\n1\n"})
	failed := d.failsWith(zeotap.NotSettled)
	require.Contains(t, failed.Error(), "set 2 of audience 984: the set is not complete: it has no file for delete, which deltas.complete_with asks for, since ")
	d.set("2", map[string]string{"delete.csv": "id\n"})
	require.Equal(t, map[string]string{"2": "b", "3": "c"}, d.members())

	d.set("4", map[string]string{"insert.csv": "id,name\n4,d\n"})
	d.settings.Deltas.LateAfter = config.Duration(time.Minute)
	require.Contains(t, d.failsWith(zeotap.BrokenData).Text, "it has no file for delete")
}

func TestDeltaSetsWithMarkersAndSettling(t *testing.T) {
	t.Parallel()
	d := newDrops(t)
	d.settings.Marker = "{audience}/{set}/_DONE"
	d.settings.Pattern = `{audience}/(?P<set>[^/]+)/(?:(?P<operation>[a-z]+)[^/]*|_DONE)`
	d.set("a", map[string]string{"full.csv": "id,name\n1,a\n"})
	require.Contains(t, d.failsWith(zeotap.NotSettled).Error(), "984/a/_DONE")
	d.set("a", map[string]string{"_DONE": ""})
	d.set("b", map[string]string{"insert.csv": "id,name\n2,b\n"})
	require.Len(t, d.members(), 1)
	d.set("b", map[string]string{"_DONE": ""})
	require.Len(t, d.members(), 2)

	d.settings.Marker = ""
	d.settings.Pattern = `{audience}/(?P<set>[^/]+)/(?P<operation>[a-z]+)[^/]*`
	d.set("c", map[string]string{"insert.csv": "id,name\n3,c\n"})
	changedAgo(t, d.folder, "984/c/insert.csv", time.Minute)
	require.Len(t, d.members(), 2, "it may still be written")
	changedAgo(t, d.folder, "984/c/insert.csv", 11*time.Minute)
	require.Len(t, d.members(), 3)
}

func TestDeltaSetThatIsDeliveredAgain(t *testing.T) {
	t.Parallel()
	d := newDrops(t)
	d.set("1", map[string]string{"full.csv": "id,name\n1,a\n"})
	d.set("2", map[string]string{"insert.csv": "id,name\n2,b\n"})
	require.Len(t, d.members(), 2)
	version := d.snapshot().Version

	d.set("2", map[string]string{"insert.csv": "id,name\n2,b\n"})
	require.Equal(t, version, d.snapshot().Version, "the same content is no news")

	d.set("2", map[string]string{"insert.csv": "id,name\n2,x\n"})
	failed := d.failsWith(zeotap.BrokenData)
	require.Contains(t, failed.Error(), "set 2 of audience 984: 984/2/insert.csv was written again with another content after the set 2 was applied")
	d.set("2", map[string]string{"insert.csv": "id,name\n2,b\n"})
	require.Equal(t, version, d.snapshot().Version)

	d.set("2", map[string]string{"insert-2.csv": "id,name\n3,c\n"})
	require.Contains(t, d.failsWith(zeotap.BrokenData).Text, "984/2/insert-2.csv was added after the set was applied")
	d.set("5", map[string]string{"full.csv": "id,name\n9,z\n"})
	require.Equal(t, map[string]string{"9": "z"}, d.members(), "a full set makes up for it")
}

func TestDeltaSetThatIsOlderThanOneApplied(t *testing.T) {
	t.Parallel()
	d := newDrops(t)
	d.settings.Pattern = `{audience}/(?P<set>[^/]+)/(?P<operation>[a-z]+)[^/]*`
	d.set("c", map[string]string{"full.csv": "id,name\n1,a\n"})
	d.set("e", map[string]string{"insert.csv": "id,name\n2,b\n"})
	require.Len(t, d.members(), 2)
	d.set("b", map[string]string{"delete.csv": "id\n1\n"})
	require.Len(t, d.members(), 2, "what is older than the full set is in it")
	d.set("d", map[string]string{"delete.csv": "id\n2\n"})
	failed := d.failsWith(zeotap.BrokenData)
	require.Contains(t, failed.Error(), "set d of audience 984: it came after the set e was applied, and belongs before it")
}

func TestDeltaSetThatIsBrokenChangesNothing(t *testing.T) {
	t.Parallel()
	cases := map[string]struct{ file, content, want string }{
		"cut":             {"insert.csv.gz", "\x1f\x8b\x08\x00", "ends too early"},
		"no byte":         {"insert.csv", "", "has no byte at all"},
		"broken record":   {"insert.csv", "id,name\n2,b\n3\n", "record 2"},
		"no key":          {"delete.csv", "name\n" + planted + "\n", "does not name the column id, which members need (deltas.key)"},
		"another header":  {"insert-2.csv", "id,town\n2,b\n", "does not name the columns that the first file of the same operation has"},
		"other operation": {"upsert.csv", "id,name\n2,b\n", `"upsert" is no operation; add it to deltas.words`},
		"full and delete": {"full.csv", "id,name\n2,b\n", "the whole audience and changes of it at once"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDrops(t)
			d.set("1", map[string]string{"full.csv": "id,name\n1,a\n2,b\n"})
			version := d.snapshot().Version
			d.set("2", map[string]string{"delete-0.csv": "id\n1\n", "insert-1.csv": "id,name\n7,a\n", c.file: c.content})
			if strings.HasPrefix(c.file, "delete") {
				require.NoError(t, os.Remove(filepath.Join(d.folder, "984", "2", "delete-0.csv")))
			}
			failed := d.failsWith(zeotap.BrokenData)
			require.Contains(t, failed.Error(), c.want)

			require.NoError(t, os.RemoveAll(filepath.Join(d.folder, "984", "2")))
			require.Equal(t, version, d.snapshot().Version)
			require.Equal(t, map[string]string{"1": "a", "2": "b"}, d.members())
		})
	}
}

func TestDeltaNumbersThatCannotBe(t *testing.T) {
	t.Parallel()
	d := newDrops(t)
	d.settings.Pattern = `{audience}/(?P<set>[a-z]+)-(?P<sequence>\d*)/(?P<operation>[a-z]+)[^/]*`
	d.set("a-1", map[string]string{"full.csv": "id\n1\n"})
	d.set("a-2", map[string]string{"insert.csv": "id\n1\n"})
	require.Contains(t, d.failsWith(zeotap.BrokenData).Error(), "set a of audience 984: its files have several numbers: 1 and 2")
	require.NoError(t, os.RemoveAll(filepath.Join(d.folder, "984", "a-2")))
	d.set("b-1", map[string]string{"insert.csv": "id\n1\n"})
	require.Contains(t, d.failsWith(zeotap.BrokenData).Error(), "set b of audience 984: it has the number 1, and so has set a of audience 984")
	require.NoError(t, os.RemoveAll(filepath.Join(d.folder, "984", "b-1")))
	d.set("b-", map[string]string{"insert.csv": "id\n1\n"})
	require.Contains(t, d.failsWith(zeotap.BrokenData).Error(), "984/b-/insert.csv: its number \"\" is none that sets can be counted by")
}

func TestDeltaMembersOfTwoSyncsAreApart(t *testing.T) {
	t.Parallel()
	d := newDrops(t)
	d.set("1", map[string]string{"full.csv": "id,name,city\n1,a,Bonn\n"})
	require.Equal(t, []audience.Member{{"id": "1", "name": "a", "city": "Bonn"}}, readAll(t, d.source()))
	d.sync, d.fields = "autumn", []string{"id"}
	require.Equal(t, []audience.Member{{"id": "1"}}, readAll(t, d.source()))
	d.set("2", map[string]string{"delete.csv": "id\n1\n"})
	require.Empty(t, d.members())
	d.sync, d.fields = "spring", []string{"id", "name", "city"}
	require.Empty(t, d.members())
}

func TestDeltaFieldsThatWereNotKeptAreReadAgain(t *testing.T) {
	t.Parallel()
	d := newDrops(t)
	d.fields = []string{"id", "name"}
	d.set("1", map[string]string{"full.csv": "id,name,city\n1,a,Bonn\n2,b,Ulm\n"})
	d.set("2", map[string]string{"insert.csv": "id,name,city\n3,c,Köln\n", "delete.csv": "id\n1\n"})
	require.Len(t, d.members(), 2)

	d.fields = []string{"id", "name", "city"}
	want := []audience.Member{{"id": "2", "name": "b", "city": "Ulm"}, {"id": "3", "name": "c", "city": "Köln"}}
	require.Equal(t, want, readAll(t, d.source()))

	d.fields = []string{"id", "name", "city", "phone"}
	require.NoError(t, os.RemoveAll(filepath.Join(d.folder, "984", "2")))
	failed := d.failsWith(zeotap.BrokenData)
	require.Contains(t, failed.Error(), "they were kept without the field phone, which the sync uses now; and the set 2 that they came from is no longer there as it was")
	d.set("3", map[string]string{"full.csv": "id,name,city,phone\n1,a,Bonn,0\n"})
	require.Equal(t, []audience.Member{{"id": "1", "name": "a", "city": "Bonn", "phone": "0"}}, readAll(t, d.source()))
}

func TestDeltaKeyThatChangesReadsEverythingAgain(t *testing.T) {
	t.Parallel()
	d := newDrops(t)
	d.set("1", map[string]string{"full.csv": "id,name\n1,a\n2,b\n"})
	require.Len(t, d.members(), 2)
	d.settings.Deltas.Key = []string{"name", "id"}
	require.Len(t, d.members(), 2)
	d.set("2", map[string]string{"delete.csv": "id,name\n1,other\n2,b\n"})
	require.Equal(t, map[string]string{"1": "a"}, d.members())

	require.NoError(t, os.RemoveAll(filepath.Join(d.folder, "984")))
	d.settings.Deltas.Key = nil
	require.Contains(t, d.failsWith(zeotap.BrokenData).Text, "they are identified by name, id, and the key is id now")
}

func TestDeltaReadEndsWhenANewerSetIsApplied(t *testing.T) {
	t.Parallel()
	d := newDrops(t)
	d.set("1", map[string]string{"full.csv": "id,name\n1,a\n2,b\n3,c\n4,d\n"})
	source := d.source()
	snapshot := open(t, source)
	reader := readerOf(t, source, snapshot)
	first, err := reader.Page(t.Context(), "")
	require.NoError(t, err)
	require.Len(t, first.Members, 3)
	rest, err := readerOf(t, d.source(), snapshot).Page(t.Context(), first.Next)
	require.NoError(t, err, "a cursor is good in every process")
	require.Len(t, rest.Members, 1)
	require.True(t, rest.Last)
	completeness, err := reader.Finish(t.Context(), 3)
	require.NoError(t, err)
	require.False(t, completeness.Complete)
	require.Contains(t, completeness.Why, "the ledger keeps 4 members and 3 were read")

	d.set("2", map[string]string{"delete.csv": "id\n1\n"})
	require.NotEqual(t, snapshot.Version, d.snapshot().Version)
	_, err = reader.Page(t.Context(), first.Next)
	failure(t, err, zeotap.SnapshotChanged)
	completeness, err = reader.Finish(t.Context(), 4)
	require.NoError(t, err)
	require.False(t, completeness.Complete)

	for _, at := range []audience.Cursor{"x", "-1", "1:2"} {
		_, err = readerOf(t, d.source(), d.snapshot()).Page(t.Context(), at)
		failure(t, err, zeotap.SnapshotChanged)
	}
	_, err = d.source().Reader(t.Context(), audience.Snapshot{Token: `{"files":[]}`, Version: "x"})
	failure(t, err, zeotap.SnapshotChanged)
}

func TestDeltasNeedAKeyToKeepMembersWith(t *testing.T) {
	t.Parallel()
	l, err := ledger.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "ledger.db"))
	require.NoError(t, err)
	defer func() { require.NoError(t, l.Close()) }()
	_, err = l.Export("spring")
	require.ErrorIs(t, err, ledger.ErrNoExportKey)
	require.ErrorContains(t, err, "--failure-key")
}

func TestDeltasNeedOneFieldThatIdentifiesAMember(t *testing.T) {
	t.Parallel()
	d := newDrops(t)
	export, err := zeotap.NewExport("drop", d.settings, nil)
	require.NoError(t, err)
	_, err = export.Deltas(zeotap.Membership{Key: []string{"phone", "email"}})
	require.ErrorContains(t, err, "connection drop: deltas.key is missing")
}

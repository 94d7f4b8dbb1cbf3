package ledger_test

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/audience"
	"audiencesync/internal/ledger"
	"audiencesync/internal/ledger/ledgertest"
)

func openWith(tb testing.TB, address string, options ...ledger.Option) *ledger.Ledger {
	tb.Helper()
	l, err := ledger.Open(tb.Context(), address, options...)
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, l.Close()) })
	return l
}

var secret = []byte("sixteen bytes !!")

// failAll makes a run whose members all fail, and returns the first failure.
func failAll(tb testing.TB, l *ledger.Ledger) ledger.Failure {
	tb.Helper()
	list := members(0, 2, "v1")
	list[0].Mapped["points"] = json.Number("12.50")
	wholeRun(tb, l, opening("a"), list, refused(2))
	return failuresOf(tb, l, ledger.FailureQuery{Sync: "spring"})[0]
}

func TestFieldsOfAFailedMemberAreKeptWithAKeyOnly(t *testing.T) {
	t.Parallel()
	kept := failAll(t, openWith(t, ledgertest.Address(t), ledger.WithFailureKey(secret)))
	raw, err := kept.Raw()
	require.NoError(t, err)
	require.Equal(t, audience.Member{"phone": "0151 00000000", "first_name": "Zoë", "points": json.Number("12.50")}, raw)

	dropped := failAll(t, open(t))
	raw, err = dropped.Raw()
	require.NoError(t, err)
	require.Nil(t, raw)
}

func TestFieldsOfKnownFailuresAndOfRejectedMembersAreKeptToo(t *testing.T) {
	t.Parallel()
	l := openWith(t, ledgertest.Address(t), ledger.WithFailureKey(secret))
	failAll(t, l)
	ref := openRun(t, l, "b")
	commit(t, l, ref, ledger.PageInput{
		Members: members(0, 1, "v1"), Last: true,
		Rejected: []ledger.RejectedMember{{Position: 2, Outcome: audience.Invalid, Reason: audience.ReferenceMissing, Mapped: audience.Member{"first_name": "Jörg"}}},
	})
	failures := failuresOf(t, l, ledger.FailureQuery{Sync: "spring"})
	require.Len(t, failures, 2)
	for i, name := range []string{"Jörg", "Zoë"} {
		raw, err := failures[i].Raw()
		require.NoError(t, err)
		require.Equal(t, name, raw["first_name"])
	}
}

func TestAnotherKeyIsToldFromDamage(t *testing.T) {
	t.Parallel()
	address := ledgertest.Address(t)
	failAll(t, openWith(t, address, ledger.WithFailureKey(secret)))
	first := func(l *ledger.Ledger) ledger.Failure {
		return failuresOf(t, l, ledger.FailureQuery{Sync: "spring"})[0]
	}
	same := first(openWith(t, address, ledger.WithFailureKey(bytes.Clone(secret))))
	_, err := same.Raw()
	require.NoError(t, err)
	other := first(openWith(t, address, ledger.WithFailureKey([]byte("another sixteen bytes"))))
	_, err = other.Raw()
	require.ErrorIs(t, err, ledger.ErrOtherKey)
	none := first(openWith(t, address))
	_, err = none.Raw()
	require.ErrorIs(t, err, ledger.ErrNoFailureKey)

	db := ledgertest.SQL(t, address)
	var sealed []byte
	require.NoError(t, db.QueryRowContext(t.Context(), `SELECT raw FROM failures WHERE id = (SELECT min(id) FROM failures)`).Scan(&sealed))
	sealed[len(sealed)-1] ^= 1
	_, err = db.ExecContext(t.Context(), `UPDATE failures SET raw = $1`, sealed)
	require.NoError(t, err)
	damaged := first(openWith(t, address, ledger.WithFailureKey(secret)))
	_, err = damaged.Raw()
	require.ErrorContains(t, err, "damaged")
	require.NotErrorIs(t, err, ledger.ErrOtherKey)
}

func TestAKeyOfALedgerIsOfNoUseForAnother(t *testing.T) {
	t.Parallel()
	from, to := ledgertest.Address(t), ledgertest.Address(t)
	failAll(t, openWith(t, from, ledger.WithFailureKey(secret)))
	l := openWith(t, to, ledger.WithFailureKey(secret))
	failAll(t, l)
	var sealed []byte
	require.NoError(t, ledgertest.SQL(t, from).QueryRowContext(t.Context(), `SELECT raw FROM failures`).Scan(&sealed))
	_, err := ledgertest.SQL(t, to).ExecContext(t.Context(), `UPDATE failures SET raw = $1`, sealed)
	require.NoError(t, err)
	moved := failuresOf(t, l, ledger.FailureQuery{Sync: "spring"})[0]
	_, err = moved.Raw()
	require.ErrorIs(t, err, ledger.ErrOtherKey)
}

func TestAShortSecretIsRefusedWithTheRemedy(t *testing.T) {
	t.Parallel()
	for _, short := range [][]byte{nil, {}, secret[:15]} {
		_, err := ledger.Open(t.Context(), ledgertest.Address(t), ledger.WithFailureKey(short))
		require.ErrorContains(t, err, "at least 16")
		require.ErrorContains(t, err, "openssl rand -hex 32")
		require.NotContains(t, err.Error(), "sixteen bytes")
	}
}

func TestNoMappedFieldCanBeReadInTheFilesOfAClosedRun(t *testing.T) {
	t.Parallel()
	address := ledgertest.SQLite(t)
	dir := filepath.Dir(strings.TrimPrefix(address, "sqlite:"))
	l := openWith(t, address, ledger.WithFailureKey(secret))
	o := opening("a")
	o.BatchSize = 500
	ref, err := l.OpenRun(t.Context(), o)
	require.NoError(t, err)
	// Two pages, so that a batch that is filling is replaced by a longer one.
	commit(t, l, ref, ledger.PageInput{Members: members(0, 300, "v1"), Next: "p2"}, ledger.PageInput{Members: members(300, 900, "v1"), Last: true})
	blobs := staged(t, ledgertest.SQL(t, address))
	require.Len(t, blobs, 3)
	for _, blob := range blobs {
		require.Positive(t, copies(t, dir, blob), "the test finds what is there")
	}
	for _, outcomes := range [][]ledger.MemberOutcome{refused(500), all(audience.Created, 500)} {
		number := int64(1)
		if outcomes[0].Outcome == audience.Created {
			number = 2
		}
		require.NoError(t, l.MarkSent(t.Context(), ref, number, 1))
		_, err := settle(t, l, ref, number, outcomes)
		require.NoError(t, err)
	}
	require.NoError(t, l.CloseRun(t.Context(), ref, ledger.Closing{Report: []byte(`{}`), Complete: true}))
	for _, blob := range blobs {
		require.Zero(t, copies(t, dir, blob))
	}
	require.Zero(t, copies(t, dir, []byte("first_name\":")))
	require.Zero(t, copies(t, dir, []byte("Zoë")))
	require.Positive(t, copies(t, dir, []byte("+4915100000007")), "references are what the ledger is for")
}

func staged(tb testing.TB, db *sql.DB) [][]byte {
	tb.Helper()
	rows, err := db.QueryContext(tb.Context(), `SELECT blob FROM batches WHERE blob IS NOT NULL`)
	require.NoError(tb, err)
	defer func() { require.NoError(tb, rows.Close()) }()
	var blobs [][]byte
	for rows.Next() {
		var blob []byte
		require.NoError(tb, rows.Scan(&blob))
		blobs = append(blobs, blob)
	}
	require.NoError(tb, rows.Err())
	return blobs
}

// copies counts pieces of content in the files of a ledger. SQLite puts a large
// value into pages of 4,096 bytes, so pieces of 200 bytes are looked for.
func copies(tb testing.TB, dir string, content []byte) int {
	tb.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(tb, err)
	found := 0
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(tb, err)
		for piece := range (len(content) + 199) / 200 {
			found += bytes.Count(data, content[piece*200:min(len(content), piece*200+200)])
		}
	}
	return found
}

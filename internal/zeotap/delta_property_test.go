package zeotap_test

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"audiencesync/internal/audience"
	"audiencesync/internal/ledger/ledgertest"
	"audiencesync/internal/zeotap"
)

// TestDeltasBuildUpTheSameMembersWhateverHappens plays random sets against a map:
// full sets, announced or not, inserts, updates and deletes of members and of
// others, sets that come in the wrong order or again; and ledgers that are opened
// again, and calls that die in the middle of a set.
func TestDeltasBuildUpTheSameMembersWhateverHappens(t *testing.T) {
	t.Parallel()
	checks, address := 0, ledgertest.Address(t)
	l := openLedger(t, address)
	rapid.Check(t, func(rt *rapid.T) {
		checks++
		d := newDropsIn(t, t.TempDir())
		d.ledger, d.sync = l, fmt.Sprintf("spring-%d", checks)
		w := &deltaWorld{T: rt, drops: d, address: address, model: map[string]string{}}
		defer func() { l = d.ledger }()
		for range rapid.IntRange(1, 5).Draw(rt, "sets") {
			w.deliver()
			w.mayDie()
			w.compare()
		}
	})
	require.NoError(t, l.Close())
}

type deltaWorld struct {
	*rapid.T

	drops   *drops
	address string
	model   map[string]string
	sets    int
	names   int
}

// records are lines of a CSV file of ids and new names.
func (w *deltaWorld) records(label string, ids []string) (string, map[string]string) {
	lines, values := make([]string, 1, 1+len(ids)), map[string]string{}
	lines[0] = "id,name"
	for _, id := range ids {
		w.names++
		values[id] = label + strconv.Itoa(w.names)
		lines = append(lines, id+","+values[id])
	}
	return strings.Join(lines, "\n") + "\n", values
}

// ids draws a list of people, of whom some come twice.
func (w *deltaWorld) ids(label string, least int) []string {
	return rapid.SliceOfN(rapid.Map(rapid.IntRange(1, 12), strconv.Itoa), least, 12).Draw(w.T, label)
}

// deliver writes the next set, or the next two in the wrong order.
func (w *deltaWorld) deliver() {
	if w.sets > 0 && rapid.IntRange(0, 5).Draw(w.T, "wrong order") == 0 {
		w.sets++
		first := w.sets
		w.sets++
		later := w.changes(first)
		now := w.changes(w.sets)
		w.drops.set(strconv.Itoa(w.sets), now)
		if _, full := now["full.csv"]; !full {
			_ = w.drops.failsWith(zeotap.NotSettled)
		}
		w.drops.set(strconv.Itoa(first), later)
		return
	}
	w.sets++
	w.drops.set(strconv.Itoa(w.sets), w.changes(w.sets))
}

// changes makes a set and applies it to the model.
func (w *deltaWorld) changes(number int) map[string]string {
	switch kind := rapid.IntRange(0, 7).Draw(w.T, "kind"); {
	case number == 1, kind == 0:
		content, values := w.records("full", w.ids("full", 0))
		w.model = values
		return map[string]string{"full.csv": content}
	case kind == 1:
		// Everybody again and a few more, as inserts: nobody announced it.
		ids := append(w.ids("more", 0), w.everybody()...)
		return map[string]string{"insert.csv": w.insert(ids, true)}
	}
	files := map[string]string{}
	var deleted, updated []string
	if rapid.Bool().Draw(w.T, "deletes") {
		deleted = w.ids("delete", 1)
		files["delete.csv"] = "id\n" + strings.Join(deleted, "\n") + "\n"
		for _, id := range deleted {
			delete(w.model, id)
		}
	}
	if rapid.Bool().Draw(w.T, "updates") {
		updated = w.ids("update", 1)
	}
	files["insert-1.csv"] = w.insert(w.ids("insert", 0), len(deleted)+len(updated) == 0)
	if len(updated) > 0 {
		content, values := w.records("update", updated)
		files["update-1.csv"] = content
		maps.Copy(w.model, values)
	}
	return files
}

// insert applies inserts to the model, and says whether they are a full set.
func (w *deltaWorld) insert(ids []string, alone bool) string {
	content, values := w.records("insert", ids)
	known := 0.0
	for id := range values {
		if _, is := w.model[id]; is {
			known++
		}
	}
	if alone && known > 0 && known >= 0.8*float64(len(ids)) && known >= 0.8*float64(len(w.model)) {
		w.model = map[string]string{}
	}
	maps.Copy(w.model, values)
	return content
}

func (w *deltaWorld) everybody() []string {
	var ids []string
	for i := range 12 {
		if _, is := w.model[strconv.Itoa(i+1)]; is {
			ids = append(ids, strconv.Itoa(i+1))
		}
	}
	return ids
}

// mayDie opens the audience in a call that dies after some records, opens the
// ledger again, or delivers a set again.
func (w *deltaWorld) mayDie() {
	for range rapid.IntRange(0, 2).Draw(w.T, "deaths") {
		ctx, cancel := context.WithCancel(w.drops.Context())
		left := rapid.IntRange(0, 20).Draw(w.T, "records")
		w.drops.kept = func(audience.Member) {
			if left--; left < 0 {
				cancel()
			}
		}
		_, err := w.drops.source().Open(ctx, "984")
		cancel()
		w.drops.kept = nil
		if err != nil {
			require.ErrorIs(w, err, context.Canceled)
		}
	}
	switch rapid.IntRange(0, 5).Draw(w.T, "what else") {
	case 0:
		require.NoError(w, w.drops.ledger.Close())
		w.drops.ledger = openLedger(w.drops, w.address)
	case 1:
		files, err := filepath.Glob(filepath.Join(w.drops.folder, "984", strconv.Itoa(w.sets), "*"))
		require.NoError(w, err)
		for _, file := range files {
			at := time.Now().Add(-30 * time.Minute)
			require.NoError(w, os.Chtimes(file, at, at))
		}
	}
}

func (w *deltaWorld) compare() {
	require.Equal(w, w.model, w.drops.members())
}

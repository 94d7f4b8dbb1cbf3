package model

import (
	"encoding/csv"
	"fmt"
	"maps"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"audiencesync/internal/config"
)

// columns are those of export files.
var columns = []string{"crm_id", "customer", "phone", "email", "first_name", "consent"}

// connectSource chooses how an audience is read: in pages from a server, which is
// returned, or from files, either full sets or sets of changes.
func (w *world) connectSource(i int, folder string, limits config.Limits) *httptest.Server {
	how := rapid.SampledFrom([]string{"pages", "full sets", "sets of changes"}).Draw(w.T, sourceOf(i))
	if how == "pages" {
		server := httptest.NewServer(w.sources[i].ZeotapHandler())
		api := config.DefaultZeotapAPI()
		api.BaseURL, api.Credential, api.Limits, api.PageSize = server.URL, "the key", limits, 5
		w.connections.ZeotapAPI[sourceOf(i)] = api
		w.deliveries[i] = func(members []map[string]any) { require.NoError(w, w.sources[i].SetMembers(members)) }
		return server
	}
	drop := &drop{world: w, folder: filepath.Join(folder, sourceOf(i), audienceOf(i))}
	export := config.DefaultZeotapExport()
	export.URL, export.Format, export.PageSize = filepath.Dir(drop.folder), config.FormatCSV, 5
	export.Pattern = `^{audience}/(?P<set>(?P<sequence>[0-9]+))/(?P<operation>[a-z]+)\.csv$`
	export.Marker = "{audience}/{set}/_DONE"
	if how == "full sets" {
		export.Pattern = `^{audience}/(?P<set>[0-9]+)/full\.csv$`
		w.deliveries[i] = drop.full
	} else {
		export.Delivers = config.DeliversDeltas
		export.Deltas.Deletes, export.Deltas.Key = true, columns[:1]
		w.deliveries[i] = drop.changes
	}
	w.connections.ZeotapExport[sourceOf(i)] = export
	require.NoError(w, os.MkdirAll(drop.folder, 0o700))
	return nil
}

// drop is the folder into which the export of one audience is dropped.
type drop struct {
	*world

	folder string
	sets   int
	// last are the members as they were delivered last, by crm_id; nil before.
	last map[string]map[string]any
}

// full delivers all members.
func (d *drop) full(members []map[string]any) {
	d.write("full", columns, members)
	d.done(members)
}

// changes delivers what has changed, or all members: first, and now and then.
func (d *drop) changes(members []map[string]any) {
	if d.last == nil || rapid.IntRange(0, 5).Draw(d.T, "full set") == 0 {
		d.full(members)
		return
	}
	var inserts, updates, deletes []map[string]any
	now := map[string]bool{}
	for _, member := range members {
		id := fmt.Sprint(member["crm_id"])
		now[id] = true
		switch before, was := d.last[id]; {
		case !was:
			inserts = append(inserts, member)
		case !reflect.DeepEqual(before, member):
			updates = append(updates, member)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(d.last)) {
		if !now[id] {
			deletes = append(deletes, d.last[id])
		}
	}
	if len(inserts)+len(updates)+len(deletes) == 0 {
		return
	}
	for operation, members := range map[string][]map[string]any{"insert": inserts, "update": updates} {
		if len(members) > 0 {
			d.write(operation, columns, members)
		}
	}
	if len(deletes) > 0 {
		d.write("delete", columns[:1], deletes)
	}
	d.done(members)
}

// write writes one file of the set that comes next.
func (d *drop) write(operation string, columns []string, members []map[string]any) {
	text := &strings.Builder{}
	rows := csv.NewWriter(text)
	require.NoError(d, rows.Write(columns))
	for _, member := range members {
		row := make([]string, len(columns))
		for i, column := range columns {
			row[i] = fmt.Sprint(member[column])
		}
		require.NoError(d, rows.Write(row))
	}
	rows.Flush()
	d.file(operation+".csv", text.String())
}

// done completes the set.
func (d *drop) done(members []map[string]any) {
	d.file("_DONE", "")
	d.sets++
	d.last = map[string]map[string]any{}
	for _, member := range members {
		d.last[fmt.Sprint(member["crm_id"])] = member
	}
}

func (d *drop) file(name, text string) {
	set := filepath.Join(d.folder, fmt.Sprintf("%05d", d.sets+1))
	require.NoError(d, os.MkdirAll(set, 0o700))
	require.NoError(d, os.WriteFile(filepath.Join(set, name), []byte(text), 0o600))
}

package simulator

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"audiencesync/internal/simulator/people"
)

// edition is the audience as one refresh left it. It does not change.
type edition struct {
	version   string
	refreshed time.Time
	members   members
}

// members are those of an edition, with indexes from 0.
type members interface {
	Size() int64
	appendJSON(b []byte, i int64) []byte
	// columns and row are the form of a CSV file.
	columns() []string
	row(i int64) []string
}

// crowd is a people.Crowd, at its beginning or after a refresh.
type crowd interface {
	Size() int64
	Member(i int64) people.Member
}

// crowdMembers are members that follow from a seed.
type crowdMembers struct{ crowd }

func (c crowdMembers) appendJSON(b []byte, i int64) []byte { return c.Member(i).AppendJSON(b) }
func (c crowdMembers) columns() []string                   { return people.Columns() }
func (c crowdMembers) row(i int64) []string                { return c.Member(i).Row() }

// listedMembers are members that a test lists, each a JSON object.
type listedMembers struct {
	records []json.RawMessage
	names   []string
}

// newListedMembers checks the records, and names their columns.
func newListedMembers(records []json.RawMessage) (listedMembers, error) {
	names := map[string]bool{}
	for i, record := range records {
		fields, err := flat(record)
		if err != nil {
			return listedMembers{}, fmt.Errorf("member %d is not a JSON object: %w", i+1, err)
		}
		for name := range fields {
			names[name] = true
		}
	}
	if len(names) == 0 {
		return listedMembers{records, people.Columns()}, nil
	}
	return listedMembers{records, slices.Sorted(maps.Keys(names))}, nil
}

func (l listedMembers) Size() int64                         { return int64(len(l.records)) }
func (l listedMembers) appendJSON(b []byte, i int64) []byte { return append(b, l.records[i]...) }
func (l listedMembers) columns() []string                   { return l.names }

func (l listedMembers) row(i int64) []string {
	fields, _ := flat(l.records[i]) // it was read before
	row := make([]string, len(l.names))
	for column, name := range l.names {
		row[column] = fields[name]
	}
	return row
}

// flat returns the values of a JSON object as the cells of a CSV file: a nested
// value has a dotted name, and a list is joined with "|".
func flat(record json.RawMessage) (map[string]string, error) {
	decoder := json.NewDecoder(bytes.NewReader(record))
	decoder.UseNumber()
	var object map[string]any
	if err := decoder.Decode(&object); err != nil {
		return nil, err
	}
	if object == nil {
		return nil, errors.New("it is null")
	}
	fields := map[string]string{}
	flatten(fields, "", object)
	return fields, nil
}

func flatten(into map[string]string, prefix string, object map[string]any) {
	for key, value := range object {
		switch value := value.(type) {
		case map[string]any:
			flatten(into, prefix+key+".", value)
		case []any:
			texts := make([]string, len(value))
			for i, entry := range value {
				texts[i] = cell(entry)
			}
			into[prefix+key] = strings.Join(texts, "|")
		default:
			into[prefix+key] = cell(value)
		}
	}
}

func cell(value any) string {
	if value == nil {
		return ""
	}
	return fmt.Sprint(value)
}

// editions are the audience as it is, and as it was: a pinned snapshot is served
// from the edition that it was opened of.
type editions struct {
	// list begins with the newest.
	list atomic.Pointer[[]*edition]
	// sets numbers the lists and refreshes that were set.
	sets atomic.Int64
}

// keptEditions are those that snapshots can still be read of.
const keptEditions = 8

func (e *editions) current() *edition { return (*e.list.Load())[0] }

// begin forgets all but one edition.
func (e *editions) begin(first *edition) { e.list.Store(&[]*edition{first}) }

func (e *editions) add(next *edition) {
	for {
		before := e.list.Load()
		after := append([]*edition{next}, *before...)
		after = after[:min(len(after), keptEditions)]
		if e.list.CompareAndSwap(before, &after) {
			return
		}
	}
}

// SetMembers makes these the members of the audience, in that order, as a refresh
// in Zeotap does: pages and exports serve them under a new version, which names
// no list that was set before. A reset brings the crowd back.
func (s *Simulator) SetMembers(members []map[string]any) error {
	records := make([]json.RawMessage, len(members))
	for i, member := range members {
		var err error
		if records[i], err = json.Marshal(member); err != nil {
			return fmt.Errorf("member %d: %w", i+1, err)
		}
	}
	return s.setRecords(records)
}

func (s *Simulator) setRecords(records []json.RawMessage) error {
	listed, err := newListedMembers(records)
	if err != nil {
		return err
	}
	content := fnv.New32a()
	for _, record := range records {
		_, _ = content.Write(record)
	}
	s.editions.add(&edition{
		version:   fmt.Sprintf("%s-list-%d-%08x", s.options.Zeotap.Audience.ID, s.editions.sets.Add(1), content.Sum32()),
		refreshed: s.clock().UTC().Truncate(time.Millisecond),
		members:   listed,
	})
	return nil
}

// Refresh makes the crowd the audience again, with what happened to it since its
// beginning, under a new version. It holds four bytes a member in memory.
func (s *Simulator) Refresh(by people.Refresh) error {
	refreshed, err := s.crowd.Refreshed(by)
	if err != nil {
		return err
	}
	s.editions.add(&edition{
		version:   fmt.Sprintf("%s-refresh-%d-%s", version(s.options.Zeotap), s.editions.sets.Add(1), by),
		refreshed: s.clock().UTC().Truncate(time.Millisecond),
		members:   crowdMembers{refreshed},
	})
	return nil
}

// takeRefresh refreshes the crowd as the body says.
func (s *Simulator) takeRefresh(w http.ResponseWriter, r *http.Request) {
	var by people.Refresh
	if !readAdmin(w, r, &by) {
		return
	}
	if err := s.Refresh(by); err != nil {
		writeJSON(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
		return
	}
	s.tellEdition(w)
}

// tellEdition answers which audience is served now.
func (s *Simulator) tellEdition(w http.ResponseWriter) {
	now := s.editions.current()
	writeJSON(w, http.StatusOK, map[string]any{"version": now.version, "members": now.members.Size()})
}

// takeMembers makes the JSON objects of the body, one a line, the members.
func (s *Simulator) takeMembers(w http.ResponseWriter, r *http.Request) {
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	records := []json.RawMessage{}
	for {
		var record json.RawMessage
		err := decoder.Decode(&record)
		if errors.Is(err, io.EOF) {
			break
		}
		var one bytes.Buffer
		if err == nil {
			err = json.Compact(&one, record)
		}
		if err != nil {
			writeJSON(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
			return
		}
		records = append(records, one.Bytes())
	}
	if err := s.setRecords(records); err != nil {
		writeJSON(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
		return
	}
	s.tellEdition(w)
}

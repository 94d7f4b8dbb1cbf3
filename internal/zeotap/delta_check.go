package zeotap

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/RoaringBitmap/roaring/v2/roaring64"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/ledger"
)

// A step of applying is bounded by records and by bytes.
const (
	deltaRecords = 1000
	deltaBytes   = 4 << 20
)

// checking reads a whole set before its first record is applied: a file that is
// cut or wrong changes nothing.
type checking struct {
	*delta

	state      *ledger.ExportState
	id         string
	set        deltaSet
	operations map[config.Operation]int64
	withoutKey int64
	// known are the numbers of members that the set inserts.
	known   *roaring64.Bitmap
	digests [][]byte
	// columns of the first file of each operation.
	columns map[config.Operation][]string
}

// check reads a set to its end, decides whether it is the whole audience, and
// begins it.
func (d *delta) check(ctx context.Context, id string, state *ledger.ExportState, set deltaSet, expected expectation) error {
	c := checking{
		delta: d, id: id, state: state, set: set, operations: map[config.Operation]int64{}, known: roaring64.New(),
		columns: map[config.Operation][]string{},
	}
	set.files = slices.Clone(set.files)
	for i := range set.files {
		sum, err := c.file(ctx, set.files[i])
		if err != nil {
			return err
		}
		set.files[i].Sum = sum
	}
	if err := c.lookup(ctx); err != nil {
		return err
	}
	full, err := c.full(expected)
	if err != nil {
		return err
	}
	files, err := filesText(set.files)
	if err != nil {
		return err
	}
	kept, err := d.basis().text()
	if err != nil {
		return err
	}
	return d.kept.Ledger.Begin(ctx, state, ledger.ExportSet{
		Name: string(set.fileSetName), Place: set.place, Full: full, Basis: kept, Files: files, AsOf: set.newest(),
	})
}

// file reads one file and returns the digest of its bytes.
func (c *checking) file(ctx context.Context, listed deltaFile) ([]byte, error) {
	file, err := c.openFile(ctx, listed.object)
	if err != nil {
		return nil, err
	}
	defer file.close()
	if err := c.header(file, listed); err != nil {
		return nil, err
	}
	for {
		record, err := file.next(ctx)
		if errors.Is(err, io.EOF) {
			return file.stored.sum.Sum(nil), nil
		}
		if err != nil {
			return nil, err
		}
		operation, err := c.operation(file, listed, record)
		if err != nil {
			return nil, err
		}
		c.operations[operation]++
		digest, hasKey := c.digest(record)
		switch {
		case !hasKey:
			c.withoutKey++
		case operation == config.OperationInsert && c.maybeUnannounced():
			c.digests = append(c.digests, digest)
			if len(c.digests) == deltaRecords {
				if err := c.lookup(ctx); err != nil {
					return nil, err
				}
			}
		}
	}
}

// header refuses a file without the columns that everything hangs on, or with
// others than the first file that does the same.
func (c *checking) header(file *exportFile, listed deltaFile) error {
	columns := slices.Sorted(slices.Values(file.rows.Columns()))
	if columns == nil {
		return nil
	}
	for setting, fields := range map[string][]string{"deltas.key": c.key, "deltas.operation_column": {c.settings.Deltas.OperationColumn}} {
		for _, field := range fields {
			if field != "" && !slices.Contains(columns, field) {
				return file.fail(BrokenData, file.object.Key, fmt.Sprintf("its first line does not name the column %s, which members need (%s); have it delivered, or correct the setting", field, setting))
			}
		}
	}
	if first, found := c.columns[listed.Operation]; found && !slices.Equal(first, columns) {
		return file.fail(BrokenData, file.object.Key, "its first line does not name the columns that the first file of the same operation has; every such file of a set needs the same header")
	}
	c.columns[listed.Operation] = columns
	return nil
}

// maybeUnannounced reports whether the set can still turn out to be a full one
// that nobody announced.
func (c *checking) maybeUnannounced() bool {
	return c.state.Members > 0 && c.settings.Deltas.FullShare > 0 && c.insertsOnly()
}

func (c *checking) insertsOnly() bool {
	return c.operations[config.OperationUpdate] == 0 && c.operations[config.OperationDelete] == 0
}

func (c *checking) lookup(ctx context.Context) error {
	if len(c.digests) == 0 || !c.maybeUnannounced() {
		c.digests = nil
		return nil
	}
	numbers, err := c.kept.Ledger.Known(ctx, c.state, c.digests)
	if err != nil {
		return err
	}
	for _, n := range numbers {
		c.known.Add(uint64(n)) //nolint:gosec // Numbers of members begin at 1.
	}
	c.digests = c.digests[:0]
	return nil
}

// full decides whether the set is the whole audience.
func (c *checking) full(expected expectation) (bool, error) {
	var records int64
	for _, n := range c.operations {
		records += n
	}
	place := c.set.of(c.id)
	announced := c.operations[config.OperationFull]
	switch {
	case records > 0 && c.withoutKey == records && (expected != changesOrWhole || announced > 0):
		return false, c.broken(place, "none of its records has a value in %s, which identifies members; correct deltas.key", strings.Join(c.key, ", "))
	case announced > 0 && announced < records, c.set.full() && announced < records:
		return false, c.broken(place, "it is the whole audience and changes of it at once; a set is one of them: correct deltas.words, or have the set written again")
	case announced > 0, c.set.full():
		return true, nil
	case expected != changesOrWhole && !c.insertsOnly():
		return false, c.broken(place, "it holds updates or deletes, and the sets before it are not there, so nobody knows the whole audience; put them back, or %s", anotherFull)
	case expected != changesOrWhole:
		return true, nil
	case !c.maybeUnannounced():
		return false, nil
	}
	known, share := float64(c.known.GetCardinality()), float64(c.settings.Deltas.FullShare)
	return records > 0 && known >= share*float64(records) && known >= share*float64(c.state.Members), nil
}

// compare reads the files of an applied set that were written again. The same
// content is no news; another one is an error.
func (d *delta) compare(ctx context.Context, id string, state *ledger.ExportState, at int, was, changed []deltaFile) error {
	place, name := fileSetName(state.Sets[at].Name).of(id), state.Sets[at].Name
	files := slices.Clone(was)
	for _, file := range changed {
		index := slices.IndexFunc(was, func(f deltaFile) bool { return f.Key == file.Key && f.Operation == file.Operation })
		if index < 0 {
			return d.broken(place, "%s was added after the set was applied; have every delivery use new names or a marker, and then remove the file, or %s", file.Key, anotherFull)
		}
		sum, err := d.sum(ctx, file)
		if err != nil {
			return err
		}
		if !bytes.Equal(sum, was[index].Sum) {
			return d.broken(place, "%s was written again with another content after the set %s was applied; a set keeps its content: have every delivery use new names or a marker, "+
				"and then put the old file back or remove it, or %s", file.Key, name, anotherFull)
		}
		file.Sum = sum
		files[index] = file
	}
	text, err := filesText(files)
	if err != nil {
		return err
	}
	return d.kept.Ledger.SameFiles(ctx, state, at, text)
}

// sum is the digest of the bytes of a file.
func (d *delta) sum(ctx context.Context, listed deltaFile) ([]byte, error) {
	f := &exportFile{source: d.Export, object: listed.object}
	if err := f.open(ctx); err != nil {
		return nil, err
	}
	defer f.close()
	if _, err := io.Copy(io.Discard, f.stored); err != nil {
		return nil, d.storage.failed(ctx, listed.Key, err)
	}
	if f.stored.read != listed.Size {
		return nil, f.changed()
	}
	return f.stored.sum.Sum(nil), nil
}

// operation is what a record does with its member.
func (d *delta) operation(file *exportFile, listed deltaFile, record audience.Member) (config.Operation, error) {
	if listed.Operation != "" {
		return listed.Operation, nil
	}
	column := d.settings.Deltas.OperationColumn
	word, _ := keyText(fieldOf(record, column))
	operation, known := d.words[strings.ToLower(word)]
	if !known {
		return "", file.fail(BrokenData, file.place(), fmt.Sprintf("what it says in %s is no operation; correct deltas.operation_column, or add the word to deltas.words", column))
	}
	return operation, nil
}

// digest is that of what identifies the member; none if a part of it is empty.
func (d *delta) digest(record audience.Member) (digest []byte, ok bool) {
	values := make([]string, 1, 1+len(d.key))
	values[0] = "key"
	for _, field := range d.key {
		text, ok := keyText(fieldOf(record, field))
		if !ok {
			return nil, false
		}
		values = append(values, text)
	}
	return d.kept.Ledger.Digest(values...), true
}

// recordDigest stands for a member without a key: nobody but a full set will find
// it again, and the run says what is wrong with it.
func (d *delta) recordDigest(kept audience.Member) ([]byte, error) {
	raw, err := json.Marshal(kept)
	if err != nil {
		return nil, err
	}
	return d.kept.Ledger.Digest("record", string(raw)), nil
}

// fieldOf returns a catalogue field; a dot descends into objects.
func fieldOf(record audience.Member, name string) any {
	if value, ok := record[name]; ok {
		return value
	}
	var value any = map[string]any(record)
	for part := range strings.SplitSeq(name, ".") {
		object, ok := value.(map[string]any)
		if !ok {
			return nil
		}
		value = object[part]
	}
	return value
}

// keyText is a value as text, the same whatever the format of the file.
func keyText(value any) (string, bool) {
	var text string
	switch v := value.(type) {
	case string:
		text = strings.TrimSpace(v)
	case json.Number:
		text = v.String()
	case bool:
		text = fmt.Sprint(v)
	}
	return text, text != ""
}

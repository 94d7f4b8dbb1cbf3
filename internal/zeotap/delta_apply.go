package zeotap

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/ledger"
)

// applying is a set on its way into the ledger.
type applying struct {
	*delta

	state *ledger.ExportState
	files []deltaFile
	at    filePosition
	// changes are read and not yet applied.
	changes []ledger.ExportChange
	bytes   int64
}

// apply applies the set in the making from where it stands to its end. Each
// transaction moves its cursor: a call that dies loses nothing and repeats nothing.
func (d *delta) apply(ctx context.Context, id string, state *ledger.ExportState, files []deltaFile) error {
	at, ok := parsePosition(state.Last().Cursor, len(files))
	if !ok {
		return d.broken(fileSetName(state.Last().Name).of(id), "the ledger does not say how far it was applied; %s", anotherFull)
	}
	a := applying{delta: d, state: state, files: files, at: at}
	for a.at.file < len(files) {
		if err := a.file(ctx); err != nil {
			return err
		}
	}
	for done := false; !done; {
		var err error
		if done, err = d.kept.Ledger.End(ctx, state); err != nil {
			return err
		}
	}
	return nil
}

// file applies what is left of one file.
func (a *applying) file(ctx context.Context) error {
	listed := a.files[a.at.file]
	file, err := a.openFile(ctx, listed.object)
	if err != nil {
		return err
	}
	defer file.close()
	if err := file.skipTo(ctx, a.at.record); err != nil {
		return err
	}
	for {
		before := file.rows.Offset()
		record, err := file.next(ctx)
		if errors.Is(err, io.EOF) {
			return a.flush(ctx, filePosition{file: a.at.file + 1})
		}
		if err != nil {
			return err
		}
		change, err := a.change(file, listed, record)
		if err != nil {
			return err
		}
		a.changes = append(a.changes, change)
		a.bytes += file.rows.Offset() - before
		if len(a.changes) == deltaRecords || a.bytes >= deltaBytes {
			if err := a.flush(ctx, filePosition{file: a.at.file, record: file.record}); err != nil {
				return err
			}
		}
	}
}

func (a *applying) flush(ctx context.Context, to filePosition) error {
	if err := a.kept.Ledger.Apply(ctx, a.state, a.changes, string(to.cursor())); err != nil {
		return err
	}
	a.changes, a.bytes, a.at = a.changes[:0], 0, to
	return nil
}

// change is what a record does.
func (a *applying) change(file *exportFile, listed deltaFile, record audience.Member) (ledger.ExportChange, error) {
	operation, err := a.operation(file, listed, record)
	if err != nil {
		return ledger.ExportChange{}, err
	}
	digest, hasKey := a.digest(record)
	c := ledger.ExportChange{Member: digest}
	switch {
	case !hasKey && (operation == config.OperationUpdate || operation == config.OperationDelete):
		c.Operation = ledger.ExportNobody
		return c, nil
	case operation == config.OperationDelete:
		c.Operation = ledger.ExportDelete
		return c, nil
	case operation == config.OperationUpdate && a.settings.Deltas.Updates == config.UpdatesChanged:
		c.Operation = ledger.ExportMerge
	case operation == config.OperationUpdate:
		c.Operation = ledger.ExportUpdate
	}
	c.Fields = a.kept.Keep(record)
	if c.Operation == ledger.ExportMerge {
		// A column that did not change is empty in a file that has columns.
		maps.DeleteFunc(c.Fields, func(_ string, value any) bool { return value == nil || value == "" })
	}
	if !hasKey {
		c.Member, err = a.recordDigest(c.Fields)
	}
	return c, err
}

// notesOf is how many sets are written about.
const notesOf = 5

// notes say what was unusual about the newest sets.
func notes(state *ledger.ExportState) []string {
	var said []string
	for i := len(state.Sets) - 1; i >= 0 && len(said) < notesOf; i-- {
		if text := note(state.Sets[i]); text != "" {
			said = append(said, text)
		}
	}
	return said
}

func note(set ledger.ExportSet) string {
	files, err := parseFiles(set.Files)
	if err != nil {
		return ""
	}
	var said string
	add := func(format string, args ...any) {
		if said != "" {
			said += "; "
		}
		said += fmt.Sprintf(format, args...)
	}
	announced := true
	for _, file := range files {
		announced = announced && file.Operation != config.OperationInsert
	}
	c := set.Counts
	if set.Full && !announced {
		add("holds inserts only and was taken as the whole audience: of its %s records %s were members already, and %s who are not in it are no longer members",
			audience.Thousands(c.Records()), audience.Thousands(c.Known), audience.Thousands(c.Replaced))
	}
	for _, unusual := range []struct {
		count int64
		text  string
	}{
		{c.Repeated, "records named a member that the set had named before: the last one counts"},
		{c.UpdatedUnknown, "updates of nobody known were taken as inserts"},
		{c.DeletedUnknown, "deletes were of nobody known"},
		{c.WithoutKey, "updates and deletes named nobody: their key is empty"},
	} {
		if unusual.count > 0 {
			add("%s %s", audience.Thousands(unusual.count), unusual.text)
		}
	}
	if !set.Full && c.Known > 0 {
		add("%s inserts were of members", audience.Thousands(c.Known))
	}
	if said == "" {
		return ""
	}
	return fmt.Sprintf("set %s: %s", set.Name, said)
}

package zeotap

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"audiencesync/internal/config"
)

// deltaSet is the files of one set in the order in which they are applied.
type deltaSet struct {
	fileSetName
	// place orders sets: as text it sorts like the numbers or names.
	place string
	files []deltaFile
}

type fileSetName string

func (n fileSetName) of(id string) string { return fileSet{Name: string(n)}.place(id) }

// deltaFile is one file of a set. The list of them is kept with a set that was applied.
type deltaFile struct {
	object

	// Operation is empty where every record says its own.
	Operation config.Operation `json:"o,omitempty"`
	// Sum is the SHA-256 of the stored bytes, known once the file was read.
	Sum []byte `json:"c,omitempty"`
}

// deltaSets lists the sets of an audience in their order.
func (d *delta) deltaSets(ctx context.Context, id string) ([]deltaSet, error) {
	byName := map[string]*deltaSet{}
	var wrong error
	err := d.match(ctx, id, func(o object, group func(string) string) {
		name := group("set")
		place, err := d.place(name, group("sequence"))
		operation, known := d.words[strings.ToLower(group("operation"))]
		set := byName[name]
		if set == nil {
			set = &deltaSet{fileSetName: fileSetName(name), place: place}
			byName[name] = set
		}
		switch {
		case wrong != nil:
		case err != nil:
			wrong = d.broken(o.Key, "its number %q is none that sets can be counted by; correct the group (?P<sequence>...) of pattern", group("sequence"))
		case set.place != place:
			wrong = d.broken(set.of(id), "its files have several numbers: %s and %s; correct the group (?P<sequence>...) of pattern", number(set.place), number(place))
		case !known && d.settings.Deltas.OperationColumn == "":
			wrong = d.broken(o.Key, "%q is no operation; add it to deltas.words, or let pattern pass the file by", group("operation"))
		}
		set.files = append(set.files, deltaFile{object: o, Operation: operation})
	})
	if err := cmp.Or(err, wrong); err != nil {
		return nil, err
	}
	sets := make([]deltaSet, 0, len(byName))
	for _, set := range byName {
		slices.SortFunc(set.files, func(a, b deltaFile) int {
			return cmp.Or(cmp.Compare(turn(a.Operation), turn(b.Operation)), cmp.Compare(a.Key, b.Key))
		})
		sets = append(sets, *set)
	}
	slices.SortFunc(sets, func(a, b deltaSet) int {
		return cmp.Or(cmp.Compare(a.place, b.place), cmp.Compare(a.fileSetName, b.fileSetName))
	})
	for i := range sets {
		if i > 0 && sets[i].place == sets[i-1].place {
			return nil, d.broken(sets[i].of(id), "it has the number %s, and so has %s; correct the group (?P<sequence>...) of pattern, or remove one of them",
				number(sets[i].place), sets[i-1].of(id))
		}
	}
	return sets, nil
}

// turn orders the files of a set: a member under the same key may be deleted as
// one profile and inserted as another.
func turn(operation config.Operation) int {
	switch operation {
	case config.OperationDelete:
		return 0
	case config.OperationUpdate:
		return 2
	default:
		return 1
	}
}

// place of a set: its name, or its number with leading zeros.
func (d *delta) place(name, sequence string) (string, error) {
	if !d.basis().Sequence {
		return name, nil
	}
	n, err := strconv.ParseUint(sequence, 10, 63)
	return fmt.Sprintf("%019d", n), err
}

// number is a place that is a number, for people.
func number(place string) string {
	if text := strings.TrimLeft(place, "0"); text != "" {
		return text
	}
	return "0"
}

func (s deltaSet) newest() time.Time {
	var all fileSet
	for _, file := range s.files {
		all.Files = append(all.Files, file.object)
	}
	return all.newest()
}

// full reports whether the names of its files say that it is the whole audience.
func (s deltaSet) full() bool {
	return slices.ContainsFunc(s.files, func(f deltaFile) bool { return f.Operation == config.OperationFull })
}

// ready reports whether a set is complete, or what it waits for.
func (d *delta) ready(ctx context.Context, id string, s deltaSet) (ready bool, why string, err error) {
	all := fileSet{Name: string(s.fileSetName)}
	for _, file := range s.files {
		all.Files = append(all.Files, file.object)
	}
	if ready, err = d.complete(ctx, id, all); err != nil || !ready {
		if failed, ok := errors.AsType[*Error](d.notSettled(id, all)); ok {
			why = failed.Text
		}
		return false, why, err
	}
	if s.full() {
		return true, "", nil
	}
	var missing []string
	for _, operation := range d.settings.Deltas.CompleteWith {
		if !slices.ContainsFunc(s.files, func(f deltaFile) bool { return f.Operation == operation }) {
			missing = append(missing, string(operation))
		}
	}
	if len(missing) > 0 {
		return false, fmt.Sprintf("it has no file for %s, which deltas.complete_with asks for", strings.Join(missing, " and ")), nil
	}
	return true, "", nil
}

func parseFiles(text string) ([]deltaFile, error) {
	var files []deltaFile
	err := json.Unmarshal([]byte(text), &files)
	return files, err
}

func filesText(files []deltaFile) (string, error) {
	raw, err := json.Marshal(files)
	return string(raw), err
}

// differing returns the files of a set that are not those that were applied.
// Files that were cleared away do not count.
func differing(was, is []deltaFile) []deltaFile {
	applied := map[string]deltaFile{}
	for _, file := range was {
		applied[file.Key] = file
	}
	return slices.DeleteFunc(slices.Clone(is), func(file deltaFile) bool {
		old, found := applied[file.Key]
		return found && old.same(file.object) && old.Operation == file.Operation
	})
}

func (o object) same(other object) bool {
	return o.Key == other.Key && o.Size == other.Size && o.Modified == other.Modified && bytes.Equal(o.MD5, other.MD5)
}

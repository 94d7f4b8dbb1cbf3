package zeotap

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"audiencesync/internal/audience"
)

// fileSet is the files that are one version of an audience, in the order of
// their keys. As JSON it is the token of a snapshot.
type fileSet struct {
	// Name is what the pattern's set group matched; empty without one.
	Name  string   `json:"set,omitempty"`
	Files []object `json:"files"`
}

// match visits the files of an audience, markers left out, with what the groups
// of the pattern matched.
func (e *Export) match(ctx context.Context, id string, visit func(o object, group func(string) string)) error {
	pattern, err := e.pattern(id)
	if err != nil {
		return err
	}
	return e.storage.list(ctx, e.prefix(id), func(o object) {
		matched := pattern.FindStringSubmatch(o.Key)
		if matched == nil {
			return
		}
		group := func(name string) string {
			if at := pattern.SubexpIndex(name); at >= 0 {
				return matched[at]
			}
			return ""
		}
		if e.settings.Marker == "" || o.Key != e.marker(id, group("set")) {
			visit(o, group)
		}
	})
}

// sets lists the sets of an audience, the newest first; there is at least one.
func (e *Export) sets(ctx context.Context, id string) ([]fileSet, error) {
	files := make(map[string][]object)
	err := e.match(ctx, id, func(o object, group func(string) string) {
		files[group("set")] = append(files[group("set")], o)
	})
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, e.nothing(id)
	}
	sets := make([]fileSet, 0, len(files))
	for name, objects := range files {
		slices.SortFunc(objects, func(a, b object) int { return strings.Compare(a.Key, b.Key) })
		sets = append(sets, fileSet{Name: name, Files: objects})
	}
	slices.SortFunc(sets, func(a, b fileSet) int {
		if order := b.newest().Compare(a.newest()); order != 0 {
			return order
		}
		return strings.Compare(b.Name, a.Name)
	})
	return sets, nil
}

func (e *Export) nothing(id string) error {
	return &Error{
		Kind: NothingToRead, Connection: e.name, Place: e.storage.place,
		Text: fmt.Sprintf("no file below it belongs to audience %s: no key matches pattern %q; check that Zeotap has delivered, audience.id of the sync, and url and pattern of the connection",
			id, e.settings.Pattern),
	}
}

func (s fileSet) newest() time.Time {
	var newest time.Time
	for _, file := range s.Files {
		if at := file.modified(); at.After(newest) {
			newest = at
		}
	}
	return newest
}

func (s fileSet) place(id string) string {
	if s.Name == "" {
		return "files of audience " + id
	}
	return fmt.Sprintf("set %s of audience %s", s.Name, id)
}

func (s fileSet) snapshot(id string) (audience.Snapshot, error) {
	token, err := json.Marshal(s)
	if err != nil {
		return audience.Snapshot{}, fmt.Errorf("writing the list of files: %w", err)
	}
	return audience.Snapshot{
		Token:    string(token),
		Name:     s.Name,
		Version:  version(string(token)),
		AsOf:     s.newest(),
		Audience: audience.Audience{ID: id},
	}, nil
}

func parseToken(snapshot audience.Snapshot) (fileSet, error) {
	var set fileSet
	if err := json.Unmarshal([]byte(snapshot.Token), &set); err != nil {
		return fileSet{}, err
	}
	if len(set.Files) == 0 || version(snapshot.Token) != snapshot.Version {
		return fileSet{}, errors.New("the token does not belong to the version")
	}
	return set, nil
}

func version(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:16])
}

// difference names the first file that is not the same in both sets; empty
// when there is none.
func (s fileSet) difference(now fileSet) string {
	current := make(map[string]object, len(now.Files))
	for _, file := range now.Files {
		current[file.Key] = file
	}
	for _, was := range s.Files {
		is, found := current[was.Key]
		switch {
		case !found:
			return was.Key + " is no longer there"
		case is.Size != was.Size || is.Modified != was.Modified || !slices.Equal(is.MD5, was.MD5):
			return was.Key + " was written again"
		}
		delete(current, was.Key)
	}
	for _, file := range now.Files {
		if _, added := current[file.Key]; added {
			return file.Key + " was added"
		}
	}
	return ""
}

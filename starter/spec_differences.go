package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"audiencesync/internal/config"
)

// specDifferences names the keys, as they stand in a sync file, in which two
// specs differ. A section that only one of them has is named as a whole, and so is
// a list.
func specDifferences(a, b config.Sync) ([]string, error) {
	from, err := keysOfSpec(a)
	if err != nil {
		return nil, err
	}
	to, err := keysOfSpec(b)
	if err != nil {
		return nil, err
	}
	return differingKeys(nil, "", from, to), nil
}

// keysOfSpec are the keys and values of a spec: in JSON, in which specs are pinned,
// they have the names that they have in files.
func keysOfSpec(spec config.Sync) (map[string]any, error) {
	text, err := json.Marshal(spec)
	if err != nil {
		return nil, fmt.Errorf("spec of sync %s: %w", spec.Sync, err)
	}
	var keys map[string]any
	err = json.Unmarshal(text, &keys)
	return keys, err
}

func differingKeys(found []string, path string, a, b any) []string {
	from, ok := a.(map[string]any)
	to, both := b.(map[string]any)
	if !ok || !both {
		if !reflect.DeepEqual(a, b) {
			found = append(found, path)
		}
		return found
	}
	union := maps.Clone(from)
	maps.Copy(union, to)
	for _, key := range slices.Sorted(maps.Keys(union)) {
		inner := key
		if path != "" {
			inner = path + "." + key
		}
		found = differingKeys(found, inner, from[key], to[key])
	}
	return found
}

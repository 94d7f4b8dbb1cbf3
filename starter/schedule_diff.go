package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"go.temporal.io/sdk/client"

	"audiencesync/internal/schedule"
)

// What apply does with a schedule.
const (
	actionCreate = "create"
	actionUpdate = "update"
	actionDelete = "delete"
	// actionKeep: no file asks for it, and it is left alone.
	actionKeep = "keep"
	actionNone = "unchanged"
)

// actionWords tell actions in a sum.
var actionWords = map[string]string{
	actionCreate: "to create", actionUpdate: "to update", actionDelete: "to delete", actionKeep: "that no file asks for", actionNone: "unchanged",
}

// applyChange is what apply does with one schedule.
type applyChange struct {
	Sync   string        `json:"sync"`
	Kind   schedule.Kind `json:"kind"`
	Action string        `json:"action"`
	// File is that of the sync; empty if there is none any more.
	File string `json:"file,omitempty"`
	// When says in words when the schedule acts.
	When    string                `json:"when"`
	Paused  bool                  `json:"paused,omitempty"`
	Changed []schedule.Difference `json:"changed,omitempty"`

	wanted schedule.Wanted
	found  *schedule.Found
}

// changes reports whether anything is done.
func (c applyChange) changes() bool { return c.Action != actionKeep && c.Action != actionNone }

// String is the change on a line.
func (c applyChange) String() string {
	signs := map[string]string{actionCreate: "+", actionUpdate: "~", actionDelete: "-", actionKeep: "?", actionNone: "="}
	text := fmt.Sprintf("%s %s%s: %s", signs[c.Action], c.Sync, ofKind(c.Kind), c.When)
	if c.Paused {
		text += ", paused"
	}
	switch c.Action {
	case actionUpdate:
		text += "; changed: " + joined(c.Changed)
	case actionKeep:
		text += "; " + c.unasked() + ", kept: --prune deletes it"
	case actionDelete:
		text += "; " + c.unasked()
	}
	return text
}

// unasked says why no file asks for a schedule.
func (c applyChange) unasked() string {
	if c.File == "" {
		return "no file has this sync"
	}
	return c.File + " does not say when"
}

// planApply says what has to be done for the server to match the files.
func planApply(ctx context.Context, c client.Client, files []folderFile, prune bool) ([]applyChange, error) {
	changes := []applyChange{}
	asked := map[string]bool{}
	paths := map[string]string{}
	for _, file := range files {
		paths[file.spec.Sync] = file.path
		for _, w := range schedule.In(file.spec) {
			asked[w.ID()] = true
			change, err := planChange(ctx, c, file.path, w)
			if err != nil {
				return nil, err
			}
			changes = append(changes, change)
		}
	}
	unasked, err := planUnasked(ctx, c, files, asked)
	if err != nil {
		return nil, err
	}
	for _, found := range unasked {
		action := actionKeep
		if prune {
			action = actionDelete
		}
		changes = append(changes, applyChange{
			Sync: found.Sync, Kind: found.Kind, Action: action, File: paths[found.Sync], When: found.Words(), Paused: found.Paused(), found: &found,
		})
	}
	slices.SortStableFunc(changes, func(x, y applyChange) int {
		return cmp.Or(cmp.Compare(x.Sync, y.Sync), -cmp.Compare(x.Kind, y.Kind))
	})
	return changes, nil
}

func planChange(ctx context.Context, c client.Client, file string, w schedule.Wanted) (applyChange, error) {
	change := applyChange{Sync: w.Spec.Sync, Kind: w.Kind, Action: actionCreate, File: file, When: w.Words(), wanted: w}
	found, err := schedule.Look(ctx, c, w.Spec.Sync, w.Kind)
	if err != nil {
		return change, scheduleError(w.Spec.Sync, w.Kind, "describing", err)
	}
	if found == nil {
		return change, nil
	}
	change.found, change.Action, change.Paused = found, actionNone, found.Paused()
	if change.Changed, err = found.Differences(w); err != nil {
		return change, err
	}
	if len(change.Changed) > 0 {
		change.Action = actionUpdate
	}
	return change, nil
}

// planUnasked returns the schedules on the server that no file asks for. Those of syncs
// that have a file are looked up one by one: the server's list may be some moments old.
func planUnasked(ctx context.Context, c client.Client, files []folderFile, asked map[string]bool) ([]schedule.Found, error) {
	all, _, err := schedule.All(ctx, c)
	if err != nil {
		return nil, &exitError{code: exitFailed, err: fmt.Errorf("listing schedules: %w", err)}
	}
	var unasked []schedule.Found
	for _, found := range all {
		if id := found.Kind.ID(found.Sync); !asked[id] {
			asked[id] = true
			unasked = append(unasked, found)
		}
	}
	for _, file := range files {
		for _, kind := range schedule.Kinds() {
			if asked[kind.ID(file.spec.Sync)] {
				continue
			}
			found, err := schedule.Look(ctx, c, file.spec.Sync, kind)
			if err != nil {
				return nil, scheduleError(file.spec.Sync, kind, "describing", err)
			}
			if found != nil {
				unasked = append(unasked, *found)
			}
		}
	}
	return unasked, nil
}

// do makes the change.
func (c *applyChange) do(ctx context.Context, with client.Client) error {
	switch c.Action {
	case actionCreate:
		return c.wanted.Create(ctx, with)
	case actionUpdate:
		return c.found.Change(ctx, c.wanted)
	case actionDelete:
		return schedule.Delete(ctx, with, c.Sync, c.Kind)
	}
	return nil
}

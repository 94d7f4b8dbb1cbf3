package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"audiencesync/internal/config"
	"audiencesync/internal/firstsync"
	"audiencesync/internal/hellocharles"
	"audiencesync/internal/preflight"
)

// shownInit is the end of init.
type shownInit struct {
	Connections string `json:"connections"`
	Sync        string `json:"sync"`
	// Filter is the condition of the segment.
	Filter shownFilter `json:"filter"`
	// Create are the things to do in Hello Charles and in the files before check has no
	// problem, Notes what is worth knowing.
	Create []string `json:"create"`
	Notes  []string `json:"notes"`
	// Next are commands.
	Next []string `json:"next"`
}

type shownFilter struct {
	Property string `json:"property"`
	Equals   string `json:"equals"`
}

// finish writes both files and says what comes next.
func (b *beginner) finish(ctx context.Context) error {
	connections, sync, err := b.contents()
	if err != nil {
		return err
	}
	if connections != nil {
		if err := place(b.flags.writeConnections, connections, b.flags.force); err != nil {
			return err
		}
	}
	if err := place(b.flags.writeSync, sync, b.flags.force); err != nil {
		return err
	}
	shown := shownInit{
		Connections: b.connectionsPath(), Sync: b.flags.writeSync, Filter: shownFilter{b.sync.Marker, b.sync.Member}, Next: b.next(), Create: []string{}, Notes: []string{},
	}
	if err := b.todo(ctx, sync, &shown); err != nil {
		return err
	}
	if b.output == outputJSON {
		return b.printJSON(shown)
	}
	return b.writeEnd(b.stdout, shown)
}

// place writes a file whole or not at all. A file that is there is kept unless it may be
// replaced.
func place(path string, content []byte, replace bool) (err error) {
	draft := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+"."+rand.Text())
	file, err := os.OpenFile(draft, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644) //nolint:gosec // It holds no secret, and the worker may be somebody else.
	if err != nil {
		return failed("", fmt.Errorf("writing %s: %w", path, err))
	}
	defer func() { _ = os.Remove(draft) }() // It is gone, or has no use any more.
	_, err = file.Write(content)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return failed("", fmt.Errorf("writing %s: %w", path, err))
	}
	if replace {
		err = os.Rename(draft, path)
	} else {
		err = os.Link(draft, path) // Fails if somebody was faster.
	}
	if errors.Is(err, os.ErrExist) {
		return usage("%s is there already: name another file, or replace it with --force", path)
	}
	if err != nil {
		return failed("", fmt.Errorf("writing %s: %w", path, err))
	}
	return nil
}

// todo is what check would find now, and what could not be read.
func (b *beginner) todo(ctx context.Context, sync []byte, shown *shownInit) error {
	property, exists := b.live.workspace.Property(b.sync.Marker)
	if !exists && b.live.workspace.Properties != nil { // It may have been created meanwhile.
		if now, err := b.live.api.Properties(ctx); err == nil {
			b.live.workspace.Properties = now
			property, exists = b.live.workspace.Property(b.sync.Marker)
		}
	}
	switch {
	case b.live.workspace.Properties == nil:
		shown.Create = append(shown.Create, fmt.Sprintf("see that the custom property %s of type text exists, under Settings; else create it", b.sync.Marker))
	case !exists:
		shown.Create = append(shown.Create, fmt.Sprintf("create the custom property %s of type text, under Settings", b.sync.Marker))
	}
	if b.sync.Segment == "" {
		shown.Create = append(shown.Create, fmt.Sprintf("create the segment: Contacts, Segments & lists, a new segment with the one condition %s; write its id, which stands in the address bar, under verification.segment in %s",
			b.sync.Filter(), b.flags.writeSync))
	} else {
		shown.Notes = append(shown.Notes, fmt.Sprintf("segment %s must have the one condition %s", b.sync.Segment, b.sync.Filter()))
	}
	if b.sync.Consent != "" {
		shown.Notes = append(shown.Notes, fmt.Sprintf("everybody is sent; if field %s says who may be contacted, take the # from the filter in %s", printable(b.sync.Consent, ""), b.flags.writeSync))
	}
	for _, what := range b.unread {
		shown.Notes = append(shown.Notes, what+" could not be read; what belongs there is a comment in the file")
	}
	if len(b.unread) > 0 || b.live.deltas {
		return nil
	}
	return b.inspect(ctx, sync, property, shown)
}

// inspect lets check's own code look at what was written.
func (b *beginner) inspect(ctx context.Context, sync []byte, marker hellocharles.Property, shown *shownInit) error {
	spec, err := config.ParseSync(b.flags.writeSync, sync)
	if err != nil {
		return err
	}
	var found *preflight.Findings
	err = b.patiently(ctx, func() (err error) {
		found, _, err = preflight.Look(ctx, b.live.pool, spec)
		return err
	})
	if err != nil {
		return trialError(spec.Sync, fmt.Errorf("both files are written; checking them: %w", err))
	}
	for _, problem := range found.Problems {
		if marker.Name == "" && strings.Contains(problem, fmt.Sprintf("%q", b.sync.Marker)) {
			continue // It is said that it has to be created.
		}
		shown.Create = append(shown.Create, problem)
	}
	shown.Notes = append(shown.Notes, found.Notes...)
	return nil
}

// next are the commands to type.
func (b *beginner) next() []string {
	var commands []string
	for _, name := range b.unset {
		commands = append(commands, "export "+name+"=...")
	}
	sync, ledger := quotedForShell(b.flags.writeSync), "sqlite:"+localLedger
	return append(commands,
		"audiencesync up --connections "+quotedForShell(b.connectionsPath())+"   # leave it running",
		"audiencesync check "+sync,
		"audiencesync try "+sync+" --limit 3 --dry-run --connections "+quotedForShell(b.connectionsPath())+" --ledger "+ledger+"   # without --dry-run it sends them",
		"audiencesync plan "+sync,
		"audiencesync run "+sync,
		`audiencesync schedule create `+sync+` --cron "0 6 * * *" --time-zone Europe/Berlin`,
	)
}

// quotedForShell is a path as a shell takes it.
func quotedForShell(path string) string {
	if !strings.ContainsAny(path, " \t'\"$&;|<>()*?#~`\\") {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}

func (b *beginner) writeEnd(w io.Writer, shown shownInit) error {
	var text strings.Builder
	if b.existing {
		fmt.Fprintf(&text, "wrote %s; %s is as it was\n", shown.Sync, shown.Connections)
	} else {
		fmt.Fprintf(&text, "wrote %s and %s\n", shown.Connections, shown.Sync)
	}
	fmt.Fprintf(&text, "\nthe segment:  %s\n", firstsync.SegmentFilter(shown.Filter.Property, shown.Filter.Equals))
	if len(shown.Create) > 0 {
		text.WriteString("\nfirst:\n")
	}
	for _, create := range shown.Create {
		text.WriteString("  - " + create + "\n")
	}
	if len(shown.Notes) > 0 {
		text.WriteString("\nnotes:\n")
	}
	for _, note := range shown.Notes {
		text.WriteString("  - " + note + "\n")
	}
	text.WriteString("\nnext:\n")
	for _, command := range shown.Next {
		text.WriteString("  " + command + "\n")
	}
	_, err := io.WriteString(w, text.String())
	return err
}

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"audiencesync/internal/config"
)

// applyFlags say how a folder is applied.
type applyFlags struct{ prune, yes, dryRun bool }

func (a *app) scheduleApplyCommand() *cobra.Command {
	var f applyFlags
	command := &cobra.Command{
		Use:   "apply DIR",
		Short: "Make the schedules on the server those of a folder of sync files",
		Long: `Make the schedules on the server those of a folder of sync files: create what is missing,
update what differs, and show the difference first. A sync runs when its file says so
(schedule). A schedule that no file asks for is told of, and deleted only with --prune.
What is paused stays paused. One mistake in one file, and nothing is changed.`,
		Args: oneArgument,
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.dryRun && f.yes {
				return usage("--dry-run changes nothing, and --yes changes everything: leave one of them out")
			}
			files, err := a.readFolder(args[0])
			if err != nil {
				return err
			}
			c, err := a.dial(cmd.Context(), "")
			if err != nil {
				return err
			}
			defer c.Close()
			return a.apply(cmd.Context(), c, files, f)
		},
	}
	flags := command.Flags()
	flags.BoolVar(&f.prune, "prune", false, "also delete schedules that no file of the folder asks for")
	flags.BoolVar(&f.yes, "yes", false, "do not ask")
	flags.BoolVar(&f.dryRun, "dry-run", false, "only show the difference")
	return command
}

// folderFile is a sync file of a folder.
type folderFile struct {
	path string
	spec config.Sync
}

// connectionsFile matches a file of connections, which may stand beside sync files.
var connectionsFile = regexp.MustCompile(`(?m)^connections\s*:`)

// readFolder reads the sync files of a folder. All mistakes of all files are told at
// once, and so are two files of one sync.
func (a *app) readFolder(folder string) ([]folderFile, error) {
	var paths []string
	for _, pattern := range []string{"*.yaml", "*.yml"} {
		found, err := filepath.Glob(filepath.Join(escaped(folder), pattern))
		if err != nil {
			return nil, usage("%s: %s", folder, err)
		}
		paths = append(paths, found...)
	}
	slices.Sort(paths)
	var files []folderFile
	var mistakes []error
	byName := map[string]string{}
	for _, path := range paths {
		raw, err := os.ReadFile(path)
		if err == nil && connectionsFile.Match(raw) {
			continue
		}
		spec, err := config.LoadSync(path)
		if err != nil {
			mistakes = append(mistakes, err)
			continue
		}
		if first, twice := byName[spec.Sync]; twice {
			mistakes = append(mistakes, fmt.Errorf("%s: sync: %s is the name of %s too; a sync has one file", path, spec.Sync, first))
			continue
		}
		byName[spec.Sync] = path
		files = append(files, folderFile{path, spec})
	}
	switch {
	case len(mistakes) > 0:
		return nil, &exitError{code: exitUsage, err: fmt.Errorf("%w\nnothing was changed", errors.Join(mistakes...))}
	case len(files) == 0:
		return nil, usage("%s has no sync file (*.yaml): name the folder of the sync files", folder)
	}
	return files, nil
}

// escaped keeps the name of a folder from being taken for a pattern.
func escaped(folder string) string {
	return regexp.MustCompile(`[*?\[\\]`).ReplaceAllString(folder, `\$0`)
}

// apply makes the server match the files.
func (a *app) apply(ctx context.Context, c client.Client, files []folderFile, f applyFlags) error {
	changes, err := planApply(ctx, c, files, f.prune)
	if err != nil {
		return err
	}
	pending := slices.ContainsFunc(changes, func(c applyChange) bool { return c.changes() })
	for _, change := range changes {
		if change.changes() && change.Action != actionDelete {
			a.warn(change.wanted)
		}
	}
	if a.output != outputJSON || pending && !f.yes && !f.dryRun {
		if err := a.writeChanges(changes); err != nil {
			return err
		}
	}
	switch {
	case f.dryRun || !pending:
		return a.printApplied(changes, false)
	case !f.yes:
		if err := a.confirm(ctx); err != nil {
			return err
		}
	}
	for i := range changes {
		if err := changes[i].do(ctx, c); err != nil {
			return scheduleError(changes[i].Sync, changes[i].Kind, "applying", err)
		}
	}
	return a.printApplied(changes, true)
}

// confirm asks whether what was shown is to be done.
func (a *app) confirm(ctx context.Context) error {
	answers := a.answers()
	if answers == nil {
		return usage("nothing was changed: there is nobody to ask; add --yes to do this, or --dry-run to only look")
	}
	_, _ = fmt.Fprint(a.stderr, "do this? [y/N] ")
	answered := make(chan string, 1)
	go func() {
		// Who interrupts gives no answer: the program ends all the same.
		answer, _ := bufio.NewReader(answers).ReadString('\n')
		answered <- strings.ToLower(strings.TrimSpace(answer))
	}()
	select {
	case answer := <-answered:
		if answer == "y" || answer == "yes" {
			return nil
		}
		return &exitError{code: exitCancelled, err: errors.New("nothing was changed")}
	case <-ctx.Done():
		return &exitError{code: exitInterrupted, err: errors.New("nothing was changed")}
	}
}

// shownApply is what apply prints in JSON.
type shownApply struct {
	// Applied says that the changes were made.
	Applied bool          `json:"applied"`
	Changes []applyChange `json:"changes"`
}

func (a *app) printApplied(changes []applyChange, applied bool) error {
	if a.output == outputJSON {
		return a.printJSON(shownApply{Applied: applied, Changes: changes})
	}
	if applied {
		a.say("done")
	}
	return nil
}

func (a *app) writeChanges(changes []applyChange) error {
	out := a.stdout
	if a.output == outputJSON {
		out = a.stderr // stdout is for JSON alone
	}
	counted := map[string]int{}
	for _, change := range changes {
		counted[change.Action]++
		if _, err := fmt.Fprintln(out, change); err != nil {
			return err
		}
	}
	var total []string
	for _, action := range []string{actionCreate, actionUpdate, actionDelete, actionKeep, actionNone} {
		if n := counted[action]; n > 0 {
			total = append(total, fmt.Sprintf("%d %s", n, actionWords[action]))
		}
	}
	if len(total) == 0 {
		total = append(total, "no file says when its sync runs (schedule)")
	}
	_, err := fmt.Fprintln(out, strings.Join(total, ", "))
	return err
}

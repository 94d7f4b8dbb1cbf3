package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"audiencesync/internal/audience"
	"audiencesync/internal/trial"
)

type traceFlags struct {
	vendorFlags
	reference string
	place     string
	member    string
}

func (a *app) traceCommand() *cobra.Command {
	var f traceFlags
	command := &cobra.Command{
		Use:   "trace SYNC.yaml",
		Short: "Follow one member: fields, mapping, request, past runs, and what Hello Charles holds",
		Long: `Follow one member from the source to Hello Charles: all its fields, each step of
the mapping, the exact request, what became of it in past runs, and what Hello Charles holds
where the connection says how to read it. The code is that of a run; nothing is sent.
Somebody who left the audience is followed too, as far as the ledger knows the reference.
A member without a usable reference is followed by its place, as failures lists it, in the
audience as it is now.

This is contact data: it passes between the vendors, the ledger and this terminal, and
never through Temporal.`,
		Args: oneArgument,
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.reference == "" && f.place == "" && f.member == "" {
				return usage("say whom to follow: --reference with the reference of a member, --place with the place that failures lists, or --member with a file that holds a member as a JSON object")
			}
			if _, _, err := f.at(); err != nil {
				return err
			}
			return a.withTrial(cmd.Context(), &f.vendorFlags, args[0], func(t *trial.Trial) error {
				return a.trace(cmd.Context(), t, f)
			})
		},
	}
	f.add(command)
	flags := command.Flags()
	flags.StringVar(&f.reference, "reference", "", "the member with this reference, looked for in the audience")
	flags.StringVar(&f.place, "place", "", `instead: the member at this place, as "page 1, member 147"`)
	flags.StringVar(&f.member, "member", "", "instead: a member as a JSON object in this file")
	command.MarkFlagsMutuallyExclusive("reference", "place", "member")
	return command
}

func (a *app) trace(ctx context.Context, t *trial.Trial, f traceFlags) error {
	a.tellFindings(t)
	path, absent, err := follow(ctx, t, f)
	if err != nil {
		return err
	}
	shown := showPath(t.Sync.Spec.Sync, path)
	shown.NoMember = absent
	if a.output == outputJSON {
		return a.printJSON(shown)
	}
	return shown.write(a.stdout)
}

// follow follows the member that was asked for, or somebody who is no member any
// more: then absent says so.
func follow(ctx context.Context, t *trial.Trial, f traceFlags) (path trial.Path, absent string, err error) {
	if f.member != "" {
		member, err := readMember(f.member)
		if err != nil {
			return trial.Path{}, "", err
		}
		path, err = t.Follow(ctx, member)
		return path, "", err
	}
	if f.place != "" {
		return followPlace(ctx, t, f)
	}
	reference, err := normalised(t, f.reference)
	if err != nil {
		return trial.Path{}, "", err
	}
	member, _, err := t.Find(ctx, reference)
	nobody, missing := errors.AsType[*trial.NoMemberError](err)
	switch {
	case missing:
		path, err = t.FollowLeaver(ctx, reference)
		if err == nil && !path.History.Known {
			err = nobody
		}
		return path, nobody.Error(), err
	case err != nil:
		return trial.Path{}, "", err
	}
	path, err = t.Follow(ctx, member)
	return path, "", err
}

// at is the place that was asked for.
func (f traceFlags) at() (page, position int64, err error) {
	if f.place == "" {
		return 0, 0, nil
	}
	if n, err := fmt.Sscanf(f.place, "page %d, member %d", &page, &position); n != 2 || err != nil || page < 1 || position < 1 {
		return 0, 0, usage("--place %q: write it as failures lists it: \"page 1, member 147\"", f.place)
	}
	return page, position, nil
}

func followPlace(ctx context.Context, t *trial.Trial, f traceFlags) (path trial.Path, absent string, err error) {
	page, position, err := f.at()
	if err != nil {
		return trial.Path{}, "", err
	}
	member, err := t.FindAt(ctx, page, position)
	if err != nil {
		return trial.Path{}, "", err
	}
	path, err = t.Follow(ctx, member)
	return path, "", err
}

// readMember reads a member as a source gives it. Errors hold nothing of it.
func readMember(path string) (audience.Member, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, usage("--member: %w", err)
	}
	defer func() { _ = file.Close() }()
	decoder := json.NewDecoder(file)
	decoder.UseNumber()
	var member audience.Member
	if err := decoder.Decode(&member); err != nil || member == nil {
		return nil, notAMember(path)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, notAMember(path)
	}
	return member, nil
}

func notAMember(path string) error {
	return usage(`--member: %s is not one JSON object with the fields of a member, as {"first_name": "Ada"}`, path)
}

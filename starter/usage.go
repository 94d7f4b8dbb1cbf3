package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"audiencesync/internal/config"
)

// usageError is what a command refuses of how it was called, on one line and with what
// was most likely meant.
func usageError(command *cobra.Command, err error) *exitError {
	text, meant, _ := strings.Cut(err.Error(), "\n\nDid you mean this?\n")
	words := strings.Fields(meant)
	for i, word := range words {
		words[i] = fmt.Sprintf("%q", word)
	}
	if unknown, ok := errors.AsType[*unknownVerbError](err); ok {
		command = unknown.group
		if near, ok := config.Nearest(unknown.verb, verbsOf(command)); ok {
			words = []string{fmt.Sprintf("%q", near)}
		}
	}
	if flag, unknown := strings.CutPrefix(text, "unknown flag: --"); unknown {
		if near, ok := config.Nearest(flag, flagsOf(command)); ok {
			words = []string{"--" + near}
		}
	}
	see := "; see: "
	if len(words) > 0 {
		see = "; did you mean " + strings.Join(words, " or ") + "? See: "
	}
	return &exitError{code: exitUsage, err: fmt.Errorf("%s%s%s --help", text, see, command.CommandPath())}
}

// failWithCode gives an error with which a command ends, and that has no exit code, that
// of a failure: what is left without one is what cobra refuses of a call.
func failWithCode(command *cobra.Command) {
	for _, child := range command.Commands() {
		failWithCode(child)
	}
	do := command.RunE
	if do == nil {
		return
	}
	command.RunE = func(command *cobra.Command, args []string) error {
		err := do(command, args)
		if _, coded := errors.AsType[*exitError](err); err == nil || coded {
			return err
		}
		return &exitError{code: exitFailed, err: err}
	}
}

// flagsOf names all flags of a command.
func flagsOf(command *cobra.Command) []string {
	var names []string
	command.Flags().VisitAll(func(flag *pflag.Flag) { names = append(names, flag.Name) })
	return names
}

// verbsOf names the commands of a group.
func verbsOf(group *cobra.Command) []string {
	var names []string
	for _, command := range group.Commands() {
		if command.IsAvailableCommand() {
			names = append(names, command.Name())
		}
	}
	return names
}

// unknownVerbError is a verb that a group of commands does not have.
type unknownVerbError struct {
	group *cobra.Command
	verb  string
}

// Error implements error.
func (e *unknownVerbError) Error() string {
	return fmt.Sprintf("unknown command %q for %q", e.verb, e.group.CommandPath())
}

// refuseUnknownVerb refuses a verb that a group does not have. Cobra itself shows the
// help of the group then, and calls that success.
func refuseUnknownVerb(root *cobra.Command, args []string) error {
	group, rest, err := root.Find(args)
	if err != nil || group.Runnable() || group.ParseFlags(rest) != nil {
		return nil // It is refused, or done, when it is executed.
	}
	if words := group.Flags().Args(); len(words) > 0 {
		return &unknownVerbError{group, words[0]}
	}
	return nil
}

// helpOnWhatThereIs lets "help" refuse a command that is not there.
func helpOnWhatThereIs(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	for _, command := range root.Commands() {
		if command.Name() != "help" {
			continue
		}
		command.Args = func(_ *cobra.Command, args []string) error {
			found, rest, err := root.Find(args)
			if err == nil && len(rest) > 0 {
				return &unknownVerbError{found, rest[0]}
			}
			return err
		}
	}
}

// argumentOf is how the usage of a command calls its argument; "" where it has none.
func argumentOf(command *cobra.Command) string {
	_, argument, _ := strings.Cut(command.Use, " ")
	argument, _, _ = strings.Cut(argument, " ")
	if strings.HasPrefix(argument, "-") {
		return ""
	}
	return argument
}

// oneArgument lets a command have the one argument that its usage names.
func oneArgument(command *cobra.Command, args []string) error {
	if len(args) > 1 {
		return fmt.Errorf("%q is one argument too many: there is %s alone", args[1], argumentOf(command))
	}
	return someArguments(command, args)
}

// someArguments lets a command have as many arguments as there are, but not none.
func someArguments(command *cobra.Command, args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("%s is missing", argumentOf(command))
	}
	return nil
}

// noArguments lets a command have none.
func noArguments(command *cobra.Command, args []string) error {
	switch {
	case len(args) == 0:
		return nil
	case command.HasSubCommands():
		return &unknownVerbError{command, args[0]}
	default:
		return fmt.Errorf("%q is one argument too many: there is none", args[0])
	}
}

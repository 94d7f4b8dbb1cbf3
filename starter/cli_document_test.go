package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"
)

// exitMeanings are the exit codes as they are documented.
var exitMeanings = []struct {
	code  int
	means string
}{
	{exitGood, "good: the run ended equal, or explained within `accept`; the order was taken; nothing is wrong"},
	{exitFailed, "failed: the run or the command did not come to its end, or `status --fail-if-older` found no good run in time"},
	{exitUsage, "usage or configuration: a mistake in the command or a file, a start that was refused or would be, an order that nothing waits for"},
	{exitUnexplained, "the verdict is unexplained: something differs, and nobody knows why"},
	{exitUnverifiable, "the verdict is unverifiable: there is no count to be had, and the sync asks for one"},
	{exitOutside, "the verdict is explained, with more failures than the sync's `accept` allows"},
	{exitWaiting, "the run waits for approval or for access, or is paused; a plan that would wait"},
	{exitCancelled, "the run was cancelled or declined"},
	{exitInterrupted, "the command was interrupted (Ctrl-C); a run that is going goes on"},
}

// variables are the environment variables of the command line.
var variables = [][2]string{
	{ledgerVariable, "the ledger of data commands, in place of `--ledger`"},
	{connectionsVariable, "the worker's connections file, in place of `--connections`; without either it is connections.yaml in the current folder"},
	{failureKeyVariable, "where the key of kept fields is, in place of `--failure-key`"},
	{"AUDIENCESYNC_OPERATOR", "who gives orders, for the record; by default the login"},
	{"AUDIENCESYNC_TEMPORAL_CLI", "the `temporal` program that `up` and `demo` run, in place of the one on PATH"},
	{"NO_COLOR", "if it is not empty, nothing is printed in colour"},
	{"TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE", "where Temporal is, in place of `--address` and `--namespace`"},
	{"TEMPORAL_API_KEY, TEMPORAL_TLS..., TEMPORAL_PROFILE, TEMPORAL_CONFIG_FILE", "the standard settings of Temporal's own tools, and their file of profiles"},
	{"PGPASSWORD", "the password of a ledger in PostgreSQL, unless its address names another credential"},
}

const documentHead = `# The command line

*Written by ` + "`make cli`" + ` from the commands themselves; a test keeps it in step.*

Control commands (run, plan, status, list, pause, limits ...) need Temporal, and carry names and numbers only. Data commands (failures, trace, report, ledger ...) read the
ledger themselves, with ` + "`--ledger`" + `; what they show may be contact data, and never passes through Temporal.

## Results, and everything else

- Results go to standard output; progress, remarks and errors to standard error.
- ` + "`--output json`" + ` gives every result as JSON, with the keys that [json.md](json.md) lists; lists that may be long also come as ` + "`csv`" + `. Keys are added to the JSON of later versions, never taken away or renamed.
- ` + "`--quiet`" + ` leaves results and errors. Colours are for terminals only: ` + "`--no-color`" + ` or NO_COLOR turns them off there, too.
- A mistake in the command itself ends it with code 2 before anything is asked or done, with nothing on standard output.
- An error says what to do about it. A mistake in a file is named with its line.
- Tab completion: ` + "`source <(audiencesync completion bash)`" + `; other shells: ` + "`audiencesync completion --help`" + `. It offers names of syncs, numbers of runs, connections and files.

`

// documented writes the document of the command line.
func documented() string {
	var text strings.Builder
	text.WriteString(documentHead)
	text.WriteString("## Exit codes\n\n| code | means |\n|---|---|\n")
	for _, exit := range exitMeanings {
		fmt.Fprintf(&text, "| %d | %s |\n", exit.code, exit.means)
	}
	text.WriteString("\n## Environment variables\n\n| variable | what it says |\n|---|---|\n")
	for _, variable := range variables {
		fmt.Fprintf(&text, "| %s | %s |\n", variable[0], variable[1])
	}
	root := (&app{}).root()
	root.InitDefaultHelpFlag()
	fmt.Fprintf(&text, "\n## Flags of every command\n\n```\n%s```\n\n## Commands\n\n| command | what it does |\n|---|---|\n", root.PersistentFlags().FlagUsages())
	for _, command := range commandsOf(root) {
		name := strings.TrimPrefix(command.CommandPath(), "audiencesync ")
		fmt.Fprintf(&text, "| [%s](#%s) | %s |\n", name, strings.ReplaceAll(name, " ", "-"), command.Short)
	}
	for _, command := range commandsOf(root) {
		describeCommand(&text, command)
	}
	return text.String()
}

// allOf are all commands and groups of commands of ours, in the order of their names.
func allOf(parent *cobra.Command) []*cobra.Command {
	var all []*cobra.Command
	for _, command := range parent.Commands() {
		if command.Name() == "help" || command.Name() == "completion" {
			continue
		}
		all = append(append(all, command), allOf(command)...)
	}
	return all
}

// commandsOf are those that do something.
func commandsOf(parent *cobra.Command) []*cobra.Command {
	return slices.DeleteFunc(allOf(parent), func(command *cobra.Command) bool { return !command.Runnable() })
}

func describeCommand(text *strings.Builder, command *cobra.Command) {
	name := strings.TrimPrefix(command.CommandPath(), "audiencesync ")
	about := command.Long
	if about == "" {
		about = command.Short + "."
	}
	fmt.Fprintf(text, "\n### %s\n\n```\n%s\n```\n\n%s\n", name, command.UseLine(), about)
	command.InitDefaultHelpFlag()
	_ = command.Flags().MarkHidden("help")
	if usages := command.NonInheritedFlags().FlagUsages(); usages != "" {
		fmt.Fprintf(text, "\n```\n%s```\n", usages)
	}
}

func TestTheCommandLineIsDocumentedInStep(t *testing.T) {
	for _, variable := range []string{ledgerVariable, connectionsVariable, failureKeyVariable} {
		t.Setenv(variable, "") // Help shows what is set.
	}
	file := filepath.Join("..", "docs", "cli.md")
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(documented()), 0o600))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), documented(), "if this is meant: make cli")
}

func TestEveryCommandSaysWhatItDoesInOneLine(t *testing.T) {
	t.Parallel()
	for _, command := range commandsOf((&app{}).root()) {
		require.NotEmpty(t, command.Short, command.CommandPath())
		require.False(t, strings.HasSuffix(command.Short, "."), command.CommandPath())
		require.NotContains(t, command.Short, "\n")
	}
}

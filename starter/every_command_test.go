package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"

	"audiencesync/internal/devserver/devservertest"
)

// These tests go through all commands that there are: what holds for one holds for all,
// and for one that is added.

// eachCommand runs a test for every command, with arguments as its usage has them.
func eachCommand(t *testing.T, do func(t *testing.T, command *cobra.Command, args []string)) {
	t.Helper()
	for _, command := range commandsOf((&app{}).root()) {
		t.Run(verbOf(command), func(t *testing.T) {
			t.Parallel()
			do(t, command, calledWith(command, "demo", filepath.Join("..", "examples", "demo", "sync.yaml")))
		})
	}
}

// calledWith is a command with the arguments that its usage names.
func calledWith(command *cobra.Command, sync, file string) []string {
	args := strings.Fields(verbOf(command))
	switch argument := argumentOf(command); argument {
	case "SYNC":
		args = append(args, sync)
	case "SYNC.yaml":
		args = append(args, file)
	case "CONNECTION":
		args = append(args, "charles-demo")
	case "DIR":
		args = append(args, filepath.Dir(file))
	}
	return args
}

// needed are flags without which a command does not begin.
var needed = map[string][]string{
	"schedule create": {"--every", "6h"},
	"trace":           {"--reference", "+4915112345678"},
	"ledger forget":   {"--reference", "+4915112345678"},
}

func TestEveryCommandRefusesWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	eachCommand(t, func(t *testing.T, command *cobra.Command, args []string) {
		t.Helper()
		see := "see: audiencesync " + verbOf(command) + " --help\n"
		for _, c := range []struct {
			args []string
			says string
		}{
			{append(slices.Clone(args), "--zzzz"), "error: unknown flag: --zzzz; " + see},
			{append(slices.Clone(args), "-o", "xml"), "error: --output xml: write table"},
			{append(slices.Clone(args), "-o"), "error: flag needs an argument: 'o' in -o; " + see},
			{append(slices.Clone(args), "--quiet", "--verbose"), "error: "},
		} {
			refused := call(t, c.args...)
			require.Equal(t, exitUsage, refused.code, c.args)
			require.Empty(t, refused.stdout)
			require.True(t, strings.HasPrefix(refused.stderr, c.says), refused.stderr)
			require.Equal(t, 1, strings.Count(refused.stderr, "\n"), "one line: %s", refused.stderr)
		}
	})
}

func TestEveryCommandHasTheArgumentsOfItsUsage(t *testing.T) {
	t.Parallel()
	eachCommand(t, func(t *testing.T, command *cobra.Command, args []string) {
		t.Helper()
		refuses := func(says string, args ...string) {
			t.Helper()
			require.Equal(t, answer{code: exitUsage, stderr: "error: " + says + "; see: audiencesync " + verbOf(command) + " --help\n"}, call(t, args...))
		}
		verb := strings.Fields(verbOf(command))
		argument := argumentOf(command)
		switch {
		case argument == "" && command.HasSubCommands():
			refuses(`unknown command "zzzz" for "audiencesync `+verbOf(command)+`"`, append(verb, "zzzz")...)
		case argument == "":
			refuses(`"zzzz" is one argument too many: there is none`, append(verb, "zzzz")...)
		case strings.Contains(command.Use, "..."):
			refuses(argument+" is missing", verb...)
		default:
			refuses(argument+" is missing", verb...)
			refuses(`"zzzz" is one argument too many: there is `+argument+` alone`, append(args, "zzzz")...)
		}
	})
}

func TestEveryGroupOfCommandsRefusesAVerbThatItDoesNotHave(t *testing.T) {
	t.Parallel()
	groups := [][]string{{}, {"help"}, {"completion"}}
	for _, command := range allOf((&app{}).root()) {
		if command.HasSubCommands() {
			groups = append(groups, strings.Fields(verbOf(command)), append([]string{"help"}, strings.Fields(verbOf(command))...))
		}
	}
	require.Contains(t, groups, []string{"schedule"})
	near := map[string]string{"": "stauts", "completion": "bsh", "schedule": "creat", "ledger": "chekc", "notify": "tset", "simulate": "preset"}
	meant := map[string]string{"": "status", "completion": "bash", "schedule": "create", "ledger": "check", "notify": "test", "simulate": "presets"}
	for _, group := range groups {
		t.Run("of "+strings.Join(group, " "), func(t *testing.T) {
			t.Parallel()
			name := strings.Join(slices.DeleteFunc(slices.Clone(group), func(word string) bool { return word == "help" }), " ")
			path := strings.TrimSpace("audiencesync " + name)
			help := path
			if len(group) == 1 && group[0] == "help" {
				help = "audiencesync help"
			}
			require.Equal(t, answer{code: exitUsage, stderr: `error: unknown command "bogus" for "` + path + `"; see: ` + help + " --help\n"},
				call(t, append(slices.Clone(group), "bogus")...))
			for _, args := range [][]string{
				append(slices.Clone(group), near[name]), append(slices.Clone(group), near[name], "-o", "json"), append(slices.Clone(group), "-o", "json", near[name]),
			} {
				refused := call(t, args...)
				require.Equal(t, exitUsage, refused.code, args)
				require.Empty(t, refused.stdout)
				require.Contains(t, refused.stderr, `did you mean "`+meant[name]+`"? See: `+help+" --help\n")
			}
		})
	}
}

func TestAGroupOfCommandsWithoutAVerbShowsItsVerbs(t *testing.T) {
	t.Parallel()
	for _, group := range []string{"schedule", "ledger", "notify", "completion"} {
		shown := call(t, group)
		require.Zero(t, shown.code)
		require.Empty(t, shown.stderr)
		require.Contains(t, shown.stdout, "Available Commands:\n")
		require.Equal(t, shown, call(t, "help", group))
	}
}

// offline are the commands that do not ask Temporal.
var offline = []string{
	"adopt", "ignore", "try", "trace", "failures", "differences", "retry-failures", "report", "history", "notify test", "init", "demo", "up",
	"ledger check", "ledger export", "ledger forget", "ledger migrate", "ledger rebuild", "simulate", "simulate export", "simulate presets",
	"version",
}

func TestEveryCommandThatAsksTemporalSaysWhereItLookedAndWhatToDo(t *testing.T) {
	t.Parallel()
	server := devservertest.ForTest(t).Address()
	eachCommand(t, func(t *testing.T, command *cobra.Command, args []string) {
		t.Helper()
		if slices.Contains(offline, verbOf(command)) {
			return
		}
		of := "error: "
		if argument := argumentOf(command); argument == "SYNC" || argument == "SYNC.yaml" {
			of += "sync demo: "
		}
		if verbOf(command) == "schedule apply" {
			args = []string{"schedule", "apply", folderOfOneSync(t)}
		}
		args = append(args, needed[verbOf(command)]...)

		away := call(t, append(slices.Clone(args), "--address", "127.0.0.1:1")...)
		require.Equal(t, exitFailed, away.code, away.stderr)
		require.Empty(t, away.stdout)
		require.Contains(t, away.stderr, of+"connecting to Temporal at 127.0.0.1:1 (namespace default)")
		require.Contains(t, away.stderr, `start it with "audiencesync up"`)

		other := call(t, append(slices.Clone(args), "--address", server, "--namespace", "nobodys")...)
		require.Equal(t, exitFailed, other.code, other.stderr)
		require.Empty(t, other.stdout)
		require.Contains(t, other.stderr, of+"Temporal at "+server+" has no namespace nobodys: ")
		require.Contains(t, other.stderr, "--namespace")

		gone, cancel := context.WithCancel(t.Context())
		cancel()
		var stdout, stderr bytes.Buffer
		stopped := (&app{stdout: &stdout, stderr: &stderr}).callFor(gone, t, &stdout, &stderr, append(args, "--address", server))
		require.Equal(t, exitInterrupted, stopped.code, stopped.stderr)
		require.Empty(t, stopped.stdout)
	})
}

// folderOfOneSync is a folder with a sync file that says when it runs.
func folderOfOneSync(t *testing.T) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("..", "examples", "demo", "sync.yaml"))
	require.NoError(t, err)
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "sync.yaml"), append(content, "\nschedule: {every: 6h}\n"...), 0o600))
	return folder
}

func TestEveryCommandAboutASyncThatNobodyKnowsSaysSo(t *testing.T) {
	t.Parallel()
	_, namespace := ownNamespace(t)
	d := newDesk(t)
	withFailure(t, d, "")
	eachCommand(t, func(t *testing.T, command *cobra.Command, _ []string) {
		t.Helper()
		if argumentOf(command) != "SYNC" {
			return
		}
		args := calledWith(command, "nobody", "")
		hint := "audiencesync "
		if slices.Contains(offline, verbOf(command)) {
			args, hint = append(args, "--ledger", "sqlite:"+d.file("ledger.db")), "those that have: demo"
		} else {
			args = append(args, "--address", devservertest.ForTest(t).Address(), "--namespace", namespace)
		}
		for _, form := range []string{outputTable, outputJSON} {
			unknown := call(t, append(slices.Clone(args), "-o", form)...)
			require.Equal(t, exitUsage, unknown.code, unknown.stderr)
			require.Empty(t, unknown.stdout)
			require.Contains(t, unknown.stderr, "error: sync nobody")
			require.Contains(t, unknown.stderr, hint, "what to do")
		}
	})
}

func TestEveryCommandAboutARunThatIsNotThereNamesThoseThatAre(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	withFailure(t, d, "")
	eachCommand(t, func(t *testing.T, command *cobra.Command, args []string) {
		t.Helper()
		if command.Flags().Lookup("run") == nil {
			return
		}
		for _, number := range []string{"99", "-1"} {
			unknown := call(t, append(slices.Clone(args), "--ledger", "sqlite:"+d.file("ledger.db"), "--run", number)...)
			require.Equal(t, exitUsage, unknown.code)
			require.Empty(t, unknown.stdout)
			require.Contains(t, unknown.stderr, "error: sync demo has no run "+number+": its runs are 1 only")
		}
	})
}

// These set the environment, so they do not run beside others.

func TestEveryCommandThatReadsTheLedgerSaysThatItNeedsOne(t *testing.T) {
	t.Setenv(ledgerVariable, "")
	d := newDesk(t)
	for _, command := range commandsOf((&app{}).root()) {
		if command.Flags().Lookup("ledger") == nil || !slices.Contains(offline, verbOf(command)) || command.Name() == "init" {
			continue
		}
		args := append(calledWith(command, "demo", d.file("sync.yaml")), needed[verbOf(command)]...)
		if command.Flags().Lookup("connections") != nil {
			args = append(args, "--connections", d.file("connections.yaml"))
		}
		t.Run(verbOf(command), func(t *testing.T) {
			require.Equal(t, answer{code: exitUsage, stderr: "error: this command reads the ledger: name it with --ledger sqlite:PATH or AUDIENCESYNC_LEDGER; " +
				"it is the one that the worker writes (audiencesync up: DIR/ledger.db)\n"}, call(t, args...))
			require.Equal(t, answer{code: exitUsage, stderr: "error: there is no ledger at " + d.file("no.db") +
				": name the one that the worker writes (audiencesync up: DIR/ledger.db)\n"}, call(t, append(slices.Clone(args), "--ledger", "sqlite:"+d.file("no.db"))...))
			require.NoFileExists(t, d.file("no.db"))
			other := call(t, append(slices.Clone(args), "--ledger", "mysql://me:hunter2@host/base")...)
			require.Equal(t, exitUsage, other.code)
			require.Contains(t, other.stderr, "sqlite:PATH")
			require.NotContains(t, other.stderr, "hunter2")

			gone, cancel := context.WithCancel(t.Context())
			cancel()
			var stdout, stderr bytes.Buffer
			stopped := (&app{stdout: &stdout, stderr: &stderr}).callFor(gone, t, &stdout, &stderr, append(args, "--ledger", "sqlite:"+d.file("ledger.db")))
			require.Equal(t, exitInterrupted, stopped.code, stopped.stderr)
			require.Empty(t, stopped.stdout)
		})
	}
}

func TestEveryCommandNamesTheMistakeInASyncFileByItsLine(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "sync.yaml")
	require.NoError(t, os.WriteFile(file, []byte("sync: demo\nsorce: a\n"), 0o600))
	eachCommand(t, func(t *testing.T, command *cobra.Command, _ []string) {
		t.Helper()
		switch argumentOf(command) {
		case "SYNC", "SYNC.yaml", "DIR":
		default:
			return
		}
		if verbOf(command) == "simulate export" {
			return // It writes into the folder.
		}
		refused := call(t, append(calledWith(command, file, file), needed[verbOf(command)]...)...)
		require.Equal(t, exitUsage, refused.code, refused.stderr)
		require.Empty(t, refused.stdout)
		require.Contains(t, refused.stderr, file+`:2:1: sorce: unknown key; did you mean "source"?`)
		require.Contains(t, refused.stderr, "destination: missing", "all of them at once")

		missing := call(t, append(calledWith(command, filepath.Join(filepath.Dir(file), "nobody.yaml"), filepath.Join(filepath.Dir(file), "nobody", "nobody.yaml")),
			needed[verbOf(command)]...)...)
		require.Equal(t, exitUsage, missing.code, missing.stderr)
		require.Contains(t, missing.stderr, "name the ")
	})
}

func TestNoCommandColoursAnythingForWhoWantsNone(t *testing.T) {
	t.Setenv("NO_COLOR", "")
	t.Setenv("TERM", "xterm")
	for _, command := range commandsOf((&app{}).root()) {
		args := append(strings.Fields(verbOf(command)), "--zzzz")
		require.True(t, strings.HasPrefix(onTerminal(t, args...).stderr, red+"error:"), args)
	}
	t.Setenv("NO_COLOR", "1")
	for _, command := range commandsOf((&app{}).root()) {
		args := append(strings.Fields(verbOf(command)), "--zzzz")
		require.True(t, strings.HasPrefix(onTerminal(t, args...).stderr, "error:"), args)
	}
}

func TestEveryShellHasItsCompletion(t *testing.T) {
	t.Parallel()
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		script := call(t, "completion", shell)
		require.Zero(t, script.code, script.stderr)
		require.Empty(t, script.stderr)
		require.Contains(t, script.stdout, "__complete")
		require.Equal(t, exitUsage, call(t, "completion", shell, "more").code)
		require.Equal(t, exitUsage, call(t, "completion", shell, "--zzzz").code)
	}
}

// broken is where nothing can be written.
type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestAResultThatCannotBeWrittenIsAFailure(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	withFailure(t, d, "")
	book := "sqlite:" + d.file("ledger.db")
	for _, args := range [][]string{
		{"simulate", "presets"},
		{"ledger", "check"},
		{"ledger", "export", "demo"},
		{"failures", "demo"},
		{"history", "demo"},
		{"report", "demo"},
		{"ledger", "migrate"},
		{"retry-failures", "demo"},
		{"ledger", "forget", "--reference", "nobody"},
	} {
		if args[0] != "simulate" {
			args = append(args, "--ledger", book)
		}
		for _, form := range []string{outputTable, outputJSON} {
			var stderr bytes.Buffer
			code := (&app{stdout: broken{}, stderr: &stderr}).run(t.Context(), append(slices.Clone(args), "-o", form))
			require.Equal(t, exitFailed, code, "%v: %s", args, stderr.String())
		}
	}
}

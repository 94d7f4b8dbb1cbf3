package main

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/spf13/cobra"
)

// What tests have to have seen of every command.
const (
	seenText  = "its result as text"
	seenJSON  = "its result as JSON"
	seenUsage = "a mistake in its usage"
	seenGood  = "exit code 0"
	// seenOther is an exit code other than those of good and of usage.
	seenOther = "another exit code"
)

// seen is what the tests of this process have seen of commands.
var seen = struct {
	sync.Mutex
	of map[string]map[string]bool
}{of: map[string]map[string]bool{}}

// unseen is what cannot be seen of a command within this process, and why.
var unseen = map[string][]string{
	"demo":             {seenText, seenJSON, seenGood, seenOther}, // It starts this program anew: test/endtoend.
	"up":               {seenText, seenJSON, seenGood, seenOther}, // It serves until it is stopped: test/endtoend.
	"cancel":           {seenGood},                                // Who has cancelled a run is told so, by the exit code.
	"retire":           {seenText, seenJSON, seenGood},            // It ends when the run waits for approval, as it always does.
	"simulate":         {seenText, seenJSON},                      // It has no result.
	"version":          {seenOther},                               // It cannot fail.
	"simulate presets": {seenOther},                               // It cannot fail.
}

// verbOf is a command as it is typed, without the program.
func verbOf(command *cobra.Command) string {
	return strings.TrimPrefix(command.CommandPath(), "audiencesync ")
}

// see takes note of a call of the command line, and holds the JSON that it has printed
// against what is documented.
func see(t *testing.T, args []string, got answer) {
	t.Helper()
	root := (&app{}).root()
	command, rest, err := root.Find(args)
	if err != nil || !command.Runnable() || command.Name() == "help" || command.HasParent() && command.Parent().Name() == "completion" {
		return
	}
	command.InitDefaultHelpFlag()
	unread := command.ParseFlags(rest) != nil
	if help, _ := command.Flags().GetBool("help"); help {
		return
	}
	var what []string
	if got.code == exitUsage {
		what = append(what, seenUsage)
	}
	form, _ := command.Flags().GetString("output")
	switch {
	case unread || got.stdout == "":
	case form == outputTable:
		what = append(what, seenText)
	case form == outputJSON:
		if err := asDocumented(verbOf(command), got.stdout); err != nil {
			t.Errorf("%s: %v: %s", strings.Join(args, " "), err, got.stdout)
		}
		what = append(what, seenJSON)
	}
	switch got.code {
	case exitGood:
		what = append(what, seenGood)
	case exitUsage:
	default:
		what = append(what, seenOther)
	}
	seen.Lock()
	defer seen.Unlock()
	if seen.of[verbOf(command)] == nil {
		seen.of[verbOf(command)] = map[string]bool{}
	}
	for _, one := range what {
		seen.of[verbOf(command)][one] = true
	}
}

// unseenOf lists what no test has seen that was to be seen.
func unseenOf() []string {
	seen.Lock()
	defer seen.Unlock()
	var missing []string
	for _, command := range commandsOf((&app{}).root()) {
		verb := verbOf(command)
		for _, one := range []string{seenText, seenJSON, seenUsage, seenGood, seenOther} {
			if !seen.of[verb][one] && !slices.Contains(unseen[verb], one) {
				missing = append(missing, fmt.Sprintf("audiencesync %s: no test has seen %s", verb, one))
			}
		}
	}
	return missing
}

// everythingRan reports whether no test was left out.
func everythingRan() bool {
	for _, name := range []string{"test.run", "test.skip", "test.list", "test.fuzz"} {
		if flag.Lookup(name).Value.String() != "" {
			return false
		}
	}
	return !testing.Short()
}

// allSeen fails tests that have passed without seeing everything of every command.
func allSeen(code int) int {
	if code != 0 || !everythingRan() {
		return code
	}
	for _, missing := range unseenOf() {
		code = 1
		_, _ = fmt.Fprintln(os.Stderr, missing)
	}
	return code
}

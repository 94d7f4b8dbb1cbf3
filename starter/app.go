package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"
	"golang.org/x/term"

	"audiencesync/internal/temporalclient"
)

// app is one call of the command line. Data goes to stdout, everything else to
// stderr.
type app struct {
	// stdin answers questions; nil is empty.
	stdin  io.Reader
	stdout io.Writer
	stderr io.Writer

	output    string
	address   string
	namespace string
	verbose   bool
	quiet     bool
	noColour  bool
	// persons replaces the question whether a person reads what is written.
	persons func(io.Writer) bool
}

const (
	outputTable = "table"
	outputJSON  = "json"
	// outputCSV is for commands that list many things, and say so by an annotation.
	outputCSV = "csv"
)

// run executes the command line and returns the exit code.
func (a *app) run(ctx context.Context, args []string) int {
	root := a.root() //nolint:contextcheck // Commands get the context when they are executed.
	root.SetArgs(args)
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	root.InitDefaultCompletionCmd(args...)
	command, err := root, refuseUnknownVerb(root, args)
	if err == nil {
		command, err = root.ExecuteContextC(ctx)
	}
	if err == nil {
		return exitGood
	}
	var coded *exitError
	switch {
	case interrupted(ctx, err):
		coded = &exitError{code: exitInterrupted, err: errors.New("interrupted")}
	case !errors.As(err, &coded):
		coded = usageError(command, err)
	}
	switch {
	case coded.err == nil:
	case coded.code == exitWaiting:
		a.complain("%v", coded.err) // A run that waits for a person is no mistake.
	default:
		a.complain("error: %v", coded.err)
	}
	return coded.code
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "audiencesync",
		Short: "Sync Zeotap audiences into Hello Charles, with proof",
		Long: `audiencesync brings every member of a Zeotap audience into Hello Charles as a
contact, keeps it up to date, and proves it: each run ends with a verdict.

A run reads the whole audience, decides what has to change, sends it in batches
and proves that it arrived. Exit codes: 0 good, 1 the run failed, 2 usage or
configuration, 3 unexplained, 4 unverifiable, 5 explained but outside accept,
6 the run waits for approval or is paused, 7 cancelled or declined, 130 watching
was interrupted and the run goes on.`,
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRunE: func(command *cobra.Command, _ []string) error {
			_, lists := command.Annotations[outputCSV]
			if a.output == outputTable {
				a.stdout = a.inColour(a.stdout)
			}
			switch {
			case a.output == outputTable, a.output == outputJSON, a.output == outputCSV && lists:
				return nil
			case lists:
				return usage("--output %s: write table, json or csv", a.output)
			default:
				return usage("--output %s: write table or json", a.output)
			}
		},
	}
	flags := root.PersistentFlags()
	flags.StringVarP(&a.output, "output", "o", outputTable, "form of results: table or json (lists also csv)")
	flags.StringVar(&a.address, "address", "", "Temporal host:port (default TEMPORAL_ADDRESS, or 127.0.0.1:7233)")
	flags.StringVar(&a.namespace, "namespace", "", "Temporal namespace (default TEMPORAL_NAMESPACE, or default)")
	flags.BoolVar(&a.verbose, "verbose", false, "log what the Temporal SDK does")
	flags.BoolVar(&a.quiet, "quiet", false, "print results and errors only: no progress, no remarks")
	flags.BoolVar(&a.noColour, "no-color", false, "print no colours (also NO_COLOR); there are none but on a terminal")
	root.MarkFlagsMutuallyExclusive("verbose", "quiet")
	root.AddCommand(a.runCommand(), a.planCommand(), a.verifyCommand(), a.auditCommand(), a.retireCommand(), a.statusCommand(), a.watchCommand(), a.listCommand(), a.reportCommand(), a.historyCommand(), a.checkCommand(), a.scheduleCommand(),
		a.approveCommand(), a.declineCommand(), a.pauseCommand(), a.resumeCommand(), a.cancelCommand(), a.limitsCommand(),
		a.adoptCommand(), a.ignoreCommand(), a.tryCommand(), a.traceCommand(), a.failuresCommand(), a.differencesCommand(), a.retryFailuresCommand(), a.ledgerCommand(), a.notifyCommand(), a.searchAttributesCommand(),
		a.initCommand(), a.upCommand(), a.simulateCommand(), a.demoCommand(), a.versionCommand())
	_ = root.RegisterFlagCompletionFunc("output", completeForms) // It fails for a flag that is not there.
	a.complete(root)
	failWithCode(root)
	helpOnWhatThereIs(root)
	return root
}

// dial connects to Temporal, for a command about the sync; "" is none.
func (a *app) dial(ctx context.Context, sync string) (client.Client, error) {
	logger := quiet()
	if a.verbose {
		var err error
		if logger, err = a.logger("debug"); err != nil {
			return nil, err
		}
	}
	c, err := temporalclient.Dial(ctx, temporalclient.Options{Address: a.address, Namespace: a.namespace, Logger: logger})
	if err != nil {
		return nil, failed(sync, err)
	}
	return c, nil
}

// answers is where a person's answers come from; nil where nobody could be asked.
func (a *app) answers() io.Reader {
	if file, ok := a.stdin.(*os.File); ok && !term.IsTerminal(int(file.Fd())) {
		return nil
	}
	return a.stdin
}

func (a *app) printJSON(value any) error {
	encoder := json.NewEncoder(a.stdout)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}

// say tells the user something that is neither data nor an error.
func (a *app) say(format string, args ...any) {
	if !a.quiet {
		a.complain(format, args...)
	}
}

// complain tells the user something that belongs to an error, whoever wants quiet.
func (a *app) complain(format string, args ...any) {
	_, _ = fmt.Fprintf(a.inColour(a.stderr), format+"\n", args...)
}

package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"audiencesync/internal/audience"
	"audiencesync/internal/ledger"
)

// retriedFailures are known failures that the next run sends again, as they are printed.
type retriedFailures struct {
	Retried int64 `json:"retried"`
}

func (a *app) retryFailuresCommand() *cobra.Command {
	var f dataFlags
	var query ledger.RetryQuery
	command := &cobra.Command{
		Use:   "retry-failures SYNC",
		Short: "Let the next run send again what Hello Charles refused for good",
		Long: `Hello Charles' refusals are remembered: such a member is not sent again until it, the
mapping, or the tags and properties change, or limits.retry_failures_after has passed.
This command makes the next run send them all the same.`,
		Args: oneArgument,
		RunE: func(cmd *cobra.Command, args []string) error {
			sync, err := syncName(args[0])
			if err != nil {
				return err
			}
			return f.withLedger(cmd.Context(), func(l *ledger.Ledger) error {
				if query.Reason != "" {
					known, err := l.KnownReasons(cmd.Context(), sync)
					if err != nil {
						return dataError(err)
					}
					if query.Reason, err = findReason(query.Reason, "the known failures", known); err != nil {
						return err
					}
				}
				n, err := l.RetryFailures(cmd.Context(), sync, query)
				if err != nil {
					return dataError(err)
				}
				if a.output == outputJSON {
					return a.printJSON(retriedFailures{n})
				}
				_, err = fmt.Fprintf(a.stdout, "%s: the next run sends %s again\n", sync, audience.Count(n, "known failure", "known failures"))
				return err
			})
		},
	}
	f.add(command)
	command.Flags().StringVar(&query.Reason, "reason", "", reasonHelp)
	command.Flags().StringVar(&query.Reference, "reference", "", "only the member with this reference")
	return command
}

package main

import (
	"context"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"audiencesync/internal/temporalclient"
)

func (a *app) searchAttributesCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "search-attributes",
		Short: "Let Temporal find runs by sync, workspace, phase and verdict, once for each namespace",
		Long: `Register the search attributes of runs in the Temporal namespace, by which the web UI
lists and finds them ("every unexplained run of the workspace acme"). What is there
already stays. "audiencesync up" and "demo" do it themselves. Runs go without them where
they are not registered; those that have begun before are not found by them.

Temporal Cloud lets no program register them: the error says what to do there.`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.registerSearchAttributes(cmd.Context())
		},
	}
}

func (a *app) registerSearchAttributes(ctx context.Context) error {
	options, err := temporalclient.Load(temporalclient.Options{Address: a.address, Namespace: a.namespace, Logger: quiet()})
	if err != nil {
		return &exitError{code: exitFailed, err: err}
	}
	c, err := a.dial(ctx, "")
	if err != nil {
		return err
	}
	defer c.Close()
	registered, err := temporalclient.RegisterAttributes(ctx, c, options.Namespace)
	switch {
	case err != nil && ctx.Err() != nil:
		return &exitError{code: exitInterrupted}
	case err != nil:
		return &exitError{code: exitFailed, err: err}
	case a.output == outputJSON:
		return a.printJSON(registered)
	}
	rows := make([]table.Row, len(registered))
	for i, attribute := range registered {
		state := "was there"
		if attribute.Added {
			state = "added"
		}
		rows[i] = table.Row{attribute.Name, attribute.Type, state}
	}
	return writeTable(a.stdout, table.Row{"search attribute", "type", "namespace " + options.Namespace}, rows)
}

package main

import (
	"cmp"
	"context"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	workflowpb "go.temporal.io/api/workflow/v1"

	"audiencesync/internal/config"
	"audiencesync/internal/host"
	"audiencesync/internal/ledger"
	"audiencesync/internal/schedule"
	"audiencesync/workflows"
)

// completeWithin bounds how long a shell waits for what may come next. Where nobody
// answers in time nothing is offered, in silence.
const completeWithin = 1500 * time.Millisecond

// mostOffered bounds how many runs are looked at for the names of their syncs.
const mostOffered = 2000

// yamlFiles are the ends of names of settings files.
var yamlFiles = []string{"yaml", "yml"}

// complete lets the shell complete all commands, by how their arguments and flags are
// called.
func (a *app) complete(command *cobra.Command) {
	for _, child := range command.Commands() {
		a.complete(child)
	}
	switch argumentOf(command) {
	case "SYNC":
		command.ValidArgsFunction = onlyArgument(a.syncNames)
	case "CONNECTION":
		command.ValidArgsFunction = onlyArgument(connectionNames)
	case "SYNC.yaml":
		command.ValidArgsFunction = func(command *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 && !strings.Contains(command.Use, "...") {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return yamlFiles, cobra.ShellCompDirectiveFilterFileExt
		}
	}
	for name, fill := range map[string]cobra.CompletionFunc{
		"run":         runNumbers,
		"connections": files,
		"config":      files,
		"faults":      files,
		"dir":         folders,
	} {
		if command.Flags().Lookup(name) != nil {
			_ = command.RegisterFlagCompletionFunc(name, fill) // It fails for one that is registered already.
		}
	}
}

// completeForms lets the shell complete the form of results.
func completeForms(command *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	forms := []string{outputTable, outputJSON}
	if _, lists := command.Annotations[outputCSV]; lists {
		forms = append(forms, outputCSV)
	}
	return forms, cobra.ShellCompDirectiveNoFileComp
}

func files(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return yamlFiles, cobra.ShellCompDirectiveFilterFileExt
}

func folders(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveFilterDirs
}

// onlyArgument completes the only argument of a command with names.
func onlyArgument(names func(context.Context, *cobra.Command) []string) cobra.CompletionFunc {
	return func(command *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		ctx, cancel := context.WithTimeout(command.Context(), completeWithin)
		defer cancel()
		return names(ctx, command), cobra.ShellCompDirectiveNoFileComp
	}
}

// syncNames are those of the ledger for a data command, and those that Temporal knows
// for others.
func (a *app) syncNames(ctx context.Context, command *cobra.Command) []string {
	if command.Flags().Lookup("ledger") != nil {
		address, ok := addressOf(command)
		if !ok {
			return nil
		}
		names, _ := ledger.SyncNames(ctx, address, host.LedgerCredential(commandStore))
		return names
	}
	c, err := a.dial(ctx, "")
	if err != nil {
		return nil
	}
	defer c.Close()
	names := map[string]bool{}
	looked := 0
	_ = eachRun(ctx, c, "", func(run *workflowpb.WorkflowExecutionInfo) bool {
		if sync, ours := workflows.SyncOf(run.GetExecution().GetWorkflowId()); ours {
			names[sync] = true
		}
		looked++
		return looked == mostOffered
	})
	schedules, _, _ := schedule.All(ctx, c)
	for i := range schedules {
		names[schedules[i].Sync] = true
	}
	return slices.Sorted(maps.Keys(names))
}

// runNumbers are those of the sync that the command line names already.
func runNumbers(command *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	address, ok := addressOf(command)
	if !ok || len(args) == 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	sync, err := syncName(args[0])
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	ctx, cancel := context.WithTimeout(command.Context(), completeWithin)
	defer cancel()
	numbers, _ := ledger.RunNumbers(ctx, address, sync, host.LedgerCredential(commandStore))
	offered := make([]string, len(numbers))
	for i, number := range numbers {
		offered[i] = strconv.FormatInt(number, 10)
	}
	return offered, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
}

// addressOf is where a data command finds the ledger.
func addressOf(command *cobra.Command) (address string, ok bool) {
	given := command.Flags().Lookup("ledger")
	if given == nil {
		return "", false
	}
	address, err := (&dataFlags{ledger: given.Value.String()}).address()
	return address, err == nil
}

// connectionNames are those of the connections file, where there is one: of receivers where the command is about them.
func connectionNames(_ context.Context, command *cobra.Command) []string {
	file := cmp.Or(os.Getenv(connectionsVariable), localConnections)
	if given := command.Flags().Lookup("connections"); given != nil {
		file = given.Value.String()
	}
	connections, err := config.LoadConnections(file)
	if err != nil {
		return nil
	}
	if command.Parent().Name() == "notify" {
		return slices.Sorted(maps.Keys(connections.Webhooks))
	}
	return slices.Sorted(maps.Keys(connections.HelloCharles))
}

package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"audiencesync/internal/simulator/conformance"
)

func (a *app) simulatePresetsCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "presets",
		Short: "List the plausible workspaces that --preset knows",
		Long: `List the plausible workspaces that --preset knows, as YAML: the name of each, and the
settings that a connection of kind hello-charles needs for it beside those of
examples/demo/connections.yaml. make conformance runs a sync against each of them.`,
		Args: noArguments,
		RunE: func(*cobra.Command, []string) error {
			if a.output == outputJSON {
				return a.presetsAsJSON(conformance.All())
			}
			return writePresets(a.stdout, conformance.All())
		},
	}
}

func writePresets(w io.Writer, all []conformance.Configuration) error {
	for _, one := range all {
		settings, err := one.OneLine()
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(w, "%s: %s\n", one.Name, settings); err != nil {
			return err
		}
	}
	return nil
}

func (a *app) presetsAsJSON(all []conformance.Configuration) error {
	byName := map[string]map[string]any{}
	for _, one := range all {
		settings, err := one.Over(nil)
		if err != nil {
			return err
		}
		byName[one.Name] = settings
	}
	return a.printJSON(byName)
}

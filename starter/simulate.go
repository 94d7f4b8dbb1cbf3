package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"audiencesync/internal/audience"
	"audiencesync/internal/simulator"
	"audiencesync/internal/simulator/conformance"
)

// simulateFlags describe the simulated vendors.
type simulateFlags struct {
	zeotap      string
	charles     string
	members     int64
	seed        uint64
	config      string
	preset      string
	faults      string
	allowRemote bool
	logLevel    string
}

func (a *app) simulateCommand() *cobra.Command {
	var f simulateFlags
	command := &cobra.Command{
		Use:   "simulate",
		Short: "Simulate Zeotap and Hello Charles as two HTTP servers",
		Long: `Simulate Zeotap and Hello Charles as two HTTP servers, for trying syncs without either.
Members are invented and the same for the same --seed. What the simulators hold and
have been asked is at /_sim/stats, /_sim/contacts, /_sim/exceptions and /_sim/journal
of both. Hello Charles behaves as its public documents say; where those are silent,
--config or --preset choose one of the plausible behaviours.`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			options, err := simulated(f, cmd.Flags().Changed)
			if err != nil {
				return err
			}
			options.Listening = func() {
				a.say("simulating Zeotap at http://%s and Hello Charles at http://%s; stop with Ctrl-C\n%s", f.zeotap, f.charles, whatIsSimulated(options))
			}
			sim, err := a.newSimulator(f, options)
			if err != nil {
				return err
			}
			err = sim.Serve(cmd.Context(), f.zeotap, f.charles)
			if wrong, ok := errors.AsType[*simulator.AddressError](err); ok {
				return usage("%w", wrong)
			}
			return err
		},
	}
	persistent := command.PersistentFlags()
	persistent.Int64Var(&f.members, "members", 100_000, "size of the audience")
	persistent.Uint64Var(&f.seed, "seed", 1, "decides who the members are")
	flags := command.Flags()
	flags.StringVar(&f.zeotap, "zeotap", "127.0.0.1:7401", "where Zeotap listens")
	flags.StringVar(&f.charles, "charles", "127.0.0.1:7402", "where Hello Charles listens")
	flags.StringVar(&f.config, "config", "", "how the vendors behave, a YAML file")
	flags.StringVar(&f.preset, "preset", "", "one of the plausible workspaces (simulate presets lists them)")
	flags.StringVar(&f.faults, "faults", "", "fault plan, a YAML or JSON file")
	flags.BoolVar(&f.allowRemote, "allow-remote", false, "listen on addresses that other machines reach")
	flags.StringVar(&f.logLevel, "log-level", "warn", "debug, info, warn or error")
	command.MarkFlagsMutuallyExclusive("config", "preset")
	command.AddCommand(a.simulateExportCommand(&f), a.simulatePresetsCommand())
	return command
}

// whatIsSimulated is what a connections file and a sync file name: keys, audience and segments.
func whatIsSimulated(options simulator.Options) string {
	options = options.Complete()
	key := options.Charles.Key
	if options.Zeotap.Key != key {
		key = fmt.Sprintf("%s (Zeotap: %s)", key, options.Zeotap.Key)
	}
	segments := "none"
	if len(options.Charles.Segments) > 0 {
		ids := make([]string, len(options.Charles.Segments))
		for i, segment := range options.Charles.Segments {
			ids[i] = segment.ID
		}
		segments = strings.Join(ids, ", ")
	}
	return fmt.Sprintf("key: %s; audience: %s %s, %s members; segments: %s",
		key, options.Zeotap.Audience.ID, options.Zeotap.Audience.Name, audience.Thousands(options.Zeotap.Members), segments)
}

// simulated returns the options that the flags ask for. What a file says about
// the members counts where no flag does.
func simulated(f simulateFlags, given func(flag string) bool) (o simulator.Options, err error) {
	if f.config != "" {
		if o, err = simulator.LoadOptions(f.config); err != nil {
			return o, &exitError{code: exitUsage, err: err}
		}
	}
	if f.preset != "" {
		chosen, known := conformance.Named(f.preset)
		if !known {
			return o, usage("--preset %s: no such preset; audiencesync simulate presets lists them", f.preset)
		}
		o.Charles, o.Faults = chosen.Charles, chosen.Faults
	}
	if f.faults != "" {
		if o.Faults, err = simulator.LoadFaults(f.faults); err != nil {
			return o, &exitError{code: exitUsage, err: err}
		}
	}
	if given("members") || o.Zeotap.Members == 0 {
		o.Zeotap.Members = f.members
	}
	if given("seed") || o.Zeotap.Seed == 0 {
		o.Zeotap.Seed = f.seed
	}
	o.AllowRemote = f.allowRemote
	return o, nil
}

func (a *app) newSimulator(f simulateFlags, options simulator.Options) (*simulator.Simulator, error) {
	if options.Zeotap.Members < 0 {
		return nil, usage("--members %d: write a number of members", options.Zeotap.Members)
	}
	if f.logLevel == "" {
		f.logLevel = "warn"
	}
	logger, err := a.logger(f.logLevel)
	if err != nil {
		return nil, err
	}
	options.Logger = logger
	return simulator.New(options), nil
}

// writtenExport is an export drop, as it is printed.
type writtenExport struct {
	Members int64  `json:"members"`
	Folder  string `json:"folder"`
}

var exportFormats = []string{"csv", "ndjson", "json"}

func (a *app) simulateExportCommand(f *simulateFlags) *cobra.Command {
	var format string
	var zip bool
	var parts int
	command := &cobra.Command{
		Use:   "export DIR",
		Short: "Write the simulated audience as an export drop, the same members as the pages",
		Args:  oneArgument,
		RunE: func(cmd *cobra.Command, args []string) error {
			if parts < 1 {
				return usage("--parts %d: write a number of files", parts)
			}
			if !slices.Contains(exportFormats, format) {
				return usage("--format %s: write csv, ndjson or json", format)
			}
			crowd := simulator.ZeotapOptions{Members: f.members, Seed: f.seed}
			sim, err := a.newSimulator(*f, simulator.Options{Zeotap: crowd})
			if err != nil {
				return err
			}
			if err := sim.WriteExport(cmd.Context(), args[0], format, zip, parts); err != nil {
				return &exitError{code: exitFailed, err: err}
			}
			if a.output == outputJSON {
				return a.printJSON(writtenExport{f.members, args[0]})
			}
			_, err = fmt.Fprintf(a.stdout, "wrote %d members to %s\n", f.members, args[0])
			return err
		},
	}
	flags := command.Flags()
	flags.StringVar(&format, "format", "csv", "csv, ndjson or json")
	flags.BoolVar(&zip, "gzip", true, "compress the files")
	flags.IntVar(&parts, "parts", 4, "number of files")
	return command
}

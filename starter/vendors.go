package main

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"go.opentelemetry.io/otel/metric/noop"

	"audiencesync/internal/beginning"
	"audiencesync/internal/config"
	"audiencesync/internal/credentials"
	"audiencesync/internal/endpoints"
	"audiencesync/internal/ledger"
	"audiencesync/internal/preflight"
	"audiencesync/internal/trial"
)

// connectionsVariable is the environment variable of commands that talk to vendors
// themselves, and of up.
const connectionsVariable = "AUDIENCESYNC_CONNECTIONS"

// vendorFlags say where a data command finds the ledger and both vendors.
type vendorFlags struct {
	dataFlags
	connections string
}

func (f *vendorFlags) add(command *cobra.Command) {
	f.dataFlags.add(command)
	addConnections(command, &f.connections)
}

// localConnections is where init writes the connections file by default.
const localConnections = "connections.yaml"

// addConnections lets a command take the connections file.
func addConnections(command *cobra.Command, path *string) {
	command.Flags().StringVar(path, "connections", cmp.Or(os.Getenv(connectionsVariable), localConnections), "connections file, that of the worker (or "+connectionsVariable+")")
}

// loadConnections reads the connections file of a command, and says how another is named
// where there is none.
func loadConnections(path string) (config.Connections, error) {
	connections, err := config.LoadConnections(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return connections, usage("%w; name the worker's with --connections FILE or %s, go to the folder that has it, or write a first one with audiencesync init", err, connectionsVariable)
	case err != nil:
		return connections, &exitError{code: exitUsage, err: err}
	default:
		return connections, nil
	}
}

// readAgain are the pauses before a contact that does not hold yet what was sent
// is read again.
var readAgain = []time.Duration{time.Second, 2 * time.Second, 4 * time.Second}

// withTrial runs a data command on a sync that has been inspected.
func (a *app) withTrial(ctx context.Context, f *vendorFlags, argument string, do func(*trial.Trial) error) error {
	spec, err := loadSync(argument)
	if err != nil {
		return err
	}
	return f.withPool(ctx, func(pool *endpoints.Pool) error {
		opened, err := trial.Open(ctx, trial.Options{
			Pool: pool, Spec: spec, Say: func(text string) { a.say("%s", text) }, ReadAgain: readAgain,
		})
		if err != nil {
			return trialError(spec.Sync, err)
		}
		return trialError(spec.Sync, do(opened))
	})
}

// withPool runs a data command that asks somebody.
func (f *vendorFlags) withPool(ctx context.Context, do func(*endpoints.Pool) error) error {
	connections, err := loadConnections(f.connections)
	if err != nil {
		return err
	}
	return f.withLedger(ctx, func(l *ledger.Ledger) error {
		return do(endpoints.New(endpoints.Options{
			Connections: connections, Ledger: l, Meter: noop.NewMeterProvider().Meter("audiencesync"),
			Credential: credentials.Store{Dir: filepath.Dir(f.connections), Command: true}.Lookup,
		}))
	})
}

// trialError gives an error its exit code and the sync its name.
func trialError(sync string, err error) error {
	if err == nil {
		return nil
	}
	if coded, ok := errors.AsType[*exitError](err); ok {
		return coded
	}
	if errors.Is(err, context.Canceled) {
		return &exitError{code: exitInterrupted, err: errors.New("interrupted")}
	}
	failure := failed(sync, err)
	_, settings := errors.AsType[*endpoints.SettingsError](err)
	_, refused := errors.AsType[*preflight.RefusedError](err)
	ledgerSays, refusedByLedger := errors.AsType[*ledger.RefusedError](err)
	_, nobody := errors.AsType[*trial.NoMemberError](err)
	_, unsaid := errors.AsType[*beginning.RefusedError](err)
	switch {
	case refusedByLedger:
		return &exitError{code: exitUsage, err: ledgerSays} // It names the sync itself.
	case settings, refused, nobody, unsaid:
		return usage("sync %s: %w", sync, err)
	default:
		return failure
	}
}

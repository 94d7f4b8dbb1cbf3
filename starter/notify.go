package main

import (
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"audiencesync/internal/credentials"
	"audiencesync/internal/notify"
	"audiencesync/internal/webhook"
)

func (a *app) notifyCommand() *cobra.Command {
	command := &cobra.Command{Use: "notify", Short: "Try out who is told of what happens to syncs"}
	command.AddCommand(a.notifyTestCommand())
	return command
}

func (a *app) notifyTestCommand() *cobra.Command {
	var connections string
	command := &cobra.Command{
		Use:   "test CONNECTION",
		Short: "Send one test message to a webhook connection",
		Long: `Send one test message to a webhook connection of the worker's connections file, from
here, once. It is signed as notifications are. A monitor takes it for a heartbeat.`,
		Args: oneArgument,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.testReceiver(cmd.Context(), connections, args[0])
		},
	}
	addConnections(command, &connections)
	return command
}

// deliveredMessage is a message that a receiver has taken, as it is printed.
type deliveredMessage struct {
	Connection string `json:"connection"`
	Delivered  bool   `json:"delivered"`
}

func (a *app) testReceiver(ctx context.Context, file, name string) error {
	connections, err := loadConnections(file)
	if err != nil {
		return err
	}
	settings, err := connections.Webhook(name)
	if err != nil {
		return &exitError{code: exitUsage, err: err}
	}
	body, err := json.Marshal(notify.Test(name, time.Now().UTC()))
	if err != nil {
		return &exitError{code: exitFailed, err: err}
	}
	client := webhook.New(webhook.Options{
		Connection: name, Settings: settings, Credential: credentials.Store{Dir: filepath.Dir(file), Command: true}.Lookup,
	})
	err = client.Send(ctx, webhook.Message{ID: "msg_" + uuid.NewString(), Body: body})
	switch {
	case errors.Is(err, context.Canceled):
		return &exitError{code: exitInterrupted, err: errors.New("interrupted")}
	case err != nil:
		return &exitError{code: exitFailed, err: err}
	case a.output == outputJSON:
		return a.printJSON(deliveredMessage{name, true})
	}
	_, err = a.stdout.Write([]byte("connection " + name + " has taken a test message\n"))
	return err
}

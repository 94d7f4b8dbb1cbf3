package activities

import (
	"context"
	"errors"
	"time"

	"audiencesync/internal/webhook"
)

// DeliverInput is the input of DeliverNotifications.
type DeliverInput struct {
	Sync       string `json:"sync"`
	Connection string `json:"connection"`
}

// DeliverResult is the result of DeliverNotifications.
type DeliverResult struct {
	// Delivered messages were taken.
	Delivered int `json:"delivered"`
}

// DeliverNotifications delivers everything that waits to be sent of a sync to a
// connection, oldest first, so that a receiver that was away hears of things in their
// order. A repeated call sends again what was not known to have arrived, under the
// same id.
func (a *Activities) DeliverNotifications(ctx context.Context, in DeliverInput) (DeliverResult, error) {
	defer keepAlive(ctx)()
	result, err := a.deliverNotifications(ctx, in)
	return result, fail(ctx, in.Sync, err)
}

func (a *Activities) deliverNotifications(ctx context.Context, in DeliverInput) (DeliverResult, error) {
	var result DeliverResult
	var refused error
	client, err := a.endpoints.Webhook(in.Connection)
	if err != nil {
		return result, err
	}
	for {
		notice, err := a.ledger.NextNotice(ctx, in.Sync, in.Connection, time.Now())
		if err != nil {
			return result, err
		}
		if notice == nil {
			return result, refused
		}
		err = client.Send(ctx, webhook.Message{ID: notice.Message, Body: notice.Body})
		said, failed := errors.AsType[*webhook.Error](err)
		switch {
		case failed && said.Refused:
			refused = err // The others may be what the receiver wants.
		case err != nil:
			return result, err
		default:
			result.Delivered++
		}
		if err := a.ledger.EndNotice(ctx, in.Sync, *notice, err == nil); err != nil {
			return result, err
		}
	}
}

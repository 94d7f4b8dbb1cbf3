package preflight

import (
	"context"
	"fmt"
)

// notify looks for those who are told, and sends them nothing. A name that the worker
// does not know is a mistake in the sync; a receiver that cannot be told now keeps no
// contact from arriving.
func (i *inspection) notify(ctx context.Context) error {
	if i.Spec.Notify == nil {
		return nil
	}
	for at, name := range i.Spec.Notify.To {
		i.receiver(ctx, fmt.Sprintf("notify.to[%d]", at), name)
	}
	if name := i.Spec.Notify.Heartbeat; name != "" {
		i.receiver(ctx, "notify.heartbeat", name)
	}
	return ctx.Err()
}

func (i *inspection) receiver(ctx context.Context, key, name string) {
	client, err := i.Webhook(name)
	if err != nil {
		i.problem("%s: %v", key, err)
		return
	}
	if err := client.Check(ctx); err != nil {
		i.note("%s: %v; nothing is delivered there before this is mended", key, err)
	}
}

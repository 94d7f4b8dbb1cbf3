package trial

import (
	"context"
	"time"

	"audiencesync/internal/audience"
	"audiencesync/internal/readback"
)

// ReadBack reads back what was sent, and what may have arrived, and compares.
// Contacts that do not hold it yet are read again after pauses. The error is a
// *readback.CannotReadError, or that of the context.
func (t *Trial) ReadBack(ctx context.Context, sent []Sent) error {
	var pending []*Sent
	for i := range sent {
		if sent[i].Outcome != audience.Refused {
			pending = append(pending, &sent[i])
		}
	}
	for _, pause := range append([]time.Duration{0}, t.options.ReadAgain...) {
		if len(pending) == 0 {
			return nil
		}
		if err := sleep(ctx, pause); err != nil {
			return err
		}
		var still []*Sent
		for _, one := range pending {
			var err error
			if one.Held, err = t.Compare(ctx, one.Contact); err != nil {
				return err
			}
			if one.Held.State != readback.Same {
				still = append(still, one)
			}
		}
		pending = still
	}
	return nil
}

// Compare reads one contact back and compares it with what is sent.
func (t *Trial) Compare(ctx context.Context, contact audience.Contact) (readback.Comparison, error) {
	return t.held.Compare(ctx, contact)
}

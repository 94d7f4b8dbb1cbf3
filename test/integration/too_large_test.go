package integration

import (
	"testing"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/beginning"
	"audiencesync/internal/config"
)

// tooLarge counts the requests that were answered 413.
func (w *world) tooLarge(t *testing.T) int {
	t.Helper()
	n := 0
	for _, entry := range w.sends(t) {
		if entry.Status == "413" {
			n++
		}
	}
	return n
}

func TestASmallerSizeIsLearntFromAFewRequestsThatAreTooLargeAndKept(t *testing.T) {
	t.Parallel()
	const most = 50
	w := newWorld(t, 500, func(s *settings) { s.simulator.Charles.Batch.MaxItems = most })
	requireTrueReport(t, w, w.run(t, demo(t)))
	requireContactByContact(t, w)
	// 490 contacts, and halves of halves until they fit.
	few := w.tooLarge(t)
	require.Positive(t, few)
	require.LessOrEqual(t, few, 4)

	again, another := demo(t), demo(t)
	again.Mapping.LastName = nil // So that everybody is sent once more.
	another.Sync = "another"
	w.tell(t, another, func(o beginning.Options) error { // They share a segment.
		_, err := beginning.Adopt(t.Context(), o)
		return err
	})
	for _, spec := range []config.Sync{again, another} {
		sent := w.Stats().UpsertsReceived
		report := w.run(t, spec)
		require.Equal(t, w.Stats().Contacts, w.Stats().UpsertsReceived-sent)
		require.Equal(t, w.Stats().Contacts, report.Outcomes.Updated)
		require.Equal(t, few, w.tooLarge(t), "the size was forgotten")
	}
}

package simulator_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"audiencesync/internal/simulator"
	"audiencesync/internal/simulator/faults"
)

func TestAQueuedBatchIsAppliedLaterAndItsRefusalsGoUnseen(t *testing.T) {
	t.Parallel()
	clock := newClock()
	w := start(t, simulator.Options{
		Clock: clock.Now,
		Charles: simulator.CharlesOptions{
			ChannelsToCreate: true, Batch: simulator.BatchOptions{Queued: true, QueueDelay: time.Minute},
		},
		Faults: simulator.Faults{
			Refuse: []faults.Refusal{{References: []string{"b"}}}, Lose: []faults.Selection{{References: []string{"c"}}},
		},
	})
	body := object{"contacts": []object{contact("a"), contact("b"), contact("c"), without(contact("d"), "phone_numbers")}}
	got := w.do("POST", w.charles+batch, body, http.StatusAccepted, nil)
	require.JSONEq(t, `{"items":[
		{"external_reference_id":"a","status":"accepted"},{"external_reference_id":"b","status":"accepted"},
		{"external_reference_id":"c","status":"accepted"},{"external_reference_id":"d","status":"accepted"}]}`, string(got.body))
	require.Equal(t, "none", w.journal()[0].Effect)
	require.Equal(t, "0", w.counted())
	require.Empty(t, slices.Collect(w.Contacts()))
	w.do("PUT", w.charles+single, contact("e"), http.StatusCreated, nil)
	require.Equal(t, "1", w.counted(), "a single contact does not wait")

	clock.Advance(time.Minute)
	require.Equal(t, "2", w.counted())
	stats := w.Stats()
	require.EqualValues(t, 5, stats.UpsertsReceived)
	require.EqualValues(t, 2, stats.UpsertsApplied)
	require.EqualValues(t, 2, stats.UpsertsRefused)
	require.EqualValues(t, 1, stats.UpsertsLost)
	require.Equal(t, map[string]simulator.Exception{
		"b": {Refused: 1, Code: "contact_refused"}, "c": {Lost: 1}, "d": {Refused: 1, Code: "phone_numbers_required"},
	}, w.Exceptions())
}

func TestAQueueCanAnswerWithoutABody(t *testing.T) {
	t.Parallel()
	w := start(t, simulator.Options{Charles: simulator.CharlesOptions{Batch: simulator.BatchOptions{Queued: true, Reply: simulator.ReplyNone}}})
	require.Empty(t, w.do("POST", w.charles+batch, contactsOf("a"), http.StatusAccepted, nil).body)
	require.Equal(t, "applied", w.journal()[0].Effect)
	_, known := w.Contact("a")
	require.True(t, known)
	w.Reset()
	require.Empty(t, w.Exceptions())
}

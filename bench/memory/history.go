package main

import (
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"

	"audiencesync/bench/stage"
)

// history is one Temporal run of the sync's chain.
type history struct {
	events  int64
	bytes   int64
	batches int64
	// read and send are from the first such activity to the end of the last.
	read, send span
}

// span is a stretch of time.
type span struct{ from, to time.Time }

func (s *span) add(at time.Time) {
	if s.from.IsZero() || at.Before(s.from) {
		s.from = at
	}
	if at.After(s.to) {
		s.to = at
	}
}

func (s *span) seconds() float64 { return s.to.Sub(s.from).Seconds() }

// historiesOf are the figures of a chain.
func historiesOf(chain []stage.Execution) []history {
	histories := make([]history, len(chain))
	for i, execution := range chain {
		histories[i] = historyOf(execution)
	}
	return histories
}

func historyOf(execution stage.Execution) history {
	h := history{bytes: execution.Info.GetHistorySizeBytes(), events: int64(len(execution.Events))}
	activities := map[int64]string{}
	for _, event := range execution.Events {
		switch event.GetEventType() {
		case enumspb.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
			name := event.GetActivityTaskScheduledEventAttributes().GetActivityType().GetName()
			activities[event.GetEventId()] = name
			h.note(name, event)
			if name == "SendBatch" {
				h.batches++
			}
		case enumspb.EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
			h.note(activities[event.GetActivityTaskCompletedEventAttributes().GetScheduledEventId()], event)
		}
	}
	return h
}

func (h *history) note(activity string, event *historypb.HistoryEvent) {
	switch activity {
	case "ReadPages":
		h.read.add(event.GetEventTime().AsTime())
	case "SendBatch":
		h.send.add(event.GetEventTime().AsTime())
	}
}

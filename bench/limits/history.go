package main

import (
	"strings"

	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"google.golang.org/protobuf/proto"

	"audiencesync/bench/stage"
)

// held is the most that one history of a chain holds, of each thing that the server
// limits. The maxima may be of different histories.
type held struct {
	histories int
	events    int
	bytes     int64
	// largest is the largest event, with all its payloads, and its kind.
	largest     int
	largestKind string
	// pending are activities that were under way at once, updates those that were taken.
	pending int
	updates int
	memo    int
	// attribute is the largest search attribute, attributes all of them.
	attribute, attributes int
}

func heldBy(chain []stage.Execution) held {
	h := held{histories: len(chain)}
	for _, execution := range chain {
		h.events = max(h.events, len(execution.Events))
		h.bytes = max(h.bytes, execution.Info.GetHistorySizeBytes())
		h.memo = max(h.memo, proto.Size(execution.Info.GetMemo()))
		h.attributes = max(h.attributes, proto.Size(execution.Info.GetSearchAttributes()))
		for _, value := range execution.Info.GetSearchAttributes().GetIndexedFields() {
			h.attribute = max(h.attribute, len(value.GetData()))
		}
		h.walk(execution.Events)
	}
	return h
}

func (h *held) walk(events []*historypb.HistoryEvent) {
	pending, updates := 0, 0
	for _, event := range events {
		kind := event.GetEventType()
		if size := proto.Size(event); size > h.largest {
			h.largest, h.largestKind = size, strings.TrimPrefix(kind.String(), "EVENT_TYPE_")
		}
		switch kind {
		case enumspb.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
			pending++
		case enumspb.EVENT_TYPE_ACTIVITY_TASK_COMPLETED, enumspb.EVENT_TYPE_ACTIVITY_TASK_FAILED,
			enumspb.EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT, enumspb.EVENT_TYPE_ACTIVITY_TASK_CANCELED:
			pending--
		case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED:
			updates++
		}
		h.pending = max(h.pending, pending)
	}
	h.updates = max(h.updates, updates)
}

package main

import (
	"fmt"
	"time"

	"audiencesync/bench/table"
	"audiencesync/internal/audience"
)

// Limits of a Temporal server with its default settings, by the names of its dynamic
// configuration where they have one (common/dynamicconfig/constants.go, v1.29.1).
const (
	maxEvents     = 51_200   // limit.historyCount.error
	maxBytes      = 50 << 20 // limit.historySize.error
	maxBlob       = 2 << 20  // limit.blobSize.error
	maxPending    = 2000     // limit.numPendingActivities.error
	maxUpdates    = 2000     // history.maxTotalUpdates
	maxMemo       = 2 << 20  // limit.memoSize.error
	maxAttribute  = 2 << 10  // frontend.searchAttributesSizeOfValueLimit
	maxAttributes = 40 << 10 // frontend.searchAttributesTotalSizeLimit
	maxMessage    = 4 << 20  // the default of gRPC servers
)

// margin is how far below a limit everything stays: an order of magnitude.
const margin = 10

// figuresOf sets what runs held against a tenth of what the server allows.
func figuresOf(ran []ranSync) []table.Figure {
	var figures []table.Figure
	for _, r := range ran {
		below := func(what string, measured, limit int64, note string) {
			figures = append(figures, table.Goal(r.name+": "+what, audience.Thousands(measured)+note,
				fmt.Sprintf("<= %s (limit %s)", audience.Thousands(limit/margin), audience.Thousands(limit)), measured <= limit/margin))
		}
		h := r.held
		below("events in one history", int64(h.events), maxEvents, fmt.Sprintf(" (%d histories)", h.histories))
		below("bytes of one history", h.bytes, maxBytes, "")
		below("bytes of one event, with its payloads", int64(h.largest), maxBlob, " ("+h.largestKind+")")
		below("activities pending at once", int64(h.pending), maxPending, "")
		below("updates in one history", int64(h.updates), maxUpdates, "")
		below("bytes of the memo", int64(h.memo), maxMemo, "")
		below("bytes of one search attribute", int64(h.attribute), maxAttribute, "")
		below("bytes of all search attributes", int64(h.attributes), maxAttributes, "")
		below("bytes of one message to the server", int64(r.sent.bytes), maxMessage, " ("+r.sent.method+")")
		below("bytes of one message from it", int64(r.received.bytes), maxMessage, " ("+r.received.method+")")
	}
	for _, r := range ran {
		figures = append(figures,
			table.Told(r.name+": members", audience.Thousands(r.Report.Source.Read)),
			table.Told(r.name+": batches, and requests", audience.Thousands(r.Report.Batches)+", "+audience.Thousands(r.Report.Requests)),
			table.Told(r.name+": refused", audience.Thousands(r.Report.Outcomes.Refused)),
			table.Told(r.name+": time", r.Wall.Round(time.Second).String()))
	}
	return figures
}

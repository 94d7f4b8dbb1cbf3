package activities

import (
	"fmt"
	"strings"
	"time"

	"audiencesync/internal/ledger"
)

// limitsNote says that a person has set the limits of the workspace; empty when nobody
// has.
func limitsNote(connection string, set ledger.SetLimits) string {
	limits := limitsText(set)
	if limits == "" {
		return ""
	}
	return fmt.Sprintf("%s since %s, as set by %s: that wins over the connections file until audiencesync limits %s --clear",
		limits, set.At.Format(time.RFC3339), set.By, connection)
}

// limitsChanged says in a report that the limits were changed while the run was going.
func limitsChanged(last ledger.SetLimits) string {
	limits := limitsText(last)
	if limits == "" {
		limits = "those of the connections file"
	}
	text := fmt.Sprintf("the limits of the workspace were changed while the run was going, to %s, by %s", limits, last.By)
	if last.Why != "" {
		text += ": " + last.Why
	}
	return text
}

func limitsText(set ledger.SetLimits) string {
	var limits []string
	if set.RequestsPerSecond != nil {
		limits = append(limits, fmt.Sprintf("%g requests a second", *set.RequestsPerSecond))
	}
	if set.RequestsInFlight != nil {
		limits = append(limits, fmt.Sprintf("%d in flight for each worker", *set.RequestsInFlight))
	}
	return strings.Join(limits, " and ")
}

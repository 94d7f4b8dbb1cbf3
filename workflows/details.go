package workflows

import (
	"fmt"
	"strings"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
)

// Details are what Temporal's web UI shows of a run from its start, as Markdown: what is
// brought where, and what was asked for. They hold settings, and no values of members.
func Details(in AudienceSyncInput) string {
	spec := in.Spec
	return fmt.Sprintf("**%s**: %s\n\n", cell(spec.Sync), asked(in)) + table([]tableRow{
		{"audience", spec.Audience.ID + " " + spec.Audience.Name},
		{"from", spec.Source},
		{"into", spec.Destination},
		{"mode", modeWords(spec)},
		{"marker", markerWords(spec.Marker)},
		{"segment", segmentWords(spec.Verification)},
	}) + fmt.Sprintf("\n`audiencesync watch %[1]s` follows the run, `audiencesync status %[1]s` says what it waits for; docs/web-ui.md explains this page.\n", spec.Sync)
}

// asked says what a run was asked to do.
func asked(in AudienceSyncInput) string {
	var words []string
	switch {
	case in.Audit:
		words = append(words, "compares the audience with the segment, sends nobody")
	case in.VerifyOnly:
		words = append(words, "proves what earlier runs have brought, reads and sends nobody")
	case in.PlanOnly:
		words = append(words, "says what a run would do, sends nobody")
	case in.Retire:
		words = append(words, "takes all marks of the sync away")
	default:
		words = append(words, "reads the audience, decides what has to change, sends it, proves that it arrived")
	}
	if in.Full {
		words = append(words, "every member is sent again")
	}
	if in.Recreate {
		words = append(words, "contacts that are gone are created again")
	}
	if in.Expect != nil {
		words = append(words, audience.Thousands(*in.Expect)+" members are expected")
	}
	if in.Entered != nil {
		words = append(words, "a person has counted "+audience.Thousands(*in.Entered)+" contacts in the segment")
	}
	if in.Scheduled {
		words = append(words, "started by schedule")
	}
	return strings.Join(words, "; ")
}

func modeWords(spec config.Sync) string {
	if spec.Mode == config.ModeMirror {
		return "mirror: who left loses the marker"
	}
	return "add: who left stays marked"
}

func markerWords(marker config.Marker) string {
	switch {
	case marker.Tag != "":
		return "tag " + marker.Tag
	case marker.Shared:
		return "property " + marker.Property + ", shared by syncs"
	default:
		return "property " + marker.Property + " = " + marker.Member
	}
}

func segmentWords(proof config.Verification) string {
	switch {
	case proof.None:
		return "none: the sync asks for no verification"
	case proof.Segment == "":
		return "none: the run cannot be proved"
	default:
		return proof.Segment + ", compared with the ledger: " + strings.ReplaceAll(string(proof.Compare), "_", " ")
	}
}

// tableRow is one row of a table in Markdown.
type tableRow struct{ name, value string }

// table writes rows as a table without a header; a row without a value is left out.
func table(rows []tableRow) string {
	var b strings.Builder
	b.WriteString("| | |\n|---|---|\n")
	for _, row := range rows {
		if value := strings.TrimSpace(row.value); value != "" {
			fmt.Fprintf(&b, "| %s | %s |\n", row.name, cell(value))
		}
	}
	return b.String()
}

// maxCellBytes bounds one text of a page: all of them together are far below what a
// server takes (limit.userMetadataDetailsSize, 20,000 bytes).
const maxCellBytes = 500

// cell keeps a text in its place in Markdown: in one line, of a bounded length, and no
// markup.
func cell(text string) string {
	text = audience.Shorten(text, maxCellBytes)
	return strings.NewReplacer("|", `\|`, "<", "&lt;", ">", "&gt;", "*", `\*`, "_", `\_`, "`", "\\`").Replace(strings.Join(strings.Fields(text), " "))
}

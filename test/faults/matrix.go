package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"audiencesync/test/site"
)

// result is what came of a cell.
type result struct {
	coordinates
	wall time.Duration
	// skipped says why the cell could not be played on this machine.
	skipped string
	// wrong is what was not as it must be; said is the end of the worker's log then.
	wrong site.Findings
	said  string
}

// mark is the cell in the matrix.
func (r result) mark() string {
	switch {
	case len(r.wrong) > 0:
		return "NO"
	case r.skipped != "":
		return "-"
	default:
		return "ok"
	}
}

// line is a cell in one line, and what was wrong in more.
func (r result) line() string {
	line := fmt.Sprintf("%s, seed %d: %s, %.1f s", r.fault.title(), r.seed, r.mark(), r.wall.Seconds())
	lines := append([]string{line}, r.wrong...)
	if r.skipped != "" {
		lines = append(lines, "skipped: "+r.skipped)
	}
	if r.said != "" {
		lines = append(lines, "the worker's log ends so:", r.said)
	}
	return strings.ReplaceAll(strings.Join(lines, "\n"), "\n", "\n    ")
}

// broken counts the cells in which something was wrong.
func broken(results []result) (count int) {
	for _, r := range results {
		if len(r.wrong) > 0 {
			count++
		}
	}
	return count
}

// summary is the matrix in one line.
func summary(results []result) string {
	skipped, why := 0, []string{}
	for _, r := range results {
		if len(r.wrong) == 0 && r.skipped != "" {
			skipped++
			why = append(why, r.skipped)
		}
	}
	said := fmt.Sprintf("%d of %d cells are green", len(results)-broken(results)-skipped, len(results))
	if skipped > 0 {
		slices.Sort(why)
		said += fmt.Sprintf(", %d were skipped (%s)", skipped, strings.Join(slices.Compact(why), "; "))
	}
	return said
}

// render is the matrix: a row for each fault, a column for each seed.
func render(results []result) string {
	var seeds []uint64
	var rows []*fault
	for _, r := range results {
		if !slices.Contains(seeds, r.seed) {
			seeds = append(seeds, r.seed)
		}
		if !slices.ContainsFunc(rows, func(f *fault) bool { return f.title() == r.fault.title() }) {
			rows = append(rows, r.fault)
		}
	}
	t := table.NewWriter()
	t.SetStyle(table.StyleLight)
	t.Style().Format.Header = text.FormatDefault
	header := append(make(table.Row, 0, len(seeds)+4), "where", "fault", "ends")
	for _, seed := range seeds {
		header = append(header, fmt.Sprintf("seed %d", seed))
	}
	t.AppendHeader(append(header, "s"))
	for _, f := range rows {
		row := append(make(table.Row, 0, len(seeds)+4), f.at, f.name, f.ends.word())
		var wall time.Duration
		for _, seed := range seeds {
			mark := ""
			for _, r := range results {
				if r.fault.title() == f.title() && r.seed == seed {
					mark = r.mark()
					wall = max(wall, r.wall)
				}
			}
			row = append(row, mark)
		}
		t.AppendRow(append(row, fmt.Sprintf("%.0f", wall.Seconds())))
	}
	return t.Render() + "\n"
}

// word says how a run must end.
func (e ending) word() string {
	switch e.code {
	case 0:
		return "as if nothing had been"
	case codeUnexplained:
		return "unexplained, and says who"
	case codeUnverifiable:
		return "unverifiable, and says why"
	case codeOutside:
		return "explained, not acceptable"
	default:
		return "fails, and says why"
	}
}

// Exit codes of audiencesync: what docs/cli.md promises.
const (
	codeFailed       = 1
	codeUsage        = 2
	codeUnexplained  = 3
	codeUnverifiable = 4
	codeOutside      = 5
	codeWaiting      = 6
)

package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"audiencesync/test/site"
)

// result is what came of a round.
type result struct {
	plan plan
	// reached says that the run came to the point; else the kill came after it.
	reached bool
	// posts are the requests with contacts that the vendor has seen, again the contacts
	// beyond those that had to be sent once, bound how many were in flight, and twice the
	// changes beyond one for each contact.
	posts, again, bound, twice int64
	membersWrong               int
	verdict                    string
	wall                       time.Duration
	// wrong says what was not kept; said is the end of the worker's log then.
	wrong site.Findings
	said  string
}

func (r *result) kept() string {
	if len(r.wrong) > 0 {
		return "NO"
	}
	return "yes"
}

func (r *result) point() string {
	if r.reached {
		return r.plan.String()
	}
	return r.plan.String() + " (missed)"
}

// line is a round in one line, and what was wrong in more.
func (r *result) line() string {
	line := fmt.Sprintf("seed %d: %s; %s: %s, %.1f s", r.plan.seed, r.plan.victim, r.point(), r.kept(), r.wall.Seconds())
	lines := append([]string{line}, r.wrong...)
	if r.said != "" {
		lines = append(lines, "the worker's log ends so:", r.said)
	}
	return strings.ReplaceAll(strings.Join(lines, "\n"), "\n", "\n    ")
}

// kept counts the rounds in which every promise was kept.
func kept(results []result) (count int) {
	for _, r := range results {
		if len(r.wrong) == 0 {
			count++
		}
	}
	return count
}

// render is the table of the rounds.
func render(results []result) string {
	t := table.NewWriter()
	t.SetStyle(table.StyleLight)
	t.Style().Format.Header = text.FormatDefault
	t.AppendHeader(table.Row{"round", "seed", "victim", "point", "posts", "sent again", "bound", "effects twice", "members wrong", "verdict", "s", "kept"})
	for i, r := range results {
		t.AppendRow(table.Row{
			i + 1, r.plan.seed, r.plan.victim, r.point(), r.posts, r.again, r.bound, r.twice, r.membersWrong, r.verdict,
			fmt.Sprintf("%.1f", r.wall.Seconds()), r.kept(),
		})
	}
	return t.Render() + "\n"
}

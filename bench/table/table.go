// Package table is how benchmarks tell what they measured.
package table

import (
	"fmt"
	"io"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// Figure is one thing that was measured.
type Figure struct {
	Name     string
	Measured string
	// Goal is empty for what is only told.
	Goal string
	Met  bool
}

// Goal is a figure that is held against a goal.
func Goal(name, measured, goal string, met bool) Figure {
	return Figure{Name: name, Measured: measured, Goal: goal, Met: met}
}

// Told is a figure that is only told.
func Told(name, measured string) Figure { return Figure{Name: name, Measured: measured} }

// AllMet reports whether every figure that has a goal meets it.
func AllMet(figures []Figure) bool {
	for _, f := range figures {
		if f.Goal != "" && !f.Met {
			return false
		}
	}
	return true
}

// Write prints the figures as a table.
func Write(w io.Writer, figures []Figure) error {
	t := table.NewWriter()
	t.SetStyle(table.StyleLight)
	t.Style().Format.Header = text.FormatDefault
	t.AppendHeader(table.Row{"figure", "measured", "goal", "met"})
	for _, f := range figures {
		met := ""
		switch {
		case f.Goal != "" && f.Met:
			met = "yes"
		case f.Goal != "":
			met = "NO"
		}
		t.AppendRow(table.Row{f.Name, f.Measured, f.Goal, met})
	}
	_, err := fmt.Fprintln(w, t.Render())
	return err
}

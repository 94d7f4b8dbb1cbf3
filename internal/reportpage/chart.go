package reportpage

import (
	"fmt"
	"math"
	"strings"
)

// chart is a drawing of 1,000 by 100 that is stretched to its place: lines keep their
// width, and what is to be read stands around it as text.
type chart struct {
	ID, Title string
	// About says what is drawn, for those who do not see it; the numbers are in the
	// table beside it.
	About string
	// Size is "tall", "low" or "flat".
	Size string
	// Top and Bottom are what the upper and the lower edge stand for; a nil Bottom is
	// zero.
	Top, Bottom *value
	// First and Last are what the left and the right edge stand for.
	First, Last *value
	// Unit stands behind the top, Before in front of first and last.
	Unit, Before string
	// Zero is where a line for zero is drawn, if not at the lower edge.
	Zero   *float64
	Bars   []mark
	Lines  []line
	Legend []legend
	// Note says what an empty chart means.
	Note string
	// Tips are as wide as a step and tell its numbers to a pointer.
	Tips []mark
}

// mark is a rectangle.
type mark struct {
	X, Y, W, H float64
	Class      string
	// Of are the places of the values that Tip tells.
	Of, Tip string
}

// line joins dots: both are paths of an SVG.
type line struct{ Path, Dots, Class string }

// legend says what a form means.
type legend struct{ Class, Text string }

// points draws a line through points, from 0 to 1 on both axes, up being more.
func points(class string, xs, ys []float64) line {
	var path, dots strings.Builder
	for i := range xs {
		x, y := xs[i]*1000, 100-ys[i]*100
		command := "L"
		if i == 0 {
			command = "M"
		}
		fmt.Fprintf(&path, "%s%.1f %.1f", command, x, y)
		fmt.Fprintf(&dots, "M%.1f %.1fh0", x, y)
	}
	return line{Path: path.String(), Dots: dots.String(), Class: class}
}

// column is a bar that stands at 0 and is so high, from 0 to 1, in the i-th of n steps.
func column(i, n int, from, height float64, class string) mark {
	width := 1000 / float64(n)
	gap := width * 0.18
	return mark{
		X: hundredths(float64(i)*width + gap/2), W: hundredths(width - gap),
		Y: hundredths(100 - (from+height)*100), H: hundredths(height * 100), Class: class,
	}
}

// tip covers the i-th of n steps.
func tip(i, n int, text string, values ...value) mark {
	m := column(i, n, 0, 1, "tip")
	m.Tip = text
	places := make([]string, len(values))
	for i, v := range values {
		places[i] = v.Of
	}
	m.Of = strings.Join(places, " ")
	return m
}

func hundredths(n float64) float64 { return math.Round(n*100) / 100 }

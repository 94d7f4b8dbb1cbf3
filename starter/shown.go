package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"

	"audiencesync/internal/audience"
	"audiencesync/internal/hellocharles"
	"audiencesync/internal/readback"
)

type shownLabel struct {
	Of    string `json:"of"`
	Label string `json:"label,omitempty"`
}

type shownDifference struct {
	Field string `json:"field"`
	Sent  any    `json:"sent"`
	Held  any    `json:"held"`
}

// shownRequest is a request without its credential.
type shownRequest struct {
	Method string          `json:"method"`
	Path   string          `json:"path"`
	Body   json.RawMessage `json:"body"`
}

func showRequest(r hellocharles.Rendered) *shownRequest {
	return &shownRequest{Method: r.Method, Path: r.Path, Body: r.Body}
}

func showLabels(withheld []audience.Withheld) []shownLabel {
	labels := make([]shownLabel, len(withheld))
	for i, w := range withheld {
		labels[i] = shownLabel{Of: w.Target, Label: w.Label}
	}
	return labels
}

func showDifferences(differences []readback.Difference) []shownDifference {
	list := make([]shownDifference, len(differences))
	for i, d := range differences {
		list[i] = shownDifference{Field: d.Field, Sent: d.Sent, Held: d.Held}
	}
	return list
}

func (r *shownRequest) write(text *strings.Builder) error {
	var body bytes.Buffer
	if err := json.Indent(&body, r.Body, "", "  "); err != nil {
		return fmt.Errorf("the body of a request: %w", err)
	}
	fmt.Fprintf(text, "%s %s\n%s\n", r.Method, r.Path, printable(body.String(), "\n"))
	return nil
}

func (l shownLabel) String() string {
	if l.Label == "" {
		return l.Of
	}
	return l.Of + " " + spelled(l.Label)
}

// spelled writes a value for a person, on one line.
func spelled(value any) string {
	switch value := value.(type) {
	case nil:
		return "-"
	case string:
		if value == "" {
			return `""`
		}
		return printable(value, "")
	}
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return fmt.Sprintf("a %T", value)
	}
	return printable(strings.TrimSpace(text.String()), "")
}

// printable escapes, as in JSON, what would disturb a terminal.
func printable(text, except string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case unicode.IsPrint(r) || strings.ContainsRune(except, r):
			b.WriteRune(r)
		default:
			for _, unit := range utf16.AppendRune(nil, r) {
				fmt.Fprintf(&b, `\u%04x`, unit)
			}
		}
	}
	return b.String()
}

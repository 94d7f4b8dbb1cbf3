// Package reportpage writes the report of a run as one HTML file that needs nothing
// else: no network, no script. It can be sent, kept and printed, and is readable on a
// phone, in light and dark, and by a screen reader.
//
// Every number on the page names its place in the JSON form of the same document (the
// attribute data-of), and stands nowhere without.
package reportpage

import (
	"crypto/sha256"
	_ "embed" // for the template and the style
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"time"

	"audiencesync/internal/runreport"
)

//go:embed page.html
var layout string

//go:embed page.css
var style string

var page = template.Must(template.New("page").Parse(layout))

// policy lets the page use its own style and nothing else, wherever it is opened.
var policy = func() string {
	digest := sha256.Sum256([]byte(style))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(digest[:]) + "'; base-uri 'none'; form-action 'none'"
}()

// Write writes the page of a document, with times in the local zone.
func Write(w io.Writer, doc *runreport.Document) error { return write(w, doc, time.Local) }

func write(w io.Writer, doc *runreport.Document, zone *time.Location) error {
	if err := page.Execute(w, newView(doc, zone)); err != nil {
		return fmt.Errorf("the page of run %d of sync %s: %w", doc.Run, doc.Sync, err)
	}
	return nil
}

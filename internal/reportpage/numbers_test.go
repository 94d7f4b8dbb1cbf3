package reportpage

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"audiencesync/internal/audience"
	"audiencesync/internal/ledger"
	"audiencesync/internal/runreport"
)

// pageOf writes and parses the page of a document.
func pageOf(t *testing.T, doc *runreport.Document) (text string, root *html.Node) {
	t.Helper()
	var page bytes.Buffer
	require.NoError(t, write(&page, doc, time.UTC))
	text = page.String()
	root, err := html.Parse(&page)
	require.NoError(t, err)
	return text, root
}

// asJSON is a document as programs get it.
func asJSON(t require.TestingT, doc *runreport.Document) any {
	text, err := json.Marshal(doc)
	require.NoError(t, err)
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var value any
	require.NoError(t, decoder.Decode(&value))
	return value
}

// at finds a place in a document as JSON.
func at(t require.TestingT, document any, place string) any {
	for part := range strings.SplitSeq(place, "/") {
		name, err := url.PathUnescape(part)
		require.NoError(t, err)
		switch holder := document.(type) {
		case map[string]any:
			require.Contains(t, holder, name, place)
			document = holder[name]
		case []any:
			i, err := strconv.Atoi(name)
			require.NoError(t, err, place)
			require.Less(t, i, len(holder), place)
			document = holder[i]
		default:
			require.Fail(t, "the document has no such place", place)
		}
	}
	return document
}

// texts are the ways in which a page may write a value of the document.
func texts(t require.TestingT, value any, place string) []string {
	switch value := value.(type) {
	case json.Number:
		n, err := value.Float64()
		require.NoError(t, err)
		if strings.HasSuffix(place, "seconds") {
			return []string{spell(n)}
		}
		return []string{tenths(n), value.String()}
	case map[string]any:
		var total float64
		for _, part := range value {
			number, ok := part.(json.Number)
			require.True(t, ok, place)
			n, err := number.Float64()
			require.NoError(t, err)
			total += n
		}
		return []string{tenths(total)}
	case string:
		moment, err := time.Parse(time.RFC3339Nano, value)
		require.NoError(t, err, place)
		return []string{moment.Format(layoutZone), moment.Format(layoutMoment), moment.Format(layoutClock)}
	default:
		require.Failf(t, "no value", "%s is a %T", place, value)
		return nil
	}
}

// strings of a document, the longest first.
func stringsIn(value any) []string {
	var found []string
	switch value := value.(type) {
	case string:
		found = append(found, value)
	case []any:
		for _, part := range value {
			found = append(found, stringsIn(part)...)
		}
	case map[string]any:
		for name, part := range value {
			// A reason's code and detail are its name; so is a field's.
			_, detail, _ := strings.Cut(name, ":")
			found = append(append(found, name, detail), stringsIn(part)...)
		}
	}
	return found
}

func attribute(node *html.Node, name string) string {
	for _, a := range node.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func textOf(node *html.Node) string {
	if node.Type == html.TextNode {
		return node.Data
	}
	var text strings.Builder
	for child := range node.ChildNodes() {
		text.WriteString(textOf(child))
	}
	return text.String()
}

func hasDigits(text string) bool { return strings.ContainsFunc(text, unicode.IsDigit) }

// checkNumbers walks a page and returns the places whose values it shows. Text has
// digits only where it names the place of each number, or where it is a string of the
// document.
func checkNumbers(t require.TestingT, root *html.Node, document any) (shown map[string]bool) {
	shown = map[string]bool{}
	words := stringsIn(document)
	slices.SortFunc(words, func(a, b string) int { return len(b) - len(a) })
	without := func(text string) string {
		for _, word := range words {
			if hasDigits(word) {
				text = strings.ReplaceAll(text, word, "")
			}
		}
		return text
	}
	var walk func(node *html.Node)
	walk = func(node *html.Node) {
		if node.Type == html.ElementNode && node.Data == "style" {
			return
		}
		if of := attribute(node, "data-of"); of != "" {
			text := without(textOf(node))
			if node.Data == "data" || node.Data == "time" {
				text = textOf(node)
			}
			for place := range strings.FieldsSeq(of) {
				value := at(t, document, place)
				found := false
				for _, written := range texts(t, value, place) {
					if !found && strings.Contains(text, written) {
						text, found = strings.Replace(text, written, "", 1), true
					}
				}
				require.Truef(t, found, "%q does not say %v of %s", textOf(node), value, place)
				shown[place] = true
				if raw := attribute(node, "value"); raw != "" {
					if _, sum := value.(map[string]any); !sum {
						require.Equal(t, fmt.Sprint(value), raw, place)
					}
				}
			}
			require.Falsef(t, hasDigits(text), "%q has numbers that are not in %s", textOf(node), of)
			return
		}
		if node.Type == html.TextNode {
			require.Falsef(t, hasDigits(without(node.Data)), "a number from nowhere: %q", strings.TrimSpace(node.Data))
		}
		for child := range node.ChildNodes() {
			walk(child)
		}
	}
	walk(root)
	return shown
}

// numbers are the places of all numbers of a document that are not zero.
func numbers(value any, place string) (places []string) {
	join := func(name string) string { return strings.TrimPrefix(place+"/"+url.PathEscape(name), "/") }
	switch value := value.(type) {
	case json.Number:
		if value.String() != "0" {
			places = append(places, place)
		}
	case []any:
		for i, part := range value {
			places = append(places, numbers(part, join(strconv.Itoa(i)))...)
		}
	case map[string]any:
		for name, part := range value {
			places = append(places, numbers(part, join(name))...)
		}
	}
	return places
}

// documents are those of many kinds of runs.
func documents() map[string]*runreport.Document {
	change := func(doc *runreport.Document, how func(*runreport.Document)) *runreport.Document {
		how(doc)
		audience.Judge(&doc.Report, audience.Tolerance{Invalid: 0.02, Refused: 0.01})
		return doc
	}
	return map[string]*runreport.Document{
		"mirror":     sample(),
		"references": withReferences(sample()),
		"first run": change(sample(), func(d *runreport.Document) {
			d.History, d.Plan, d.Decisions, d.Withheld, d.LeaverReasons, d.Leavers = d.History[:1], nil, nil, nil, nil, audience.Leavers{}
			d.FailuresByReason = d.FailuresByReason[:5]
		}),
		"no count": change(sample(), func(d *runreport.Document) {
			d.Segment.Counted, d.Segment.Comparison, d.Segment.Evidence, d.Source.Reported = nil, nil, audience.EvidenceNone, nil
			for i := range d.History {
				if d.History[i].Account != nil {
					d.History[i].Counted, d.History[i].Drift, d.History[i].Reported = nil, nil, nil
				}
			}
		}),
		"unexplained": change(sample(), func(d *runreport.Document) {
			d.Segment.Comparison, d.Segment.Evidence = nil, audience.EvidenceCounted
			d.Segment.Counted = new(*d.Segment.Counted - 1250)
			d.History[0].Counted, d.History[0].Drift = d.Segment.Counted, new(int64(-1250))
		}),
		"compared": change(sample(), func(d *runreport.Document) {
			d.Segment.Evidence, d.Segment.Comparison = audience.EvidenceCompared, &audience.Comparison{
				Listed: 244_572, Found: 244_531, NotVisible: 4, Gone: 25, GoneLeft: 3, Unsure: 9, Merged: 2, StillVisible: 1, Foreign: 28, OfOthers: 3, Unreferenced: 2,
			}
		}),
		"proof alone": change(&runreport.Document{
			Report: audience.Report{
				Sync: "demo", Run: 3, Verified: true, StartedAt: began, FinishedAt: began,
				Segment: audience.SegmentCount{Expected: 980, Counted: new(int64(980)), Evidence: audience.EvidenceCompared, Comparison: &audience.Comparison{Listed: 980, Found: 980}},
			},
			WrittenAt: began, Version: "v1",
		}, func(*runreport.Document) {}),
		"not compared": change(sample(), func(d *runreport.Document) {
			d.Segment.Comparison, d.Segment.Evidence, d.Segment.NotCompared = nil, audience.EvidenceCounted, "the key may not list contacts (403)"
		}),
		"read back": change(sample(), func(d *runreport.Document) {
			d.ReadBack = &audience.ReadBack{
				Sampled: 23, Same: 9, Differ: 5, ChangedSince: 4, Absent: 3, Unread: 2, Why: "the answer is no JSON (status 502)",
				Fields: map[string]int64{"first_name": 6, "zeotap_audience_984": 1, "größe 2/3": 7},
			}
		}),
		"nothing read back": change(sample(), func(d *runreport.Document) {
			d.ReadBack = &audience.ReadBack{Why: "the ledger did not answer for 6 tries"}
		}),
		"there before": change(sample(), func(d *runreport.Document) { d.Segment.Before = 31 }),
		"plan": change(sample(), func(d *runreport.Document) {
			d.Ended, d.Course, d.Segment.Counted, d.Segment.Comparison = audience.EndedPlanned, nil, nil, nil
			d.Notes = []string{"the segment holds 17 contacts that nobody knows"}
			d.History[0].Ended, d.History[0].Counted, d.History[0].Drift = d.Ended, nil, nil
		}),
		"cancelled": change(sample(), func(d *runreport.Document) {
			d.Ended, d.Segment.Counted, d.Segment.Comparison, d.Outcomes.Unresolved = audience.EndedCancelled, nil, nil, 4000
			d.History[0].Ended, d.History[0].Counted, d.History[0].Drift = d.Ended, nil, nil
		}),
		"empty": {
			Report:           audience.Report{Sync: "empty", Run: 1, Audience: audience.Audience{ID: "7"}, StartedAt: began, FinishedAt: began},
			FailuresByReason: []runreport.FailureReason{}, History: []runreport.Past{{Run: 1, State: ledger.RunClosed, StartedAt: began}},
			WrittenAt: began, Version: "v1",
		},
	}
}

func TestEveryNumberOnThePageIsThatOfTheJSON(t *testing.T) {
	t.Parallel()
	for name, doc := range documents() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, root := pageOf(t, doc)
			document := asJSON(t, doc)
			shown := checkNumbers(t, root, document)
			for _, place := range numbers(document, "") {
				require.Truef(t, shown[place], "%s, which is %v, is not on the page", place, at(t, document, place))
			}
		})
	}
}

func TestANumberThatIsNotThatOfTheJSONIsFound(t *testing.T) {
	t.Parallel()
	doc := sample()
	text, _ := pageOf(t, doc)
	for _, forged := range []string{
		strings.Replace(text, ">248,310</data>", ">248,311</data>", 1),
		strings.Replace(text, "<footer>", "<footer>Over 9000", 1),
		strings.Replace(text, `value="1402"`, `value="1403"`, 1),
	} {
		require.NotEqual(t, text, forged)
		root, err := html.Parse(strings.NewReader(forged))
		require.NoError(t, err)
		document := asJSON(t, doc)
		require.True(t, fails(func(t require.TestingT) { checkNumbers(t, root, document) }))
	}
}

// watcher is told whether a check fails.
type watcher struct{ failed bool }

func (w *watcher) Errorf(string, ...any) { w.failed = true }

// FailNow ends the goroutine, as a test does.
func (w *watcher) FailNow() { runtime.Goexit() }

func fails(check func(t require.TestingT)) bool {
	var w watcher
	done := make(chan struct{})
	go func() {
		defer close(done)
		check(&w)
	}()
	<-done
	return w.failed
}

package reportpage

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"audiencesync/internal/audience"
	"audiencesync/internal/runreport"
)

// elements are those of a name, in order.
func elements(root *html.Node, name string) (found []*html.Node) {
	for node := range root.Descendants() {
		if node.Type == html.ElementNode && node.Data == name {
			found = append(found, node)
		}
	}
	return found
}

const hostile = `"><script>alert(1)</script><img src=x onerror=alert(1)>{{.}}</style></svg>'; \u0000`

func TestForeignWordsAreTextAndNothingElse(t *testing.T) {
	t.Parallel()
	doc := withReferences(sample())
	doc.Audience.Name, doc.Audience.ID, doc.Sync, doc.Source.Basis, doc.Summary = hostile, hostile, hostile, hostile, hostile
	doc.Explanation, doc.Notes, doc.Plan.Beyond = []string{hostile}, []string{hostile}, []string{hostile}
	doc.Source.Unfilled = []audience.UnfilledField{{Field: hostile, Meant: hostile}}
	doc.Segment.ID, doc.Version, doc.Plan.KeepsWhy = hostile, hostile, hostile
	doc.Reasons["refused_by_hello_charles:"+hostile], doc.LeaverReasons[hostile], doc.Withheld[hostile] = 3, 4, 5
	doc.FailuresByReason = append(doc.FailuresByReason, runreport.FailureReason{Reason: "refused_by_hello_charles:" + hostile, New: 3})
	doc.Decisions = []audience.Decision{{What: hostile, By: hostile, Why: hostile, At: began}}
	doc.References.Listed[0] = runreport.Failed{Reference: hostile, Outcome: hostile, Reason: hostile, Field: hostile, Message: hostile}
	text, root := pageOf(t, doc)
	require.Empty(t, elements(root, "script"))
	require.Empty(t, elements(root, "img"))
	require.Len(t, elements(root, "style"), 1)
	for node := range root.Descendants() {
		for _, a := range node.Attr {
			require.False(t, strings.HasPrefix(a.Key, "on"), a.Key)
			require.NotEqual(t, "src", a.Key)
			require.NotEqual(t, "href", a.Key)
		}
	}
	require.NotContains(t, text, "<script")
	require.Contains(t, textOf(elements(root, "h1")[0]), hostile, "it is shown as it is")
}

func TestThePageNeedsNothingFromAnywhere(t *testing.T) {
	t.Parallel()
	text, root := pageOf(t, sample())
	var policies []string
	for _, meta := range elements(root, "meta") {
		if attribute(meta, "http-equiv") == "Content-Security-Policy" {
			policies = append(policies, attribute(meta, "content"))
		}
	}
	require.Len(t, policies, 1)
	require.True(t, strings.HasPrefix(policies[0], "default-src 'none'; style-src 'sha256-"))
	require.NotRegexp(t, `(?i)https?://|src=|href=|@import|url\([^#]|style="`, text)
	require.Less(t, len(text), 256<<10)
}

func TestReferencesAreOnThePageOnlyIfTheyWereAskedFor(t *testing.T) {
	t.Parallel()
	text, _ := pageOf(t, sample())
	require.Contains(t, text, "This page holds no contact data.")
	require.NotContains(t, text, "Who was not taken")
	text, _ = pageOf(t, withReferences(sample()))
	require.Contains(t, text, "&#43;4915100000017")
	require.Contains(t, text, "This page holds references of members: personal data.")
	require.Regexp(t, `And <data[^>]*>2,492</data> more, which <code[^>]*>audiencesync failures spring-campaign --run 14</code> lists`, text)
}

func TestEveryLineOfTheReportIsOnThePage(t *testing.T) {
	t.Parallel()
	for name, doc := range documents() {
		_, root := pageOf(t, doc)
		var labels, notes []string
		for _, span := range elements(root, "span") {
			switch attribute(span, "class") {
			case "name":
				labels = append(labels, textOf(span))
			case "note":
				notes = append(notes, textOf(span))
			}
		}
		var wantLabels, wantNotes []string
		for _, line := range doc.Lines() {
			wantLabels = append(wantLabels, line.Label)
			if line.Note != "" {
				wantNotes = append(wantNotes, line.Note)
			}
		}
		require.Equal(t, wantLabels, labels, name)
		require.Equal(t, wantNotes, notes, name)
	}
}

func TestTheVerdictSaysItByWordAndBySign(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		report audience.Report
		word   string
		tone   string
	}{
		{audience.Report{Verdict: audience.Equal, Acceptable: true}, "equal", "good"},
		{audience.Report{Verdict: audience.Equal, Verified: true, Acceptable: true}, "equal", "good"},
		{audience.Report{Verdict: audience.Explained, Acceptable: true}, "explained", "good"},
		{audience.Report{Verdict: audience.Explained}, "explained", "fair"},
		{audience.Report{Verdict: audience.Unexplained}, "unexplained", "bad"},
		{audience.Report{Verdict: audience.Unverifiable}, "unverifiable", "open"},
		{audience.Report{Verdict: audience.Unverifiable, Ended: audience.EndedPlanned}, "plan", "open"},
		{audience.Report{Verdict: audience.Unverifiable, Ended: audience.EndedFailed}, "failed", "bad"},
	} {
		v := verdictOf(&runreport.Document{Report: test.report})
		require.Equal(t, []string{test.word, test.tone, test.tone}, []string{v.Word, v.Tone, v.Sign})
		require.NotEmpty(t, v.Meaning)
	}
}

func TestNumbersAndTimesAreWrittenForPeople(t *testing.T) {
	t.Parallel()
	for n, want := range map[float64]string{0: "0", 12: "12", 1423.46: "1,423.5", -0.5: "-0.5", -1250: "-1,250", 999.96: "1,000"} {
		require.Equal(t, want, tenths(n))
	}
	for n, want := range map[float64]string{0: "0 s", 1.5: "1.5 s", 75.3: "1 min 15 s", 120: "2 min", 3 * 3600: "3 h", 3*3600 + 300: "3 h 5 min", 3 * 86400: "3 d"} {
		require.Equal(t, want, spell(n))
	}
	require.Equal(t, "reasons/a%2Fb%20c/3", place("reasons", "a/b c", 3))
	require.Nil(t, moment(time.Time{}, layoutClock, "at"))
}

package notify

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
)

// Digest is what the runs of some days came to.
type Digest struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	// Runs counts them by how they ended: good ones by their verdict, cancelled and
	// declined ones by that word, the others by their End.
	Runs map[string]int `json:"runs"`
	// Members were read, and Segment contacts counted, by the newest run that has these
	// numbers; nil without one.
	Members *int64 `json:"members,omitempty"`
	Segment *int64 `json:"segment,omitempty"`
	// NewFailures were met in these days, KnownFailures are those of the newest run.
	NewFailures   int64 `json:"new_failures"`
	KnownFailures int64 `json:"known_failures"`
	// SilenceSeconds is the longest time without the end of a good run.
	SilenceSeconds int64 `json:"longest_silence_seconds"`
}

// NewDigest adds up the reports of the runs that ended between two times, oldest
// first. Plans and mere proofs are no runs.
func NewDigest(from, to time.Time, reports []audience.Report) Digest {
	d := Digest{From: from, To: to, Runs: map[string]int{}}
	lastGood, silence := from, time.Duration(0)
	for i := range reports {
		r := &reports[i]
		if r.Ended == audience.EndedPlanned || r.Verified || r.Audited {
			continue
		}
		end := EndOf(r)
		d.Runs[wordOf(r, end)]++
		d.NewFailures += r.NewFailures
		if end == Good {
			silence, lastGood = max(silence, r.FinishedAt.Sub(lastGood)), r.FinishedAt
		}
		if r.Ended == "" {
			d.Members, d.KnownFailures = &r.Source.Read, r.KnownFailures
			if r.Segment.Counted != nil {
				d.Segment = r.Segment.Counted
			}
		}
	}
	d.SilenceSeconds = int64(max(silence, to.Sub(lastGood)).Seconds())
	return d
}

func wordOf(r *audience.Report, end End) string {
	switch end {
	case Good:
		return string(r.Verdict)
	case Stopped:
		return r.Ended
	default:
		return string(end)
	}
}

// Message tells the digest.
func (d Digest) Message(sync string) Message {
	m := Message{Event: config.NotifyDigest, Sync: sync, At: d.To, Digest: &d}
	words := d.words()
	total, parts := 0, make([]string, len(words))
	for i, word := range words {
		total += d.Runs[word]
		parts[i] = fmt.Sprintf("%d %s", d.Runs[word], word)
	}
	m.Summary = "no run has ended"
	switch {
	case total == 1:
		m.Summary = "1 run: " + parts[0]
	case total > 1:
		m.Summary = fmt.Sprintf("%d runs: %s", total, strings.Join(parts, ", "))
	}
	text := fmt.Sprintf("Sync %s from %s to %s: %s.", sync, clock(d.From), clock(d.To), m.Summary)
	if d.Members != nil {
		text += fmt.Sprintf(" %s members", audience.Thousands(*d.Members))
		if d.Segment != nil {
			text += fmt.Sprintf(", %s contacts in the segment", audience.Thousands(*d.Segment))
		}
		text += fmt.Sprintf("; failures: %s new, %s known before.", audience.Thousands(d.NewFailures), audience.Thousands(d.KnownFailures))
	}
	silence := config.Duration((time.Duration(d.SilenceSeconds) * time.Second).Round(time.Minute))
	m.write(text + fmt.Sprintf(" Longest time without a good run: %s.", silence))
	return m
}

// words are how runs ended, in an order that stays the same: good first.
func (d Digest) words() []string {
	order := []string{
		string(audience.Equal), string(audience.Explained), string(Unverifiable), string(Outside), string(Unexplained), string(Failed),
		string(Refused), string(NotApproved), audience.EndedDeclined, audience.EndedCancelled,
	}
	return slices.DeleteFunc(order, func(word string) bool { return d.Runs[word] == 0 })
}

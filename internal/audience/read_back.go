package audience

import (
	"cmp"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// ReadBack is what it came to that contacts of a sample were read back, and compared
// field by field with what was sent. All counts are of contacts.
type ReadBack struct {
	// Sampled were to be read back: members whose newest content was accepted, and whom
	// no comparison misses in the segment. Each has one of the counts that follow.
	Sampled int64 `json:"sampled"`
	// Same hold everything that was sent.
	Same int64 `json:"same"`
	// Differ do not hold something that this run has sent.
	Differ int64 `json:"differ,omitempty"`
	// ChangedSince do not hold something that an earlier run has sent, or that was sent
	// to them under another reference since: somebody may have changed it.
	ChangedSince int64 `json:"changed_since,omitempty"`
	// Absent are not there.
	Absent int64 `json:"absent,omitempty"`
	// Unread could not be read. Why says why, of one of them, or why no sample was to be
	// had; it holds no contact data.
	Unread int64  `json:"unread,omitempty"`
	Why    string `json:"why,omitempty"`
	// Fields counts contacts by the fields that they do not hold as sent: "first_name",
	// "phone", "tags", or the technical name of a property.
	Fields map[string]int64 `json:"fields,omitempty"`
}

// maxFields bounds the fields that a report names.
const maxFields = 50

// OtherFields stands for the fields that a report does not name, because there are too
// many. It counts contacts once for each of these fields.
const OtherFields = "other fields"

// LimitFields keeps the fields that count most and adds the others up.
func LimitFields(fields map[string]int64) map[string]int64 {
	if len(fields) <= maxFields {
		return fields
	}
	limited := make(map[string]int64, maxFields)
	for i, field := range byCount(fields) {
		name := field
		if i >= maxFields-1 {
			name = OtherFields
		}
		limited[name] += fields[field]
	}
	return limited
}

// byCount returns names, those that count most first.
func byCount(counts map[string]int64) []string {
	return slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
}

// differing are the contacts that are held against a run.
func (b *ReadBack) differing() int64 {
	if b == nil {
		return 0
	}
	return b.Differ + b.Absent
}

// read are the contacts of which an answer came.
func (b *ReadBack) read() int64 {
	if b == nil {
		return 0
	}
	return b.Sampled - b.Unread
}

// readBackAddsUp checks that each contact of the sample has one result.
func (r *Report) readBackAddsUp() bool {
	b := r.ReadBack
	if b == nil || b.Same+b.Differ+b.ChangedSince+b.Absent+b.Unread == b.Sampled {
		return true
	}
	r.explain("accounting: %s contacts were to be read back, and not each has one result", Thousands(b.Sampled))
	return false
}

// readBackHolds explains what reading back found, and reports whether every contact
// that was read holds what was sent.
func (r *Report) readBackHolds() bool {
	b := r.ReadBack
	if b == nil {
		return true
	}
	of := "of " + Count(b.Sampled, "contact", "contacts") + " read back"
	who := "; who they are: audiencesync differences " + r.Sync
	if b.Differ+b.ChangedSince > 0 {
		r.explain("Hello Charles: %s %s: %s%s", of, b.differWords(), b.fieldWords(), who)
	}
	if b.Absent > 0 {
		r.explain("Hello Charles: %s %s not there%s", of, numberIs(b.Absent), who)
	}
	switch {
	case b.Unread > 0:
		r.explain("Hello Charles: %s of %s could not be read back: %s", Thousands(b.Unread), Count(b.Sampled, "contact", "contacts"), b.Why)
	case b.Why != "":
		r.explain("Hello Charles: no contact could be read back: %s", b.Why)
	}
	return b.Differ+b.ChangedSince+b.Absent == 0
}

// differWords say how many contacts do not hold what was sent.
func (b *ReadBack) differWords() string {
	var parts []string
	if b.Differ > 0 {
		parts = append(parts, fmt.Sprintf("%s %s not hold what this run sent", Thousands(b.Differ), doOrDoes(b.Differ)))
	}
	if b.ChangedSince > 0 {
		parts = append(parts, fmt.Sprintf("%s %s not hold any more what was sent earlier", Thousands(b.ChangedSince), doOrDoes(b.ChangedSince)))
	}
	return strings.Join(parts, ", and ")
}

func (b *ReadBack) fieldWords() string {
	words := make([]string, 0, len(b.Fields))
	for _, field := range byCount(b.Fields) {
		words = append(words, field+" "+Thousands(b.Fields[field]))
	}
	return strings.Join(words, ", ")
}

// readBackSentence says in the summary that contacts do not hold what was sent.
func (r *Report) readBackSentence() string {
	b := r.ReadBack
	if b == nil || r.Ended != "" || b.Differ+b.ChangedSince+b.Absent == 0 {
		return ""
	}
	var parts []string
	if words := b.differWords(); words != "" {
		parts = append(parts, words)
	}
	if b.Absent > 0 {
		parts = append(parts, numberIs(b.Absent)+" not there")
	}
	return fmt.Sprintf(" Of %s read back %s.", Count(b.Sampled, "contact", "contacts"), strings.Join(parts, ", and "))
}

func numberIs(n int64) string { return Thousands(n) + " " + isOrAre(n) }

func doOrDoes(n int64) string {
	if n == 1 {
		return "does"
	}
	return "do"
}

// readBack adds the lines of a sample that was read back.
func (l *lines) readBack(b *ReadBack) {
	switch {
	case b == nil:
		return
	case b.Sampled == 0 && b.Why != "":
		*l = append(*l, Line{Label: "read back", Note: b.Why})
		return
	}
	l.some("read_back/sampled", "read back", b.Sampled, "contacts, chosen at random, compared with what was sent field by field")
	l.part("read_back/same", "same", b.Same, "hold everything that was sent")
	l.part("read_back/differ", "differ", b.Differ, "do not hold something that this run has sent")
	l.part("read_back/changed_since", "changed since", b.ChangedSince, "do not hold any more something that was sent earlier")
	l.part("read_back/absent", "absent", b.Absent, "are not there")
	l.part("read_back/unread", "unread", b.Unread, b.Why)
	for _, field := range byCount(b.Fields) {
		l.part("read_back/fields/"+url.PathEscape(field), field, b.Fields[field], "of the above: do not hold this field as it was sent")
	}
}

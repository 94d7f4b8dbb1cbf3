package mapping

import (
	"slices"
	"strings"
	"unicode/utf8"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
)

// The most labels of one member, values of one list, and characters of one
// label; Hello Charles publishes no limits (docs/hello-charles.md A15).
const (
	maxLabels    = 100
	maxListItems = 1000
	maxLabel     = 255
)

// labels turns texts of a source into tags, or into options of a property.
type labels struct {
	origin origin
	// list is the field of a list; then there is no origin.
	list      string
	separator string
	allow     map[string]bool // nil: every text
	rename    map[string]string
	prefix    string
	stop      bool
}

func newLabels(o config.Origin, list config.ListField, bounds config.Labels) (labels, error) {
	l := labels{list: list.List, separator: list.Separator, rename: bounds.Rename, prefix: bounds.Prefix, stop: bounds.Unknown == config.UnknownStop}
	if l.separator == "" {
		l.separator = ","
	}
	if bounds.Allow != nil {
		l.allow = setOf(bounds.Allow)
	}
	if l.list != "" {
		return l, nil
	}
	var err error
	l.origin, err = newOrigin(o)
	return l, err
}

func setOf(words []string) map[string]bool {
	set := make(map[string]bool, len(words))
	for _, word := range words {
		set[word] = true
	}
	return set
}

// fields are the catalogue fields that the labels come from.
func (l *labels) fields() []string {
	if l.list != "" {
		return []string{l.list}
	}
	return l.origin.fields
}

// how says what is done with the fields.
func (l *labels) how() string {
	if l.list != "" {
		return "list"
	}
	return l.origin.how
}

// isConstant reports whether every member has the same label.
func (l *labels) isConstant() bool { return l.list == "" && l.origin.isConstant() }

// labelled are the labels of one member.
type labelled struct {
	sent []string
	// withheld are not allowed or do not exist; stopped are those of them for
	// which the run must not send.
	withheld []string
	stopped  []string
}

// add puts the labels of a member to those that it has. exists holds the
// labels of Hello Charles; nil when they are not known.
func (l *labels) add(mapped audience.Member, exists map[string]bool, to *labelled) *Rejection {
	if l.list != "" {
		return l.addList(mapped[l.list], exists, to)
	}
	text, field, reason := l.origin.read(mapped)
	if reason == "" {
		reason = l.addOne(text, exists, to)
	}
	return rejection(reason, field)
}

func (l *labels) addList(value any, exists map[string]bool, to *labelled) *Rejection {
	list, ok := value.([]any)
	if !ok {
		return l.addSplit(value, exists, to)
	}
	if len(list) > maxListItems {
		return &Rejection{audience.ListTooLong, l.list}
	}
	for _, item := range list {
		text, ok := cleanText(item)
		if !ok {
			return &Rejection{audience.FieldNotText, l.list}
		}
		if reason := l.addOne(text, exists, to); reason != "" {
			return &Rejection{reason, l.list}
		}
	}
	return nil
}

// addSplit reads a list that is text, as in CSV files.
func (l *labels) addSplit(value any, exists map[string]bool, to *labelled) *Rejection {
	whole, ok := text(value)
	switch {
	case !ok:
		return &Rejection{audience.FieldNotText, l.list}
	case strings.Count(whole, l.separator) >= maxListItems:
		return &Rejection{audience.ListTooLong, l.list}
	}
	for part := range strings.SplitSeq(whole, l.separator) {
		text, _ := cleanText(part)
		if reason := l.addOne(text, exists, to); reason != "" {
			return &Rejection{reason, l.list}
		}
	}
	return nil
}

func (l *labels) addOne(text string, exists map[string]bool, to *labelled) audience.Reason {
	if text == "" {
		return ""
	}
	label := l.label(text)
	allowed := l.allow == nil || l.allow[text]
	if !allowed || exists != nil && !exists[label] {
		to.withhold(label, l.stop)
		return ""
	}
	switch {
	case utf8.RuneCountInString(label) > maxLabel:
		return audience.LabelTooLong
	case slices.Contains(to.sent, label):
		return ""
	case len(to.sent) == maxLabels:
		return audience.TooManyLabels
	}
	to.sent = append(to.sent, label)
	return ""
}

// label is the label of Hello Charles for a text of the source.
func (l *labels) label(text string) string {
	if renamed, ok := l.rename[text]; ok {
		text = renamed
	}
	return l.prefix + text
}

func (l *labelled) withhold(label string, stop bool) {
	label = cut(label, maxLabel) // it is counted by its name
	if !slices.Contains(l.withheld, label) {
		l.withheld = append(l.withheld, label)
	}
	if stop && !slices.Contains(l.stopped, label) {
		l.stopped = append(l.stopped, label)
	}
}

// entries are labels as the report counts them.
func entries(target string, labels []string) []audience.Withheld {
	if len(labels) == 0 {
		return nil
	}
	list := make([]audience.Withheld, len(labels))
	for i, label := range labels {
		list[i] = audience.Withheld{Target: target, Label: label}
	}
	return list
}

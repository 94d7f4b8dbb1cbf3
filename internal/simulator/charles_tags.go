package simulator

import "slices"

// tagSet are the tags of a workspace. It does not change: who adds one makes
// another set.
type tagSet struct {
	all []Tag
	// labels of the usable tags, by the form in which they are sent.
	labels map[string]string
	// ids of the usable tags, by label.
	ids map[string]string
}

func newTagSet(all []Tag, byID bool) *tagSet {
	set := &tagSet{all: all, labels: map[string]string{}, ids: map[string]string{}}
	for _, tag := range all {
		if !tag.Writable() {
			continue
		}
		set.ids[tag.Label] = tag.ID
		if byID {
			set.labels[tag.ID] = tag.Label
		} else {
			set.labels[tag.Label] = tag.Label
		}
	}
	return set
}

// AddTag creates a tag in the workspace, as a person does in its settings. A
// reset takes it away again.
func (s *Simulator) AddTag(tag Tag) {
	for {
		before := s.main.tags.Load()
		with := append(slices.Clip(before.all), tag)
		if s.main.tags.CompareAndSwap(before, newTagSet(with, s.options.Charles.TagsByID)) {
			return
		}
	}
}

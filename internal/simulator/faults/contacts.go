package faults

import (
	"slices"
	"strings"
)

// Selection selects contacts: those that any of Share, References, Suffix and
// Places names.
type Selection struct {
	// Share selects contacts by a digest of their reference: always the same.
	Share float64 `json:"share,omitempty" yaml:"share"`
	// References selects these contacts.
	References []string `json:"references,omitempty" yaml:"references"`
	// Suffix selects the references that end so.
	Suffix string `json:"suffix,omitempty" yaml:"suffix"`
	// Places selects the contacts at these places of one batch call: 0 is the
	// first, -1 the last. They stay selected, wherever they are sent later.
	Places []int `json:"places,omitempty" yaml:"places"`
	// Batch is the batch call that Places is about, from 1 (default 1).
	Batch int64 `json:"batch,omitempty" yaml:"batch"`
	// Attempts selects only the first so many upserts of each of them.
	Attempts int `json:"attempts,omitempty" yaml:"attempts"`
}

// Refusal refuses contacts that are otherwise in order: the fields of a
// Selection, and the reason.
type Refusal struct {
	Share      float64  `json:"share,omitempty" yaml:"share"`
	References []string `json:"references,omitempty" yaml:"references"`
	Suffix     string   `json:"suffix,omitempty" yaml:"suffix"`
	Places     []int    `json:"places,omitempty" yaml:"places"`
	Batch      int64    `json:"batch,omitempty" yaml:"batch"`
	Attempts   int      `json:"attempts,omitempty" yaml:"attempts"`

	// Status of the contact (default 422); 429 and 500 to 599 are transient.
	Status int `json:"status,omitempty" yaml:"status"`
	// Code and Message are the API's reason.
	Code    string `json:"code,omitempty" yaml:"code"`
	Message string `json:"message,omitempty" yaml:"message"`
}

func (r Refusal) selection() Selection {
	return Selection{r.Share, r.References, r.Suffix, r.Places, r.Batch, r.Attempts}
}

// Spot is one contact of a call.
type Spot struct {
	Reference string
	// Batch is the number of the batch call, 0 for a single contact.
	Batch int64
	// Place is where it stands among Of contacts, from 0.
	Place, Of int
}

// NextBatch numbers a batch call, from 1.
func (e *Engine) NextBatch() int64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.batches++
	return e.batches
}

// Refuses says whether an upsert of the contact is refused, and why. Each call
// is one attempt; so it is with Loses, Forgets, Hides and Crashes.
func (e *Engine) Refuses(spot Spot) (Refusal, bool) {
	for i, refusal := range e.plan.Refuse {
		if e.selects("refuse", i, refusal.selection(), spot) {
			return refusal, true
		}
	}
	return Refusal{}, false
}

// Loses says whether an upsert of the contact is silently dropped.
func (e *Engine) Loses(spot Spot) bool { return e.any("lose", e.plan.Lose, spot) }

// Hides says whether the reply leaves the contact out.
func (e *Engine) Hides(spot Spot) bool { return e.any("hide", e.plan.Hide, spot) }

// Crashes says whether the API cannot bear the contact.
func (e *Engine) Crashes(spot Spot) bool { return e.any("crash", e.plan.Crash, spot) }

func (e *Engine) any(list string, selections []Selection, spot Spot) bool {
	for i, selection := range selections {
		if e.selects(list, i, selection, spot) {
			return true
		}
	}
	return false
}

// Refuses says whether the plan refuses upserts of the contact, of all or of
// its first attempts. Places are not known to a plan.
func (p Plan) Refuses(reference string) bool {
	for i, refusal := range p.Refuse {
		if refusal.selection().names(p.digest("refuse", i, reference), reference) {
			return true
		}
	}
	return false
}

// Loses says the same about upserts that are silently dropped.
func (p Plan) Loses(reference string) bool {
	for i, selection := range p.Lose {
		if selection.names(p.digest("lose", i, reference), reference) {
			return true
		}
	}
	return false
}

// choice is a contact selected by its place.
type choice struct {
	list   string
	number int
	digest uint64
}

func (e *Engine) selects(list string, i int, s Selection, spot Spot) bool {
	digest := e.plan.digest(list, i, spot.Reference)
	named := s.names(digest, spot.Reference)
	if !named && len(s.Places) == 0 {
		return false
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	key := choice{list, i, digest}
	if !named {
		if s.hasPlace(spot) {
			e.placed[key] = true
		}
		if !e.placed[key] {
			return false
		}
	}
	if s.Attempts == 0 {
		return true
	}
	e.attempts[key]++
	return e.attempts[key] <= s.Attempts
}

func (s Selection) names(digest uint64, reference string) bool {
	return unit(digest) < s.Share || slices.Contains(s.References, reference) ||
		s.Suffix != "" && strings.HasSuffix(reference, s.Suffix)
}

func (s Selection) hasPlace(spot Spot) bool {
	return spot.Batch == max(s.Batch, 1) &&
		(slices.Contains(s.Places, spot.Place) || slices.Contains(s.Places, spot.Place-spot.Of))
}

package workflows

import (
	"time"

	"audiencesync/activities"
)

// Postponed are batches that Hello Charles did not answer for. As long as it
// answers for no other, that is an outage, and they are sent patiently; else
// they are suspect of holding a contact that the API cannot bear. When no other
// batch is left to tell, one half of a batch tells about the other. When
// nobody is answered for in hours, a person decides whether it is an outage.
type Postponed struct {
	// Answers is how many batches have been answered for.
	Answers int64 `json:"answers,omitempty"`
	// Since is the number of answers when a batch, or the one that it is a part
	// of, was first postponed, by its number.
	Since map[int64]int64 `json:"since,omitempty"`
	// Halves are parts of postponed batches that have not been sent themselves.
	Halves map[int64]bool `json:"halves,omitempty"`
	// Alone are postponed batches of one member, which cannot be halved.
	Alone   map[int64]bool `json:"alone,omitempty"`
	Silence Silence        `json:"silence,omitzero"`
}

// mode is how a batch is to be sent, when so many others may be under way.
func (p *Postponed) mode(number int64, window int) activities.SendMode {
	since, postponed := p.Since[number]
	goesOn := postponed && p.Silence.Approved
	switch {
	case postponed && p.Answers > since, goesOn && p.Alone[number]:
		return activities.SendSuspect
	case p.Silence.InARow > window && !goesOn:
		return activities.SendPatiently
	case postponed && !p.Halves[number]:
		return activities.SendInHalves
	default:
		return activities.SendAndPostpone
	}
}

// sending is how, and when, a batch was sent.
type sending struct {
	batch        int64
	mode         activities.SendMode
	began, ended time.Time
}

// observe takes note of the result of a batch.
func (p *Postponed) observe(sent sending, result activities.SendBatchResult) {
	since, before := p.Since[sent.batch]
	delete(p.Halves, sent.batch)
	if result.Postponed {
		if !before {
			note(&p.Since, sent.batch, p.Answers)
		}
		if sent.mode == activities.SendInHalves {
			note(&p.Alone, sent.batch, true) // A larger one would have been split.
		}
		p.Silence.lasts(sent)
		return
	}
	delete(p.Since, sent.batch)
	delete(p.Alone, sent.batch)
	switch {
	case result.Split && sent.mode == activities.SendInHalves:
		for _, part := range result.Next {
			note(&p.Since, part, since)
			note(&p.Halves, part, true)
		}
	case result.Split && sent.mode == activities.SendSuspect:
		// Its parts are as suspect as it was.
		for _, part := range result.Next {
			note(&p.Since, part, since)
		}
	case result.Split, taken(result)+refused(result) > 0:
		p.Answers++
		p.Silence = Silence{}
	}
}

// note sets an entry of a map, which is nil when it was empty at the start of
// this history.
func note[V any](entries *map[int64]V, number int64, value V) {
	if *entries == nil {
		*entries = map[int64]V{}
	}
	(*entries)[number] = value
}

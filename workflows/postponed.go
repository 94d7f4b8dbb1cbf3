package workflows

import (
	"audiencesync/activities"
	"audiencesync/internal/audience"
)

// Postponed are batches that Hello Charles did not answer for. As long as it
// answers for no other, that is an outage, and they are sent patiently; else
// they are suspect of holding a contact that the API cannot bear. When no other
// batch is left to tell, one half of a batch tells about the other.
type Postponed struct {
	// Answers is how many batches have been answered for.
	Answers int64 `json:"answers,omitempty"`
	// Since is the number of answers when a batch, or the one that it is a part
	// of, was first postponed, by its number.
	Since map[int64]int64 `json:"since,omitempty"`
	// Halves are parts of postponed batches that have not been sent themselves.
	Halves map[int64]bool `json:"halves,omitempty"`
	// InARow counts postponed batches since the last answer.
	InARow int `json:"in_a_row,omitempty"`
}

// mode is how a batch is to be sent, when so many others may be under way.
func (p *Postponed) mode(number int64, window int) activities.SendMode {
	since, postponed := p.Since[number]
	switch {
	case postponed && p.Answers > since:
		return activities.SendSuspect
	case p.InARow > window:
		return activities.SendPatiently
	case postponed && !p.Halves[number]:
		return activities.SendInHalves
	default:
		return activities.SendAndPostpone
	}
}

// observe takes note of the result of a batch.
func (p *Postponed) observe(number int64, mode activities.SendMode, result activities.SendBatchResult) {
	since, before := p.Since[number]
	delete(p.Halves, number)
	if result.Postponed {
		if !before {
			p.remember(number, p.Answers)
		}
		p.InARow++
		return
	}
	delete(p.Since, number)
	switch {
	case result.Split && mode == activities.SendInHalves:
		for _, part := range result.Next {
			p.remember(part, since)
			p.Halves[part] = true
		}
	case result.Split && mode == activities.SendSuspect:
		// Its parts are as suspect as it was.
		for _, part := range result.Next {
			p.remember(part, since)
		}
	case result.Split, taken(result)+result.Outcomes[audience.Refused] > 0:
		p.Answers++
		p.InARow = 0
	}
}

func (p *Postponed) remember(number, since int64) {
	if p.Since == nil {
		p.Since = map[int64]int64{}
	}
	if p.Halves == nil {
		p.Halves = map[int64]bool{}
	}
	p.Since[number] = since
}

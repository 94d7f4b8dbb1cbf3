package workflows

import (
	"audiencesync/activities"
	"audiencesync/internal/audience"
)

// Postponed are batches that Hello Charles did not answer for. As long as it
// answers for no other, that is an outage, and they are sent patiently; else
// they are suspect of holding a contact that the API cannot bear.
type Postponed struct {
	// Answers is how many batches have been answered for.
	Answers int64 `json:"answers,omitempty"`
	// Since is the number of answers when a batch was postponed, by its number.
	Since map[int64]int64 `json:"since,omitempty"`
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
	default:
		return activities.SendAndPostpone
	}
}

// observe takes note of the result of a batch.
func (p *Postponed) observe(number int64, mode activities.SendMode, result activities.SendBatchResult) {
	if result.Postponed {
		if p.Since == nil {
			p.Since = map[int64]int64{}
		}
		p.Since[number] = p.Answers
		p.InARow++
		return
	}
	since, postponed := p.Since[number]
	delete(p.Since, number)
	isolated := mode == activities.SendSuspect && result.Split
	if result.Split && !isolated || taken(result)+result.Outcomes[audience.Refused] > 0 {
		p.Answers++
		p.InARow = 0
	}
	if isolated && postponed {
		// Its parts are as suspect as it was.
		for _, part := range result.Next {
			p.Since[part] = since
		}
	}
}

package faults

import "errors"

// Forgetting lets fields of contacts that are taken be silently dropped, as if they had
// not been sent: the fields of a Selection, and which fields of the contact.
type Forgetting struct {
	Share      float64  `json:"share,omitempty" yaml:"share"`
	References []string `json:"references,omitempty" yaml:"references"`
	Suffix     string   `json:"suffix,omitempty" yaml:"suffix"`
	Places     []int    `json:"places,omitempty" yaml:"places"`
	Batch      int64    `json:"batch,omitempty" yaml:"batch"`
	Attempts   int      `json:"attempts,omitempty" yaml:"attempts"`

	// Fields are "first_name", "middle_name", "last_name", "phone", "email", "tags", or
	// technical names of custom properties.
	Fields []string `json:"fields" yaml:"fields"`
}

func (f Forgetting) selection() Selection {
	return Selection{f.Share, f.References, f.Suffix, f.Places, f.Batch, f.Attempts}
}

func (f Forgetting) validate() error {
	if len(f.Fields) == 0 {
		return errors.New("forgets nothing: it needs fields")
	}
	return f.selection().validate()
}

// Forgets returns the fields of the contact that are silently dropped. Each call is one
// attempt.
func (e *Engine) Forgets(spot Spot) []string {
	var fields []string
	for i, forgetting := range e.plan.Forget {
		if e.selects("forget", i, forgetting.selection(), spot) {
			fields = append(fields, forgetting.Fields...)
		}
	}
	return fields
}

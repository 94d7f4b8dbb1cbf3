package mapping

import "audiencesync/internal/audience"

// Trace is the path of one member through the mapping. It holds contact data:
// it is for the person who asked, never for a log.
type Trace struct {
	Steps []Step
	// Excluded is why the filter keeps the member out, or nil.
	Excluded *Rejection
	// Reference is empty when the member has none that is usable.
	Reference string
	// Rejected is the first reason why the member cannot be sent, or nil.
	Rejected *Rejection
	// Contact is what would be sent; nil when the member is excluded or rejected.
	Contact  *audience.Contact
	Withheld []audience.Withheld
}

// Step is one step of a trace.
type Step struct {
	// Target is what the step makes: "filter", "reference", "first_name", "phone",
	// "tags" or the technical name of a property.
	Target string
	// Inputs are the catalogue fields that it looks at, with what they hold.
	Inputs []Input
	// How says what is done with them ("first of several fields", "date").
	How string
	// Result is what is sent: a text, a property's value, or a list of tags. Nil
	// when nothing is.
	Result any
	// Reason is why the value is not usable; empty if it is, or if there is none.
	Reason audience.Reason
	// Withheld is what the step leaves out.
	Withheld []audience.Withheld
}

// Input is a catalogue field of a member.
type Input struct {
	Field string
	// Value is as the source gives it; nil when the member has none.
	Value any
}

// Trace follows one member. Other than Contact it goes on after a value that is
// not usable, so that all of them are seen.
func (m *Mapper) Trace(member audience.Member) Trace {
	t := tracer{mapped: m.Mapped(member)}
	if m.filter != nil {
		t.Excluded = m.Excluded(t.mapped)
		step := Step{Target: "filter", How: "conditions", Inputs: t.inputs(m.filterFields), Result: t.Excluded == nil}
		if t.Excluded != nil {
			step.Reason = t.Excluded.Reason
		}
		t.Steps = append(t.Steps, step)
	}
	reference, rejected := m.Reference(t.mapped)
	t.Reference = reference
	t.add(Step{Target: "reference", How: m.reference.how + ", " + string(m.sync.Reference.Normalise), Result: shown(reference)}, m.reference.fields, rejected, false)
	for i := range m.names {
		n := &m.names[i]
		text, rejected := n.of(t.mapped)
		t.add(Step{Target: n.target, How: n.origin.how, Result: shown(text)}, n.origin.fields, rejected, false)
	}
	for i := range m.channels {
		c := &m.channels[i]
		value, rejected := c.of(t.mapped, reference)
		t.add(Step{Target: c.target, How: c.origin.how, Result: shown(value)}, c.origin.fields, rejected, rejected != nil && c.omits(rejected))
	}
	m.traceTags(&t)
	m.traceProperties(&t)
	if t.Excluded == nil && t.Rejected == nil {
		contact, withheld, _ := m.Contact(t.mapped, reference)
		t.Contact, t.Withheld = &contact, withheld
	}
	return t.Trace
}

func (m *Mapper) traceTags(t *tracer) {
	if len(m.tags.sources) == 0 {
		return
	}
	found, rejected := m.tags.of(t.mapped)
	step := Step{Target: tagsTarget, How: "constants", Withheld: entries(tagsTarget, found.withheld)}
	switch {
	case m.tags.dynamic && len(m.tags.constants) > 0:
		step.How = "constants and labels of the member"
	case m.tags.dynamic:
		step.How = "labels of the member"
	}
	if len(found.sent) > 0 {
		step.Result = found.sent
	}
	var fields []string
	for i := range m.tags.sources {
		fields = append(fields, m.tags.sources[i].fields()...)
	}
	t.add(step, fields, rejected, false)
}

func (m *Mapper) traceProperties(t *tracer) {
	for _, constant := range m.constants {
		t.add(Step{Target: constant.Name, How: "constant", Result: constant.Value}, nil, nil, false)
	}
	for i := range m.properties {
		p := &m.properties[i]
		found, rejected := p.of(t.mapped)
		step := Step{Target: p.name, How: p.labels.how() + ", " + string(p.kind), Result: found.value, Withheld: found.withheld}
		if found.sent && found.value == nil {
			step.How += ", cleared"
		}
		t.add(step, p.labels.fields(), rejected, rejected != nil && p.omits(rejected))
	}
}

// tracer is a trace in the making.
type tracer struct {
	Trace
	mapped audience.Member
}

// inputs are fields with what the member has in them.
func (t *tracer) inputs(fields []string) []Input {
	if len(fields) == 0 {
		return nil
	}
	list := make([]Input, len(fields))
	for i, field := range fields {
		list[i] = Input{Field: field, Value: t.mapped[field]}
	}
	return list
}

// add ends a step. A value that is omitted does not keep the member from being
// sent.
func (t *tracer) add(step Step, fields []string, rejected *Rejection, omitted bool) {
	step.Inputs = t.inputs(fields)
	if rejected != nil {
		step.Reason = rejected.Reason
		switch {
		case omitted:
			step.Withheld = []audience.Withheld{{Target: step.Target}}
		case t.Rejected == nil:
			t.Rejected = rejected
		}
	}
	t.Steps = append(t.Steps, step)
}

// shown is a text as a result; an empty one is none.
func shown(text string) any {
	if text == "" {
		return nil
	}
	return text
}

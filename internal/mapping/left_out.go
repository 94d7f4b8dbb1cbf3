package mapping

// LeavesOut names what the mapping sets and a contact may yet be sent without:
// its value may be empty, not usable or withheld.
func (m *Mapper) LeavesOut() []string {
	var targets []string
	for i := range m.names {
		if n := &m.names[i]; !n.origin.isConstant() {
			targets = append(targets, n.target)
		}
	}
	for i := range m.channels {
		if c := &m.channels[i]; c.omit || c.missing == "" {
			targets = append(targets, c.target)
		}
	}
	if m.tags.dynamic && len(m.tags.constants) == 0 {
		targets = append(targets, tagsTarget)
	}
	for i := range m.properties {
		if p := &m.properties[i]; p.omit || !p.clear || p.brings() && !p.labels.stop {
			targets = append(targets, p.name)
		}
	}
	return targets
}

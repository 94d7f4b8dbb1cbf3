package preflight

import "audiencesync/internal/config"

// omitted refuses a mirror where leaving would empty contacts, and notes what contacts may be sent without, where the connection does not
// say that Hello Charles keeps it (docs/hello-charles.md A5).
func (i *inspection) omitted() {
	if i.Spec.Mode == config.ModeMirror && i.Settings.Omitted != config.OmittedKeep {
		i.problem("mode mirror: a request for somebody who left names nothing but the marker, and the connection's omitted is %s: "+
			"it would empty the contact; find out with one contact whether Hello Charles keeps what a request does not name "+
			"(docs/hello-charles.md, section 13, step 6) and set omitted: keep, or use mode add", i.Settings.Omitted)
		return
	}
	if len(i.LeavesOut) == 0 {
		return
	}
	switch i.Settings.Omitted {
	case config.OmittedKeep:
	case config.OmittedClear:
		i.note("the connection's omitted is clear: a contact that is sent without one of %s loses what Hello Charles has there "+
			"(docs/mapping.md, What a contact is sent without)", listed(i.LeavesOut))
	default:
		i.note("the connection's omitted is unknown: a contact that is sent without one of %s may lose what Hello Charles has there; "+
			"find out with one contact and set it to keep or clear (docs/hello-charles.md, section 13, step 6)", listed(i.LeavesOut))
	}
}

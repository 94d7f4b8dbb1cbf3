package audience

// Comparison is what it came to that the contacts of a segment were compared, by
// reference, with those that should be there: those that the ledger holds as marked, or,
// in an audit, the members that pass the filter and our checks. Contacts listed are
// those that should or may be there (Found and Unsure less Merged), StillVisible, Foreign,
// OfOthers and Unreferenced, and in an audit Invalid, Excluded and Left.
type Comparison struct {
	// Listed is the number of contacts that the segment lists.
	Listed int64 `json:"listed"`
	// Found of the marked references are in the segment.
	Found int64 `json:"found"`
	// NotVisible of the marked references are not in the segment, and no proof has
	// ever seen them there.
	NotVisible int64 `json:"not_visible,omitempty"`
	// Gone of the marked references are not in the segment, where an earlier proof has
	// seen them; GoneLeft of those are not in the audience any more.
	Gone     int64 `json:"gone,omitempty"`
	GoneLeft int64 `json:"gone_left,omitempty"`
	// Unsure references are in the segment, and the ledger did not know whether they
	// are marked: a request for them was never answered, or they were taken for gone.
	Unsure int64 `json:"unsure,omitempty"`
	// Merged references have a contact that holds another one too: so many more
	// references than contacts are in the segment.
	Merged int64 `json:"merged,omitempty"`
	// StillVisible contacts left the audience and were unmarked by this run, and are in
	// the segment all the same.
	StillVisible int64 `json:"still_visible,omitempty"`
	// Foreign contacts have a reference of our source type that the ledger does not
	// hold as marked. OfOthers have references of other source types only, and
	// Unreferenced have none.
	Foreign      int64 `json:"foreign,omitempty"`
	OfOthers     int64 `json:"of_others,omitempty"`
	Unreferenced int64 `json:"unreferenced,omitempty"`
	// Missing members are not in the segment; Gone of an audit are those whom an earlier
	// proof has found to be gone. Invalid members fail our checks now, and are there by
	// what was sent earlier. Excluded members are there although the filter keeps them
	// out. Left are there, were marked by this sync, and are not in the audience any more.
	// All of these are of audits.
	Missing  int64 `json:"missing,omitempty"`
	Invalid  int64 `json:"invalid,omitempty"`
	Excluded int64 `json:"excluded,omitempty"`
	Left     int64 `json:"left,omitempty"`
	// LastSeenIn is the id of the segment in which an earlier proof saw the sync's
	// contacts, if this one looked into another: then nobody is gone.
	LastSeenIn string `json:"last_seen_in,omitempty"`
	// Moved says that the segment changed while it was listed, or that its count was
	// not that of the list.
	Moved bool `json:"moved,omitempty"`
}

// Strangers are the contacts of the segment that we did not put there.
func (c *Comparison) Strangers() int64 { return c.Foreign + c.OfOthers + c.Unreferenced }

// Same reports whether the segment holds exactly what the ledger holds as marked,
// a contact for each reference.
func (c *Comparison) Same() bool {
	return c.absent() == 0 && c.Strangers() == 0 && c.Merged == 0 && c.Unsure == 0 && c.StillVisible+c.Invalid+c.Excluded+c.Left == 0
}

// Late are those whom a request of ours should have brought into the segment or taken
// out of it, and that has not shown: it may show yet.
func (c *Comparison) Late() int64 { return c.NotVisible + c.StillVisible }

// absent are the references that should be in the segment and are not.
func (c *Comparison) absent() int64 { return c.NotVisible + c.Missing + c.Gone }

// expected are the references that should be in the segment.
func (c *Comparison) expected() int64 { return c.Found + c.absent() }

// listed adds up the contacts of the segment.
func (c *Comparison) listed() int64 {
	return c.Found + c.Unsure - c.Merged + c.StillVisible + c.Strangers() + c.Invalid + c.Excluded + c.Left
}

// compared explains what the comparison found.
func (r *Report) compared() {
	c, before := r.Segment.Comparison, r.Segment.Before
	if c.LastSeenIn != "" {
		r.explain("Hello Charles: this segment is another one than %s, in which the contacts of this sync were seen before: if that is not meant, correct verification.segment; "+
			"nobody is taken for gone, and nobody is sent again for it", c.LastSeenIn)
	}
	switch {
	case c.NotVisible > 0 && c.LastSeenIn != "":
		r.explain("Hello Charles: %s not in the segment (not visible yet)%s",
			Count(c.NotVisible, "accepted reference is", "accepted references are"), c.notVisibleHint())
	case c.NotVisible > 0:
		r.explain("Hello Charles: %s never seen there (not visible yet); the next run sends %s again%s",
			Count(c.NotVisible, "accepted reference is not in the segment, and was", "accepted references are not in the segment, and were"),
			itOrThem(c.NotVisible), c.notVisibleHint())
	}
	if c.StillVisible > 0 {
		r.explain("Hello Charles: %s in the segment all the same (still visible); the next run unmarks %s again",
			Count(c.StillVisible, "contact that was unmarked is", "contacts that were unmarked are"), itOrThem(c.StillVisible))
	}
	r.auditCompared(c)
	if c.Gone > 0 {
		r.explain("Hello Charles: %s left alone%s",
			Count(c.Gone, "reference was in the segment and is not any more (gone); it is", "references were in the segment and are not any more (gone); they are"), c.goneHint())
	}
	if c.Merged > 0 {
		r.explain("Hello Charles: %s a contact with another one (merged)", Count(c.Merged, "reference shares", "references share"))
	}
	if c.Unsure > 0 {
		r.explain("Hello Charles: %s in the segment of which the ledger was not sure (unsure): a request was never answered, or an earlier proof found otherwise",
			Count(c.Unsure, "reference is", "references are"))
	}
	switch strangers := c.Strangers(); {
	case strangers > before:
		r.explain("Hello Charles: %s in the segment that %s (foreign): %s with a reference of ours, %s of other systems, %s without any%s",
			Count(strangers, "contact is", "contacts are"), r.whyForeign(strangers), Thousands(c.Foreign), Thousands(c.OfOthers), Thousands(c.Unreferenced), r.Segment.beforeNote())
	case strangers > 0:
		r.explain("Hello Charles: %s not ours; %s there before the first run",
			Count(strangers, "contact is in the segment that is", "contacts are in the segment that are"), Count(before, "was", "were"))
	case before > 0:
		r.explain("Hello Charles: %s not any more",
			Count(before, "other was in the segment before the first run, and is", "others were in the segment before the first run, and are"))
	}
	if !r.Segment.steady() {
		r.explain("Hello Charles: the segment counts %s and lists %s: it changes, or its count lags behind",
			countedWords(r.Segment.Counted), Thousands(c.Listed))
	}
}

// whyForeign says what contacts are not that should not be in the segment.
func (r *Report) whyForeign(strangers int64) string {
	if r.Audited && strangers == 1 {
		return "is no member of the audience"
	}
	if r.Audited {
		return "are no members of the audience"
	}
	return "the ledger does not hold as marked"
}

// goneHint says what can be done about those who are gone.
func (c *Comparison) goneHint() string {
	if c.Found == 0 {
		return ": none of ours is there, so check first that the segment still asks for the marker; those that it shows again are ours again"
	}
	return ": run --recreate would bring " + itOrThem(c.Gone) + " back"
}

// notVisibleHint says what else there may be to it than that contacts were lost.
func (c *Comparison) notVisibleHint() string {
	if c.OfOthers == 0 && c.Found == 0 && c.Gone == 0 {
		return "; none of ours is: check that the segment asks for the marker, and that verification.segment is its id"
	}
	return c.othersHint()
}

// othersHint is for references that are missing while others are there.
func (c *Comparison) othersHint() string {
	if c.OfOthers == 0 {
		return ""
	}
	return "; if contacts of other systems are these, Hello Charles knows contacts by the reference alone: set read.segment_member.any_source in the connection"
}

func (s SegmentCount) beforeNote() string {
	if s.Before == 0 {
		return ""
	}
	return "; " + Count(s.Before, "was there before the first run and is not ours", "were there before the first run and are not ours")
}

func countedWords(n *int64) string {
	if n == nil {
		return "no contacts"
	}
	return Count(*n, "contact", "contacts")
}

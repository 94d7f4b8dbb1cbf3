package ledger

import (
	"context"
	"fmt"

	"audiencesync/internal/audience"
)

const (
	// seenListed are the contacts that the segment was found to hold.
	seenListed seenKind = "listed"
	// seenBack are those of the contacts that had been taken for gone.
	seenBack seenKind = "back"
	// seenStill are those of the contacts that this run has unmarked.
	seenStill seenKind = "still"
)

// Listed is one contact of a segment, as Hello Charles lists it.
type Listed struct {
	// References are those of our source type.
	References []string
	// OfOthers says that it has references of other source types.
	OfOthers bool
}

// Comparing compares the contacts of a segment with those that the ledger holds as
// marked for a sync; for an audit, with the members that the run has read. It holds
// bitmaps of row ids, no references.
type Comparing struct {
	ledger *Ledger
	ref    RunRef
	run    comparedRun
	// has is the audience, and expected who of it should be in the segment: for an audit.
	has      audienceSeen
	expected *seen
	// left are the contacts that the run was to unmark.
	left *seen

	result audience.Comparison
	// found are the expected contacts whose reference was listed, back those that are
	// no members, were taken for gone, and are there after all, still those that were
	// unmarked, and are there all the same.
	found, back, still *seen
	// named are the first references of each kind.
	named map[DifferenceKind][]string
}

// Compare begins a comparison for a run.
func (l *Ledger) Compare(ctx context.Context, ref RunRef) (*Comparing, error) {
	run, err := loadComparedRun(ctx, l.reads, ref)
	if err != nil {
		return nil, err
	}
	c := comparing(l, run)
	c.ref = ref
	if !run.audit {
		if c.left, err = loadSeen(ctx, l.reads, run.id, seenLeft); err != nil {
			return nil, fmt.Errorf("ledger: who left: %w", err)
		}
		return &c, nil
	}
	if c.has, err = loadAudience(ctx, l.reads, run.id); err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	c.expected = c.has.expected()
	return &c, nil
}

func comparing(l *Ledger, run comparedRun) Comparing {
	return Comparing{
		ledger: l, run: run, left: newSeen(seenLeft),
		found: newSeen(seenListed), back: newSeen(seenBack), still: newSeen(seenStill), named: map[DifferenceKind][]string{},
	}
}

// Take compares some contacts of the segment, each of which is listed once.
func (c *Comparing) Take(ctx context.Context, contacts []Listed) error {
	var references []string
	var holder []int
	for i, contact := range contacts {
		for _, reference := range contact.References {
			references, holder = append(references, reference), append(holder, i)
		}
	}
	ours, err := c.lookUp(ctx, references)
	if err != nil {
		return fmt.Errorf("ledger: comparing references: %w", err)
	}
	held, is := make([]int64, len(contacts)), make([]listedReference, len(contacts))
	for i, reference := range ours {
		at := holder[i]
		if is[at].role < reference.role {
			is[at] = reference
		}
		if !c.holds(reference) {
			continue
		}
		if held[at]++; held[at] > 1 {
			c.name(DifferenceMerged, references[i])
		}
		if reference.role == roleMember {
			c.result.Found++
		} else {
			c.result.Unsure++
		}
	}
	for i, contact := range contacts {
		c.result.Listed++
		if held[i] > 0 {
			c.result.Merged += held[i] - 1
			continue
		}
		c.stranger(contact, is[i])
	}
	return nil
}

// holds reports whether the segment holds a contact of ours by a reference, by no other
// of which it was found before.
func (c *Comparing) holds(reference listedReference) bool {
	switch reference.role {
	case roleMember, roleUnsure:
		return c.found.add(reference.contact)
	case roleGone:
		return c.back.add(reference.contact)
	default:
		return false
	}
}

// stranger counts a contact that should not be in the segment.
func (c *Comparing) stranger(contact Listed, is listedReference) {
	switch {
	case is.role == roleInvalid:
		c.result.Invalid++
	case is.role == roleExcluded:
		c.result.Excluded++
		c.name(DifferenceExcluded, is.reference)
	case is.role == roleLeft:
		c.result.Left++
		c.name(DifferenceLeft, is.reference)
	case is.role == roleUnmarked:
		c.result.StillVisible++
		c.still.add(is.contact)
		c.name(DifferenceStillVisible, is.reference)
	case len(contact.References) > 0:
		c.result.Foreign++
		c.name(DifferenceForeign, contact.References[0])
	case contact.OfOthers:
		c.result.OfOthers++
	default:
		c.result.Unreferenced++
	}
}

func (c *Comparing) name(kind DifferenceKind, reference string) {
	if len(c.named[kind]) < mostDifferences {
		c.named[kind] = append(c.named[kind], reference)
	}
}

// role is what a listed reference is to the sync. Of the references of a contact the
// highest counts.
type role int

const (
	roleNone role = iota
	// roleUnmarked: the run has taken its marker away.
	roleUnmarked
	// roleLeft: the ledger holds it as marked, and it is not in the audience.
	roleLeft
	// roleExcluded: it is in the audience, and the filter keeps it out.
	roleExcluded
	// roleInvalid: it is in the audience, and fails our checks now.
	roleInvalid
	// roleGone: it was taken for gone. roleUnsure: it may be marked.
	roleGone
	roleUnsure
	// roleMember: it should be there.
	roleMember
)

// listedReference is what the ledger knows of a reference that was listed.
type listedReference struct {
	reference string
	contact   int64
	role      role
}

func (c *Comparing) lookUp(ctx context.Context, references []string) ([]listedReference, error) {
	found := make([]listedReference, len(references))
	if len(references) == 0 {
		return found, nil
	}
	list, err := jsonList(references)
	if err != nil {
		return nil, err
	}
	rows, err := c.ledger.reads.QueryContext(ctx, `
		SELECT wanted.key, contacts.id, coalesce(marked, 0), held, gone.contact_id IS NOT NULL
		FROM json_each(CAST($1 AS TEXT)) AS wanted CROSS JOIN contacts
		LEFT JOIN memberships ON memberships.sync_id = $3 AND memberships.contact_id = contacts.id
		LEFT JOIN gone ON gone.sync_id = $3 AND gone.contact_id = contacts.id
		WHERE contacts.workspace_id = $2 AND contacts.reference = wanted.atom`, list, c.run.workspaceID, c.run.syncID)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var at int
		var contact, marked, held int64
		var wasOurs bool
		if err := rows.Scan(&at, &contact, &marked, &held, &wasOurs); err != nil {
			return nil, err
		}
		found[at] = listedReference{references[at], contact, c.roleOf(contact, marked, wasOurs || held == confirmedGone)}
	}
	return found, rows.Err()
}

func (c *Comparing) roleOf(contact, marked int64, gone bool) role {
	switch {
	case !c.run.audit && marked == markedYes:
		return roleMember
	case !c.run.audit && marked != 0:
		return roleUnsure
	case !c.run.audit && gone:
		return roleGone
	case !c.run.audit && c.left.has(contact):
		return roleUnmarked
	case !c.run.audit:
		return roleNone
	case c.expected.has(contact):
		return roleMember
	case c.has.suppressed.has(contact):
		return roleExcluded
	case c.has.invalid.has(contact):
		return roleInvalid
	case marked != 0:
		return roleLeft
	default:
		return roleNone
	}
}

package activities

import (
	"fmt"

	"audiencesync/internal/audience"
	"audiencesync/internal/ledger"
)

// look takes from each member of a page what the mapping needs, its reference,
// and whether the filter keeps it out; those that would be sent are mapped on
// trial, so that a batch holds nobody who cannot be sent.
func look(run *openRun, page audience.Page, book *ledger.Ledger) (ledger.PageInput, error) {
	input := ledger.PageInput{
		Next: page.Next, Last: page.Last, Members: make([]ledger.ReadMember, 0, len(page.Members)),
		Sample: sampleSize(run.spec, run.workspace.Settings),
		Check: func(member ledger.ReadMember) (ledger.Channels, *ledger.Objection) {
			contact, _, rejection := run.mapper.Contact(member.Mapped, member.Reference)
			if rejection != nil {
				return ledger.Channels{}, &ledger.Objection{Reason: rejection.Reason, Field: rejection.Field}
			}
			return book.ChannelsOf(contact), nil
		},
		Changed: func(member ledger.ReadMember, accepted []byte) ([]string, bool, error) {
			return run.mapper.ChangedFields(book.Key(), member.Reference, member.Mapped, accepted)
		},
	}
	unfilled := newUnfilled(run.mapper.Fields())
	for i, member := range page.Members {
		mapped := run.mapper.Mapped(member)
		unfilled.see(mapped)
		fingerprint, err := run.mapper.Fingerprint(book.Key(), mapped)
		if err != nil {
			return input, fmt.Errorf("fingerprint of member %d: %w", i+1, err)
		}
		excluded := run.mapper.Excluded(mapped)
		reference, rejection := run.mapper.Reference(mapped)
		if rejection != nil {
			rejected := ledger.RejectedMember{
				Position: i + 1, Outcome: audience.Invalid, Reason: rejection.Reason, Field: rejection.Field, Fingerprint: fingerprint[:], Mapped: mapped,
			}
			if excluded != nil {
				rejected.Outcome, rejected.Reason, rejected.Field = audience.Suppressed, excluded.Reason, excluded.Field
			}
			input.Rejected = append(input.Rejected, rejected)
			continue
		}
		read := ledger.ReadMember{Position: i + 1, Reference: reference, Fingerprint: fingerprint[:], Mapped: mapped}
		if excluded != nil {
			read.Suppressed = &ledger.Suppression{Reason: excluded.Reason, Field: excluded.Field}
		} else {
			read.Unknown = run.mapper.Unknown(mapped)
		}
		input.Members = append(input.Members, read)
	}
	input.Unfilled = unfilled.meant(page.Members)
	return input, nil
}

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"

	"audiencesync/internal/config"
	"audiencesync/internal/firstsync"
)

// showSample shows what members look like; values only where they were asked for.
func (b *beginner) showSample() error {
	sample := b.live.sample
	if sample.Members() == 0 {
		return nil
	}
	b.say("\nThe first %d members:", sample.Members())
	header := table.Row{"field", "filled", "looks like"}
	if b.flags.showValues {
		header = append(header, "for example")
	}
	rows := make([]table.Row, len(sample.Fields))
	for i, field := range sample.Fields {
		rows[i] = table.Row{printable(field.Name, ""), b.ofSample(field.Filled), looksLike(field)}
		if b.flags.showValues {
			rows[i] = append(rows[i], printable(sample.Example(field.Name), ""))
		}
	}
	if err := writeTable(b.stderr, header, rows); err != nil {
		return err
	}
	if sample.Unnamed > 0 {
		b.say("and %d whose names look like contact data themselves, or cannot be written", sample.Unnamed)
	}
	b.say("")
	return nil
}

// looksLike names the shape of most values, and how many do not have it.
func looksLike(field firstsync.Field) string {
	shape, values := field.Shape()
	if others := field.Filled - values; others > 0 {
		return fmt.Sprintf("%s, but for %d", shape, others)
	}
	return string(shape)
}

// catalogued refuses a field that no member of the sample has and another one is nearly
// called like.
func (b *beginner) catalogued(field string) error {
	sample := b.live.sample
	if _, ok := sample.Field(field); ok || sample.Members() == 0 {
		return nil
	}
	if near, ok := config.Nearest(field, sample.Names()); ok {
		return fmt.Errorf("no member of the sample has a field %q; did you mean %q?", field, near)
	}
	b.say("  note: no member of the sample has a value in %s", printable(field, ""))
	return nil
}

func (b *beginner) askFields(ctx context.Context) error {
	p := b.live.proposal
	b.sync.Consent = p.Consent
	phone := p.Reference
	if b.sync.Normalise != string(config.NormaliseRaw) {
		phone = b.sync.Reference
	}
	for _, target := range []struct {
		to                   *string
		name, text, proposed string
	}{
		{&b.sync.FirstName, "first_name", "Field of the first name", p.FirstName},
		{&b.sync.MiddleName, "middle_name", "Field of the middle name", p.MiddleName},
		{&b.sync.LastName, "last_name", "Field of the last name", p.LastName},
		{&b.sync.Phone, "phone", "Field of the phone number (needed to create a contact)", phone},
		{&b.sync.Email, "email", "Field of the email address (needed to create a contact)", p.Email},
	} {
		if err := b.into(ctx, target.to, question{
			name: target.name, text: target.text + ", or - for none", proposed: orNone(target.proposed),
			check: optional(func(field string) (string, error) { return field, b.catalogued(field) }),
		}); err != nil {
			return err
		}
	}
	return nil
}

func (b *beginner) askTags(ctx context.Context) error {
	labels := make([]string, len(b.live.workspace.Tags))
	for i, tag := range b.live.workspace.Tags {
		labels[i] = tag.Label
	}
	_, err := b.ask(ctx, question{
		name: "tags", text: "Tags that every contact gets (a tag cannot be taken away), or - for none", proposed: orNone(strings.Join(firstsync.Tags(b.live.workspace), ", ")),
		check: func(answer string) (string, error) {
			b.sync.Tags = nil
			if answer == noAnswer {
				return answer, nil
			}
			for label := range strings.SplitSeq(answer, ",") {
				if label = strings.TrimSpace(label); label == "" {
					continue
				}
				if b.live.workspace.Tags != nil && !slices.Contains(labels, label) {
					return "", errors.New(b.missing("tag", label, labels))
				}
				b.sync.Tags = append(b.sync.Tags, label)
			}
			return answer, b.sync.ProblemIn("mapping.tags")
		},
	})
	return err
}

func (b *beginner) askAccept(ctx context.Context) error {
	b.sync.AcceptInvalid = "2%"
	text := "Share of members that may be invalid in a good run"
	if members := b.live.sample.Members(); members > 0 {
		unusable := members - b.live.sample.Usable(b.reference()).Members
		b.sync.SampleNote = fmt.Sprintf("of the first %d members, %d had no usable reference", members, unusable)
		text += fmt.Sprintf(" (%d of the sample have no usable reference)", unusable)
	}
	return b.into(ctx, &b.sync.AcceptInvalid, question{
		name: "accept_invalid", text: text, proposed: b.sync.AcceptInvalid,
		check: func(share string) (string, error) {
			with := b.sync
			with.AcceptInvalid = share
			return share, with.ProblemIn("accept.invalid")
		},
	})
}

package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"audiencesync/internal/config"
	"audiencesync/internal/firstsync"
)

func (b *beginner) askReference(ctx context.Context) error {
	proposed := b.live.proposal.Reference
	if proposed == "" && b.live.sample.Members() > 0 {
		b.say("  no field of the sample looks like a phone number; where the numbers are hashes, ask Zeotap for the raw values")
	}
	if err := b.into(ctx, &b.sync.Reference, question{
		name: "reference", text: "Field of the reference, the key of every contact: the phone number, or an id that never changes", proposed: proposed,
		check: func(field string) (string, error) {
			if _, ok := b.live.sample.Field(field); !ok && b.live.sample.Members() > 0 {
				return "", cmp.Or(b.catalogued(field), fmt.Errorf("no member of the sample has a field %q; the fields are %s", field, strings.Join(b.live.sample.Names(), ", ")))
			}
			b.sync.Reference = field
			return field, nil
		},
	}); err != nil {
		return err
	}
	if err := b.into(ctx, &b.sync.Normalise, question{
		name: "normalise", text: "Spelling of the reference: e164 (+4915112345678), digits (4915112345678), raw (as it is)", proposed: b.spelling(), check: oneOf(config.Normalise("").Choices()...),
	}); err != nil {
		return err
	}
	return b.askRegion(ctx)
}

// spelling is e164 where at least half of the references are phone numbers.
func (b *beginner) spelling() string {
	sample := b.live.sample
	numbers := sample.Usable(firstsync.PhoneReference(b.sync.Reference, sample.Region)).Members
	if sample.Members() > 0 && 2*numbers < sample.Members() {
		return string(config.NormaliseRaw)
	}
	return string(config.NormaliseE164)
}

func (b *beginner) askRegion(ctx context.Context) error {
	if b.sync.Normalise != string(config.NormaliseRaw) {
		proposed := noAnswer
		if b.live.sample.NeedsRegion(b.sync.Reference) {
			proposed = b.live.sample.Region
		}
		if err := b.into(ctx, &b.sync.Region, question{
			name: "region", text: "Region of phone numbers without a country code (DE, GB ...), or - if all have one", proposed: proposed,
			check: optional(func(region string) (string, error) {
				with := b.sync
				with.Region = region
				return region, with.ProblemIn("reference.default_region")
			}),
		}); err != nil {
			return err
		}
	}
	b.showUsable()
	return nil
}

// reference is that of the sync as far as it is known.
func (b *beginner) reference() config.Reference {
	return config.Reference{
		Origin: config.Origin{From: b.sync.Reference}, Normalise: config.Normalise(b.sync.Normalise), DefaultRegion: b.sync.Region,
	}
}

// showUsable says of how many members a run could use the reference, and why not of others.
func (b *beginner) showUsable() {
	if b.live.sample.Members() == 0 {
		return
	}
	usable := b.live.sample.Usable(b.reference())
	b.say("  %s members of the sample have a usable reference", b.ofSample(usable.Members))
	for _, reason := range slices.Sorted(maps.Keys(usable.Reasons)) {
		b.say("  %d: %s", usable.Reasons[reason], reason.Explain())
	}
}

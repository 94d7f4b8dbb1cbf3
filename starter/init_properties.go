package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"audiencesync/internal/config"
	"audiencesync/internal/firstsync"
)

func (b *beginner) askProperties(ctx context.Context) error {
	p := b.live.proposal
	for _, remark := range p.Remarks {
		b.say("  custom property %s and field %s: left out, because %s", printable(remark.Property, ""), printable(remark.Field, ""), remark.Why)
	}
	names := slices.Sorted(maps.Keys(p.Properties))
	proposed := make([]string, len(names))
	for i, name := range names {
		proposed[i] = name + "=" + fieldOf(p.Properties[name])
	}
	_, err := b.ask(ctx, question{
		name: "properties", text: "Custom properties and their fields, as in city=city, zip=address.postcode, or - for none", proposed: orNone(strings.Join(proposed, ", ")),
		check: func(answer string) (string, error) {
			chosen, err := b.properties(answer)
			b.sync.Properties = chosen
			return answer, err
		},
	})
	b.sync.Remarks = slices.DeleteFunc(slices.Clone(p.Remarks), func(r firstsync.Remark) bool {
		return slices.ContainsFunc(b.sync.Properties, func(p firstsync.Property) bool { return p.Name == r.Property })
	})
	return err
}

func fieldOf(source config.PropertySource) string { return cmp.Or(source.From, source.List) }

// properties reads a list of custom properties and their fields.
func (b *beginner) properties(answer string) ([]firstsync.Property, error) {
	var chosen []firstsync.Property
	if answer == noAnswer {
		return nil, nil
	}
	for pair := range strings.SplitSeq(answer, ",") {
		name, field, ok := strings.Cut(pair, "=")
		name, field = strings.TrimSpace(name), strings.TrimSpace(field)
		if !ok {
			field = name
		}
		switch {
		case name == "" || field == "":
			return nil, errors.New("write custom properties and their fields, as in city=city, zip=address.postcode")
		case slices.ContainsFunc(chosen, func(p firstsync.Property) bool { return p.Name == name }):
			return nil, fmt.Errorf("custom property %q stands there twice", name)
		}
		source, err := b.property(name, field)
		if err != nil {
			return nil, err
		}
		chosen = append(chosen, firstsync.Property{Name: name, Source: source})
	}
	slices.SortFunc(chosen, func(a, b firstsync.Property) int { return cmp.Compare(a.Name, b.Name) })
	return chosen, nil
}

// property says how a field is sent as a custom property.
func (b *beginner) property(name, field string) (config.PropertySource, error) {
	if err := b.catalogued(field); err != nil {
		return config.PropertySource{}, err
	}
	if b.live.workspace.Properties == nil {
		kind := b.live.sample.TypeOf(field)
		b.say("  note: whether %s exists, and of which type, is not known; type %s is what the field looks like", printable(name, ""), kind)
		return config.PropertySource{Type: kind, Origin: config.Origin{From: field}}, nil
	}
	property, ok := b.live.workspace.Property(name)
	if !ok {
		return config.PropertySource{}, errors.New(b.missing("custom property", name, b.propertyNames()))
	}
	if !property.Writable {
		return config.PropertySource{}, fmt.Errorf("custom property %q is read-only, disabled or owned by another system in Hello Charles", name)
	}
	fit := b.live.sample.Fit(property, field)
	if fit.Source.Type == "" {
		return config.PropertySource{}, fmt.Errorf("custom property %q: %s", name, fit.Why)
	}
	if fit.Why != "" && b.live.sample.Members() > 0 {
		b.say("  note: custom property %s: %s", printable(name, ""), fit.Why)
	}
	return fit.Source, nil
}

func (b *beginner) propertyNames() []string {
	names := make([]string, len(b.live.workspace.Properties))
	for i, property := range b.live.workspace.Properties {
		names[i] = property.Name
	}
	return names
}

// missing says that Hello Charles does not have what was named.
func (b *beginner) missing(what, name string, known []string) string {
	text := fmt.Sprintf("%s %q does not exist in Hello Charles, which would ignore it silently: create it under Settings first", what, name)
	if near, ok := config.Nearest(name, known); ok {
		text += fmt.Sprintf(", or did you mean %q?", near)
	}
	return text
}

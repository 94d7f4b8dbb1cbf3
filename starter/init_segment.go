package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/firstsync"
	"audiencesync/internal/hellocharles"
	"audiencesync/internal/vendorhttp"
)

func (b *beginner) askMarker(ctx context.Context) error {
	return b.askAll(ctx, []asked{
		{&b.sync.Marker, question{
			name: "marker", text: "Custom property of type text that marks the members of this audience, and no others", proposed: firstsync.Marker(b.sync.AudienceID, b.live.workspace),
			check: b.checkMarker,
		}},
		{&b.sync.Member, question{
			name: "marker_member", text: "Its value for members", proposed: "member",
			check: func(value string) (string, error) {
				with := b.sync
				with.Member = value
				return value, with.ProblemIn("marker")
			},
		}},
	})
}

func (b *beginner) checkMarker(name string) (string, error) {
	if slices.ContainsFunc(b.sync.Properties, func(p firstsync.Property) bool { return p.Name == name }) {
		return "", fmt.Errorf("%q is mapped from a field already; the marker needs a property of its own", name)
	}
	property, exists := b.live.workspace.Property(name)
	if why := firstsync.MisfitMarker(property); exists && why != "" {
		return "", fmt.Errorf("custom property %q cannot be the marker: %s", name, why)
	}
	if !exists && b.live.workspace.Properties != nil {
		// Another letter case is another property, and both would be there.
		if at := slices.IndexFunc(b.propertyNames(), func(known string) bool { return strings.EqualFold(known, name) }); at >= 0 {
			return "", fmt.Errorf("custom property %q does not exist; there is %q: letter case counts", name, b.propertyNames()[at])
		}
	}
	with := b.sync
	with.Marker, with.Member = name, "member"
	err := with.ProblemIn("marker")
	if err == nil && name != firstsync.Marker(b.sync.AudienceID, b.live.workspace) { // Of that one it is said.
		b.tellMissing(name)
	}
	return name, err
}

func (b *beginner) askSegment(ctx context.Context) error {
	b.say("\nThe segment in Hello Charles has one condition:\n    %s", b.sync.Filter())
	segments := b.live.workspace.Segments
	for i, segment := range segments {
		b.say("  %d. %s (id %s)", i+1, printable(segment.Name, ""), printable(segment.ID, ""))
	}
	text := "Id of the segment: it stands in the address bar when the segment is open. - if it is still to be created"
	if len(segments) > 0 {
		text = "Id of the segment, or its number above. - if it is still to be created"
	}
	return b.into(ctx, &b.sync.Segment, question{
		name: "segment", text: text, proposed: noAnswer,
		check: optional(func(answer string) (string, error) {
			id := lastPart(answer)
			if n, err := strconv.Atoi(answer); err == nil && n >= 1 && n <= len(segments) && !hasID(segments, answer) {
				id = segments[n-1].ID
			}
			return id, b.countSegment(ctx, id)
		}),
	})
}

// lastPart is the id in an address that was pasted whole.
func lastPart(answer string) string {
	if at, err := url.Parse(answer); err == nil && at.Host != "" && at.Path != "" {
		return path.Base(at.Path)
	}
	return answer
}

func hasID(segments []hellocharles.Segment, id string) bool {
	return slices.ContainsFunc(segments, func(s hellocharles.Segment) bool { return s.ID == id })
}

// countSegment looks whether a segment is there. Only that it is not is a wrong answer.
func (b *beginner) countSegment(ctx context.Context, id string) error {
	if !b.live.mayRead || b.connections.Charles.MayNotRead {
		return nil
	}
	var count int64
	err := b.patiently(ctx, func() (err error) {
		count, err = b.live.api.SegmentCount(ctx, id)
		return err
	})
	if vendor, ok := errors.AsType[*vendorhttp.Error](err); ok && vendor.Kind == vendorhttp.NotFound {
		return fmt.Errorf("segment %q does not exist in Hello Charles; its id stands in the address bar when the segment is open", id)
	}
	switch {
	case err != nil:
		return b.cannotRead(ctx, "the segment", err)
	case count > 0:
		b.say("  note: it holds %s contacts already: before the first run say whose they are, by audiencesync adopt or ignore", audience.Thousands(count))
	default:
		b.say("  it holds nobody yet")
	}
	return nil
}

func (b *beginner) askName(ctx context.Context) error {
	return b.into(ctx, &b.sync.Name, question{
		name: "sync", text: "Name of the sync: lower-case letters, digits and dashes; it never changes", proposed: firstsync.SyncName(b.sync.AudienceName, b.sync.AudienceID),
		check: func(name string) (string, error) {
			with := b.sync
			with.Name = name
			return name, with.ProblemIn("sync")
		},
	})
}

// completed is what is written of the connections: where the key may not read, what the
// sync uses is what exists.
func (b *beginner) completed() firstsync.Connections {
	connections := b.connections
	if connections.Charles.MayNotRead {
		connections.Charles.KnownTags = b.sync.Tags
		connections.Charles.KnownProperties = []string{b.sync.Marker}
		for _, property := range b.sync.Properties {
			connections.Charles.KnownProperties = append(connections.Charles.KnownProperties, property.Name)
		}
	}
	return connections
}

// contents are both files, checked as the worker will. The connections file is nil if it
// was there.
func (b *beginner) contents() (connections, sync []byte, err error) {
	if !b.existing {
		if connections, err = b.completed().YAML(); err != nil {
			return nil, nil, err
		}
		if _, err = config.ConnectionsAt(b.flags.writeConnections, connections); err != nil {
			return nil, nil, &exitError{code: exitUsage, err: fmt.Errorf("the connections do not hold together; nothing was written:\n%w", err)}
		}
	}
	if sync, err = b.sync.YAML(); err != nil {
		return nil, nil, err
	}
	if _, err = config.ParseSync(b.flags.writeSync, sync); err != nil {
		return nil, nil, &exitError{code: exitUsage, err: fmt.Errorf("the sync does not hold together; nothing was written:\n%w", err)}
	}
	return connections, sync, nil
}

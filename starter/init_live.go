package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"

	"go.opentelemetry.io/otel/metric/noop"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/endpoints"
	"audiencesync/internal/firstsync"
	"audiencesync/internal/hellocharles"
	"audiencesync/internal/ledger"
	"audiencesync/internal/trial"
	"audiencesync/internal/vendorhttp"
	"audiencesync/internal/zeotap"
)

// live is what both vendors say.
type live struct {
	book      *ledger.Ledger
	pool      *endpoints.Pool
	deltas    bool
	api       hellocharles.API
	mayRead   bool
	name      string // of the audience
	sample    *firstsync.Sample
	workspace firstsync.Workspace
	proposal  firstsync.Proposal
	// denied is the kind of error with which the key was refused to read, if it was.
	denied vendorhttp.Kind
}

// open opens the ledger and makes the clients of both vendors.
func (b *beginner) open(ctx context.Context) (close func() error, err error) {
	b.live.book, close, err = b.openLedger(ctx)
	if err != nil {
		return nil, err
	}
	if err := b.connect(ctx); err != nil {
		return nil, errors.Join(err, close())
	}
	return close, nil
}

// connect makes the clients of both vendors from the connections as they are now.
func (b *beginner) connect(ctx context.Context) error {
	loaded, err := b.loaded()
	if err != nil {
		return &exitError{code: exitUsage, err: err}
	}
	settings := loaded.HelloCharles[b.sync.Destination]
	b.live.mayRead = settings.Read.ReadsAllowed()
	b.live.deltas = loaded.ZeotapExport[b.sync.Source].Delivers == config.DeliversDeltas
	b.live.pool = endpoints.New(endpoints.Options{
		Connections: smallPages(loaded, b.flags.sample), Ledger: b.live.book, Meter: noop.NewMeterProvider().Meter("audiencesync"), Credential: b.store().Lookup,
	})
	workspace, err := b.live.pool.Workspace(ctx, b.sync.Destination)
	if err != nil {
		return trialError("", err)
	}
	b.live.api = workspace.API
	return nil
}

// withKey asks a vendor and, where the key is not accepted, the person for another one,
// until it is or the person goes on without, which is told with what is missing then. A
// script is told of the key, and goes on without.
func (b *beginner) withKey(ctx context.Context, vendor, without string, key *string, name string, ask func() error) error {
	for {
		err := b.patiently(ctx, ask)
		refused, ok := errors.AsType[*vendorhttp.Error](err)
		if !ok || refused.Kind != vendorhttp.Unauthorized || !b.person || b.closed || b.existing {
			return err
		}
		b.say("  %v", err)
		delete(b.given, name) // It is the one that was not accepted.
		answer, asking := b.ask(ctx, question{
			name: name, text: vendor + ": where the right key is, env:NAME or file:PATH, or - to go on without", proposed: noAnswer, check: optional(b.present(ctx)),
		})
		switch {
		case asking != nil:
			return asking
		case answer == "":
			b.say("  going on without the key of %s: %s", vendor, without)
			return err
		}
		*key = answer
		if err := b.connect(ctx); err != nil {
			return err
		}
	}
}

// loaded are the connections as the worker will read them.
func (b *beginner) loaded() (config.Connections, error) {
	if b.existing {
		return config.LoadConnections(b.flags.connections)
	}
	raw, err := b.connections.YAML()
	if err != nil {
		return config.Connections{}, err
	}
	return config.ConnectionsAt(b.flags.writeConnections, raw)
}

// smallPages asks for no more members at once than are looked at.
func smallPages(c config.Connections, most int) config.Connections {
	c.ZeotapAPI, c.ZeotapExport = maps.Clone(c.ZeotapAPI), maps.Clone(c.ZeotapExport)
	for name, api := range c.ZeotapAPI {
		api.PageSize = min(api.PageSize, most)
		c.ZeotapAPI[name] = api
	}
	for name, export := range c.ZeotapExport {
		export.PageSize = min(export.PageSize, most)
		c.ZeotapExport[name] = export
	}
	return c
}

// openLedger opens the ledger that there is, for its request budget, or a temporary one.
func (b *beginner) openLedger(ctx context.Context) (*ledger.Ledger, func() error, error) {
	if b.flags.ledger != "" || os.Getenv(ledgerVariable) != "" || isFile(localLedger) {
		book, err := b.flags.open(ctx)
		if err != nil {
			return nil, nil, err
		}
		return book, book.Close, nil
	}
	dir, err := os.MkdirTemp("", "audiencesync-init-")
	if err != nil {
		return nil, nil, failed("", err)
	}
	remove := func() error { return os.RemoveAll(dir) }
	book, err := ledger.Open(ctx, "sqlite:"+filepath.Join(dir, "ledger.db"))
	if err != nil {
		return nil, nil, errors.Join(failed("", err), remove())
	}
	return book, func() error { return errors.Join(book.Close(), remove()) }, nil
}

func (b *beginner) patiently(ctx context.Context, ask func() error) error {
	return trial.Patiently(ctx, func(text string) { b.say("  %s", text) }, ask)
}

// cannotRead says what could not be read, and that it goes on without.
func (b *beginner) cannotRead(ctx context.Context, what string, err error) error {
	if ctx.Err() != nil {
		return &exitError{code: exitInterrupted, err: errors.New("interrupted; no file was written")}
	}
	b.unread = append(b.unread, what)
	b.say("  %s cannot be read: %v", what, err)
	return nil
}

func (b *beginner) askAudience(ctx context.Context) error {
	if err := b.into(ctx, &b.sync.AudienceID, question{
		name: "audience_id", text: "Id of the audience in Zeotap", check: func(id string) (string, error) { return id, b.identify(ctx, id) },
	}); err != nil {
		return err
	}
	return b.into(ctx, &b.sync.AudienceName, question{
		name: "audience_name", text: "Name of the audience, for reports", proposed: orNone(b.live.name), check: optional(nil),
	})
}

func orNone(answer string) string {
	if answer == "" {
		return noAnswer
	}
	return answer
}

// identify looks the audience up. Only that there is none is a wrong answer.
func (b *beginner) identify(ctx context.Context, id string) error {
	if b.live.deltas {
		return nil
	}
	var found audience.Audience
	var size *audience.Size
	ask := func() error {
		source, err := b.live.pool.Source(b.spec(id))
		if err == nil {
			found, size, err = source.Identify(ctx, id)
		}
		return err
	}
	var err error
	if api := b.connections.API; api != nil {
		err = b.withKey(ctx, "Zeotap", "no member can be looked at, so no mapping is proposed, and the sync file has what you answer alone", &api.Credential, "zeotap_credential", ask)
	} else {
		err = b.patiently(ctx, ask)
	}
	if coded, ok := errors.AsType[*exitError](err); ok {
		return coded
	}
	if missing, ok := errors.AsType[*zeotap.Error](err); ok && missing.Kind == zeotap.AudienceNotFound {
		return missing
	}
	if missing, ok := errors.AsType[*zeotap.Error](err); ok && missing.Kind == zeotap.NothingToRead && b.person && !b.closed {
		b.say("  %v", err)
		if err := b.sure(ctx, "Keep this id, because files of it will come"); err != nil {
			return err
		}
		b.unread = append(b.unread, "the audience")
		return nil
	}
	if err != nil {
		return b.cannotRead(ctx, "the audience", err)
	}
	b.live.name = found.Name
	if size != nil {
		b.say("  Zeotap reports %s (%s)", audience.Count(size.Value, "member", "members"), orUnknown(size.Basis))
	}
	return nil
}

// spec is what is known of the sync before its mapping.
func (b *beginner) spec(audienceID string) config.Sync {
	return config.Sync{Source: b.sync.Source, Destination: b.sync.Destination, Audience: config.AudienceID{ID: audienceID}}
}

// look reads a sample of members and what there is in Hello Charles.
func (b *beginner) look(ctx context.Context) error {
	if err := b.readSample(ctx); err != nil {
		return err
	}
	if err := b.readWorkspace(ctx); err != nil {
		return err
	}
	marker := firstsync.Marker(b.sync.AudienceID, b.live.workspace)
	b.tellMissing(marker)
	b.live.proposal = firstsync.Propose(b.live.sample, b.live.workspace, marker)
	return b.showSample()
}

// tellMissing says of a marker that has to be created, while there is time to do it.
func (b *beginner) tellMissing(marker string) {
	if _, exists := b.live.workspace.Property(marker); !exists && b.live.workspace.Properties != nil {
		b.say("  note: there is no custom property %s yet, which would mark the members of this audience: create it under Settings, of type text", printable(marker, ""))
	}
}

func (b *beginner) readSample(ctx context.Context) error {
	b.live.sample = firstsync.Look(nil)
	switch {
	case b.live.deltas:
		return b.cannotRead(ctx, "a sample of members", errors.New("the connection delivers sets of changes, of which nothing is kept that is not mapped yet"))
	case len(b.unread) > 0:
		return nil // It was said.
	}
	options := trial.Options{Pool: b.live.pool, Spec: b.spec(b.sync.AudienceID), Say: func(text string) { b.say("  %s", text) }}
	members, ended, err := trial.Sample(ctx, options, b.flags.sample)
	if err != nil {
		return b.cannotRead(ctx, "a sample of members", err)
	}
	if !ended.Complete {
		b.say("  the read of the audience was not complete: %s", ended.Why)
	}
	if len(members) == 0 {
		b.say("  the audience holds nobody, so there is nothing to propose a mapping from")
	}
	b.live.sample = firstsync.Look(members)
	return nil
}

// readWorkspace reads each list by itself: a key may read one and not another.
func (b *beginner) readWorkspace(ctx context.Context) error {
	w := &b.live.workspace
	for _, list := range []struct {
		name, one string
		read      func() (int, error)
	}{
		{"tags", "tag", func() (n int, err error) { w.Tags, err = b.live.api.Tags(ctx); return len(w.Tags), err }},
		{"custom properties", "custom property", func() (n int, err error) {
			w.Properties, err = b.live.api.Properties(ctx)
			return len(w.Properties), err
		}},
		{"segments", "segment", func() (n int, err error) { w.Segments, err = b.live.api.Segments(ctx); return len(w.Segments), err }},
	} {
		if list.name == "segments" && !b.live.mayRead {
			continue
		}
		var found int
		err := b.withKey(ctx, "Hello Charles", "no custom properties, tags and segment are proposed, and the two files are without them unless you name them", &b.connections.Charles.Credential, "charles_credential", func() (err error) { found, err = list.read(); return err })
		if err == nil {
			b.say("  Hello Charles: %s", audience.Count(found, list.one, list.name))
			continue
		}
		if coded, ok := errors.AsType[*exitError](err); ok {
			return coded
		}
		if err := b.cannotRead(ctx, "the list of "+list.name, err); err != nil {
			return err
		}
		vendor, ok := errors.AsType[*vendorhttp.Error](err)
		if !ok {
			continue
		}
		if list.name != "segments" && (vendor.Kind == vendorhttp.Forbidden || vendor.Kind == vendorhttp.Unauthorized) {
			b.live.denied = vendor.Kind
		}
		if vendor.Kind != vendorhttp.Forbidden && vendor.Kind != vendorhttp.NotFound {
			return nil // The others would say the same.
		}
	}
	return nil
}

// askReading asks what the file says of a key that was refused to read.
func (b *beginner) askReading(ctx context.Context) error {
	if b.live.denied == "" || b.existing {
		return nil
	}
	proposed := "no"
	if b.live.denied == vendorhttp.Unauthorized {
		proposed = "yes" // A key that is wrong says nothing about the right one.
	}
	answer, err := b.ask(ctx, question{
		name: "may_read", text: "Will the worker have a key that may read tags, custom properties and segments, yes or no? No: what exists is listed in the file, and runs are unverifiable",
		proposed: proposed, check: oneOf("yes", "no"),
	})
	b.connections.Charles.MayNotRead = answer == "no"
	return err
}

// ofSample says how many of the sample, for a person.
func (b *beginner) ofSample(n int) string { return fmt.Sprintf("%d of %d", n, b.live.sample.Members()) }

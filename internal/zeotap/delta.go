package zeotap

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/ledger"
)

// Membership is what a sync keeps of an audience that it knows by sets of changes.
type Membership struct {
	// Ledger holds the members.
	Ledger *ledger.Export
	// Key are the fields that identify a member, where the connection names none.
	Key []string
	// Fields are the catalogue fields that Keep keeps of a member.
	Fields []string
	Keep   func(audience.Member) audience.Member
}

// delta builds the audience of one sync up from sets of changes.
type delta struct {
	*Export

	kept  Membership
	key   []string
	words map[string]config.Operation
}

// Deltas returns the source of one sync, where the connection delivers sets of
// changes. Opening it applies what is new to the members that the ledger keeps.
func (e *Export) Deltas(kept Membership) (Source, error) {
	d := &delta{Export: e, kept: kept, key: e.settings.Deltas.Key, words: map[string]config.Operation{}}
	if len(d.key) == 0 {
		d.key = kept.Key
	}
	if len(d.key) != 1 && len(e.settings.Deltas.Key) == 0 {
		return nil, fmt.Errorf("connection %s: deltas.key is missing: the sync's reference is made of several fields, so name those that identify a member in every set", e.name)
	}
	for operation, words := range map[config.Operation][]string{
		config.OperationFull: e.settings.Deltas.Words.Full, config.OperationInsert: e.settings.Deltas.Words.Insert,
		config.OperationUpdate: e.settings.Deltas.Words.Update, config.OperationDelete: e.settings.Deltas.Words.Delete,
	} {
		for _, word := range words {
			d.words[strings.ToLower(word)] = operation
		}
	}
	return d, nil
}

// Identify implements Source. Files may be cleared away once they are applied.
func (d *delta) Identify(ctx context.Context, id string) (audience.Audience, *audience.Size, error) {
	state, err := d.kept.Ledger.State(ctx)
	if err != nil {
		return audience.Audience{}, nil, err
	}
	if state.Last() != nil {
		return audience.Audience{ID: id}, nil, nil
	}
	return d.Export.Identify(ctx, id)
}

// Open applies all sets that are complete and were not applied, in their order,
// and returns a snapshot of the members. What was applied stays applied, whatever
// happens: a repeated call goes on from there.
func (d *delta) Open(ctx context.Context, id string) (audience.Snapshot, error) {
	sets, err := d.deltaSets(ctx, id)
	if err != nil {
		return audience.Snapshot{}, err
	}
	for {
		state, err := d.kept.Ledger.State(ctx)
		if err != nil {
			return audience.Snapshot{}, err
		}
		next, err := d.plan(ctx, id, state, sets)
		if err != nil {
			return audience.Snapshot{}, err
		}
		if next.do == nil {
			if err := d.notTooOld("set "+state.Last().Name+" of audience "+id, state.Last().AsOf); err != nil {
				return audience.Snapshot{}, err
			}
			return d.snapshot(id, state)
		}
		// Whoever else applies the same sets does the same: their state counts.
		if err := next.do(ctx); err != nil && !errors.Is(err, ledger.ErrMoved) {
			return audience.Snapshot{}, err
		}
	}
}

// basis is what members are kept with; those that were kept with another one
// cannot be told apart, or lack fields.
type basis struct {
	Key []string `json:"key"`
	// Sequence says that sets are ordered by numbers, not by names.
	Sequence bool `json:"sequence,omitempty"`
	// KeyID is that of the failure key that they are encrypted with.
	KeyID string `json:"key_id"`
	// Fields that were kept.
	Fields []string `json:"fields"`
}

func (d *delta) basis() basis {
	return basis{
		Key: d.key, Sequence: strings.Contains(d.settings.Pattern, "(?P<sequence>"), KeyID: d.kept.Ledger.KeyID(), Fields: d.kept.Fields,
	}
}

func (b basis) text() (string, error) {
	raw, err := json.Marshal(b)
	return string(raw), err
}

func sequenceIn(applied string) bool {
	var was basis
	return json.Unmarshal([]byte(applied), &was) == nil && was.Sequence
}

// mismatch says why sets that were applied with another basis are of no use;
// empty if they are. A field may be missing for a while: a full set may be on its way.
func (b basis) mismatch(applied string) (why string, fields bool) {
	var was basis
	if err := json.Unmarshal([]byte(applied), &was); err != nil {
		return "the ledger does not say how they were kept", false
	}
	switch {
	case was.KeyID != b.KeyID:
		return "they are encrypted with another failure key", false
	case !slices.Equal(was.Key, b.Key):
		return fmt.Sprintf("they are identified by %s, and the key is %s now", strings.Join(was.Key, ", "), strings.Join(b.Key, ", ")), false
	case was.Sequence != b.Sequence:
		return "pattern has changed in how it orders sets", false
	}
	for _, field := range b.Fields {
		if !slices.Contains(was.Fields, field) {
			return fmt.Sprintf("they were kept without the field %s, which the sync uses now", field), true
		}
	}
	return "", false
}

// deltaToken finds a snapshot again.
type deltaToken struct {
	Version int64 `json:"version"`
	Members int64 `json:"members"`
}

func (t deltaToken) version() string { return "sets:" + strconv.FormatInt(t.Version, 10) }

func (d *delta) snapshot(id string, state *ledger.ExportState) (audience.Snapshot, error) {
	token := deltaToken{Version: state.Version, Members: state.Members}
	raw, err := json.Marshal(token)
	if err != nil {
		return audience.Snapshot{}, fmt.Errorf("token of a snapshot: %w", err)
	}
	s := audience.Snapshot{
		Token: string(raw), Name: state.Last().Name, Version: token.version(), AsOf: state.Last().AsOf, Total: &token.Members,
		Audience: audience.Audience{ID: id}, Notes: notes(state),
	}
	if !d.settings.Deltas.Deletes {
		s.LeaversUnknown = true
		s.LeaversUnknownWhy = fmt.Sprintf("connection %s delivers no sets of deletes, so nobody knows who has left the audience; "+
			"ask Zeotap to activate delete for the destination, then write deltas.deletes: true", d.name)
	}
	return s, nil
}

// Reader implements Source.
func (d *delta) Reader(_ context.Context, snapshot audience.Snapshot) (Reader, error) {
	var token deltaToken
	if err := json.Unmarshal([]byte(snapshot.Token), &token); err != nil || token.version() != snapshot.Version {
		return nil, &Error{
			Kind: SnapshotChanged, Connection: d.name, Place: "audience " + snapshot.Audience.ID,
			Text: "the stored snapshot is not of this source; the connection was changed while a run was reading: start a new run",
		}
	}
	return &deltaReader{source: d, audience: snapshot.Audience.ID, token: token}, nil
}

func (d *delta) broken(place, format string, args ...any) error {
	return &Error{Kind: BrokenData, Connection: d.name, Place: place, Text: fmt.Sprintf(format, args...)}
}

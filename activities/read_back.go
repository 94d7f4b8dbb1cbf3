package activities

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/activity"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/ledger"
	"audiencesync/internal/readback"
)

// ReadBackInput is the input of ReadBack.
type ReadBackInput struct {
	Run RunRef `json:"run"`
	// Compared says that the segment was compared with the ledger: whom it misses is
	// named, and not read back.
	Compared bool `json:"compared,omitempty"`
}

// ReadBackResult is the result of ReadBack.
type ReadBackResult struct {
	ReadBack audience.ReadBack `json:"read_back"`
}

// ReadBack reads the sample of a run back, one contact a request, and compares it field
// by field with what was sent. What cannot be read is a result, not an error. A repeated
// call reads again.
func (a *Activities) ReadBack(ctx context.Context, in ReadBackInput) (ReadBackResult, error) {
	defer keepAlive(ctx)()
	result, err := a.readBack(ctx, in)
	return result, fail(ctx, in.Run.Sync, err)
}

func (a *Activities) readBack(ctx context.Context, in ReadBackInput) (ReadBackResult, error) {
	run, err := a.runs.get(ctx, in.Run)
	if err != nil {
		return ReadBackResult{}, err
	}
	drawn, err := a.ledger.Drawn(ctx, in.Run, in.Compared)
	if err != nil {
		return ReadBackResult{}, err
	}
	s := newSample(run, a.ledger, drawn)
	if err := s.read(ctx); err != nil {
		return ReadBackResult{}, err
	}
	result, named := s.result()
	if err := a.ledger.KeepReadBack(ctx, in.Run, named); err != nil {
		return ReadBackResult{}, err
	}
	return ReadBackResult{ReadBack: result}, nil
}

// sampleSize is how many members of a run are drawn to be read back: none where contacts
// cannot be read, or nothing is to be proved.
func sampleSize(spec config.Sync, settings config.HelloCharles) int {
	if spec.Verification.None || settings.Read.ContactPath == "" || !settings.Read.ReadsAllowed() {
		return 0
	}
	return spec.Verification.Sample
}

// sample is the contacts of a run that are read back.
type sample struct {
	run      *openRun
	ledger   *ledger.Ledger
	reader   *readback.Reader
	until    time.Time
	contacts []*sampledContact
	// why says why no more is read; empty as long as it is.
	why string
}

type sampledContact struct {
	ledger.Drawn

	sent  audience.Contact
	found readback.Comparison
	// changed says of one that differs that something else than this run may have
	// changed it.
	changed bool
}

func newSample(run *openRun, book *ledger.Ledger, drawn []ledger.Drawn) *sample {
	s := &sample{run: run, ledger: book, until: time.Now().Add(run.spec.Verification.Deadline.D())}
	s.reader = readback.NewReader(run.workspace.API, run.spec.Marker, s.patiently)
	for _, member := range drawn {
		// Who was accepted by an earlier version of our checks may fail those of today.
		contact, _, rejected := run.mapper.Contact(member.Mapped, member.Reference)
		if rejected == nil {
			s.contacts = append(s.contacts, &sampledContact{
				Drawn: member, sent: contact, found: readback.Comparison{State: readback.Unread},
			})
		}
	}
	return s
}

// read reads all contacts, and again those that do not hold what was sent: reads may lag
// behind writes. The pauses begin with verification.poll, double, and take max_lag
// together. Nobody is waited for who was sent by an earlier run, nor anybody if nobody
// at all is there.
func (s *sample) read(ctx context.Context) error {
	pending := slices.Clone(s.contacts)
	pause, left := max(s.run.spec.Verification.Poll.D(), 100*time.Millisecond), s.run.spec.Verification.MaxLag.D()
	for looks := 1; ; looks++ {
		for _, contact := range pending {
			if err := s.look(ctx, contact); err != nil || s.why != "" {
				return err
			}
		}
		pending = slices.DeleteFunc(pending, func(contact *sampledContact) bool {
			return contact.found.State == readback.Same || looks > 1 && contact.changed
		})
		if len(pending) == 0 || left <= 0 || looks > 1 && s.nobodyIsThere() {
			return nil
		}
		pause = min(pause, left)
		if err := rest(ctx, pause); err != nil {
			return err
		}
		left, pause = left-pause, 2*pause
	}
}

func (s *sample) nobodyIsThere() bool {
	return !slices.ContainsFunc(s.contacts, func(contact *sampledContact) bool { return contact.found.State != readback.Absent })
}

// look reads one contact. Where no contact can be read, s.why says why.
func (s *sample) look(ctx context.Context, contact *sampledContact) error {
	if time.Now().After(s.until) {
		s.why = fmt.Sprintf("not read within verification.deadline (%s)", s.run.spec.Verification.Deadline)
		return nil
	}
	found, err := s.reader.Compare(ctx, contact.sent)
	if workerStops(ctx) {
		return errWorkerStopping
	}
	if cannot, ok := errors.AsType[*readback.CannotReadError](err); ok {
		s.why = cannot.Error()
		return nil
	}
	if err != nil {
		return err
	}
	contact.found = found
	contact.changed, err = s.isChangedSince(ctx, contact)
	return err
}

// isChangedSince reports whether something else may have changed what differs: a person,
// since an earlier run has sent it, or a request for another reference of the contact.
func (s *sample) isChangedSince(ctx context.Context, contact *sampledContact) (bool, error) {
	switch {
	case contact.found.State != readback.Differs:
		return false, nil
	case contact.Earlier, contact.Bare && !slices.ContainsFunc(contact.found.Differences, isNoChannel):
		return true, nil
	case len(contact.found.Held.OtherReferences) == 0:
		return false, nil
	}
	others := slices.Clone(contact.found.Held.OtherReferences)
	for _, reference := range contact.found.Held.OtherReferences {
		others = append(others, "+"+strings.TrimPrefix(reference, "+")) // As they are sent.
	}
	return s.ledger.HoldsAny(ctx, s.run.ref.Sync, others)
}

func isNoChannel(d readback.Difference) bool {
	return d.Field != readback.Phone && d.Field != readback.Email
}

// patiently asks again after the time for which the workspace is not to be asked.
func (s *sample) patiently(ctx context.Context, ask func() error) error {
	for {
		err := ask()
		delay, soon := readback.TooSoon(err)
		if !soon || time.Now().Add(delay).After(s.until) {
			return err
		}
		if stopped := rest(ctx, delay); stopped != nil {
			return stopped
		}
	}
}

// rest waits, unless the worker stops.
func rest(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-activity.GetWorkerStopChannel(ctx):
		return errWorkerStopping
	case <-ctx.Done():
		return ctx.Err()
	}
}

// result adds up what was found, and names the contacts by what is wrong with them.
func (s *sample) result() (audience.ReadBack, map[ledger.DifferenceKind][]int64) {
	sum := audience.ReadBack{Sampled: int64(len(s.contacts)), Fields: map[string]int64{}}
	named := map[ledger.DifferenceKind][]int64{}
	for _, contact := range s.contacts {
		for _, difference := range contact.found.Differences {
			sum.Fields[difference.Field]++
		}
		switch {
		case contact.found.State == readback.Same:
			sum.Same++
		case contact.found.State == readback.Absent:
			sum.Absent++
			named[ledger.DifferenceAbsent] = append(named[ledger.DifferenceAbsent], contact.Contact)
		case contact.found.State != readback.Differs:
			sum.Unread++
			if sum.Why == "" {
				sum.Why = contact.found.Why
			}
		case contact.changed:
			sum.ChangedSince++
			named[ledger.DifferenceChangedSince] = append(named[ledger.DifferenceChangedSince], contact.Contact)
		default:
			sum.Differ++
			named[ledger.DifferenceDiffers] = append(named[ledger.DifferenceDiffers], contact.Contact)
		}
	}
	sum.Fields = audience.LimitFields(sum.Fields)
	if sum.Unread > 0 && s.why != "" {
		sum.Why = s.why
	}
	if sum.Absent > 0 && sum.Absent+sum.Unread == sum.Sampled {
		// A wrong path is answered in the same way for everybody.
		sum.Unread, sum.Absent, named = sum.Sampled, 0, nil
		sum.Why = "no contact was found, which says that read.contact_path of the connection is probably wrong: a wrong path finds nobody"
	}
	return sum, named
}

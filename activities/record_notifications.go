package activities

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/ledger"
	"audiencesync/internal/notify"
)

// How long it is tried to deliver something. A heartbeat says that a run has just
// ended, which is not true for long.
const (
	deliverWithin   = 6 * time.Hour
	heartbeatWithin = 15 * time.Minute
)

// heartbeat is what the ledger calls a call of the monitor.
const heartbeat = "heartbeat"

// lookBack is how far back the last good run is looked for, to say when it was.
const lookBack = 30 * 24 * time.Hour

// NotifyInput says what has happened to a sync, and who is told: exactly one of Ended,
// Hold, Stalled, Due and SchedulePaused is set.
type NotifyInput struct {
	Sync   string        `json:"sync"`
	Notify config.Notify `json:"notify"`
	// Cause names what has happened, and nothing else has this name.
	Cause string    `json:"cause"`
	At    time.Time `json:"at"`
	// Ended is the end of a run.
	Ended *NotifyEnd `json:"ended,omitempty"`
	// Hold is that a run waits for a person.
	Hold *NotifyHold `json:"hold,omitempty"`
	// Stalled is that a run stands still.
	Stalled *NotifyStalled `json:"stalled,omitempty"`
	// Due is that a run should have ended well by now.
	Due bool `json:"due,omitempty"`
	// SchedulePaused is that a schedule starts nothing any more.
	SchedulePaused *NotifySchedulePaused `json:"schedule_paused,omitempty"`
}

// NotifySchedulePaused is a schedule that was paused because runs have failed.
type NotifySchedulePaused struct {
	// Failures is how many have failed in a row, and Why what the last one says.
	Failures int    `json:"failures"`
	Why      string `json:"why"`
	// Resume is the command that resumes it.
	Resume string `json:"resume"`
}

// NotifyEnd is the end of a run.
type NotifyEnd struct {
	// Run is zero for a run that could not be opened.
	Run int64 `json:"run,omitempty"`
	// How is a verdict, or the type of the error that the run failed with (see EndOf).
	How string `json:"how"`
	// Why is what the run says of its failure.
	Why string `json:"why,omitempty"`
}

// NotifyHold is a run that waits for a person.
type NotifyHold struct {
	Run      int64              `json:"run"`
	Event    config.NotifyEvent `json:"event"`
	ByPerson bool               `json:"by_person,omitempty"`
	Why      string             `json:"why,omitempty"`
	Since    time.Time          `json:"since"`
	Until    time.Time          `json:"until,omitzero"`
	Reminder bool               `json:"reminder,omitempty"`
}

// NotifyStalled is a run that stands still, and waits for no person.
type NotifyStalled struct {
	Run   int64     `json:"run"`
	Phase string    `json:"phase"`
	Since time.Time `json:"since"`
	// Why is empty where nobody can tell.
	Why string `json:"why,omitempty"`
}

// Delivery is a connection that something waits to be delivered to.
type Delivery struct {
	Connection string `json:"connection"`
	// Events names what there is to be told of this cause.
	Events []string `json:"events"`
	// Within is how long it is tried.
	Within time.Duration `json:"within"`
}

// RecordNotifications decides what is told of what has happened, and records it. It
// sends nothing.
func (a *Activities) RecordNotifications(ctx context.Context, in NotifyInput) ([]Delivery, error) {
	defer keepAlive(ctx)()
	deliveries, err := a.recordNotifications(ctx, in)
	return deliveries, fail(ctx, in.Sync, err)
}

func (a *Activities) recordNotifications(ctx context.Context, in NotifyInput) ([]Delivery, error) {
	var report *audience.Report
	if in.Ended != nil && in.Ended.Run > 0 {
		var err error
		if report, err = a.ledger.Report(ctx, in.Sync, in.Ended.Run); err != nil {
			return nil, err
		}
	}
	notices, err := a.ledger.Notify(ctx, in.Sync, in.Cause, in.At, func(state notify.State, told ledger.Told) (notify.State, []ledger.Notice, error) {
		d := telling{in: in, state: state, now: time.Now()}
		err := d.decide(report, told)
		return d.state, d.notices, err
	})
	return deliveriesOf(notices), err
}

// deliveriesOf groups notices by connection, in their order.
func deliveriesOf(notices []ledger.Notice) []Delivery {
	var deliveries []Delivery
	at := map[string]int{}
	for _, n := range notices {
		i, ok := at[n.Connection]
		if !ok {
			i = len(deliveries)
			at[n.Connection] = i
			deliveries = append(deliveries, Delivery{Connection: n.Connection, Within: deliverWithin})
		}
		deliveries[i].Events = append(deliveries[i].Events, n.Event)
		if n.Event == heartbeat {
			deliveries[i].Within = heartbeatWithin
		}
	}
	return deliveries
}

// telling is a decision in the making.
type telling struct {
	in      NotifyInput
	state   notify.State
	now     time.Time
	notices []ledger.Notice
}

func (d *telling) decide(report *audience.Report, told ledger.Told) error {
	switch in := d.in; {
	case in.Ended != nil:
		return d.ended(*in.Ended, report, told)
	case in.Hold != nil:
		h := in.Hold
		return d.tell(notify.Hold{
			Sync: in.Sync, Run: h.Run, Event: h.Event, ByPerson: h.ByPerson, Why: h.Why, Since: h.Since, Until: h.Until, Reminder: h.Reminder, At: in.At,
		}.Message())
	case in.SchedulePaused != nil:
		p := in.SchedulePaused
		return d.tell(notify.SchedulePaused{Sync: in.Sync, Failures: p.Failures, Why: p.Why, Resume: p.Resume, At: in.At}.Message())
	case in.Stalled != nil:
		return d.stalled(*in.Stalled)
	case in.Due:
		return d.due(told)
	}
	return nil
}

func (d *telling) ended(run NotifyEnd, report *audience.Report, told ledger.Told) error {
	end := notifyEnd(run.How, report)
	var event config.NotifyEvent
	if d.state, event = d.state.RunEnded(end, d.in.At); event != "" {
		message := notify.RunEnd{Sync: d.in.Sync, Run: run.Run, End: end, Why: run.Why, Report: report, At: d.in.At}.Message(event)
		if err := d.tell(message); err != nil {
			return err
		}
	}
	if end == notify.Good && d.in.Notify.Heartbeat != "" {
		d.notices = append(d.notices, ledger.Notice{
			Event: heartbeat, Connection: d.in.Notify.Heartbeat, ExpiresAt: d.now.Add(heartbeatWithin),
		})
	}
	return d.digest(told)
}

// digest tells of the last week, when there is one.
func (d *telling) digest(told ledger.Told) error {
	if !d.in.Notify.Tells(config.NotifyDigest) || !d.state.DigestDue(d.in.At) {
		return nil
	}
	from := d.state.DigestFrom()
	reports, err := told.Reports(from)
	if err != nil {
		return err
	}
	d.state.DigestAt = d.in.At
	return d.tell(notify.NewDigest(from, d.in.At, reports).Message(d.in.Sync))
}

func (d *telling) stalled(run NotifyStalled) error {
	var event config.NotifyEvent
	if d.state, event = d.state.RunStalled(run.Run); event == "" {
		return nil
	}
	return d.tell(notify.Stalled{Sync: d.in.Sync, Run: run.Run, Phase: run.Phase, Since: run.Since, Why: run.Why, At: d.in.At}.Message())
}

func (d *telling) due(told ledger.Told) error {
	after := d.in.Notify.OverdueAfter.D()
	reports, err := told.Reports(d.in.At.Add(-max(after, lookBack)))
	if err != nil {
		return err
	}
	lastGood := notify.LastGood(reports)
	var event config.NotifyEvent
	if d.state, event = d.state.Due(lastGood, after, d.in.At); event == "" {
		return nil
	}
	return d.tell(notify.Overdue{Sync: d.in.Sync, LastGood: lastGood, After: after, At: d.in.At}.Message())
}

// tell records a message for everybody who is told of such.
func (d *telling) tell(message notify.Message) error {
	if !d.in.Notify.Tells(message.Event) {
		return nil
	}
	body, err := json.Marshal(message)
	if err != nil {
		return fmt.Errorf("notification of sync %s: %w", d.in.Sync, err)
	}
	for _, connection := range d.in.Notify.To {
		d.notices = append(d.notices, ledger.Notice{
			Event: string(message.Event), Connection: connection, Body: body, ExpiresAt: d.now.Add(deliverWithin),
		})
	}
	d.state.ToldAt = d.in.At
	return nil
}

// notifyEnd returns how a run ended, given its verdict or the type of its error.
func notifyEnd(how string, report *audience.Report) notify.End {
	switch how {
	case TypeOpenRefused, TypeUnknownLabels:
		return notify.Refused
	case TypeNotApproved:
		return notify.NotApproved
	case TypeDeclined, TypeFenced, EndStopped:
		return notify.Stopped
	case TypeVerdictUnexplained:
		return notify.Unexplained
	case TypeVerdictOutside:
		return notify.Outside
	case string(audience.Equal), string(audience.Explained), string(audience.Unverifiable):
		if report != nil {
			return notify.EndOf(report)
		}
	}
	return notify.Failed
}

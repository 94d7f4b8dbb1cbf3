package config

import (
	"slices"
	"time"
)

// Notify says who is told of what happens to a sync.
type Notify struct {
	// To are the names of webhook connections that notifications are sent to.
	To []string `yaml:"to" json:"to,omitempty"`
	// On are the events that are told: "bad", "recovered", "approval", "paused",
	// "stalled", "overdue", "digest". Default: bad, recovered, approval, paused, stalled,
	// overdue, digest.
	On []NotifyEvent `yaml:"on" json:"on"`
	// Reminder is how often it is told again while a run waits for an approval, or for
	// access to be given back; at least 1m, or zero for never. Default: 4h.
	Reminder Duration `yaml:"reminder" json:"reminder"`
	// OverdueAfter is how long ago the last good run may have ended before a scheduled
	// sync is overdue: a little more than the time between two runs, at least 1m, or
	// zero for never. Default: 26h.
	OverdueAfter Duration `yaml:"overdue_after" json:"overdue_after"`
	// Heartbeat is the name of a webhook connection that is called, with an empty body,
	// after each good run: the monitor behind it tells when none came.
	Heartbeat string `yaml:"heartbeat" json:"heartbeat,omitempty"`
}

// NotifyEvent is something that is told.
type NotifyEvent string

// The events that are told.
const (
	// NotifyBad: a run has not ended well, after one that had, or otherwise than the
	// one before.
	NotifyBad NotifyEvent = "bad"
	// NotifyRecovered: a run has ended well, after something bad, stalled or overdue was
	// told.
	NotifyRecovered NotifyEvent = "recovered"
	// NotifyApproval: a run waits for a person to approve or decline it.
	NotifyApproval NotifyEvent = "approval"
	// NotifyPaused: a vendor denies access, or a person has paused the run.
	NotifyPaused NotifyEvent = "paused"
	// NotifyStalled: nothing has moved in a run for limits.stalled_after, and it waits for
	// no person.
	NotifyStalled NotifyEvent = "stalled"
	// NotifyOverdue: a run was due, and none has ended well for too long.
	NotifyOverdue NotifyEvent = "overdue"
	// NotifyDigest: what a week of runs came to.
	NotifyDigest NotifyEvent = "digest"
)

// Choices are the events that are told.
func (NotifyEvent) Choices() []string {
	events := allNotifyEvents()
	names := make([]string, len(events))
	for i, event := range events {
		names[i] = string(event)
	}
	return names
}

func allNotifyEvents() []NotifyEvent {
	return []NotifyEvent{NotifyBad, NotifyRecovered, NotifyApproval, NotifyPaused, NotifyStalled, NotifyOverdue, NotifyDigest}
}

// DefaultNotify returns what is told, with every default and nobody to tell.
func DefaultNotify() Notify {
	return Notify{On: allNotifyEvents(), Reminder: Duration(4 * time.Hour), OverdueAfter: Duration(26 * time.Hour)}
}

// Tells reports whether somebody is told of an event.
func (n *Notify) Tells(event NotifyEvent) bool {
	return n != nil && len(n.To) > 0 && slices.Contains(n.On, event)
}

// shortestNotifyWait keeps a mistake from turning into a stream of notifications.
const shortestNotifyWait = Duration(time.Minute)

// checkNotify reports what the types of a section notify cannot say.
func checkNotify(r *report, n Notify) {
	const path = "notify"
	if len(n.To) == 0 {
		checkFilled(r, path+".to", "name of a connection")
	}
	if len(n.On) == 0 {
		checkFilled(r, path+".on", "event")
	}
	if len(n.To) == 0 && n.Heartbeat == "" && !r.broken(path) {
		r.refuse(path, "tells nobody; expected names of webhook connections below to, or one as heartbeat")
	}
	checkTwice(r, path+".to", n.To)
	checkTwice(r, path+".on", n.On)
	if n.Heartbeat != "" && slices.Contains(n.To, n.Heartbeat) && !r.broken(path+".heartbeat") {
		r.refuse(path+".heartbeat", "stands in notify.to too; a heartbeat says one thing only, so it needs a connection of its own")
	}
	for _, wait := range []struct {
		key   string
		value Duration
	}{{"reminder", n.Reminder}, {"overdue_after", n.OverdueAfter}} {
		if key := path + "." + wait.key; wait.value != 0 && wait.value < shortestNotifyWait && !r.broken(key) {
			r.refuse(key, "expected at least %s, or 0s for never", shortestNotifyWait)
		}
	}
}

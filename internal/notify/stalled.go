package notify

import (
	"fmt"
	"time"

	"audiencesync/internal/config"
)

// Stalled is a run that stands still, and waits for no person.
type Stalled struct {
	Sync string
	Run  int64
	// Phase is the step that it is in.
	Phase string
	// Since is when something moved last.
	Since time.Time
	// Why is empty where nobody can tell.
	Why string
	At  time.Time
}

// Message tells that the run stands still.
func (s Stalled) Message() Message {
	m := Message{
		Event: config.NotifyStalled, Sync: s.Sync, Run: s.Run, At: s.At,
		WhatToDo: fmt.Sprintf("audiencesync status %s says what it waits for; the run goes on by itself as soon as it can", s.Sync),
	}
	m.Summary = fmt.Sprintf("nothing has moved in run %d for %s, in the step %s", s.Run, config.Duration(s.At.Sub(s.Since).Round(time.Minute)), s.Phase)
	if why := cut(s.Why); why != "" {
		m.Summary += ": " + why
	}
	m.write(fmt.Sprintf("Sync %s stands still: %s", s.Sync, sentence(m.Summary)))
	return m
}

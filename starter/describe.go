package main

import (
	"fmt"
	"strings"
	"time"

	"audiencesync/internal/audience"
	"audiencesync/internal/temporalclient"
	"audiencesync/workflows"
)

// standing is how a run stands that is going.
type standing struct {
	workflows.Progress

	// Waiting is nil unless something is tried again.
	Waiting *temporalclient.Waiting
}

// quietFor is how long nothing has moved before that is said. A clock that is wrong is
// not.
const quietFor = time.Minute

// lines are everything about the run but what it waits for a person for, the progress
// first.
func (s standing) lines(now time.Time) []string {
	lines := []string{describe(s.Progress)}
	if s.Waiting != nil {
		lines = append(lines, "waiting: "+s.Waiting.Line(now))
	}
	if why := s.still(now); why != "" {
		lines = append(lines, why)
	}
	return lines
}

// still says that the run stands still, or for how long nothing has moved.
func (s standing) still(now time.Time) string {
	quiet := now.Sub(s.MovedAt)
	switch {
	case s.Stalled != nil:
		return "the run stands still: " + s.Stalled.Words()
	case s.MovedAt.IsZero(), quiet < quietFor, s.Phase == workflows.PhaseDone:
		return ""
	default:
		return "nothing has moved for " + audience.Spell(quiet)
	}
}

// describe is the progress in one line.
func describe(p workflows.Progress) string {
	switch p.Phase {
	case workflows.PhaseOpen:
		return "open: checking connections, tags, properties and the segment"
	case workflows.PhaseRead:
		return "read: " + describeRead(p)
	case workflows.PhaseSend:
		return "send: " + strings.Join(describeSend(p), ", ")
	case workflows.PhaseProve:
		return "prove: " + describeProve(p)
	default:
		return string(p.Phase)
	}
}

func describeRead(p workflows.Progress) string {
	if p.Pages == 0 && p.Read == 0 {
		return "waiting for the first page"
	}
	text := fmt.Sprintf("%s members in %s pages", audience.Thousands(p.Read), audience.Thousands(p.Pages))
	if p.Phase == workflows.PhaseRead && p.Rate > 0 {
		text += fmt.Sprintf(", %s a second", workflows.SpellRate(p.Rate))
	}
	return text
}

func describeSend(p workflows.Progress) []string {
	whom := "members"
	if p.Plan != nil && p.Plan.ToUnmark() > 0 {
		whom = "members and leavers"
	}
	parts := []string{
		fmt.Sprintf("%s of %s %s settled", audience.Thousands(p.Settled), audience.Thousands(p.ToSend), whom),
		audience.Thousands(p.Outcomes.Taken()) + " accepted",
	}
	if failures := p.Outcomes.Failures(); failures > 0 {
		parts = append(parts, audience.Count(failures, "failure", "failures"))
	}
	if p.Plan != nil && p.Plan.ToUnmark() > 0 {
		parts = append(parts, fmt.Sprintf("%s of %s leavers unmarked", audience.Thousands(p.Leavers.Removed), audience.Thousands(p.Plan.ToUnmark())))
	}
	parts = append(parts, audience.Count(p.InFlight, "batch", "batches")+" under way")
	return append(parts, describePace(p)...)
}

// describePace is how fast the run sends, may send, and how long that goes on.
func describePace(p workflows.Progress) []string {
	var parts []string
	if p.Rate > 0 {
		rate := workflows.SpellRate(p.Rate) + " a second"
		if p.Allowed > 0 {
			rate += fmt.Sprintf(" (%s allowed)", workflows.SpellRate(p.Allowed))
		}
		parts = append(parts, rate)
	}
	if p.SecondsLeft > 0 {
		parts = append(parts, "about "+audience.Spell(time.Duration(p.SecondsLeft)*time.Second)+" left")
	}
	return parts
}

func describeProve(p workflows.Progress) string {
	if p.Counted == nil || p.Expected == nil {
		return "counting the segment"
	}
	return fmt.Sprintf("the segment counts %s contacts, %s are expected", audience.Thousands(*p.Counted), audience.Thousands(*p.Expected))
}

// holdOf says what a run waits for a person for, and how to go on; empty when
// it does not.
func holdOf(p workflows.Progress) string {
	switch {
	case p.Hold != nil && p.Hold.Kind == workflows.HoldApproval:
		return fmt.Sprintf("sync %s, run %d: %s; the run waits until %s: audiencesync approve %s, or decline%s",
			p.Sync, p.Run, p.Hold.Why, p.Hold.Until.Local().Format(time.DateTime), p.Sync, numbersOfGate(p))
	case p.Hold != nil:
		return fmt.Sprintf("%s; the run waits until %s: put that right (after a change of the connections file start the worker, or audiencesync up, again), then audiencesync resume %s",
			p.Hold.Why, p.Hold.Until.Local().Format(time.DateTime), p.Sync)
	case p.Paused != nil:
		return fmt.Sprintf("sync %s: %s; go on with audiencesync resume %s", p.Sync, p.Paused.Why, p.Sync)
	}
	return ""
}

// numbersOfGate says where the numbers are that a run waits at the gate for.
func numbersOfGate(p workflows.Progress) string {
	if !atGate(p) {
		return ""
	}
	return "; the numbers: audiencesync status " + p.Sync
}

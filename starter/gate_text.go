package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"audiencesync/internal/audience"
	"audiencesync/workflows"
)

// atGate reports whether a run waits at the gate: it has a plan, has sent nothing,
// and asks whether it may.
func atGate(p workflows.Progress) bool {
	return p.Phase == workflows.PhaseGate && p.Plan != nil && p.Hold != nil && p.Hold.Kind == workflows.HoldApproval
}

// writeGate prints, for people, what a run asks that waits at the gate, and how to
// answer.
func writeGate(w io.Writer, p workflows.Progress) error {
	at := func(t time.Time) string { return t.Local().Format(time.DateTime) }
	lines := []string{
		fmt.Sprintf("sync %s, run %d: waits for a decision since %s, and has sent nothing", p.Sync, p.Run, at(p.Hold.Since)), "",
		planTable(p.Plan, nil), "",
	}
	lines = append(lines, effort(p.Plan)...)
	lines = append(lines, "", "the run asks because")
	lines = append(lines, indented(p.Plan.Beyond)...)
	lines = append(lines, "",
		fmt.Sprintf("send it, this once:  audiencesync approve %s --why \"...\"", p.Sync),
		fmt.Sprintf("end the run:         audiencesync decline %s --why \"...\"", p.Sync),
		fmt.Sprintf("no decision:         the run ends as failed at %s", at(p.Hold.Until)))
	if !p.Hold.KeptUntil.IsZero() {
		lines = append(lines, fmt.Sprintf("after %s:  an approved run decides anew, and asks again if more than this would change", at(p.Hold.KeptUntil)))
	}
	_, err := io.WriteString(w, strings.Join(lines, "\n")+"\n")
	return err
}

// decidedAtGate says what an approval, or a refusal, at the gate was about.
func decidedAtGate(update string, p audience.Plan) string {
	if update == workflows.UpdateDecline {
		return "nothing was sent, and "
	}
	sent := audience.Thousands(p.ToSend+p.MarkedAgain) + " members to send"
	if !p.KeepsLeavers {
		sent += ", " + audience.Thousands(p.ToUnmark()) + " contacts to unmark"
	}
	return sent + "; "
}

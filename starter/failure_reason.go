package main

import (
	"fmt"
	"strings"

	"audiencesync/internal/audience"
)

const reasonHelp = "only those with this reason: its code, as lists of failures have it, or its words, as reports have them"

// mostReasons bounds the reasons that an error lists.
const mostReasons = 20

// findReason finds the reason that --reason calls, of those of whose failures are asked.
func findReason(called, whose string, known []string) (string, error) {
	if reason, ok := audience.FindReason(called, known); ok {
		return reason, nil
	}
	return "", usage("--reason %q: there is no such reason; %s", called, reasonsOf(whose, known))
}

// reasonsOf lists the reasons that there are, by code and in words.
func reasonsOf(whose string, known []string) string {
	if len(known) == 0 {
		return "there are none in " + whose
	}
	listed := make([]string, 0, mostReasons+1)
	for _, reason := range known {
		if len(listed) == mostReasons {
			listed = append(listed, fmt.Sprintf("and %d more", len(known)-mostReasons))
			break
		}
		code, _, _ := strings.Cut(reason, ":")
		listed = append(listed, fmt.Sprintf("%s (%s)", printable(reason, ""), audience.Reason(code).Explain()))
	}
	return fmt.Sprintf("the reasons of %s are %s", whose, strings.Join(listed, "; "))
}

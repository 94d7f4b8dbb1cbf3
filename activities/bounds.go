package activities

import (
	"fmt"

	"audiencesync/internal/audience"
)

// What Temporal holds has limits, 2 MiB for one result (limit.blobSize.error), and a
// result that passes them is an error each time. So what others write, vendors in
// answers and people in reasons, is bounded before it becomes part of one.
const (
	// maxErrorBytes bounds the text of a failure. The server keeps 4 KiB of the newest
	// one of an activity that is tried again (limit.mutableStateActivityFailureSize.error).
	maxErrorBytes = 3000
	// mostTexts and maxTextBytes bound lists of problems and notes.
	mostTexts    = 50
	maxTextBytes = 1000
	// maxByBytes and maxWhyBytes bound who told a run or a workspace something, and why.
	maxByBytes  = 200
	maxWhyBytes = 1000
)

func shortList(texts []string) []string { return audience.ShortenList(texts, mostTexts, maxTextBytes) }

// CheckSaid refuses the words of a person that are too long to be kept.
func CheckSaid(by, why string) error {
	if len(by) > maxByBytes || len(why) > maxWhyBytes {
		return fmt.Errorf("who decides is kept in at most %s bytes, and why in at most %s; these are %s and %s",
			audience.Thousands(maxByBytes), audience.Thousands(maxWhyBytes), audience.Thousands(int64(len(by))), audience.Thousands(int64(len(why))))
	}
	return nil
}

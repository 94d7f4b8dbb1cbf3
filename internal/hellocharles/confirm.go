package hellocharles

import (
	"net/http"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
)

// confirmBatch marks the results of a batch call that say that the contact exists.
func confirmBatch(results []Result, status int, form config.ReplyForm) {
	for i := range results {
		switch said := results[i].Outcome; {
		case status == http.StatusAccepted, form == config.RepliesNone:
		case said == audience.Created, said == audience.Updated:
			results[i].Confirmed = true
		case said == audience.Accepted:
			// Among results of single contacts it may mean that they are queued.
			results[i].Confirmed = form != config.RepliesItems
		}
	}
}

// confirmOne marks the result of the call for one contact.
func confirmOne(result Result, status int) Result {
	result.Confirmed = result.Outcome.Took() && status != http.StatusAccepted
	return result
}

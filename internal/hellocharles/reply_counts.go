package hellocharles

import (
	"encoding/json"
	"fmt"

	"audiencesync/internal/audience"
	"audiencesync/internal/vendorhttp"
)

// counts reads a reply that says how many contacts were created, updated and
// refused. Refused contacts that it does not name under batch.errors.key are an
// error of kind Rejected: a smaller batch finds them.
func (r replies) counts(root any, to sent) ([]Result, error) {
	names := r.settings.Counts
	var created, updated, refused int64
	for _, count := range []struct {
		setting, path string
		to            *int64
	}{
		{"batch.counts.created", names.Created, &created},
		{"batch.counts.updated", names.Updated, &updated},
		{"batch.counts.refused", names.Refused, &refused},
	} {
		var err error
		if *count.to, err = countAt(root, count.path, len(to.contacts)); err != nil {
			return nil, unreadable(fmt.Sprintf("%s: %s", count.setting, err))
		}
	}
	n := int64(len(to.contacts))
	named, anonymous := r.refusals(root, to)
	switch {
	case created+updated+refused != n:
		return nil, unreadable(fmt.Sprintf("it counts %d created, %d updated and %d refused contacts, but %d were sent",
			created, updated, refused, n))
	case refused == 0 && (anonymous > 0 || reports(root, except(r.settings.Counts.Refused))):
		return nil, unreadable("it counts no refused contact, but reports errors")
	case int64(len(named)) > refused:
		return nil, unreadable(fmt.Sprintf("it counts %d refused contacts, but names %d", refused, len(named)))
	case refused == 1 && n == 1 && len(named) == 0:
		return []Result{r.reasonOfAll(r.errorsIn(root), to.contacts[0].Reference).refusal()}, nil
	case int64(len(named)) < refused:
		return nil, &replyError{
			kind:   vendorhttp.Rejected,
			detail: fmt.Sprintf("%d of %d contacts refused, %d of them named (setting batch.errors)", refused, n, len(named)),
		}
	}
	results := allAre(outcomeOfRest(created, updated), len(to.contacts))
	for i, refusal := range named {
		results[i] = refusal
	}
	return results, nil
}

// outcomeOfRest is the outcome of contacts that were not refused: which of them
// were created is not known unless all were.
func outcomeOfRest(created, updated int64) audience.Outcome {
	switch {
	case updated == 0:
		return audience.Created
	case created == 0:
		return audience.Updated
	default:
		return audience.Accepted
	}
}

// countAt reads one count. A missing one is zero, since the sum is checked.
func countAt(root any, path string, most int) (int64, error) {
	if path == "" {
		return 0, nil
	}
	switch value := at(root, path).(type) {
	case nil:
		return 0, nil
	case json.Number:
		n, err := value.Int64()
		if err != nil || n < 0 {
			return 0, fmt.Errorf("not a whole number")
		}
		if n > int64(most) {
			return 0, fmt.Errorf("%d is more than the %d contacts that were sent", n, most)
		}
		return n, nil
	default:
		return 0, fmt.Errorf("not a number")
	}
}

package hellocharles

import (
	"encoding/json"
	"fmt"

	"audiencesync/internal/audience"
	"audiencesync/internal/vendorhttp"
)

// counts reads a reply that says how many contacts were created, updated and
// refused, not which. Refused contacts that are not named are an error of kind
// Rejected: a smaller batch finds them.
func (r replies) counts(body []byte, contacts []audience.Contact) ([]Result, error) {
	root, err := decode(body)
	if err != nil {
		return nil, unreadable("its JSON is cut or wrong")
	}
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
		if *count.to, err = countAt(root, count.path, len(contacts)); err != nil {
			return nil, unreadable(fmt.Sprintf("%s: %s", count.setting, err))
		}
	}
	n := int64(len(contacts))
	switch {
	case created+updated+refused != n:
		return nil, unreadable(fmt.Sprintf("it counts %d created, %d updated and %d refused contacts, but %d were sent",
			created, updated, refused, n))
	case refused == n && n == 1:
		code, message := reasonFrom(body, contacts[0].Reference)
		return []Result{{Outcome: audience.Refused, Code: code, Message: message}}, nil
	case refused > 0:
		return nil, &replyError{
			kind:   vendorhttp.Rejected,
			detail: fmt.Sprintf("%d of %d contacts refused, not named", refused, n),
		}
	case created == n:
		return allAre(audience.Created, len(contacts)), nil
	case updated == n:
		return allAre(audience.Updated, len(contacts)), nil
	default:
		return allAre(audience.Accepted, len(contacts)), nil
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

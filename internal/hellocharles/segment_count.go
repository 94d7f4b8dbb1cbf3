package hellocharles

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"audiencesync/internal/vendorhttp"
)

// segmentPlaceholder stands for the segment id in a path of the settings.
const segmentPlaceholder = "{segment}"

// SegmentCount implements API by HEAD api/v1/contact_lists/{id}/preview and its
// header X-Resource-Count, as charles' public SDK does.
func (c *client) SegmentCount(ctx context.Context, segment string) (int64, error) {
	operation := "counting segment " + segment
	if err := c.checkSegment(operation, segment); err != nil {
		return 0, err
	}
	var count int64
	err := c.ask(ctx, segmentCountCall, vendorhttp.Request{
		Operation: operation,
		Method:    http.MethodHead,
		Path:      strings.ReplaceAll(c.settings.Read.SegmentCountPath, segmentPlaceholder, url.PathEscape(segment)),
	}, func(reply vendorhttp.Response, err error) error {
		if err != nil {
			return segmentHint(err, "read.segment_count_path",
				"the key may not count segments; give one that may read as read.credential, because without a count no run can be proved")
		}
		if count, err = countIn(reply.Header.Values(c.settings.Read.CountHeader)); err != nil {
			return c.reads.Fail(operation, vendorhttp.Unreadable,
				fmt.Sprintf("the header %s %s", c.settings.Read.CountHeader, err))
		}
		return nil
	})
	return count, err
}

// checkSegment refuses a read of a segment that cannot be made.
func (c *client) checkSegment(operation, segment string) error {
	switch {
	case segment == "":
		return c.reads.Fail(strings.TrimSpace(operation), vendorhttp.Misconfigured, "the sync names no segment")
	case !c.settings.Read.ReadsAllowed():
		return c.reads.Fail(operation, vendorhttp.Forbidden, "this connection may not read (setting read.allowed)")
	default:
		return nil
	}
}

func countIn(values []string) (int64, error) {
	if len(values) == 0 {
		return 0, fmt.Errorf("is missing")
	}
	if len(values) > 1 {
		return 0, fmt.Errorf("is there %d times", len(values))
	}
	count, err := strconv.ParseUint(strings.TrimSpace(values[0]), 10, 63)
	if err != nil {
		return 0, fmt.Errorf("is not a count")
	}
	return int64(count), nil
}

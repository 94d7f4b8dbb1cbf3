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

// maxPages bounds a list: no workspace has that many tags or properties.
const maxPages = 200

// listing says which list is read.
type listing struct {
	call, operation string
	// path is where it is, setting the name of that setting.
	path, setting string
	// texts are the keys whose values are texts in every record that has them. The
	// records of a broken answer must not count as others: what is missing among them
	// would be taken for something that does not exist.
	texts []string
}

// list reads all records of a list (see docs/hello-charles.md A12). Neither the
// largest page nor whether the server knows pages is public, so a short page
// proves nothing: the end is an empty page, or one that brings nothing new
// because offset is ignored.
func (c *client) list(ctx context.Context, l listing) ([]map[string]any, error) {
	var records []map[string]any
	seen := map[string]bool{}
	offset := 0
	for range maxPages {
		page, err := c.page(ctx, l.call, l.operation, l.path, listPage{key: "data", limit: c.settings.Read.PageSize, offset: offset})
		if err != nil {
			return nil, readHint(err, l.setting)
		}
		known := len(records)
		for _, item := range page {
			record, _ := item.(map[string]any)
			if key := notText(record, l.texts); key != "" {
				return nil, c.reads.Fail(l.operation, vendorhttp.Unreadable, fmt.Sprintf("%q of an entry is not a text", key))
			}
			if id := identity(record); id != "" && !seen[id] {
				seen[id] = true
				records = append(records, record)
			}
		}
		if len(records) == known {
			return records, nil
		}
		offset += len(page)
	}
	return nil, c.reads.Fail(l.operation, vendorhttp.Unreadable, fmt.Sprintf("the list does not end after %d pages", maxPages))
}

// notText returns the first of the keys that has a value that is not a text, or nothing.
func notText(record map[string]any, keys []string) string {
	for _, key := range keys {
		if !isTextOrNothing(record[key]) {
			return key
		}
	}
	return ""
}

func isTextOrNothing(value any) bool {
	_, ok := value.(string)
	return ok || value == nil
}

// listPage is a part of a list: the key of its records in the reply, how many
// are asked for, and from where on.
type listPage struct {
	key           string
	limit, offset int
}

func (c *client) page(ctx context.Context, call, operation, path string, part listPage) ([]any, error) {
	var page []any
	err := c.ask(ctx, call, vendorhttp.Request{
		Operation: operation,
		Method:    http.MethodGet,
		Path:      path,
		Query: url.Values{
			"limit":  {strconv.Itoa(part.limit)},
			"offset": {strconv.Itoa(part.offset)},
		},
	}, func(reply vendorhttp.Response, err error) error {
		if err != nil {
			return err
		}
		if page, err = pageIn(reply, part.key); err != nil {
			return c.reads.Fail(operation, vendorhttp.Unreadable, err.Error())
		}
		return nil
	})
	return page, err
}

// ask makes one request of a read, in its turn. read is given its reply or its
// error, and returns what the request came to.
func (c *client) ask(
	ctx context.Context, call string, request vendorhttp.Request, read func(vendorhttp.Response, error) error,
) error {
	return paced(ctx, func(ctx context.Context) error {
		return watched(ctx, call, func(leaves func(context.Context) error) error {
			request.Before = leaves
			return read(c.reads.Do(ctx, request))
		})
	})
}

func pageIn(reply vendorhttp.Response, key string) ([]any, error) {
	if err := checkSuccess(reply); err != nil {
		return nil, err
	}
	root, err := decode(reply.Body)
	if err != nil {
		return nil, unreadable(err.Error())
	}
	page, ok := at(root, key).([]any)
	if !ok {
		return nil, unreadable(fmt.Sprintf("it has no array %q", key))
	}
	return page, nil
}

// identity tells records apart: the id, or the name where there is none.
func identity(record map[string]any) string {
	for _, key := range []string{"id", "name", "label"} {
		if text := scalar(record[key]); text != "" {
			return key + ":" + text
		}
	}
	return ""
}

// forContacts reports whether a tag or property can be used for contacts: its
// kind is person, it is active and not deleted (see docs/hello-charles.md section 5, 6).
func forContacts(record map[string]any) bool {
	active, told := record["active"]
	return record["object"] == "person" && (!told || active == nil || isSet(active)) && !isSet(record["deleted"])
}

// isSet reads a mark such as deleted or readonly. What is not plainly "no", a
// date for instance, is yes: a property taken for writable loses values silently.
func isSet(mark any) bool {
	switch strings.ToLower(scalar(mark)) {
	case "false", "0", "no":
		return false
	case "":
		return mark != nil && mark != ""
	default:
		return true
	}
}

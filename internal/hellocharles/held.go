package hellocharles

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"audiencesync/internal/audience"
	"audiencesync/internal/config"
	"audiencesync/internal/vendorhttp"
)

// Contact implements API by the settings read.contact_path and read.contact: no
// public document names a call that reads one contact by its reference.
func (c *client) Contact(ctx context.Context, reference string) (*Held, error) {
	const operation = "reading a contact back"
	read := c.settings.Read
	switch {
	case !read.ReadsAllowed():
		return nil, fmt.Errorf("connection %s: %w: the connection may not read (setting read.allowed)", c.name, ErrCannotRead)
	case read.ContactPath == "":
		return nil, fmt.Errorf("connection %s: %w: give the call that reads one contact as read.contact_path; "+
			"no public document names one, ask the Hello Charles success manager", c.name, ErrCannotRead)
	case reference == "":
		return nil, c.reads.Fail(operation, vendorhttp.Misconfigured, "no reference is given")
	}
	path, query, err := c.contactTarget(reference)
	if err != nil {
		return nil, c.reads.Fail(operation, vendorhttp.Misconfigured, "read.contact_path is not a URL path")
	}
	var held *Held
	err = c.ask(ctx, contactCall, vendorhttp.Request{
		Operation: operation, Method: http.MethodGet, Path: path, Query: query,
	}, func(reply vendorhttp.Response, err error) error {
		if failed, ok := errors.AsType[*vendorhttp.Error](err); ok && isNotFound(failed.Status) && !isPage(failed.Body) {
			return fmt.Errorf("connection %s: %s: %w, or read.contact_path is wrong (status %d)",
				c.name, operation, ErrNoContact, failed.Status)
		}
		if err != nil {
			return readHint(err, "read.contact_path")
		}
		held, err = heldIn(reply, read.Contact, reference)
		if wrong, ok := errors.AsType[*replyError](err); ok {
			return c.reads.Fail(operation, wrong.kind, wrong.detail)
		}
		if err != nil {
			return fmt.Errorf("connection %s: %s: %w", c.name, operation, err)
		}
		return nil
	})
	return held, err
}

// contactTarget puts the reference into the path and the query.
func (c *client) contactTarget(reference string) (string, url.Values, error) {
	path, rawQuery, _ := strings.Cut(c.settings.Read.ContactPath, "?")
	query, err := url.ParseQuery(rawQuery)
	if err != nil {
		return "", nil, fmt.Errorf("query of read.contact_path: %w", err)
	}
	plain := strings.NewReplacer(referencePlaceholder, reference, sourceTypePlaceholder, c.settings.SourceType)
	for _, values := range query {
		for i := range values {
			values[i] = plain.Replace(values[i])
		}
	}
	escaped := strings.NewReplacer(
		referencePlaceholder, url.PathEscape(reference), sourceTypePlaceholder, url.PathEscape(c.settings.SourceType))
	return escaped.Replace(path), query, nil
}

// Placeholders in read.contact_path.
const (
	referencePlaceholder  = "{reference}"
	sourceTypePlaceholder = "{source_type}"
)

// heldIn finds the contact in a reply. A record that does not hold the
// reference is another contact: a server may answer with all it has.
func heldIn(reply vendorhttp.Response, names config.ContactNames, reference string) (*Held, error) {
	if err := checkSuccess(reply); err != nil {
		return nil, err
	}
	root, err := decode(reply.Body)
	if err != nil {
		return nil, unreadable(err.Error())
	}
	var records []any
	switch found := at(root, names.Data).(type) {
	case []any:
		records = found
	case map[string]any:
		records = []any{found}
	default:
		return nil, unreadable("it has no contact where read.contact.data says")
	}
	if len(records) == 0 {
		return nil, ErrNoContact
	}
	var held *Held
	for _, record := range records {
		others, holds := references(record, names.Reference, reference)
		if !holds {
			continue
		}
		if held != nil {
			return nil, unreadable("it has several contacts with the reference")
		}
		held = &Held{
			Reference:  reference,
			FirstName:  first(texts(record, names.FirstName)),
			MiddleName: first(texts(record, names.MiddleName)),
			LastName:   first(texts(record, names.LastName)),
			Phones:     texts(record, names.Phones),
			Emails:     texts(record, names.Emails),
			Tags:       texts(record, names.Tags),

			OtherReferences: others,
		}
		held.Properties, _ = at(record, names.Properties).(map[string]any)
	}
	if held == nil {
		return nil, unreadable(fmt.Sprintf("none of its %d contacts has the reference where read.contact.reference says", len(records)))
	}
	return held, nil
}

// references reports whether a record has the reference, and which others.
func references(record any, path, reference string) (others []string, holds bool) {
	asked := newSent([]audience.Contact{{Reference: reference}})
	all := texts(record, path)
	others = slices.DeleteFunc(slices.Clone(all), func(told string) bool {
		_, ok := asked.named(told)
		return ok
	})
	if len(others) == 0 {
		return nil, len(all) > 0
	}
	return others, len(others) < len(all)
}

// texts returns the texts at a path. A list on the way, or at its end, is gone
// through entry by entry.
func texts(value any, path string) []string {
	if list, ok := value.([]any); ok {
		all := make([]string, 0, len(list))
		for _, entry := range list {
			all = append(all, texts(entry, path)...)
		}
		return all
	}
	if path == "" {
		if text := scalar(value); text != "" {
			return []string{text}
		}
		return nil
	}
	key, rest, _ := strings.Cut(path, ".")
	object, ok := value.(map[string]any)
	if !ok {
		return nil
	}
	return texts(object[key], rest)
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

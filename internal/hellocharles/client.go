package hellocharles

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync/atomic"

	"audiencesync/internal/config"
	"audiencesync/internal/vendorhttp"
)

type client struct {
	name     string
	settings config.HelloCharles
	contacts *vendorhttp.Client
	reads    *vendorhttp.Client
	encode   encoder
	replies  replies
	tagIDs   *tagIDs
	// bodyHint is the size of the last batch body, for the next one's buffer.
	bodyHint atomic.Int64
}

// New returns the API of one connection. lookup returns what is behind the
// references of its settings, at the time of use. Missing batch settings are an
// error when the connection sends batches.
func New(name string, settings config.HelloCharles, lookup func(ctx context.Context, reference string) (string, error)) (API, error) {
	if err := check(settings); err != nil {
		return nil, fmt.Errorf("connection %s: %w", name, err)
	}
	options := vendorhttp.Options{
		Connection:    name,
		BaseURL:       settings.BaseURL,
		Header:        "x-api-key",
		Credential:    settings.Credential,
		TLS:           settings.TLS,
		Lookup:        lookup,
		Timeout:       settings.Timeout.D(),
		MaxBody:       int64(settings.MaxBodyMegabytes) << 20,
		MaxRetryAfter: settings.Limits.MaxRetryAfter.D(),
		Connections:   max(settings.Limits.RequestsInFlight, 1),
	}
	contacts, err := vendorhttp.New(options)
	if err != nil {
		return nil, err
	}
	reads := contacts
	if settings.Read.Credential != "" || settings.Read.Auth == config.AuthBearer {
		if settings.Read.Credential != "" {
			options.Credential = settings.Read.Credential
		}
		if settings.Read.Auth == config.AuthBearer {
			options.Header, options.Prefix = "Authorization", "Bearer "
		}
		if reads, err = vendorhttp.New(options); err != nil {
			return nil, err
		}
	}
	return &client{
		name:     name,
		settings: settings,
		contacts: contacts,
		reads:    reads,
		encode:   newEncoder(settings),
		replies:  newReplies(settings.Batch, settings.Gone),
		tagIDs:   newTagIDs(),
	}, nil
}

// Check implements API.
func (c *client) Check(ctx context.Context) error {
	if err := c.contacts.Check(ctx); err != nil || !c.settings.Read.ReadsAllowed() {
		return err
	}
	return c.reads.Check(ctx)
}

// check refuses settings that give no request. The defaults are those of the
// package config.
func check(s config.HelloCharles) error {
	needs := []struct{ setting, value string }{
		{"source_type", s.SourceType},
		{"single.method", s.Single.Method},
		{"single.path", s.Single.Path},
		{"phone.value_key", s.Phone.ValueKey},
		{"email.value_key", s.Email.ValueKey},
		{"read.tags_path", s.Read.TagsPath},
		{"read.properties_path", s.Read.PropertiesPath},
		{"read.segments_path", s.Read.SegmentsPath},
		{"read.segment_count_path", s.Read.SegmentCountPath},
		{"read.count_header", s.Read.CountHeader},
		{"read.segment_members_path", s.Read.SegmentMembersPath},
		{"read.segment_member.id", s.Read.SegmentMember.ID},
		{"read.segment_member.references", s.Read.SegmentMember.References},
		{"read.segment_member.reference", s.Read.SegmentMember.Reference},
		{"read.segment_member.source_type", s.Read.SegmentMember.SourceType},
	}
	for _, need := range needs {
		if need.value == "" {
			return fmt.Errorf("%s is not set", need.setting)
		}
	}
	if s.Read.PageSize < 1 || s.Read.SegmentPageSize < 1 || s.MaxBodyMegabytes < 1 || s.Timeout <= 0 {
		return errors.New("read.page_size, read.segment_page_size, max_body_megabytes and timeout must be positive")
	}
	if s.Send == config.SendBatch {
		if err := checkBatch(s.Batch); err != nil {
			return err
		}
	}
	if s.Tags == config.TagID && !s.Read.ReadsAllowed() {
		return errors.New("tags: id needs the tag list, but read.allowed is false; set tags: label, or allow reads")
	}
	for setting, path := range map[string]string{
		"read.segment_count_path": s.Read.SegmentCountPath, "read.segment_members_path": s.Read.SegmentMembersPath,
	} {
		if !strings.Contains(path, segmentPlaceholder) {
			return fmt.Errorf("%s has no %s to put the segment id in", setting, segmentPlaceholder)
		}
	}
	if path := s.Read.ContactPath; path != "" && (path[0] != '/' || !strings.Contains(path, referencePlaceholder)) {
		return fmt.Errorf("read.contact_path starts with a slash and holds %s", referencePlaceholder)
	}
	return checkPaths(s)
}

func checkPaths(s config.HelloCharles) error {
	paths := []struct{ setting, value string }{
		{"single.path", s.Single.Path},
		{"batch.path", s.Batch.Path},
		{"read.tags_path", s.Read.TagsPath},
		{"read.properties_path", s.Read.PropertiesPath},
		{"read.segments_path", s.Read.SegmentsPath},
		{"read.segment_count_path", strings.ReplaceAll(s.Read.SegmentCountPath, segmentPlaceholder, "")},
		{"read.segment_members_path", strings.ReplaceAll(s.Read.SegmentMembersPath, segmentPlaceholder, "")},
	}
	for _, path := range paths {
		if path.value == "" {
			continue
		}
		_, err := url.PathUnescape(path.value)
		if err != nil || path.value[0] != '/' || strings.ContainsAny(path.value, "?#{} ") {
			return fmt.Errorf("%s is not a URL path; it starts with a slash and has no query", path.setting)
		}
	}
	return nil
}

// checkBatch refuses batch mode until every shape is given: none of them is
// public (see docs/hello-charles.md A1, A6).
func checkBatch(b config.BatchContacts) error {
	var missing []string
	need := func(setting, value string) {
		if value == "" {
			missing = append(missing, "batch."+setting)
		}
	}
	need("method", b.Method)
	need("path", b.Path)
	need("envelope", b.Envelope)
	need("reply", string(b.Reply))
	if b.MaxItems < 1 || b.MaxItems > MaxContacts {
		missing = append(missing, fmt.Sprintf("batch.max_items (1 to %d)", MaxContacts))
	}
	switch b.Reply {
	case config.RepliesItems:
		need("items.key", b.Items.Key)
		need("items.reference or index", b.Items.Reference+b.Items.Index)
		need("items.status", b.Items.Status)
	case config.RepliesCounts:
		need("counts.created, updated or refused", b.Counts.Created+b.Counts.Updated+b.Counts.Refused)
	case config.RepliesErrors:
		need("errors.key", b.Errors.Key)
		need("errors.reference or index", b.Errors.Reference+b.Errors.Index)
	case config.RepliesNone, "":
	default:
		return fmt.Errorf("batch.reply %q is none of none, counts, items, errors", b.Reply)
	}
	if len(missing) > 0 {
		return fmt.Errorf("batch mode is not configured: %s not set; ask Hello Charles for the Batched Contacts API "+
			"(closed beta), or set send: single", strings.Join(missing, ", "))
	}
	return nil
}

package config

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// charlesDomain is where every customer has a host (Contact API, help article 264408).
const charlesDomain = ".hello-charles.com"

// checkHelloCharles reports what the types cannot say, brings the base URL into
// one spelling and fills the request rate.
func checkHelloCharles(r *report, path string, h *HelloCharles) {
	if charlesName.MatchString(h.BaseURL) {
		h.BaseURL = "https://" + strings.ToLower(h.BaseURL) + charlesDomain
	}
	h.BaseURL = checkBaseURL(r, path+".base_url", h.BaseURL, h.AllowPlainHTTP)
	checkTLSOf(r, path, h.TLS, h.BaseURL)
	if h.Limits.RequestsPerSecond == 0 {
		h.Limits.RequestsPerSecond = DefaultRequestsPerSecond(h.Send)
	}
	checkPositive(r, path+".timeout", h.Timeout)
	checkPositive(r, path+".limits.max_retry_after", h.Limits.MaxRetryAfter)
	checkPath(r, path+".single.path", h.Single.Path, "")
	checkBatch(r, path+".batch", h)
	checkGone(r, path+".gone", h)
	checkReads(r, path+".read", h.Read)
	if h.Tags == TagID && !h.Read.ReadsAllowed() {
		r.refuse(path+".tags", "ids are looked up in the list of tags, which read.allowed: false forbids; write label")
	}
}

func checkBatch(r *report, path string, h *HelloCharles) {
	if h.Send == SendBatch && !r.told[path] {
		for _, required := range []named{
			{"method", h.Batch.Method},
			{"path", h.Batch.Path},
			{"envelope", h.Batch.Envelope},
			{"reply", string(h.Batch.Reply)},
		} {
			if required.value == "" {
				r.missing(path+"."+required.key, "missing with send: batch; the Batched Contacts API is a closed beta and its path and shapes are "+
					"not public: ask your Hello Charles success manager for them, or write send: single")
			}
		}
	}
	if h.Batch.Path != "" {
		checkPath(r, path+".path", h.Batch.Path, "")
	}
	checkResults(r, path+".items", h.Batch.Items)
}

// checkResults reports a result that means two things.
func checkResults(r *report, path string, items ReplyItems) {
	meaning := map[string]string{}
	for _, list := range []struct {
		key    string
		values []string
	}{
		{"transient", items.Transient},
		{"created", items.Created},
		{"updated", items.Updated},
		{"accepted", items.Accepted},
		{"refused", items.Refused},
	} {
		for i, value := range list.values {
			if earlier, twice := meaning[value]; twice && value != "" {
				r.refuse(item(path+"."+list.key, i), "also stands in the list %s; a result has one meaning", earlier)
				continue
			}
			meaning[value] = list.key
		}
	}
}

// statusesOfGone are those that can be about one contact. 401, 403 and 429 are
// about the key, and 5xx pass.
var statusesOfGone = []int{400, 404, 409, 410, 422}

// checkGone reports refusals that cannot say that a contact does not exist, or
// that have another meaning already.
func checkGone(r *report, path string, h *HelloCharles) {
	checkTwice(r, path+".codes", h.Gone.Codes)
	meaning := map[string]string{}
	for _, list := range []struct {
		key    string
		values []string
	}{
		{"created", h.Batch.Items.Created},
		{"updated", h.Batch.Items.Updated},
		{"accepted", h.Batch.Items.Accepted},
		{"transient", h.Batch.Items.Transient},
	} {
		for _, value := range list.values {
			meaning[strings.ToLower(value)] = list.key
		}
	}
	for i, code := range h.Gone.Codes {
		if earlier, known := meaning[strings.ToLower(code)]; known && code != "" {
			r.refuse(item(path+".codes", i), "also stands in the list batch.items.%s; a result has one meaning", earlier)
		}
	}
	for i, status := range h.Gone.Statuses {
		place := item(path+".statuses", i)
		earlier, known := meaning[strconv.Itoa(status)]
		switch {
		case r.broken(place):
		case !slices.Contains(statusesOfGone, status):
			r.refuse(place, "expected 400, 404, 409, 410 or 422: no other status is about one contact")
		case slices.Contains(h.Gone.Statuses[:i], status):
			r.refuse(place, "stands in the list twice; delete one")
		case known:
			r.refuse(place, "also stands in the list batch.items.%s; a result has one meaning", earlier)
		}
	}
}

func checkReads(r *report, path string, read Reads) {
	checkPath(r, path+".tags_path", read.TagsPath, "")
	checkPath(r, path+".properties_path", read.PropertiesPath, "")
	checkPath(r, path+".segments_path", read.SegmentsPath, "")
	checkPath(r, path+".segment_count_path", read.SegmentCountPath, "{segment}")
	checkPath(r, path+".segment_members_path", read.SegmentMembersPath, "{segment}")
	checkHeader(r, path+".count_header", read.CountHeader)
	checkTwice(r, path+".known_tags", read.KnownTags)
	checkContactPath(r, path+".contact_path", read.ContactPath)
	checkKnownProperties(r, path+".known_properties", read.KnownProperties)
}

// checkContactPath is checkPath for a path that a query may follow.
func checkContactPath(r *report, path, value string) {
	if value == "" || r.broken(path) {
		return
	}
	target, query, _ := strings.Cut(value, "?")
	if !strings.HasPrefix(target, "/") || strings.HasPrefix(target, "//") {
		r.refuse(path, `expected a path that starts with one "/"`)
		return
	}
	checkPlaceholders(r, path, value, "{reference}", "{source_type}")
	rest := placeholder.ReplaceAllString(target, "")
	_, badPath := url.PathUnescape(rest)
	_, badQuery := url.ParseQuery(query)
	if badPath != nil || badQuery != nil || strings.ContainsAny(rest+placeholder.ReplaceAllString(query, ""), "#{} ") {
		r.refuse(path, `expected a URL path, escaped, and a query if need be, without "#", braces and spaces`)
	}
	if !strings.Contains(value, "{reference}") {
		r.refuse(path, "must hold {reference}, which is replaced")
	}
}

func checkKnownProperties(r *report, path string, properties []KnownProperty) {
	names := make([]string, len(properties))
	for i, property := range properties {
		names[i] = property.Name
		checkTwice(r, item(path, i)+".options", property.Options)
	}
	checkTwice(r, path, names)
}

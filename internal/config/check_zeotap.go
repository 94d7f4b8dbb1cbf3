package config

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// checkZeotapAPI reports what the types cannot say, and brings the base URL
// into one spelling.
func checkZeotapAPI(r *report, path string, z *ZeotapAPI) {
	z.BaseURL = checkBaseURL(r, path+".base_url", z.BaseURL, z.AllowPlainHTTP)
	checkTLSOf(r, path, z.TLS, z.BaseURL)
	checkHeader(r, path+".credential_header", z.CredentialHeader)
	checkPositive(r, path+".timeout", z.Timeout)
	checkPositive(r, path+".limits.max_retry_after", z.Limits.MaxRetryAfter)
	checkPath(r, path+".paths.audience", z.Paths.Audience, "{audience}")
	checkPath(r, path+".paths.snapshots", z.Paths.Snapshots, "{audience}")
	checkPath(r, path+".paths.members", z.Paths.Members, "{audience}")
	checkDistinct(r, path+".names", []named{
		{"limit_param", z.Names.LimitParam}, {"cursor_param", z.Names.CursorParam}, {"snapshot_param", z.Names.SnapshotParam},
	})
	checkDistinct(r, path+".names", []named{
		{"members_key", z.Names.MembersKey}, {"cursor_key", z.Names.CursorKey}, {"version_key", z.Names.VersionKey},
	})
}

type named struct {
	key   string
	value string
}

// checkDistinct reports two keys that hold the same name.
func checkDistinct(r *report, path string, all []named) {
	for i, later := range all {
		for _, earlier := range all[:i] {
			if earlier.value == later.value {
				r.refuse(later.place(r, path, earlier), "%s and %s have the same value; each needs its own", earlier.key, later.key)
			}
		}
	}
}

// place is the key that the file gives, when the other one is a default.
func (n named) place(r *report, path string, other named) string {
	if !r.given(path+"."+n.key) && r.given(path+"."+other.key) {
		return path + "." + other.key
	}
	return path + "." + n.key
}

// shortestAge is the least that max_age may be.
const shortestAge = Duration(time.Minute)

// checkZeotapExport reports what the types cannot say.
func checkZeotapExport(r *report, path string, z *ZeotapExport) {
	checkFolderURL(r, path+".url", z.URL)
	checkSFTP(r, path, z)
	checkPositive(r, path+".settle", z.Settle)
	if age := path + ".max_age"; z.MaxAge != 0 && z.MaxAge < shortestAge && !r.broken(age) {
		r.refuse(age, "expected at least %s, or zero for any age", shortestAge)
	}
	groups := checkPattern(r, path+".pattern", z.Pattern, z.Delivers)
	checkMarkerKey(r, path, z.Marker, slices.Contains(groups, groupSet))
	checkDeltas(r, path, z, groups)
	if delimiter, _ := utf8.DecodeRuneInString(z.Delimiter); strings.ContainsRune("\"\r\n\uFFFD", delimiter) {
		r.refuse(path+".delimiter", "expected one character that is not a quote or a line break")
	}
}

// folderSchemes are the places that files are read from.
var folderSchemes = []string{"file", "s3", "gs", "azblob", sftpScheme}

const sftpScheme = "sftp"

func isFolderPath(address string) bool { return !strings.Contains(address, "://") }

// checkFolderURL never repeats the URL: it may hold a credential.
func checkFolderURL(r *report, path, address string) {
	if r.broken(path) || isFolderPath(address) {
		return
	}
	parsed, err := url.Parse(address)
	switch {
	case err != nil || !slices.Contains(folderSchemes, parsed.Scheme):
		r.refuse(path, "expected a folder path, or a URL that starts with file://, s3://, gs://, azblob:// or sftp://")
	case parsed.Scheme == sftpScheme:
		checkSFTPURL(r, path, parsed)
	case parsed.User != nil:
		r.refuse(path, "must not hold a user or password; the credentials of buckets come from the worker's environment")
	case parsed.Scheme == "file" && (parsed.Host != "" || parsed.Path == "" || parsed.RawQuery != ""):
		r.refuse(path, "expected three slashes and no parameters: file:///folder; write a relative folder without file://")
	case parsed.Scheme != "file" && parsed.Host == "":
		r.refuse(path, "expected the name of a bucket after %s://", parsed.Scheme)
	}
}

// The groups of a pattern that are read.
const (
	groupSet       = "set"
	groupOperation = "operation"
	groupSequence  = "sequence"
)

// checkPattern returns the named groups of a pattern.
func checkPattern(r *report, path, pattern string, delivers Delivery) (groups []string) {
	if r.broken(path) {
		return nil
	}
	if strings.HasPrefix(pattern, "/") || strings.HasPrefix(pattern, "^/") {
		r.refuse(path, `must not start with "/": keys begin below the URL`)
		return nil
	}
	compiled, err := regexp.Compile(strings.ReplaceAll(pattern, "{audience}", regexp.QuoteMeta("984")))
	if err != nil {
		r.refuse(path, "expected a regular expression of Go (RE2), in which {audience} stands for the audience id; it does not compile")
		return nil
	}
	checkPlaceholders(r, path, pattern, "{audience}")
	for _, group := range compiled.SubexpNames() {
		switch {
		case group == "":
		case slices.Contains(groups, group):
			r.refuse(path, "holds the group (?P<%s>...) twice; names of groups are unique", group)
		case group == groupSet, delivers == DeliversDeltas && (group == groupOperation || group == groupSequence):
			groups = append(groups, group)
		case group == groupOperation, group == groupSequence:
			r.refuse(path, "holds the group (?P<%s>...), which is read with delivers: deltas only", group)
		case delivers == DeliversDeltas:
			r.refuse(path, "holds a named group that nothing reads; the known groups are (?P<set>...), (?P<operation>...) and (?P<sequence>...)")
		default:
			r.refuse(path, "holds a named group that nothing reads; the one known group is (?P<set>...)")
		}
	}
	return groups
}

func checkMarkerKey(r *report, path, marker string, hasSets bool) {
	if marker == "" || r.broken(path+".marker") || r.broken(path+".pattern") {
		return
	}
	path += ".marker"
	checkPlaceholders(r, path, marker, "{audience}", "{set}")
	holdsSet := strings.Contains(marker, "{set}")
	switch {
	case strings.HasPrefix(marker, "/"):
		r.refuse(path, `must not start with "/": keys begin below the URL`)
	case hasSets && !holdsSet:
		r.refuse(path, "must hold {set}, because the pattern has sets: else the marker of one set completes them all")
	case !hasSets && holdsSet:
		r.refuse(path, "holds {set}, but the pattern has no group (?P<set>...)")
	}
}

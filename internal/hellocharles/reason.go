package hellocharles

import (
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"audiencesync/internal/audience"
)

// Bounds of what is kept of a refusal's reason.
const (
	maxCodeBytes    = 64
	maxMessageBytes = 500
	// maxCodeDigits keeps status-like numbers and drops phone numbers, also
	// those with separators.
	maxCodeDigits = 6
)

// reason is what the errors of one contact say.
type reason struct {
	// code is the first one, where it is safe for reports.
	code    string
	message string
	// passes says that an error has a code of batch.items.transient, lasts that
	// one has other codes only.
	passes bool
	lasts  bool
	// codes are all of them; gone says that an error means that the contact does
	// not exist.
	codes []string
	gone  bool
}

// refusal is the refusal for that reason. As the worse of two results counts, it
// is transient only if no error lasts.
func (w reason) refusal() Result {
	return Result{
		Outcome: audience.Refused, Code: w.code, Message: cut(w.message), Gone: w.gone, Transient: w.passes && !w.lasts && !w.gone,
	}
}

// reasonOf reads one error: by the names of batch.items, else in the form of
// charles' app API (see docs/hello-charles.md section 8 and 10), where the message
// key says more than the number. A list of errors is read in turn.
func (r replies) reasonOf(e any, reference string) reason {
	if text := scalar(e); text != "" {
		return reason{message: text, gone: r.gone.says(text) || r.gone.says(r.refusedWith)}
	}
	if list, ok := e.([]any); ok {
		return r.reasonOfAll(list, reference)
	}
	names := r.settings.Items
	codes := scalarsAt(e, names.ErrorCode, "message_key", "code", names.Status)
	told := reason{message: textAt(e, names.ErrorMessage), passes: r.mayPass(codes...)}
	told.lasts = len(codes) > 0 && !told.passes
	named := scalarsAt(e, names.ErrorCode, "message_key", "code")
	if len(named) > 0 {
		told.code = slug(named[0], reference)
	}
	told.codes = named
	told.gone = r.gone.says(scalarAt(e, names.Status), named...) || r.gone.says(r.refusedWith, named...)
	if told.message == "" {
		told.message = strings.Join(scalarsAt(e, "message", "description"), ": ")
	}
	return told
}

// reasonOfAll is the first code and all texts of several errors.
func (r replies) reasonOfAll(list []any, reference string) reason {
	var all reason
	var messages []string
	for _, e := range list {
		one := r.reasonOf(e, reference)
		if all.code == "" {
			all.code = one.code
		}
		if one.message != "" {
			messages = append(messages, one.message)
		}
		all.passes, all.lasts = all.passes || one.passes, all.lasts || one.lasts
		all.gone, all.codes = all.gone || one.gone, append(all.codes, one.codes...)
	}
	all.message = strings.Join(messages, "; ")
	return all
}

// scalarsAt returns what stands at these paths.
func scalarsAt(value any, paths ...string) []string {
	var found []string
	for _, path := range paths {
		if text := scalarAt(value, path); text != "" {
			found = append(found, text)
		}
	}
	return found
}

// reportsErrors reports whether a body says that something went wrong, in any of
// the forms that errorsIn reads.
func (r replies) reportsErrors(body []byte) bool {
	root, err := decode(body)
	if err != nil {
		// Of a key that stands twice one may report what the other hides.
		return errors.Is(err, errKeyTwice)
	}
	return r.anyReports(root)
}

func (r replies) anyReports(root any) bool {
	if list, ok := root.([]any); ok {
		return slices.ContainsFunc(list, r.anyReports)
	}
	key := r.settings.Errors.Key
	return reports(root, append(except(key), key))
}

// except returns the usual keys of errors but one, which has a meaning of its own.
func except(key string) []string {
	return slices.DeleteFunc([]string{"errors", "error"}, func(usual string) bool { return usual == key })
}

func reports(root any, keys []string) bool {
	for _, key := range keys {
		switch found := at(root, key).(type) {
		case []any:
			if len(found) > 0 {
				return true
			}
		case map[string]any:
			if len(found) > 0 {
				return true
			}
		default:
			if text := scalar(found); text != "" && text != "false" && text != "0" {
				return true
			}
		}
	}
	return false
}

// errorsIn returns the errors of a reply: under the key of the settings, under
// the usual ones, or the reply itself. Of a list it is those of its entries.
func (r replies) errorsIn(root any) []any {
	if list, ok := root.([]any); ok {
		all := make([]any, 0, len(list))
		for _, entry := range list {
			all = append(all, r.errorsIn(entry)...)
		}
		return all
	}
	for _, key := range []string{r.settings.Errors.Key, "errors", "error"} {
		switch found := at(root, key).(type) {
		case nil:
		case []any:
			return found
		default:
			return []any{found}
		}
	}
	return []any{root}
}

// slug returns an error code that is safe for reports, or nothing: free text
// and what may be a person's number, address or reference is dropped.
func slug(code, reference string) string {
	code = strings.ToLower(code)
	if code == "" || len(code) > maxCodeBytes || code == strings.ToLower(reference) {
		return ""
	}
	digits := 0
	for i := range len(code) {
		switch c := code[i]; {
		case c >= '0' && c <= '9':
			digits++
		case c >= 'a' && c <= 'z', c == '_', c == '.', c == '-':
		default:
			return ""
		}
	}
	if digits > maxCodeDigits {
		return ""
	}
	return code
}

// cut shortens the API's own words, never inside a character.
func cut(text string) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if len(text) <= maxMessageBytes {
		return text
	}
	end := maxMessageBytes
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end]
}

package audience

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// Reason says why a member has an outcome that is not a success. It is a
// stable code: reports count by it, documentation explains it, and it never
// holds a value of a contact.
type Reason string

// Reasons of members that were not sent, found by our own checks or the filter,
// and of those that Hello Charles did not take.
const (
	ReferenceMissing        Reason = "reference_missing"
	ReferenceHashed         Reason = "reference_is_a_hash"
	ReferenceNotANumber     Reason = "reference_is_not_a_phone_number"
	ReferenceNoCountryCode  Reason = "reference_has_no_country_code"
	ReferenceTooShort       Reason = "reference_is_too_short"
	ReferenceTooLong        Reason = "reference_is_too_long"
	PhoneHashed             Reason = "phone_is_a_hash"
	PhoneNotANumber         Reason = "phone_is_not_a_phone_number"
	PhoneNoCountryCode      Reason = "phone_has_no_country_code"
	PhoneTooShort           Reason = "phone_is_too_short"
	PhoneMissing            Reason = "phone_missing"
	EmailHashed             Reason = "email_is_a_hash"
	EmailNotAnAddress       Reason = "email_is_not_an_address"
	EmailMissing            Reason = "email_missing"
	NameTooLong             Reason = "name_is_too_long"
	PropertyNotANumber      Reason = "property_is_not_a_number"
	PropertyNotABoolean     Reason = "property_is_not_a_boolean"
	PropertyNotADate        Reason = "property_is_not_a_date"
	PropertyNotADateTime    Reason = "property_is_not_a_datetime"
	PropertyTooLong         Reason = "property_is_too_long"
	LabelTooLong            Reason = "label_is_too_long"
	TooManyLabels           Reason = "too_many_labels"
	ListTooLong             Reason = "list_is_too_long"
	FieldNotText            Reason = "field_is_not_text"
	ExcludedByFilter        Reason = "excluded_by_the_filter"
	Forgotten               Reason = "forgotten"
	ReferenceSeenBefore     Reason = "same_reference_as_an_earlier_member"
	RefusedByHelloCharles   Reason = "refused_by_hello_charles"
	GoneFromHelloCharles    Reason = "gone_from_hello_charles"
	NoAnswerForContact      Reason = "no_answer_for_the_contact"
	NotSentBeforeEnd        Reason = "not_sent_before_the_run_ended"
	SentWithoutAnswerAtStop Reason = "sent_without_an_answer_when_the_run_ended"
)

// Explain returns a sentence part for a person ("has no value in the
// reference field"). An unknown reason explains itself with its code.
func (r Reason) Explain() string {
	if text, ok := explanations[r]; ok {
		return text
	}
	return string(r)
}

// ExplainReason explains a reason that may have a detail behind a colon, as reports do:
// "Hello Charles refused the contact (contact_blocked)".
func ExplainReason(reason string) string {
	code, detail, _ := strings.Cut(reason, ":")
	text := Reason(code).Explain()
	if detail != "" {
		text += " (" + detail + ")"
	}
	return text
}

// FindReason finds the reason that is called by its code or in the words of a report,
// with or without a detail, or, of those that are known, by its detail alone.
func FindReason(called string, known []string) (reason string, ok bool) {
	called = strings.TrimSpace(called)
	if found, ok := reasonByText(called); ok {
		return string(found), true
	}
	if code, detail, detailed := strings.Cut(called, ":"); detailed && detail != "" {
		if found, ok := reasonByText(code); ok {
			return string(found) + ":" + detail, true
		}
	}
	if text, detail, detailed := strings.Cut(strings.TrimSuffix(called, ")"), " ("); detailed && detail != "" {
		if found, ok := reasonByText(text); ok {
			return string(found) + ":" + detail, true
		}
	}
	for _, reason := range known {
		if _, detail, _ := strings.Cut(reason, ":"); called != "" && (called == detail || called == reason) {
			return reason, true
		}
	}
	return "", false
}

func reasonByText(text string) (Reason, bool) {
	for reason, words := range explanations {
		if text == string(reason) || strings.EqualFold(text, words) {
			return reason, true
		}
	}
	return "", false
}

var explanations = map[Reason]string{
	ReferenceMissing:        "no value in the field that is mapped to the reference",
	ReferenceHashed:         "the reference is a hash, not a phone number: Hello Charles cannot reach a hash; ask Zeotap for the raw value",
	ReferenceNotANumber:     "the reference is not a phone number of any region",
	ReferenceNoCountryCode:  "the reference has no country code and the sync names no default_region",
	ReferenceTooShort:       "the reference has too few digits for a phone number",
	ReferenceTooLong:        "the reference has more than 255 characters",
	PhoneHashed:             "the phone number is a hash: Hello Charles cannot reach a hash; ask Zeotap for the raw value",
	PhoneNotANumber:         "the phone number is not valid for its region",
	PhoneNoCountryCode:      "the phone number has no country code and the sync names no default_region",
	PhoneTooShort:           "the phone number has too few digits",
	PhoneMissing:            "no value in the field that is mapped to the phone number, which the sync requires",
	EmailHashed:             "the email address is a hash; ask Zeotap for the raw value",
	EmailNotAnAddress:       "the email address is not an address",
	EmailMissing:            "no value in the field that is mapped to the email address, which the sync requires",
	NameTooLong:             "a name has more characters than its max_length",
	PropertyNotANumber:      "a custom property of type number has a value that is not a number",
	PropertyNotABoolean:     "a custom property of type boolean has a value that means neither true nor false",
	PropertyNotADate:        "a custom property of type date has a value that is not a date",
	PropertyNotADateTime:    "a custom property of type datetime has a value that is not a date and time",
	PropertyTooLong:         "a custom property has more characters than its max_length",
	LabelTooLong:            "a tag or an option has more than 255 characters",
	TooManyLabels:           "more than 100 tags, or options of one property, for one member",
	ListTooLong:             "a mapped list has more than 1,000 entries",
	FieldNotText:            "a mapped field holds a list or an object where one value is needed",
	ExcludedByFilter:        "the filter of the sync excludes the member",
	Forgotten:               "the person was forgotten (audiencesync ledger forget) and is sent by no sync",
	ReferenceSeenBefore:     "the same reference as an earlier member of the audience",
	RefusedByHelloCharles:   "Hello Charles refused the contact",
	GoneFromHelloCharles:    "Hello Charles held the contact and does not any more; it is not created again unless a run is told to (run --recreate)",
	NoAnswerForContact:      "Hello Charles did not say what became of the contact",
	NotSentBeforeEnd:        "the run ended before the contact was sent",
	SentWithoutAnswerAtStop: "the run ended before Hello Charles answered for the contact",
}

// maxReasons bounds the reasons of a report: Hello Charles' codes are not ours
// to count on.
const maxReasons = 50

// LimitReasons keeps the reasons that count most and adds the others up under
// their code without detail.
func LimitReasons(reasons map[string]int64) map[string]int64 {
	if len(reasons) <= maxReasons {
		return reasons
	}
	names := slices.SortedFunc(maps.Keys(reasons), func(a, b string) int {
		return cmp.Or(cmp.Compare(reasons[b], reasons[a]), cmp.Compare(a, b))
	})
	limited := make(map[string]int64, maxReasons)
	for i, name := range names {
		if i >= maxReasons {
			name, _, _ = strings.Cut(name, ":")
		}
		limited[name] += reasons[names[i]]
	}
	return limited
}

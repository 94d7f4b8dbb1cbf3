package config

// ReplyForm is what a batch reply says about its contacts.
type ReplyForm string

// The forms of batch replies.
const (
	RepliesNone   ReplyForm = "none"
	RepliesCounts ReplyForm = "counts"
	RepliesItems  ReplyForm = "items"
	RepliesErrors ReplyForm = "errors"
)

// ReplyItems are the JSON names of per-contact results; a dot descends ("result.status").
type ReplyItems struct {
	// Key of the results; "array" means that the reply is a bare array. Default: items.
	Key string `yaml:"key" json:"key"`
	// Shape: "list", or "object" whose keys are the references. Default: list.
	Shape ItemsShape `yaml:"shape" json:"shape"`
	// Reference is the key of the reference. Default: external_reference_id.
	Reference string `yaml:"reference" json:"reference"`
	// Index is the key of the contact's place in the request, from 0, for items
	// without a reference. Default: empty, such items name nobody.
	Index string `yaml:"index" json:"index" jsonschema:"minLength=0"`
	// Status is the key of the result, whose values the five lists below name:
	// text, true or false, or HTTP status numbers as text. Default: status.
	Status string `yaml:"status" json:"status"`
	// Created lists the results that mean created. Default: created, 201.
	Created []string `yaml:"created" json:"created"`
	// Updated lists the results that mean updated. Default: updated, 200.
	Updated []string `yaml:"updated" json:"updated"`
	// Accepted lists the results that mean taken, without saying whether created
	// or updated. Default: accepted, ok, success, 202, 204.
	Accepted []string `yaml:"accepted" json:"accepted"`
	// Refused lists the results that mean refused. Default: refused, rejected,
	// failed, error, invalid, 400, 409, 422.
	Refused []string `yaml:"refused" json:"refused"`
	// Transient lists the results, and the codes of refusals, that may pass: such a
	// contact is sent again on its own. Default: 429, 500, 502, 503, 504,
	// rate_limited, too_many_requests, timeout, temporarily_unavailable.
	Transient []string `yaml:"transient" json:"transient"`
	// ErrorCode is the key of a refusal's code. Default: error.code.
	ErrorCode string `yaml:"error_code" json:"error_code"`
	// ErrorMessage is the key of a refusal's text. Default: error.message.
	ErrorMessage string `yaml:"error_message" json:"error_message"`
}

// ItemsShape is how results of contacts are held together.
type ItemsShape string

// The shapes of results.
const (
	ItemsList   ItemsShape = "list"
	ItemsObject ItemsShape = "object"
)

// ReplyErrors are the JSON names of refused contacts; a dot descends. Codes and
// texts are read as those of items, or as in charles' app API.
type ReplyErrors struct {
	// Key of the refused contacts: a list, or an object whose keys are the
	// references. Default: errors.
	Key string `yaml:"key" json:"key"`
	// Reference is the key of the reference. Default: external_reference_id.
	Reference string `yaml:"reference" json:"reference"`
	// Index is the key of the contact's place in the request, from 0, for errors
	// without a reference. Default: empty, such errors name nobody.
	Index string `yaml:"index" json:"index" jsonschema:"minLength=0"`
}

// GoneRefusals are the refusals that say that a contact does not exist, and was
// not created (A20): no public document names one. Without them such a refusal
// is one like any other.
type GoneRefusals struct {
	// Codes are error codes, or results of a contact in a batch reply, whatever
	// their case. Default: empty.
	Codes []string `yaml:"codes" json:"codes,omitempty"`
	// Statuses are status numbers of a contact in a batch reply, and of the answer
	// to a request of one contact: 400, 404, 409, 410 or 422. Where codes are
	// given too, a refusal with another code is not meant. Default: empty, since a
	// 404 may as well mean that the closed beta is not enabled (A18).
	Statuses []int `yaml:"statuses" json:"statuses,omitempty"`
}

// ReplyCounts are the JSON names of counts; a dot descends ("data.created").
type ReplyCounts struct {
	// Created is the key of the number of created contacts. Default: created.
	Created string `yaml:"created" json:"created"`
	// Updated is the key of the number of updated contacts. Default: updated.
	Updated string `yaml:"updated" json:"updated"`
	// Refused is the key of the number of refused contacts. Default: refused.
	Refused string `yaml:"refused" json:"refused"`
}

package simulator

import "time"

// BatchOptions are the Batched Contacts API, which is not public (A1, A6).
type BatchOptions struct {
	// Method and Path: POST /api/v1beta/contacts/batch unless given.
	Method string `yaml:"method"`
	Path   string `yaml:"path"`
	// Envelope is the key around the contacts, "contacts" unless given;
	// "array" means a bare array.
	Envelope string `yaml:"envelope"`
	// MaxItems is the most contacts of one call (default 1,000), TooManyStatus
	// the answer to more, 413 or 400. Default: 413.
	MaxItems      int `yaml:"max_items"`
	TooManyStatus int `yaml:"too_many_status"`
	// EmptyStatus is the answer to a call without contacts, 400 or 200. Default: 400.
	EmptyStatus int `yaml:"empty_status"`
	// Duplicates is what happens to a reference that comes twice in one call:
	// take lets the last one win; refuse_item refuses all but the first. Default: take.
	Duplicates UnknownValues `yaml:"duplicates"`

	// Reply is what the API says about the contacts: items unless given.
	Reply Reply `yaml:"reply"`
	// Items is how results of contacts are written.
	Items ItemOptions `yaml:"items"`
	// Wrap is a key around the reply; a dot descends. Default: none.
	Wrap string `yaml:"wrap"`
	// PartialStatus is the status when some contacts are refused, 207 or 200.
	// Default: 207.
	PartialStatus int `yaml:"partial_status"`
	// AllOrNothing answers 422 and applies nothing when one contact is refused.
	AllOrNothing bool `yaml:"all_or_nothing"`
	// Names is how a call that is refused as a whole names the contacts that are
	// why, and how the reply errors names them. Default: nobody, and reference
	// for the reply errors.
	Names Naming `yaml:"names"`
	// Queued answers 202 and applies the contacts after QueueDelay; what is
	// refused then goes unseen.
	Queued     bool          `yaml:"queued"`
	QueueDelay time.Duration `yaml:"queue_delay"`
}

// Reply is the form of the answer to a batch.
type Reply string

// The forms of answers.
const (
	// ReplyItems: one result for each contact.
	ReplyItems Reply = "items"
	// ReplyCounts: how many were created, updated and refused.
	ReplyCounts Reply = "counts"
	// ReplyErrors: the refused contacts alone, in the form of errors.
	ReplyErrors Reply = "errors"
	// ReplyNone: 204; refused contacts go unseen.
	ReplyNone Reply = "none"
)

// ItemOptions are the reply items.
type ItemOptions struct {
	// Key of the results, "items" unless given; "array" means a bare array.
	Key string `yaml:"key"`
	// Shape holds the results together.
	Shape ItemShape `yaml:"shape"`
	// Shuffle puts the results into another order than the contacts'.
	Shuffle bool `yaml:"shuffle"`
	// StatusKey is the key of the status, "status" unless given; a dot descends.
	StatusKey string `yaml:"status_key"`
	// Status is how the status is written.
	Status StatusForm `yaml:"status"`
	// Strangers is the number of results of references that were not sent.
	Strangers int `yaml:"strangers"`
}

// ItemShape is how results are held together.
type ItemShape string

// The shapes of results.
const (
	// ItemsList: a list with external_reference_id.
	ItemsList ItemShape = "list"
	// ItemsByIndex: a list with the place in the call, index from 0.
	ItemsByIndex ItemShape = "index"
	// ItemsObject: an object whose keys are the references.
	ItemsObject ItemShape = "object"
)

// StatusForm is how the status of a contact is written.
type StatusForm string

// The forms of statuses.
const (
	// StatusText: created, updated, accepted or refused.
	StatusText StatusForm = "text"
	// StatusHTTP: 201, 200, 202, or the number of a refusal.
	StatusHTTP StatusForm = "http"
	// StatusBoolean: true, or false for refused.
	StatusBoolean StatusForm = "boolean"
)

// Naming is how errors name contacts.
type Naming string

// The ways to name contacts.
const (
	NameNobody    Naming = "nobody"
	NameReference Naming = "reference"
	NameIndex     Naming = "index"
)

// withDefaults fills in what was not given.
func (o BatchOptions) withDefaults() BatchOptions {
	defaultTo(&o.Method, "POST")
	defaultTo(&o.Path, "/api/v1beta/contacts/batch")
	defaultTo(&o.Envelope, "contacts")
	defaultTo(&o.MaxItems, 1000)
	defaultTo(&o.TooManyStatus, 413)
	defaultTo(&o.EmptyStatus, 400)
	defaultTo(&o.Duplicates, TakeUnknown)
	defaultTo(&o.Reply, ReplyItems)
	defaultTo(&o.Items.Key, "items")
	defaultTo(&o.Items.Shape, ItemsList)
	defaultTo(&o.Items.StatusKey, "status")
	defaultTo(&o.Items.Status, StatusText)
	defaultTo(&o.PartialStatus, 207)
	if o.Reply == ReplyErrors {
		defaultTo(&o.Names, NameReference)
	}
	defaultTo(&o.Names, NameNobody)
	return o
}

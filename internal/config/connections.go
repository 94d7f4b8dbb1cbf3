package config

// Connections are the endpoints that a worker knows, by name and kind. Their
// file is read by the worker only; starters know names.
type Connections struct {
	ZeotapAPI    map[string]ZeotapAPI
	ZeotapExport map[string]ZeotapExport
	HelloCharles map[string]HelloCharles
	Webhooks     map[string]Webhook
}

// Kind is the kind of a connection.
type Kind string

// The kinds of connections.
const (
	KindZeotapAPI    Kind = "zeotap-api"
	KindZeotapExport Kind = "zeotap-export"
	KindHelloCharles Kind = "hello-charles"
	KindWebhook      Kind = "webhook"
)

// Limits is the budget for one endpoint.
type Limits struct {
	// RequestsPerSecond is the rate that is never passed. Default: 10 for
	// zeotap-api; for hello-charles 2 with send: batch, 5 with send: single (A14).
	RequestsPerSecond float64 `yaml:"requests_per_second" json:"requests_per_second" jsonschema:"exclusiveMinimum=0,maximum=10000"`
	// RequestsInFlight is how many requests may be under way at once. Default: 4
	// for zeotap-api, 2 for hello-charles (A14).
	RequestsInFlight int `yaml:"requests_in_flight" json:"requests_in_flight" jsonschema:"minimum=1,maximum=1000"`
	// MaxRetryAfter caps the delay that the endpoint may ask for; a longer one
	// is reported and cut to this. Default: 5m for zeotap-api, 15m for hello-charles.
	MaxRetryAfter Duration `yaml:"max_retry_after" json:"max_retry_after"`
}

// ZeotapAPI is an HTTP endpoint that serves audience members in pages. The
// contract is this project's own (docs/zeotap-members-api.md): Zeotap
// publishes none (see docs/zeotap.md A1).
type ZeotapAPI struct {
	// BaseURL is the https:// address, without user, query or fragment.
	BaseURL string `yaml:"base_url" json:"base_url" jsonschema:"required"`
	// AllowPlainHTTP permits http:// to a host that is not this machine. Default: false.
	AllowPlainHTTP bool `yaml:"allow_plain_http" json:"allow_plain_http,omitempty"`
	// Credential says where the credential is: "env:NAME" or "file:PATH". None is
	// sent without it.
	Credential CredentialRef `yaml:"credential" json:"credential,omitempty"`
	// CredentialHeader carries the credential. Zeotap's Profile API uses
	// "apikey". Default: apikey.
	CredentialHeader string `yaml:"credential_header" json:"credential_header"`
	// TLS is for a server with a certificate of an authority of its own, or that asks for
	// a client certificate.
	TLS TLS `yaml:"tls" json:"tls"`
	// Limits is the budget for requests.
	Limits Limits `yaml:"limits" json:"limits"`
	// Timeout bounds one request, reply included. Default: 1m.
	Timeout Duration `yaml:"timeout" json:"timeout"`
	// PageSize is the number of members asked for in one page. Default: 10000.
	PageSize int `yaml:"page_size" json:"page_size" jsonschema:"minimum=1,maximum=100000"`
	// MaxBodyMegabytes bounds one reply. Default: 64.
	MaxBodyMegabytes int `yaml:"max_body_megabytes" json:"max_body_megabytes" jsonschema:"minimum=1,maximum=1024"`
	// Paths are the URL paths of the contract.
	Paths ZeotapPaths `yaml:"paths" json:"paths"`
	// Names are the query parameters and JSON keys of the contract.
	Names ZeotapNames `yaml:"names" json:"names"`
}

// ZeotapPaths are URL paths; {audience} stands for the escaped audience id.
type ZeotapPaths struct {
	// Audience describes one audience. Default: /v1/audiences/{audience}.
	Audience string `yaml:"audience" json:"audience"`
	// Snapshots opens a read. Default: /v1/audiences/{audience}/snapshots.
	Snapshots string `yaml:"snapshots" json:"snapshots"`
	// Members serves pages. Default: /v1/audiences/{audience}/members.
	Members string `yaml:"members" json:"members"`
}

// ZeotapNames are the query parameters and JSON keys of the members reply.
type ZeotapNames struct {
	// LimitParam asks for a page size. Default: limit.
	LimitParam string `yaml:"limit_param" json:"limit_param"`
	// CursorParam asks for the page at a cursor. Default: cursor.
	CursorParam string `yaml:"cursor_param" json:"cursor_param"`
	// SnapshotParam names the snapshot that is read. Default: snapshot.
	SnapshotParam string `yaml:"snapshot_param" json:"snapshot_param"`
	// MembersKey holds the members of a page. Default: members.
	MembersKey string `yaml:"members_key" json:"members_key"`
	// CursorKey holds the cursor of the next page. Default: next_cursor.
	CursorKey string `yaml:"cursor_key" json:"cursor_key"`
	// VersionKey holds the version of the content. Default: version.
	VersionKey string `yaml:"version_key" json:"version_key"`
}

// ZeotapExport is a folder, bucket or SFTP server into which a Zeotap
// destination (SFTP, GCS, S3) drops the files of an audience. The layout is not
// public (see docs/zeotap.md A3), so it is all settings.
type ZeotapExport struct {
	// URL: a folder ("file:///data/zeotap", or a path, which starts at the folder
	// of the connections file), s3://, gs://, azblob://, or
	// sftp://user@host:port/absolute/path, which needs the sftp settings.
	URL string `yaml:"url" json:"url" jsonschema:"required"`
	// Pattern matches the keys of an audience's files below the URL: a regular
	// expression in which {audience} stands for the audience id and the group
	// (?P<set>...) names the set that a file belongs to. Without a set group
	// all matching files are one set. With delivers: deltas a set group is
	// required, (?P<operation>...) says what a file does, and (?P<sequence>...)
	// is the number of its set.
	Pattern string `yaml:"pattern" json:"pattern" jsonschema:"required"`
	// Format: "csv", "ndjson" or "json" (one array).
	Format ExportFormat `yaml:"format" json:"format" jsonschema:"required"`
	// Compression: "auto" (by the name's ending), "none" or "gzip". Default: auto.
	Compression Compression `yaml:"compression" json:"compression"`
	// Delimiter of CSV files, one character; the first line is the header.
	// Default: a comma (",").
	Delimiter string `yaml:"delimiter" json:"delimiter" jsonschema:"minLength=1,maxLength=1"`
	// Marker is the key whose presence completes a set; {audience} and {set}
	// are replaced. Without one a set is complete when Settle has passed since
	// its newest file changed.
	Marker string `yaml:"marker" json:"marker,omitempty"`
	// Settle is how long the files of a set must have stood still when there is
	// no Marker. Default: 10m.
	Settle Duration `yaml:"settle" json:"settle"`
	// MaxAge is how old the newest complete set may be, by its newest file: a run that
	// would read an older one fails instead of bringing nothing new. At least 1m, or zero
	// for any age. Default: 0.
	MaxAge Duration `yaml:"max_age" json:"max_age,omitempty"`
	// PageSize is the number of members that are handed on at a time. Default: 10000.
	PageSize int `yaml:"page_size" json:"page_size" jsonschema:"minimum=1,maximum=100000"`
	// MaxRecordKilobytes bounds one record. Default: 1024.
	MaxRecordKilobytes int `yaml:"max_record_kilobytes" json:"max_record_kilobytes" jsonschema:"minimum=1,maximum=65536"`
	// Delivers: "full" (every set is the whole audience, and the newest counts) or
	// "deltas" (a full set first, then sets of what changed; all of them are
	// applied in their order). Default: full.
	Delivers Delivery `yaml:"delivers" json:"delivers"`
	// Deltas say how sets of changes are told apart and applied, for delivers:
	// deltas (see docs/zeotap.md A4, A5).
	Deltas ExportDeltas `yaml:"deltas" json:"deltas"`
	// SFTP is how to log in where the URL starts with sftp://.
	SFTP SFTP `yaml:"sftp" json:"sftp"`
}

// ExportFormat is the format of export files.
type ExportFormat string

// The formats of export files.
const (
	FormatCSV    ExportFormat = "csv"
	FormatNDJSON ExportFormat = "ndjson"
	FormatJSON   ExportFormat = "json"
)

// Compression is how export files are compressed.
type Compression string

// The compressions of export files.
const (
	CompressionAuto Compression = "auto"
	CompressionNone Compression = "none"
	CompressionGzip Compression = "gzip"
)

// HelloCharles is one workspace: host and source_type, with every assumption
// about its API that no public document settles (see docs/hello-charles.md A1 to A21).
type HelloCharles struct {
	// BaseURL is a URL, or the bare customer name: "acme" means
	// https://acme.hello-charles.com.
	BaseURL string `yaml:"base_url" json:"base_url" jsonschema:"required"`
	// AllowPlainHTTP permits http:// to a host that is not this machine. Default: false.
	AllowPlainHTTP bool `yaml:"allow_plain_http" json:"allow_plain_http,omitempty"`
	// SourceType names the sending system; with the reference it is the key of
	// a contact (A13). Keep it for ever.
	SourceType string `yaml:"source_type" json:"source_type" jsonschema:"required"`
	// Credential says where the API key is: "env:NAME" or "file:PATH". It is sent
	// as x-api-key (Contact API, help article 264408).
	Credential CredentialRef `yaml:"credential" json:"credential,omitempty" jsonschema:"required"`
	// TLS is for a server, or a gateway in front of it, with a certificate of an authority
	// of its own, or that asks for a client certificate.
	TLS TLS `yaml:"tls" json:"tls"`
	// Limits is the budget of the workspace, shared by all its syncs and workers.
	Limits Limits `yaml:"limits" json:"limits"`
	// Timeout bounds one request, reply included. Default: 1m.
	Timeout Duration `yaml:"timeout" json:"timeout"`
	// MaxBodyMegabytes bounds one reply. Default: 16.
	MaxBodyMegabytes int `yaml:"max_body_megabytes" json:"max_body_megabytes" jsonschema:"minimum=1,maximum=1024"`
	// Send: "single" (documented, one contact per request) or "batch" (closed
	// beta, needs the batch settings). Default: single.
	Send SendMode `yaml:"send" json:"send"`
	// Single is the documented call.
	Single SingleContacts `yaml:"single" json:"single"`
	// Batch is the Batched Contacts API, for send: batch.
	Batch BatchContacts `yaml:"batch" json:"batch"`
	// Phone is the shape of the objects in phone_numbers (A3).
	Phone PhoneShape `yaml:"phone" json:"phone"`
	// Email is the shape of the objects in email_address (A3).
	Email ChannelShape `yaml:"email" json:"email"`
	// Tags: "label" or "id" (A4). Default: label.
	Tags TagForm `yaml:"tags" json:"tags"`
	// Omitted says what an upsert does to fields that it does not name:
	// "keep", "clear" or "unknown" (A5). Mode mirror needs keep. With it, phone and
	// email of contacts that are confirmed are sent only when they change; without
	// it, check, try and trace note what contacts may be sent without. Default:
	// unknown.
	Omitted Omitted `yaml:"omitted" json:"omitted"`
	// Gone is how a refusal says that a contact does not exist (A20).
	Gone GoneRefusals `yaml:"gone" json:"gone"`
	// Read is how tags, custom properties and segments are read (A2, A12).
	Read Reads `yaml:"read" json:"read"`
}

// SendMode is how contacts are sent.
type SendMode string

// The ways to send contacts.
const (
	SendSingle SendMode = "single"
	SendBatch  SendMode = "batch"
)

// SingleContacts is the documented call, one contact a request (Contact API,
// help article 264408).
type SingleContacts struct {
	// Method of the request. Default: PUT.
	Method string `yaml:"method" json:"method" jsonschema:"enum=PUT,enum=POST,enum=PATCH"`
	// Path of the request. Default: /api/v1beta/contacts.
	Path string `yaml:"path" json:"path"`
}

// BatchContacts is the Batched Contacts API (A1, A6): closed beta, path and
// shapes are not public. Batch mode refuses to start until they are given.
type BatchContacts struct {
	// Method of the request; required with send: batch.
	Method string `yaml:"method" json:"method,omitempty" jsonschema:"enum=PUT,enum=POST,enum=PATCH"`
	// Path of the request; required with send: batch.
	Path string `yaml:"path" json:"path,omitempty"`
	// Envelope is the key around the array of contacts; "array" means a bare
	// array. Required with send: batch.
	Envelope string `yaml:"envelope" json:"envelope,omitempty"`
	// Reply: "none", "counts", "items" (every contact is listed) or "errors" (only
	// the refused ones are, under the names below errors); required with send: batch.
	Reply ReplyForm `yaml:"reply" json:"reply,omitempty"`
	// MaxItems is the most contacts in one request (at most 1,000). Default: 1000.
	MaxItems int `yaml:"max_items" json:"max_items" jsonschema:"minimum=1,maximum=1000"`
	// Items are the names inside a reply of form "items".
	Items ReplyItems `yaml:"items" json:"items"`
	// Counts are the names inside a reply of form "counts".
	Counts ReplyCounts `yaml:"counts" json:"counts"`
	// Errors are the names of the refused contacts in a reply of form "errors" or
	// "counts", and in a 400, 409 or 422 for the whole request.
	Errors ReplyErrors `yaml:"errors" json:"errors"`
}

// ChannelShape is the object inside email_address: {type_key: type, value_key: value}.
type ChannelShape struct {
	// ValueKey is the key of the address. Default: value.
	ValueKey string `yaml:"value_key" json:"value_key"`
	// TypeKey is the key of Type. Default: type.
	TypeKey string `yaml:"type_key" json:"type_key"`
	// Type is sent under TypeKey; empty sends the value alone. Default: empty.
	Type string `yaml:"type" json:"type" jsonschema:"minLength=0"`
}

// PhoneShape is the object inside phone_numbers, and the spelling of numbers.
type PhoneShape struct {
	// ValueKey is the key of the number. Default: value.
	ValueKey string `yaml:"value_key" json:"value_key"`
	// TypeKey is the key of Type. Default: type.
	TypeKey string `yaml:"type_key" json:"type_key"`
	// Type is sent under TypeKey; empty sends the number alone. Default: empty.
	Type string `yaml:"type" json:"type" jsonschema:"minLength=0"`
	// Spelling: "e164" (+49...) or "digits" (49...). Default: e164.
	Spelling Normalise `yaml:"spelling" json:"spelling" jsonschema:"enum=e164,enum=digits"`
}

// TagForm is how tags are named in a contact.
type TagForm string

// The forms of tags.
const (
	TagLabel TagForm = "label"
	TagID    TagForm = "id"
)

// Omitted is what an upsert does to fields that it does not name.
type Omitted string

// The effects on omitted fields.
const (
	OmittedKeep    Omitted = "keep"
	OmittedClear   Omitted = "clear"
	OmittedUnknown Omitted = "unknown"
)

// BatchSize is the most contacts of one batch: 1,000 or less in batch mode, 50
// in single mode.
func (h HelloCharles) BatchSize() int {
	if h.Send == SendBatch {
		return h.Batch.MaxItems
	}
	return singleBatchSize
}

const singleBatchSize = 50

package zeotap

import (
	"fmt"
	"time"
)

// Kind classifies why a source could not be read.
type Kind string

// The kinds of failed reads.
const (
	// AudienceNotFound: the endpoint knows no audience with this id.
	AudienceNotFound Kind = "audience_not_found"
	// NothingToRead: no file of the audience is in the folder or bucket.
	NothingToRead Kind = "nothing_to_read"
	// TooOld: the newest complete set is older than the connection allows.
	TooOld Kind = "too_old"
	// NotSettled: files are there, but no set of them is complete yet. It is
	// worth to try again, from Error.Until on where that is known.
	NotSettled Kind = "not_settled"
	// SnapshotChanged: what was opened is no longer what is there: files
	// changed, pages have another version, or the snapshot expired. A new run
	// opens a new snapshot.
	SnapshotChanged Kind = "snapshot_changed"
	// BrokenData: what arrived is not what the connection's settings say.
	BrokenData Kind = "broken_data"
	// Inaccessible: the folder or bucket does not exist, or the worker may not
	// read it. Somebody has to change something first.
	Inaccessible Kind = "inaccessible"
	// Unavailable: the folder or bucket did not answer. It is worth to try again.
	Unavailable Kind = "unavailable"
)

// Error is a read that failed for another reason than an HTTP reply. Its text
// names the place, what is wrong and the remedy, and never a value of a member.
type Error struct {
	Kind Kind
	// Connection is the name of the connection.
	Connection string
	// Place is where it happened: "984/2026-11-20/part-0002.csv.gz, record
	// 1,204", "page 12", "audience 984".
	Place string
	// Text says what is wrong and the remedy.
	Text string
	// Until is when a set that is NotSettled will be complete if nothing else
	// is written to it; zero when nobody can say.
	Until time.Time
}

// Error implements error.
func (e *Error) Error() string {
	return fmt.Sprintf("connection %s: %s: %s", e.Connection, e.Place, e.Text)
}

// replyError is a broken reply before its place is known. The text holds no value.
type replyError string

func (e replyError) Error() string { return string(e) }

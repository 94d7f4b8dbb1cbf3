package zeotap

import (
	"context"

	"audiencesync/internal/audience"
)

// Source opens snapshots of audiences. It is safe for concurrent use. Failed
// HTTP requests are *vendorhttp.Error, a context that ended is its own error,
// everything else is *Error. Nothing is repeated inside but a request that was one too
// many, after a short wait: that is for the caller.
type Source interface {
	// Identify says whether the audience exists, its name, and its reported
	// size (nil if the source does not say). It opens nothing.
	Identify(ctx context.Context, id string) (audience.Audience, *audience.Size, error)
	// Open opens a snapshot: one version of the audience to be paged.
	Open(ctx context.Context, id string) (audience.Snapshot, error)
	// Reader reads the pages of a snapshot, also one opened by another process earlier.
	Reader(ctx context.Context, snapshot audience.Snapshot) (Reader, error)
}

// Reader reads pages; it may hold open files between pages. Not safe for
// concurrent use. A page may be empty without being the last.
type Reader interface {
	// Page reads the page at a cursor; the empty cursor is the first page.
	// Pages in a row are cheap, and any earlier cursor may be read again.
	Page(ctx context.Context, at audience.Cursor) (audience.Page, error)
	// Finish is called after the last page with the number of members read in
	// the whole run.
	Finish(ctx context.Context, read int64) (audience.Completeness, error)
	// Close lets go of what the reader holds. The snapshot stays readable.
	Close() error
}

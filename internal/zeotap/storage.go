package zeotap

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"

	gcs "cloud.google.com/go/storage"
	"gocloud.dev/blob"
	// The openers of file://, s3://, gs:// and azblob:// URLs register themselves.
	_ "gocloud.dev/blob/azureblob"
	"gocloud.dev/blob/fileblob"
	_ "gocloud.dev/blob/gcsblob"
	_ "gocloud.dev/blob/s3blob"
	"gocloud.dev/gcerrors"

	"audiencesync/internal/config"
)

// object is one file of an export as the storage lists it.
type object struct {
	// Key is the path below the connection's URL, with slashes.
	Key  string `json:"k"`
	Size int64  `json:"s"`
	// Modified is in nanoseconds since 1970; storages round it.
	Modified int64 `json:"m"`
	// MD5 of the content, where the storage knows it.
	MD5 []byte `json:"h,omitempty"`
}

func (o object) modified() time.Time { return time.Unix(0, o.Modified).UTC() }

// storage is a folder or bucket, opened at the first use and kept.
type storage struct {
	connection string
	// place is the URL without its parameters, for errors.
	place string
	// folder is the path of a local folder; empty for a bucket.
	folder string
	// sftp is set for a folder on an SFTP server.
	sftp *sftpServer
	url  *url.URL

	mu     sync.Mutex
	opened *blob.Bucket
}

// newStorage understands a path, or a URL of the schemes file, s3, gs, azblob
// and sftp. A path behind the bucket's name is a prefix of all keys. It opens nothing.
func newStorage(connection string, settings config.ZeotapExport, credential Credential) (*storage, error) {
	location := settings.URL
	if location == "" {
		return nil, fmt.Errorf("connection %s: url is missing; write a folder, s3://, gs://, azblob:// or sftp://", connection)
	}
	if !strings.Contains(location, "://") {
		return &storage{connection: connection, place: location, folder: filepath.Clean(location)}, nil
	}
	parsed, err := url.Parse(location)
	if err != nil {
		return nil, fmt.Errorf("connection %s: url is not a URL; write a folder, s3://, gs://, azblob:// or sftp://", connection)
	}
	s := &storage{connection: connection, place: parsed.Scheme + "://" + parsed.Host + parsed.Path}
	switch parsed.Scheme {
	case "file":
		if parsed.RawQuery != "" || parsed.Host != "" {
			return nil, fmt.Errorf("connection %s: url %s: write file:///folder without a host and parameters, or the path alone", connection, s.place)
		}
		s.folder = filepath.FromSlash(parsed.Path)
		return s, nil
	case "sftp":
		if s.sftp, err = newSFTPServer(parsed, settings.SFTP, credential); err != nil {
			return nil, fmt.Errorf("connection %s: %w", connection, err)
		}
		return s, nil
	case "s3", "gs", "azblob":
		if parsed.Host == "" {
			return nil, fmt.Errorf("connection %s: url %s names no bucket", connection, s.place)
		}
		query := parsed.Query()
		if prefix := strings.Trim(parsed.Path, "/"); prefix != "" {
			query.Set("prefix", prefix+"/")
		}
		s.url = &url.URL{Scheme: parsed.Scheme, Host: parsed.Host, RawQuery: query.Encode()}
		return s, nil
	default:
		return nil, fmt.Errorf("connection %s: url %s: the scheme is not known; write a folder, s3://, gs://, azblob:// or sftp://", connection, s.place)
	}
}

func (s *storage) bucket(ctx context.Context) (*blob.Bucket, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.opened != nil {
		return s.opened, nil
	}
	var err error
	if s.folder != "" {
		s.opened, err = fileblob.OpenBucket(s.folder, nil)
	} else {
		// Clients keep this context to renew their tokens: it must not end with
		// the call that happens to be the first.
		s.opened, err = blob.OpenBucket(context.WithoutCancel(ctx), s.url.String())
	}
	if err != nil {
		return nil, s.failed(ctx, s.place, err)
	}
	return s.opened, nil
}

// list visits every object whose key starts with the prefix, in any order.
func (s *storage) list(ctx context.Context, prefix string, visit func(object)) error {
	if s.folder != "" {
		return s.listFolder(ctx, prefix, visit)
	}
	if s.sftp != nil {
		if err := s.sftp.list(ctx, prefix, visit); err != nil {
			return s.failed(ctx, s.place, err)
		}
		return nil
	}
	bucket, err := s.bucket(ctx)
	if err != nil {
		return err
	}
	objects, errs := bucket.List(&blob.ListOptions{Prefix: prefix}).All(ctx)
	for listed := range objects {
		// Keys that end in a slash are what consoles make of empty folders.
		if !listed.IsDir && !strings.HasSuffix(listed.Key, "/") {
			visit(object{Key: listed.Key, Size: listed.Size, Modified: listed.ModTime.UnixNano(), MD5: listed.MD5})
		}
	}
	if err := errs(); err != nil {
		return s.failed(ctx, s.place, err)
	}
	return nil
}

// open opens an object for reading as it is stored, if it still is what was
// listed: errChanged says that it is not. The reader lives as long as its context.
func (s *storage) open(ctx context.Context, listed object) (io.ReadCloser, error) {
	if s.sftp != nil {
		file, err := s.sftp.open(ctx, listed)
		if err != nil && !errors.Is(err, errChanged) {
			return nil, s.lost(ctx, listed.Key, err)
		}
		return file, err
	}
	bucket, err := s.bucket(ctx)
	if err != nil {
		return nil, err
	}
	// The time a reader gives is not always the one of the listing.
	is, err := bucket.Attributes(ctx, listed.Key)
	if err != nil {
		return nil, s.lost(ctx, listed.Key, err)
	}
	// Services list milliseconds and answer with seconds.
	if !is.ModTime.Truncate(time.Second).Equal(listed.modified().Truncate(time.Second)) {
		return nil, errChanged
	}
	reader, err := bucket.NewReader(ctx, listed.Key, &blob.ReaderOptions{BeforeRead: asStored})
	if err != nil {
		return nil, s.lost(ctx, listed.Key, err)
	}
	if reader.Size() != listed.Size {
		_ = reader.Close()
		return nil, errChanged
	}
	return reader, nil
}

var errChanged = errors.New("changed since it was listed")

// asStored keeps Google Cloud Storage from unpacking files that are stored
// with "Content-Encoding: gzip": their size would not be the listed one.
func asStored(as func(any) bool) error {
	var handle **gcs.ObjectHandle
	if as(&handle) {
		*handle = (*handle).ReadCompressed(true)
	}
	return nil
}

// lost classifies why a listed object cannot be opened.
func (s *storage) lost(ctx context.Context, key string, err error) error {
	if ctx.Err() == nil && (gcerrors.Code(err) == gcerrors.NotFound || s.sftp != nil && errors.Is(err, fs.ErrNotExist)) {
		return &Error{
			Kind: SnapshotChanged, Connection: s.connection, Place: key,
			Text: "was there when the snapshot was opened and is gone, or may no longer be read; start a new run, and keep the files of a set until the run has ended",
		}
	}
	return s.failed(ctx, key, err)
}

// failed classifies what a storage said.
func (s *storage) failed(ctx context.Context, place string, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	e := &Error{Connection: s.connection, Place: place}
	if login, ok := errors.AsType[*sftpError](err); ok {
		e.Kind, e.Text = login.kind, login.text
		return e
	}
	switch gcerrors.Code(err) {
	case gcerrors.NotFound, gcerrors.PermissionDenied, gcerrors.InvalidArgument, gcerrors.Unimplemented:
		e.Kind = Inaccessible
		e.Text = "does not exist, or the worker may not read it; check url of the connection and the worker's rights"
	default:
		if isFileError(err) || s.sftp != nil && (errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission)) {
			e.Kind = Inaccessible
			e.Text = "it does not exist, or the worker cannot read it; check url of the connection and the worker's rights"
			break
		}
		e.Kind = Unavailable
		e.Text = "could not be read; check the network and the credentials that the worker has for it"
	}
	if said := cause(err); said != "" {
		e.Text += " (" + said + ")"
	}
	return e
}

var parameters = regexp.MustCompile(`\?\S+`)

// cause is the first line of what a storage's client said, without the
// parameters of URLs, which may carry a signature.
func cause(err error) string {
	if failed, ok := errors.AsType[*url.Error](err); ok {
		err = failed.Err
	}
	line, _, _ := strings.Cut(err.Error(), "\n")
	line = parameters.ReplaceAllString(line, "")
	const most = 300
	if runes := []rune(line); len(runes) > most {
		line = string(runes[:most])
	}
	return strings.TrimSpace(line)
}

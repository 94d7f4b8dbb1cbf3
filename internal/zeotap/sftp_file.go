package zeotap

import (
	"bufio"
	"context"
	"errors"
	"io"
	slashed "path"

	"github.com/pkg/sftp"
)

// sftpReadBytes is how much is asked for at a time: several packets are under
// way at once.
const sftpReadBytes = 256 << 10

// sftpFile reads one file from its start to its end. A connection that is lost is
// opened again where it stood, as long as each one brings something.
type sftpFile struct {
	server *sftpServer
	// ctx is that of the reader's life.
	ctx     context.Context //nolint:containedctx // A Read has none of its own.
	listed  object
	session *sftpSession
	file    *sftp.File
	offset  int64
	gained  bool
}

// open opens a file as it was listed; errChanged says that it is another.
func (s *sftpServer) open(ctx context.Context, listed object) (io.ReadCloser, error) {
	f := &sftpFile{server: s, ctx: ctx, listed: listed, gained: true}
	if err := f.connect(); err != nil {
		return nil, err
	}
	return struct {
		io.Reader
		io.Closer
	}{bufio.NewReaderSize(f, sftpReadBytes), f}, nil
}

func (f *sftpFile) connect() error {
	session, err := f.server.connect(f.ctx)
	if err != nil {
		return err
	}
	name := slashed.Join(f.server.root, f.listed.Key)
	err = session.do(f.ctx, func() error {
		is, err := session.client.Stat(name)
		if err != nil {
			return err
		}
		if is.Size() != f.listed.Size || is.ModTime().UnixNano() != f.listed.Modified {
			return errChanged
		}
		f.file, err = session.client.Open(name)
		return err
	})
	if err != nil {
		session.close()
		return err
	}
	f.session = session
	return nil
}

// Read implements io.Reader.
func (f *sftpFile) Read(p []byte) (int, error) {
	for {
		if f.session == nil {
			if err := f.connect(); err != nil {
				return 0, err
			}
		}
		var n int
		err := f.session.do(f.ctx, func() (err error) {
			n, err = f.file.ReadAt(p, f.offset)
			return err
		})
		f.offset += int64(n)
		switch whole := f.offset == f.listed.Size; {
		case n > 0:
			// What ended it comes back with the next call: a server may answer with less
			// than it was asked for.
			f.gained = true
			return n, nil
		case err == nil:
			return 0, io.ErrNoProgress
		case f.ctx.Err() != nil:
			return 0, f.ctx.Err()
		case whole && errors.Is(err, io.EOF):
			return 0, io.EOF
		case !f.gained || !isLost(err):
			return 0, err
		}
		f.gained = false
		f.lose()
	}
}

// isLost reports whether a new connection may help. A connection that ended and a
// file that did look the same.
func isLost(err error) bool {
	_, answered := errors.AsType[*sftp.StatusError](err)
	return !answered
}

func (f *sftpFile) lose() {
	if f.session != nil {
		f.session.close()
		f.session = nil
	}
}

// Close implements io.Closer.
func (f *sftpFile) Close() error {
	f.lose()
	return nil
}

package zeotap

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// listFolder visits the files of a local folder. It does not use the listing
// of fileblob, which leaves out what it may not read and can lose files where
// a folder and a file share the start of their names. Links to files count as
// what they point to; links to folders are not followed.
func (s *storage) listFolder(ctx context.Context, prefix string, visit func(object)) error {
	root, err := filepath.EvalSymlinks(s.folder)
	if err != nil {
		return s.failed(ctx, s.place, err)
	}
	start := root
	if slash := strings.LastIndex(prefix, "/"); slash > 0 {
		below := filepath.FromSlash(prefix[:slash])
		if !filepath.IsLocal(below) {
			return nil
		}
		start = filepath.Join(root, below)
	}
	err = filepath.WalkDir(start, func(path string, entry fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if errors.Is(err, fs.ErrNotExist) && path != root {
			return nil
		}
		if err != nil || entry.IsDir() {
			return err
		}
		return visitFile(root, path, prefix, visit)
	})
	if err != nil {
		return s.failed(ctx, s.place, err)
	}
	return nil
}

func visitFile(root, path, prefix string, visit func(object)) error {
	below, err := filepath.Rel(root, path)
	if err != nil {
		return err
	}
	key := filepath.ToSlash(below)
	if !strings.HasPrefix(key, prefix) {
		return nil
	}
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil || !info.Mode().IsRegular() {
		return err
	}
	visit(object{Key: key, Size: info.Size(), Modified: info.ModTime().UnixNano()})
	return nil
}

// isFileError reports whether err comes from the local file system: it will
// not go away by itself.
func isFileError(err error) bool {
	var path *fs.PathError
	return errors.As(err, &path)
}

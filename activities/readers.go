package activities

import (
	"sync"

	"audiencesync/internal/zeotap"
)

// readerCache keeps the readers of runs open between two calls of ReadPages,
// so that a compressed file is not read again from its start.
type readerCache struct {
	mutex   sync.Mutex
	readers map[RunRef]zeotap.Reader
}

func newReaderCache() *readerCache {
	return &readerCache{readers: map[RunRef]zeotap.Reader{}}
}

// take hands out the run's reader; the caller owns it until it puts it back.
func (c *readerCache) take(ref RunRef) (zeotap.Reader, bool) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	reader, ok := c.readers[ref]
	delete(c.readers, ref)
	return reader, ok
}

// put keeps a reader for the next call. Readers of older runs of the sync, and
// one that was put back meanwhile, are closed.
func (c *readerCache) put(ref RunRef, reader zeotap.Reader) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	for known, old := range c.readers {
		if known.Sync == ref.Sync {
			_ = old.Close()
			delete(c.readers, known)
		}
	}
	c.readers[ref] = reader
}

func (c *readerCache) drop(ref RunRef) {
	if reader, ok := c.take(ref); ok {
		_ = reader.Close()
	}
}

func (c *readerCache) closeAll() {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	for ref, reader := range c.readers {
		_ = reader.Close()
		delete(c.readers, ref)
	}
}

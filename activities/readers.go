package activities

import (
	"sync"

	"audiencesync/internal/zeotap"
)

// readerCache keeps the readers of runs open between two calls of ReadPages,
// so that a compressed file is not read again from its start: one for each
// sync, that of its newest run.
type readerCache struct {
	mutex  sync.Mutex
	bySync map[string]openReader
}

type openReader struct {
	run    RunRef
	reader zeotap.Reader
}

func newReaderCache() *readerCache {
	return &readerCache{bySync: map[string]openReader{}}
}

// take hands out the run's reader; the caller owns it until it puts it back.
func (c *readerCache) take(ref RunRef) (zeotap.Reader, bool) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	kept, ok := c.bySync[ref.Sync]
	if !ok || kept.run != ref {
		return nil, false
	}
	delete(c.bySync, ref.Sync)
	return kept.reader, true
}

// put keeps a reader for the next call. The reader of an older run, or one
// that was put back meanwhile, is closed.
func (c *readerCache) put(ref RunRef, reader zeotap.Reader) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if kept, ok := c.bySync[ref.Sync]; ok {
		if kept.run.Run > ref.Run {
			_ = reader.Close()
			return
		}
		_ = kept.reader.Close()
	}
	c.bySync[ref.Sync] = openReader{ref, reader}
}

func (c *readerCache) drop(ref RunRef) {
	if reader, ok := c.take(ref); ok {
		_ = reader.Close()
	}
}

func (c *readerCache) closeAll() {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	for _, kept := range c.bySync {
		_ = kept.reader.Close()
	}
	clear(c.bySync)
}

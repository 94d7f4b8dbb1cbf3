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
	run RunRef
	// snapshot is the token of what is read: a run that reads again opens another one.
	snapshot string
	reader   zeotap.Reader
}

func newReaderCache() *readerCache {
	return &readerCache{bySync: map[string]openReader{}}
}

// take hands out the run's reader of a snapshot; the caller owns it until it puts
// it back. A reader of an earlier snapshot of the run is closed.
func (c *readerCache) take(ref RunRef, snapshot string) (zeotap.Reader, bool) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	kept, ok := c.bySync[ref.Sync]
	if !ok || kept.run != ref {
		return nil, false
	}
	delete(c.bySync, ref.Sync)
	if kept.snapshot != snapshot {
		_ = kept.reader.Close()
		return nil, false
	}
	return kept.reader, true
}

// put keeps a reader for the next call. The reader of an older run, or one
// that was put back meanwhile, is closed.
func (c *readerCache) put(ref RunRef, snapshot string, reader zeotap.Reader) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if kept, ok := c.bySync[ref.Sync]; ok {
		if kept.run.Run > ref.Run {
			_ = reader.Close()
			return
		}
		_ = kept.reader.Close()
	}
	c.bySync[ref.Sync] = openReader{ref, snapshot, reader}
}

func (c *readerCache) drop(ref RunRef) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if kept, ok := c.bySync[ref.Sync]; ok && kept.run == ref {
		_ = kept.reader.Close()
		delete(c.bySync, ref.Sync)
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

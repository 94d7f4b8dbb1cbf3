package endpoints

import (
	"container/list"
	"context"
	"sync"
)

// places are the places in flight of this worker. Who waits longest comes first. Their
// number may change while they are taken.
type places struct {
	mutex   sync.Mutex
	number  int
	taken   int
	waiting list.List // of chan struct{}, closed with the place
}

func newPlaces(number int) *places { return &places{number: number} }

// take waits for a place.
func (p *places) take(ctx context.Context) error {
	p.mutex.Lock()
	if p.taken < p.number && p.waiting.Len() == 0 && ctx.Err() == nil {
		p.taken++
		p.mutex.Unlock()
		return nil
	}
	given := make(chan struct{})
	mine := p.waiting.PushBack(given)
	p.mutex.Unlock()
	select {
	case <-given:
		return nil
	case <-ctx.Done():
	}
	p.mutex.Lock()
	defer p.mutex.Unlock()
	select {
	case <-given: // Just now: somebody else may have it.
		p.taken--
		p.hand()
	default:
		p.waiting.Remove(mine)
	}
	return ctx.Err()
}

// giveBack gives a place back.
func (p *places) giveBack() {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.taken--
	p.hand()
}

// resize changes the number of places. Of those that are taken none is taken away.
func (p *places) resize(number int) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.number = number
	p.hand()
}

// hand gives free places to who waits.
func (p *places) hand() {
	for p.taken < p.number && p.waiting.Len() > 0 {
		given, _ := p.waiting.Remove(p.waiting.Front()).(chan struct{})
		close(given)
		p.taken++
	}
}

// tooMany reports whether more places are taken than there are.
func (p *places) tooMany() bool {
	number, taken := p.size()
	return taken > number
}

// size is the number of places, and how many of them are taken.
func (p *places) size() (number, taken int) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return p.number, p.taken
}

package ledger

import (
	"context"
	"fmt"
	"sync"
)

// turns let the writers of this process wait for each other, first come, first
// served. Databases know no such queue: whoever waits for a connection or a lock
// of theirs may be passed by newcomers again and again.
type turns struct {
	mutex sync.Mutex
	of    map[string]chan struct{}
}

// take waits for the turn of a name. The caller gives it back, once.
func (t *turns) take(ctx context.Context, name string) (giveBack func(), err error) {
	turn := t.named(name)
	select {
	case turn <- struct{}{}:
		return func() { <-turn }, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("ledger: waiting to write: %w", ctx.Err())
	}
}

func (t *turns) named(name string) chan struct{} {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	turn, ok := t.of[name]
	if !ok {
		if t.of == nil {
			t.of = map[string]chan struct{}{}
		}
		turn = make(chan struct{}, 1)
		t.of[name] = turn
	}
	return turn
}

// takeTurn waits for the turn to write what belongs to a sync or workspace.
// SQLite has one writer, so there all share one turn.
func (l *Ledger) takeTurn(ctx context.Context, of string) (giveBack func(), err error) {
	if l.file != nil {
		of = ""
	}
	return l.turns.take(ctx, of)
}

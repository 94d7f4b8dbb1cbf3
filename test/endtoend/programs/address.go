package programs

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"
)

// FreeAddress returns a loopback host:port that no program listens on. The
// kernel gives the port to nobody who asks for a free one during the next
// minute, because a connection of it is left in TIME_WAIT; a program that names
// it can still listen on it.
func FreeAddress(ctx context.Context) (string, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("looking for a free port: %w", err)
	}
	defer func() { _ = listener.Close() }()
	address := listener.Addr().String()
	client, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return "", fmt.Errorf("reserving a free port: %w", err)
	}
	defer func() { _ = client.Close() }()
	accepted, err := listener.Accept()
	if err != nil {
		return "", fmt.Errorf("reserving a free port: %w", err)
	}
	return address, accepted.Close()
}

// poll is the time between two looks at a server that is not there yet.
const poll = 50 * time.Millisecond

// AwaitOK waits until url answers with status 200. It gives up when the
// program has ended.
func (p *Program) AwaitOK(ctx context.Context, url string) error {
	ticker := time.NewTicker(poll)
	defer ticker.Stop()
	for {
		if answersOK(ctx, url) {
			return nil
		}
		select {
		case <-ticker.C:
		case <-p.ended:
			return fmt.Errorf("%s ended before %s answered:\n%s", p.name, url, p.Stderr())
		case <-ctx.Done():
			return fmt.Errorf("%s: %s does not answer: %w", p.name, url, ctx.Err())
		}
	}
}

func answersOK(ctx context.Context, url string) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return false
	}
	reply, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	return reply.Body.Close() == nil && reply.StatusCode == http.StatusOK
}

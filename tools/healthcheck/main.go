// Command healthcheck asks one URL and exits with 0 when the answer is 2xx: the
// health check of containers whose image has no shell.
//
//	healthcheck http://127.0.0.1:9090/readyz
package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"time"
)

func main() {
	if err := check(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "healthcheck:", err)
		os.Exit(1)
	}
}

func check(arguments []string) error {
	if len(arguments) != 1 {
		return fmt.Errorf("exactly one URL is needed, not %d", len(arguments))
	}
	ctx, cancel := context.WithTimeout(context.Background(), 4*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, arguments[0], nil) //nolint:gosec // Whoever runs this chooses the URL.
	if err != nil {
		return err
	}
	reply, err := http.DefaultClient.Do(request) //nolint:gosec // As above.
	if err != nil {
		return err
	}
	defer func() { _ = reply.Body.Close() }()
	if reply.StatusCode < 200 || reply.StatusCode > 299 {
		return fmt.Errorf("%s answers %s", arguments[0], reply.Status)
	}
	return nil
}

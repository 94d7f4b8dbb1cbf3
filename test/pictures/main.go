// Command pictures makes the pictures of Temporal's web UI that stand in the documents:
// a real Temporal server with its web UI, a real worker, simulated vendors, runs of every
// kind, and a browser that looks at them. Names and numbers are invented.
//
//	make pictures
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"
)

// patience bounds everything together.
const patience = 10 * time.Minute

func main() {
	into := flag.String("into", "docs/images", "folder of the pictures")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	ctx, cancel := context.WithTimeout(ctx, patience)
	err := run(ctx, *into)
	cancel()
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, into string) (err error) {
	w, err := newWorld(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.stop()) }()
	say("playing runs")
	runs, err := w.play(ctx)
	if err != nil {
		return err
	}
	browser, closeBrowser, err := openBrowser(ctx)
	if err != nil {
		return err
	}
	defer closeBrowser()
	for _, p := range []picture{
		{"web-ui-runs", w.list(`WorkflowType="AudienceSync"`), columns, 700},
		{"web-ui-unexplained", w.list(`AudienceSyncWorkspace="acme" AND AudienceSyncVerdict="unexplained"`), columns, 330},
		{"web-ui-running", w.page(runs.running), "", 1250},
		{"web-ui-finished", w.page(runs.finished), "", 1250},
		{"web-ui-failed", w.page(runs.failed), "", 1250},
	} {
		say("taking %s", p.name)
		if err := p.take(browser, w.ui(), into); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	return nil
}

func say(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }

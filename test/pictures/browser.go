package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// width is that of all pictures, in pixels.
const width = 1360

// columns are the columns of a list, by the name under which the web UI keeps them.
const columns = "namespace-workflow-table-columns"

// shown are the columns, in their order.
var shown = []string{
	"Status", "Workflow ID", "AudienceSyncWorkspace", "AudienceSyncPhase", "AudienceSyncVerdict",
}

// openBrowser starts a browser without any network of its own.
func openBrowser(ctx context.Context) (browser context.Context, stop func(), err error) {
	path, err := chromium()
	if err != nil {
		return nil, nil, err
	}
	profile, err := os.MkdirTemp("", "audiencesync-browser-")
	if err != nil {
		return nil, nil, err
	}
	on := func(flag string) chromedp.ExecAllocatorOption { return chromedp.Flag(flag, true) }
	ctx, cancelProcess := chromedp.NewExecAllocator(ctx,
		chromedp.ExecPath(path), chromedp.UserDataDir(profile), chromedp.NoSandbox, chromedp.Headless,
		chromedp.DisableGPU, chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck,
		on("disable-quic"), on("disable-background-networking"), on("disable-component-update"), on("disable-sync"),
		on("disable-dev-shm-usage"), on("disable-extensions"), on("hide-scrollbars"))
	ctx, cancelTab := chromedp.NewContext(ctx)
	stop = func() {
		cancelTab()
		cancelProcess()
		_ = os.RemoveAll(profile)
	}
	if err := chromedp.Do(ctx); err != nil {
		stop()
		return nil, nil, fmt.Errorf("starting the browser: %w", err)
	}
	return ctx, stop, nil
}

// chromium finds a browser: the one that AUDIENCESYNC_TEST_CHROMIUM names, or one on PATH.
func chromium() (string, error) {
	if named := os.Getenv("AUDIENCESYNC_TEST_CHROMIUM"); named != "" && named != "required" {
		return named, nil
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("pictures need Chromium: install it, or name it with AUDIENCESYNC_TEST_CHROMIUM")
}

// picture is a page of the web UI.
type picture struct {
	name, address string
	// columns names what the columns of a list are kept under; empty for another page.
	columns string
	height  int64
}

// settles is how long a page is given to ask for everything and paint it.
const settles = 6 * time.Second

func (p picture) take(ctx context.Context, home, into string) error {
	_, err := chromedp.Call(ctx, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: width, Height: p.height, DeviceScaleFactor: 1,
	})
	if err != nil {
		return err
	}
	if p.columns != "" {
		if err := keepColumns(ctx, home, p.columns); err != nil {
			return err
		}
	}
	if err := chromedp.Do(ctx, chromedp.Navigate(p.address)); err != nil {
		return err
	}
	if err := pause(ctx, settles); err != nil {
		return err
	}
	taken, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		return err
	}
	small, err := shrink(taken)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(into, p.name+".png"), small, 0o600)
}

// keepColumns tells the web UI which columns a list has, as its settings would.
func keepColumns(ctx context.Context, home, key string) error {
	type column struct {
		Label string `json:"label"`
	}
	chosen := make([]column, len(shown))
	for i, label := range shown {
		chosen[i] = column{label}
	}
	text, err := json.Marshal(map[string][]column{"default": chosen})
	if err != nil {
		return err
	}
	if err := chromedp.Do(ctx, chromedp.Navigate(home+"/namespaces/default/workflows")); err != nil {
		return err
	}
	if err := pause(ctx, time.Second); err != nil {
		return err
	}
	_, err = chromedp.Run(ctx, chromedp.Evaluate[bool](fmt.Sprintf("localStorage.setItem(%q, %q), true", key, text)))
	return err
}

func pause(ctx context.Context, wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

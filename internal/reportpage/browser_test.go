package reportpage

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

const (
	// chromiumVariable names a Chromium for tests. Without it the one on the PATH is
	// used, and tests in a browser are skipped where there is none; "required" makes
	// that a failure.
	chromiumVariable = "AUDIENCESYNC_TEST_CHROMIUM"
	required         = "required"
	// picturesVariable names a folder for pictures of the page, to be looked at.
	picturesVariable = "AUDIENCESYNC_TEST_PICTURES"
	patience         = 5 * time.Minute
)

// axeFile is axe-core as `make axe` fetches it: the checker of accessibility that
// browsers' own tools and most test suites use. It knows some ninety rules, computes
// contrasts as they are painted, and needs no network once it is there. Asking
// Chromium for its accessibility tree alone would have found what we thought of.
var axeFile = filepath.Join("..", "..", "tools", "axe", "node_modules", "axe-core", "axe.min.js")

func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv(chromiumVariable) == required {
		require.Fail(t, what, "%s is %q", chromiumVariable, required)
	}
	t.Skip(what)
}

// chromium finds a browser.
func chromium(t *testing.T) string {
	t.Helper()
	if named := os.Getenv(chromiumVariable); named != "" && named != required {
		return named
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	missing(t, "Chromium is not installed, so the page is not tested in a browser")
	return ""
}

// screen is how somebody looks at the page.
type screen struct {
	width  int64
	scheme string
}

func (s screen) String() string { return fmt.Sprintf("%s-%d", s.scheme, s.width) }

// screens are a desk and two phones, in light and dark.
var screens = []screen{{1100, "light"}, {1100, "dark"}, {390, "light"}, {360, "light"}, {360, "dark"}}

// openBrowser starts a browser without any network of its own, and its tab.
func openBrowser(t *testing.T) context.Context {
	t.Helper()
	if testing.Short() {
		t.Skip("a browser takes long")
	}
	profile := t.TempDir()
	on := func(flag string) chromedp.ExecAllocatorOption { return chromedp.Flag(flag, true) }
	options := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(chromium(t)), chromedp.UserDataDir(profile), chromedp.NoSandbox, chromedp.Headless,
		chromedp.DisableGPU, chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck,
		on("disable-quic"), on("disable-background-networking"), on("disable-component-update"), on("disable-sync"),
		on("disable-dev-shm-usage"), on("disable-extensions"), on("hide-scrollbars"),
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	require.NoError(t, chromedp.Do(ctx), "starting the browser")
	return ctx
}

// fileOf writes the page of a document into a file and returns its address.
func fileOf(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "report.html")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return (&url.URL{Scheme: "file", Path: path}).String()
}

// look opens an address as on a screen.
func look(t *testing.T, ctx context.Context, address string, on screen) {
	t.Helper()
	_, err := chromedp.Call(ctx, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: on.width, Height: 900, DeviceScaleFactor: 1, Mobile: on.width < 500,
	})
	require.NoError(t, err, on)
	emulate(t, ctx, "", on.scheme)
	require.NoError(t, chromedp.Do(ctx, chromedp.Navigate(address)), on)
}

// emulate chooses the medium, the screen if it is empty, and the scheme of colours.
func emulate(t *testing.T, ctx context.Context, medium, scheme string) {
	t.Helper()
	_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Media: medium, Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	})
	require.NoError(t, err, scheme)
}

// evaluate runs an expression in the page, whatever its policy is.
func evaluate[T any](t *testing.T, ctx context.Context, expression string) T {
	t.Helper()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	require.NoError(t, err)
	return value
}

func TestInABrowserThePageIsReadableByEverybody(t *testing.T) {
	t.Parallel()
	ctx := openBrowser(t)
	axe, err := os.ReadFile(axeFile)
	if err != nil {
		missing(t, "axe-core is not there (make axe), so nothing checks whether everybody can use the page")
	}
	docs := documents()
	for name, on := range map[string][]screen{
		"mirror": screens, "references": screens[3:], "plan": screens[3:4], "unexplained": screens[1:2], "empty": screens[3:4],
	} {
		text, _ := pageOf(t, docs[name])
		address := fileOf(t, text)
		for _, on := range on {
			look(t, ctx, address, on)
			requireAccessible(t, ctx, string(axe), name+" on "+on.String())
		}
	}
}

// violation is what axe-core finds.
type violation struct {
	ID, Help string
	Nodes    []struct {
		HTML, FailureSummary string
	}
}

func (v violation) String() string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s: %s\n", v.ID, v.Help)
	for _, node := range v.Nodes {
		fmt.Fprintf(&text, "  %s\n  %s\n", node.HTML, node.FailureSummary)
	}
	return text.String()
}

// requireAccessible lets axe-core check every rule that it has, those of WCAG 2.2 AA
// and good practice: names of pictures, order of headings, headers of tables,
// landmarks, contrast. Tables that are folded away are opened first.
func requireAccessible(t *testing.T, ctx context.Context, axe, where string) {
	t.Helper()
	evaluate[bool](t, ctx, `document.querySelectorAll("details").forEach(d => d.open = true), true`)
	evaluate[bool](t, ctx, axe+"; true")
	result := evaluate[struct {
		Violations []violation
		Passes     []violation
	}](t, ctx, `axe.run(document, {resultTypes: ["violations"]}).then(r => ({violations: r.violations, passes: r.passes.map(p => ({ID: p.id, Help: p.help}))}))`)
	for _, found := range result.Violations {
		require.Fail(t, "the page is not accessible", "%s: %s", where, found)
	}
	passed := map[string]bool{}
	for _, rule := range result.Passes {
		passed[rule.ID] = true
	}
	for _, rule := range []string{"color-contrast", "heading-order", "landmark-one-main", "region", "document-title", "html-has-lang"} {
		require.True(t, passed[rule], "%s: the rule %s was checked", where, rule)
	}
}

func TestInABrowserThePageFitsAPhone(t *testing.T) {
	t.Parallel()
	ctx := openBrowser(t)
	docs := documents()
	wordy := withReferences(sample())
	wordy.Audience.Name, wordy.Sync = strings.Repeat("Long", 40), strings.Repeat("name-", 12)+"end"
	wordy.Summary, wordy.Audience.ID = strings.Repeat("x", 200), strings.Repeat("9", 90)
	wordy.Reasons["refused_by_hello_charles:"+strings.Repeat("code_", 30)] = 1
	docs["wordy"] = wordy
	for name, doc := range docs {
		text, _ := pageOf(t, doc)
		address := fileOf(t, text)
		const width int64 = 360 // The narrowest phones.
		look(t, ctx, address, screen{width, "light"})
		evaluate[bool](t, ctx, `document.querySelectorAll("details").forEach(d => d.open = true), true`)
		require.LessOrEqual(t, evaluate[int64](t, ctx, `document.documentElement.scrollWidth`), width, "%s at %d: the page scrolls sideways", name, width)
		cut := evaluate[[]string](t, ctx, `[...document.querySelectorAll("h1, h2, h3, p, li, th, td, figcaption")]
			.filter(e => !e.closest(".scroll, .hidden") && e.getBoundingClientRect().right > innerWidth + 0.5).map(e => e.textContent.slice(0, 60))`)
		require.Empty(t, cut, "%s at %d: something is cut off", name, width)
		small := evaluate[[]string](t, ctx, `[...document.querySelectorAll("body *")]
			.filter(e => e.childNodes.length && !e.closest("svg") && parseFloat(getComputedStyle(e).fontSize) < 12).map(e => e.tagName)`)
		require.Empty(t, small, "%s at %d: text is too small", name, width)
	}
}

func TestInABrowserThePageAsksForNothingAndBreaksNoRuleOfItsOwn(t *testing.T) {
	t.Parallel()
	ctx := openBrowser(t)
	doc := withReferences(sample())
	doc.Audience.Name, doc.References.Listed[0].Message = hostile, hostile
	text, _ := pageOf(t, doc)
	address := fileOf(t, text)
	var asked, said []string
	var mutex sync.Mutex
	require.NoError(t, chromedp.Listen(ctx, func(event any) {
		mutex.Lock()
		defer mutex.Unlock()
		switch event := event.(type) {
		case *network.EventRequestWillBeSent:
			asked = append(asked, event.Request.URL)
		case *log.EventEntryAdded:
			said = append(said, event.Entry.Text)
		case *runtime.EventExceptionThrown:
			said = append(said, event.ExceptionDetails.Text)
		}
	}))
	_, err := chromedp.Call(ctx, network.Enable, network.EnableParams{})
	require.NoError(t, err)
	_, err = chromedp.Call(ctx, log.Enable, cdp.Empty{})
	require.NoError(t, err)
	look(t, ctx, address, screens[0])
	require.Equal(t, "none", evaluate[string](t, ctx, `getComputedStyle(document.querySelector(".sign")).fill`), "the style is used")
	mutex.Lock()
	defer mutex.Unlock()
	require.Equal(t, []string{address}, asked)
	require.Empty(t, said, "a script, a style or a picture was kept from the page")
}

func TestInABrowserLightAndDarkDiffer(t *testing.T) {
	t.Parallel()
	ctx := openBrowser(t)
	text, _ := pageOf(t, sample())
	address := fileOf(t, text)
	grounds := map[string]string{}
	for _, on := range screens[:2] {
		look(t, ctx, address, on)
		grounds[on.scheme] = evaluate[string](t, ctx, `getComputedStyle(document.body).backgroundColor`)
	}
	require.NotEqual(t, grounds["light"], grounds["dark"])
	emulate(t, ctx, "print", "dark")
	require.Equal(t, "rgb(28, 33, 39)", evaluate[string](t, ctx, `getComputedStyle(document.body).color`), "on paper it is light")
}

// TestPictures takes pictures of the page for people to look at.
func TestPictures(t *testing.T) {
	t.Parallel()
	folder := os.Getenv(picturesVariable)
	if folder == "" {
		t.Skip(picturesVariable + " names no folder")
	}
	ctx := openBrowser(t)
	for name, doc := range documents() {
		text, _ := pageOf(t, doc)
		address := fileOf(t, text)
		for _, on := range []screen{screens[0], screens[1], screens[2]} {
			look(t, ctx, address, on)
			picture, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(filepath.Join(folder, strings.ReplaceAll(name, " ", "-")+"-"+on.String()+".png"), picture, 0o600))
			sections := evaluate[[]string](t, ctx, `[...document.querySelectorAll("section")].map(s => s.getAttribute("aria-labelledby"))`)
			for _, section := range sections {
				picture, err := chromedp.Run(ctx, chromedp.Screenshot(`section[aria-labelledby="`+section+`"]`))
				require.NoError(t, err)
				require.NoError(t, os.WriteFile(filepath.Join(folder, strings.ReplaceAll(name, " ", "-")+"-"+on.String()+"-"+section+".png"), picture, 0o600))
			}
		}
	}
}

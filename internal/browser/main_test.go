package browser_test

import (
	"context"
	"flag"
	"os"
	"os/exec"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"

	"parley/internal/testkit"
)

// screenshots is where to write the pictures of the docs; see TestScreenshots.
var screenshots = flag.String("screenshots", "", "write the pictures of the docs into this folder")

func TestMain(m *testing.M) {
	if settings, ok := os.LookupEnv(serverVariable); ok {
		os.Exit(serve(settings, os.Stdin, os.Stderr))
	}
	testkit.Main(m)
}

// programs are the names that Chromium and Chrome have on Linux.
var programs = []string{
	"chromium",
	"chromium-browser",
	"google-chrome",
	"google-chrome-stable",
	"chrome",
}

// findBrowser returns the path of a browser. If it is "", tests are skipped,
// or fail in CI.
var findBrowser = sync.OnceValue(func() string {
	if path := os.Getenv("PARLEY_TEST_BROWSER"); path != "" {
		return path
	}
	for _, name := range programs {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
})

// browser is a browser process of one test. It can resolve no host names but those of this machine.
type browser struct {
	t   *testing.T
	ctx context.Context // chromedp keeps the process in it
}

func startBrowser(t *testing.T) *browser {
	t.Helper()
	path := findBrowser()
	if path == "" {
		if os.Getenv("CI") == "true" {
			t.Fatal("no Chromium on the PATH: scripts/install-packages installs it")
		}
		t.Skip("no Chromium on the PATH, nor PARLEY_TEST_BROWSER")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"),
		chromedp.Flag("force-color-profile", "srgb"),
		chromedp.Flag("hide-scrollbars", true),
	)
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox) // Chromium's own refuses to run as root
	}
	allocator, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(cancel)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start %s: %v", path, err)
	}
	return &browser{t: t, ctx: ctx}
}

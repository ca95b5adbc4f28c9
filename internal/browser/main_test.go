package browser_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
	"github.com/golang-jwt/jwt/v5"
)

var pictures = flag.String("pictures", "", "a folder for screenshots")

// patience is how long a test waits for what must come.
const patience = 30 * time.Second

// chromium is the browser's program. Without one the test is skipped, and fails where CI is true.
func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("CI") == "true" {
		t.Fatal("there is no Chromium here")
	}
	t.Skip("not tested in a browser: there is no Chromium here")
	return ""
}

// server is a process of Parley that can be killed and started again.
type server struct {
	t *testing.T
	// secret signs tokens; "" is development, where anybody may sign in, until the next start.
	secret string
	binary string
	folder string
	addr   string
	cmd    *exec.Cmd
	said   *bytes.Buffer
}

func start(t *testing.T, secret string) *server {
	t.Helper()
	s := &server{t: t, secret: secret, folder: t.TempDir()}
	s.binary = filepath.Join(s.folder, "parley")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", s.binary, "../..")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the server: %v\n%s", err, out)
	}
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.addr = listener.Addr().String()
	_ = listener.Close()
	s.up()
	t.Cleanup(s.kill)
	return s
}

// up starts the process on the database that is there.
func (s *server) up() {
	s.t.Helper()
	s.said = &bytes.Buffer{}
	s.cmd = exec.Command(s.binary, "--addr", s.addr) //nolint:noctx // it ends by kill
	s.cmd.Dir, s.cmd.Stdout, s.cmd.Stderr = s.folder, s.said, s.said
	s.cmd.Env = append(os.Environ(), "DATABASE_URL=", "PARLEY_JWT_SECRET="+s.secret, "PARLEY_JWKS_URL=")
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	until(s.t, "the server is ready", func() bool {
		r, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.url("/readyz"), http.NoBody)
		if err != nil {
			return false
		}
		res, err := new(http.Client).Do(r)
		if err != nil {
			return false
		}
		_ = res.Body.Close()
		return res.StatusCode == http.StatusOK
	})
}

// kill ends the process without a word.
func (s *server) kill() {
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
}

func (s *server) url(path string) string { return "http://" + s.addr + path }

// secret is what applications sign their people's tokens with.
const secret = "a secret that only this test knows, 32+ bytes"

// enter signs a window in by a token.
func (w *window) enter(name string) {
	w.t.Helper()
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"sub": strings.ToLower(name), "name": name, "exp": time.Now().Add(time.Hour).Unix(),
	}).SignedString([]byte(secret))
	if err != nil {
		w.t.Fatal(err)
	}
	w.fill("Token", token)
	w.click("Sign in")
	w.see("Sign out")
}

func until(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !done(); {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within %v", what, patience)
		}
		time.Sleep(50 * time.Millisecond) // of another process, which tells nobody
	}
}

// newBrowser starts a browser. Each window is a person's own.
func newBrowser(t *testing.T) context.Context {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chromium(t)), chromedp.NoSandbox, chromedp.WindowSize(1280, 800))
	allocator, cancel := chromedp.NewExecAllocator(context.WithoutCancel(t.Context()), options...)
	t.Cleanup(cancel)
	browser, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	if err := chromedp.Run(browser); err != nil {
		t.Fatalf("start the browser: %v", err)
	}
	return browser
}

// window is a page of its own, with its own storage.
type window struct {
	t   *testing.T
	ctx context.Context // chromedp's page

	mu sync.Mutex
	// outside are requests that went elsewhere than to the server; complaints are errors on the page's console.
	outside, complaints []string
}

func open(browser context.Context, t *testing.T, s *server, path string) *window {
	t.Helper()
	var page target.ID
	err := chromedp.Run(browser, chromedp.ActionFunc(func(ctx context.Context) error {
		ctx = cdp.WithExecutor(ctx, chromedp.FromContext(ctx).Browser)
		storage, err := target.CreateBrowserContext().Do(ctx)
		if err == nil {
			page, err = target.CreateTarget("about:blank").WithBrowserContextID(storage).WithNewWindow(true).Do(ctx)
		}
		return err
	}))
	if err != nil {
		t.Fatalf("open a window: %v", err)
	}
	ctx, cancel := chromedp.NewContext(browser, chromedp.WithTargetID(page))
	t.Cleanup(cancel)
	w := &window{t: t, ctx: ctx}
	chromedp.ListenTarget(ctx, func(event any) {
		w.mu.Lock()
		defer w.mu.Unlock()
		switch event := event.(type) {
		case *network.EventRequestWillBeSent:
			if url := event.Request.URL; !strings.HasPrefix(url, s.url("/")) && !strings.HasPrefix(url, "data:") && !strings.HasPrefix(url, "blob:") {
				w.outside = append(w.outside, url)
			}
		case *runtime.EventExceptionThrown:
			w.complaints = append(w.complaints, event.ExceptionDetails.Error())
		}
	})
	if err := chromedp.Run(ctx); err != nil { // the first one decides how long the page lives
		t.Fatalf("open a window: %v", err)
	}
	w.run("open "+path, network.Enable(), runtime.Enable(), emulation.SetFocusEmulationEnabled(true), chromedp.Navigate(s.url(path)))
	return w
}

// run does things on the page, within the time that a test waits.
func (w *window) run(what string, actions ...chromedp.Action) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()
	if err := chromedp.Run(ctx, actions...); err != nil {
		var text string
		ctx, cancel := context.WithTimeout(w.ctx, time.Second)
		defer cancel()
		_ = chromedp.Run(ctx, chromedp.Evaluate(`document.body.innerText`, &text))
		w.t.Fatalf("%s: %v; the page shows:\n%s", what, err, text)
	}
}

// click presses a button or a link by what is on it.
func (w *window) click(name string) {
	w.t.Helper()
	w.run("click "+name, chromedp.Click(fmt.Sprintf(`//*[self::button or self::a or self::summary][normalize-space()=%q or @aria-label=%[1]q]`, name), chromedp.BySearch, chromedp.NodeVisible))
}

// fill writes into the field with a label.
func (w *window) fill(label, text string) {
	w.t.Helper()
	w.run("fill "+label, chromedp.SendKeys(fmt.Sprintf(`//*[@aria-label=%q] | //label[starts-with(normalize-space(), %[1]q)]//*[self::input or self::textarea] | //*[@id=//label[normalize-space()=%[1]q]/@for]`, label), text, chromedp.BySearch, chromedp.NodeVisible))
}

// see waits until the page shows a text.
func (w *window) see(text string) {
	w.t.Helper()
	until(w.t, "see "+text, func() bool { return strings.Contains(w.text("body"), text) })
}

// text is what an element shows.
func (w *window) text(selector string) (text string) {
	w.t.Helper()
	w.run("read "+selector, chromedp.Evaluate(fmt.Sprintf(`document.querySelector(%q)?.innerText ?? ""`, selector), &text))
	return text
}

// texts is what each element shows.
func (w *window) texts(selector string) (texts []string) {
	w.t.Helper()
	w.run("read "+selector, chromedp.Evaluate(fmt.Sprintf(`[...document.querySelectorAll(%q)].map((e) => e.innerText)`, selector), &texts))
	return texts
}

// picture takes a screenshot, where they are wanted.
func (w *window) picture(name string, width int64, dark bool) {
	w.t.Helper()
	if *pictures == "" {
		return
	}
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	var shot []byte
	w.run("photograph "+name,
		chromedp.EmulateViewport(width, 800),
		emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}),
		chromedp.Sleep(300*time.Millisecond),
		chromedp.CaptureScreenshot(&shot),
		chromedp.EmulateViewport(1280, 800),
		emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "light"}}),
	)
	if err := os.WriteFile(filepath.Join(*pictures, name+".png"), shot, 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// sound checks that a page asked nobody else, and has not broken.
func (w *window) sound() {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.outside) > 0 {
		w.t.Errorf("requests have left the machine: %v", w.outside)
	}
	if len(w.complaints) > 0 {
		w.t.Errorf("the page complains: %v", w.complaints)
	}
}

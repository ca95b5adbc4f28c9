package browser_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// TestScreenshots writes the pictures of the docs to a folder:
//
//	go test ./internal/browser -run TestScreenshots -screenshots "$PWD/docs/images"
func TestScreenshots(t *testing.T) {
	if *screenshots == "" {
		t.Skip("no -screenshots")
	}
	browser, s := startBrowser(t), startServer(t)
	screenshotApp(browser, s)
	screenshotPlayground(browser, s)
}

func screenshotPlayground(browser *browser, s *server) {
	w := browser.open(s.url() + "/")
	w.signInAs("Bob")
	w.example("Live: my chat list")
	w.await("tab", "ChatList")
	w.click("button", "Execute query")
	w.awaitText(".parley-live section", "OPENED")
	w.click("button", "New tab")
	w.signInAs("Alice")
	w.example("Live: everything in a room")
	w.await("tab", "RoomEvents")
	w.click("button", "Execute query")
	w.awaitText(".parley-live section", "StreamOpened")
	w.example("Send a message")
	w.await("tab", "SendMessage")
	w.click("button", "Execute query")
	w.awaitText(".graphiql-response", `"contents": "Hello"`)
	w.awaitText(".parley-live section", "MessageAdded")
	w.awaitText(".parley-live section", "CHANGED")
	for _, scheme := range []string{"light", "dark"} {
		w.screenshot("playground-laptop-"+scheme, scheme, 1280, 760)
	}
	w.screenshot("playground-phone-live-light", "light", 390, 760)
	w.click("button", "Live: 2")
	w.screenshot("playground-phone-dark", "dark", 390, 760)
}

func screenshotApp(browser *browser, s *server) {
	bob, alice := browser.signIn(s, "Bob"), browser.signIn(s, "Alice")
	carol := browser.signIn(s, "Carol")
	bob.createRoom("Books", "alice, carol", "Every user can find it and join")
	bob.sendMessage("Chapter three by Friday?")
	carol.createRoom("Sunday cooking", "alice", "Only with the room’s key")
	carol.sendMessage("I have the pumpkin")
	alice.createRoom("Garden", "bob, carol", "Only with the room’s key")
	bob.click("link", "Garden")
	carol.click("link", "Garden")
	bob.sendMessage("The roses have survived the frost 🎉")
	alice.awaitText(".message", "survived")
	alice.messageAction("survived", "React with ❤️")
	carol.messageAction("survived", "React with ❤️")
	carol.messageAction("survived", "Reply")
	carol.sendMessage("All of them? Even the one by the gate?")
	alice.sendMessage(
		"Who waters them next week? I am away until Thursday, and the forecast says no rain at all.",
	)
	bob.awaitText(".message", "Who waters")
	bob.sendMessage("@Alice" + kb.Tab + "I can, from Tuesday on")
	carol.awaitText(".message", "from Tuesday on")
	carol.messageAction("from Tuesday on", "Thread")
	carol.write("combobox", "Reply in the thread", "Then I take Monday"+kb.Enter)
	alice.awaitText(".thread-link", "1 reply")
	alice.press("Thank you both!")

	for _, scheme := range []string{"light", "dark"} {
		alice.screenshot("app-laptop-"+scheme, scheme, 1120, 700)
	}
	alice.click("button", "1 reply in a thread")
	alice.awaitText(".panel .message", "Monday")
	alice.screenshot("app-thread-dark", "dark", 1120, 700)
	alice.press(kb.Escape)
	for _, scheme := range []string{"light", "dark"} {
		alice.screenshot("app-phone-"+scheme, scheme, 390, 760)
	}
	alice.click("link", "Back to the rooms")
	alice.screenshot("app-phone-rooms-light", "light", 390, 760)
}

// screenshot writes a screenshot of the window, in a color scheme and at a size.
func (w *window) screenshot(name, scheme string, width, height int64) {
	w.t.Helper()
	run(w, chromedp.EmulateViewport(width, height))
	call(
		w,
		emulation.SetEmulatedMedia,
		emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		},
	)
	run(
		w,
		chromedp.Evaluate[any](
			`new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))`,
			chromedp.EvalAwaitPromise,
		),
	)
	quality := int64(80)
	data := call(
		w,
		page.CaptureScreenshot,
		page.CaptureScreenshotParams{Format: page.CaptureScreenshotFormatWebp, Quality: &quality},
	).Data
	if err := os.MkdirAll(*screenshots, 0o755); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(*screenshots, name+".webp"), data, 0o644); err != nil {
		w.t.Fatal(err)
	}
}

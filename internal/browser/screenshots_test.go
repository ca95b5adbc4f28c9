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
	pictureApp(browser, s)
	picturePlayground(browser, s)
}

func picturePlayground(browser *browser, s *server) {
	w := browser.open(s.url() + "/")
	w.as("Bob")
	w.example("Live: my chat list")
	w.await("tab", "ChatList")
	w.click("button", "Execute query")
	w.reads(".parley-live section", "OPENED")
	w.click("button", "New tab")
	w.as("Alice")
	w.example("Live: everything in a room")
	w.await("tab", "RoomEvents")
	w.click("button", "Execute query")
	w.reads(".parley-live section", "StreamOpened")
	w.example("Send a message")
	w.await("tab", "SendMessage")
	w.click("button", "Execute query")
	w.reads(".graphiql-response", `"contents": "Hello"`)
	w.reads(".parley-live section", "MessageAdded")
	w.reads(".parley-live section", "CHANGED")
	for _, scheme := range []string{"light", "dark"} {
		w.picture("playground-laptop-"+scheme, scheme, 1280, 760)
	}
	w.picture("playground-phone-live-light", "light", 390, 760)
	w.click("button", "Live: 2")
	w.picture("playground-phone-dark", "dark", 390, 760)
}

func pictureApp(browser *browser, s *server) {
	bob, alice := browser.enter(s, "Bob"), browser.enter(s, "Alice")
	carol := browser.enter(s, "Carol")
	bob.createRoom("Books", "alice, carol", "Every user can find it and join")
	bob.say("Chapter three by Friday?")
	carol.createRoom("Sunday cooking", "alice", "Only with the room’s key")
	carol.say("I have the pumpkin")
	alice.createRoom("Garden", "bob, carol", "Only with the room’s key")
	bob.click("link", "Garden")
	carol.click("link", "Garden")
	bob.say("The roses have survived the frost 🎉")
	alice.reads(".message", "survived")
	alice.do("survived", "React with ❤️")
	carol.do("survived", "React with ❤️")
	carol.do("survived", "Reply")
	carol.say("All of them? Even the one by the gate?")
	alice.say(
		"Who waters them next week? I am away until Thursday, and the forecast says no rain at all.",
	)
	bob.reads(".message", "Who waters")
	bob.say("@Alice" + kb.Tab + "I can, from Tuesday on")
	carol.reads(".message", "from Tuesday on")
	carol.do("from Tuesday on", "Thread")
	carol.write("combobox", "Reply in the thread", "Then I take Monday"+kb.Enter)
	alice.reads(".thread-link", "1 reply")
	alice.press("Thank you both!")

	for _, scheme := range []string{"light", "dark"} {
		alice.picture("app-laptop-"+scheme, scheme, 1120, 700)
	}
	alice.click("button", "1 reply in a thread")
	alice.reads(".panel .message", "Monday")
	alice.picture("app-thread-dark", "dark", 1120, 700)
	alice.press(kb.Escape)
	for _, scheme := range []string{"light", "dark"} {
		alice.picture("app-phone-"+scheme, scheme, 390, 760)
	}
	alice.click("link", "Back to the rooms")
	alice.picture("app-phone-rooms-light", "light", 390, 760)
}

// picture writes what the window shows, in a colour scheme and at a size.
func (w *window) picture(name, scheme string, width, height int64) {
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

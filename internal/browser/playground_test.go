package browser_test

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// example opens one in the playground and runs it, when its tab has the name of its operation.
func (w *window) example(title, operation string) {
	w.t.Helper()
	w.run("open the examples", chromedp.Click(`.parley-examples`, chromedp.ByQuery, chromedp.NodeVisible))
	w.run("choose "+title, chromedp.Click(`//*[@role="menuitem"][normalize-space()="`+title+`"]`, chromedp.BySearch, chromedp.NodeVisible))
	until(w.t, "the tab is named", func() bool { return strings.Contains(w.text(".graphiql-tab-active"), operation) })
	// The editor takes a moment to notice which operation it holds.
	w.run("run it", chromedp.WaitNotPresent(`[role=menu]`, chromedp.ByQuery), chromedp.Sleep(time.Second), chromedp.Click(`.graphiql-execute-button`, chromedp.ByQuery, chromedp.NodeVisible))
}

// TestPlayground has one person listen in one window, and another make a room in another. Nothing is asked of anybody but
// the server.
func TestPlayground(t *testing.T) {
	browser := newBrowser(t)
	s := start(t, "")
	bob, alice := open(browser, t, s, "/"), open(browser, t, s, "/")
	for w, name := range map[*window]string{bob: "Bob", alice: "Alice"} {
		w.click(name)
		until(t, "signed in", func() bool { return strings.Contains(w.text(".parley-who"), name) })
	}
	answer := func(w *window) string {
		return strings.ReplaceAll(w.text(".result-window"), "\u00a0", " ") // as editors show spaces
	}
	bob.example("Live: new public rooms", "NewPublicRooms")
	until(t, "the room arrives", func() bool { // when Bob hears is for the server to decide
		alice.example("Create a room", "CreateRoom")
		return strings.Contains(answer(bob), "Tea at five")
	})
	until(t, "the answer is there", func() bool { return strings.Contains(answer(alice), "createRoom") })
	alice.picture("playground", 1280, false)
	bob.picture("playground-phone", 390, true)
	alice.sound()
	bob.sound()
}

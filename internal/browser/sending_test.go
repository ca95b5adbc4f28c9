package browser_test

import (
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// TestFailedSendKeepsText: the request does not reach the server.
func TestFailedSendKeepsText(t *testing.T) {
	t.Parallel()
	browser, s := startBrowser(t), startServer(t)
	alice := browser.signIn(s, "Alice")
	alice.createRoom("Desk", "", "Every user can find it and join")
	var failing atomic.Bool
	failing.Store(true)
	alice.intercept("SendMessage", fetch.RequestStageRequest, &failing, func() {})

	alice.sendMessage("Not to be lost")
	alice.awaitText(".outgoing", "Not sent yet: There is no connection to the server.")
	alice.write("combobox", "Message", "Half a sent")
	run(alice, chromedp.Reload())
	alice.awaitText(".outgoing", "Not to be lost")
	alice.await("combobox", "Message")
	if draft := run(
		alice,
		chromedp.Evaluate[string](`document.querySelector("textarea").value`),
	); draft != "Half a sent" {
		t.Errorf("after a reload the field holds %q", draft)
	}
	alice.awaitText(".outgoing", "Not sent yet")

	failing.Store(false)
	alice.click("button", "Try again")
	alice.awaitText(".message", "Not to be lost")
	alice.sendMessage("ence")
	alice.awaitText(".message", "Half a sentence")
	want := []string{"Not to be lost", "Half a sentence"}
	if got := s.history("alice"); !slices.Equal(got, want) {
		t.Errorf("the room has %q, want %q", got, want)
	}
	if got := alice.messages(); !slices.Equal(got, want) {
		t.Errorf("the screen has %q, want %q", got, want)
	}
}

// TestLostResponseDuplicatesNothing: the server commits the message and is killed before it responds.
// The app sends the message again with the same idempotency key.
func TestLostResponseDuplicatesNothing(t *testing.T) {
	t.Parallel()
	browser, s := startBrowser(t), startServer(t)
	alice := browser.signIn(s, "Alice")
	alice.createRoom("Desk", "", "Every user can find it and join")
	var dropping atomic.Bool
	dropping.Store(true)
	killed := make(chan struct{})
	alice.intercept("SendMessage", fetch.RequestStageResponse, &dropping, func() {
		if dropping.CompareAndSwap(true, false) {
			s.kill()
			close(killed)
		}
	})
	alice.sendMessage("Once")
	<-killed
	s.start()
	alice.awaitText(".message", "Once")
	alice.sendMessage("And on")
	alice.awaitText(".message", "And on")
	want := []string{"Once", "And on"}
	if got := s.history("alice"); !slices.Equal(got, want) {
		t.Errorf("the room has %q, want %q", got, want)
	}
	if got := alice.messages(); !slices.Equal(got, want) {
		t.Errorf("the screen has %q, want %q", got, want)
	}
}

// TestRefusalIsShown: the app shows a permanent error, does not retry, and keeps the input.
func TestRefusalIsShown(t *testing.T) {
	t.Parallel()
	browser, s := startBrowser(t), startServer(t)
	alice, bob := browser.signIn(s, "Alice"), browser.signIn(s, "Bob")
	alice.createRoom("Stage", "bob", "Only with the room’s key")
	bob.click("link", "Stage")
	alice.sendMessage("Only Alice changes this")
	bob.awaitText(".message", "Only Alice changes this")
	if tools := bob.texts(
		".message .tools button",
	); slices.Contains(tools, "Edit") ||
		slices.Contains(tools, "Delete") {
		t.Errorf("Bob sees the buttons %q", tools)
	}
	alice.click("link", "New room")
	alice.write("textbox", "Name", "Nobody's")
	alice.write("textbox", "Members besides me", "nobody-at-all"+kb.Enter)
	alice.awaitText("[role=alert]", "There is no user with the id nobody-at-all.")
}

// intercept fails the window's requests with the operation, at a stage of the request, while failing is
// true. It calls before first.
func (w *window) intercept(
	operation string,
	stage fetch.RequestStage,
	failing *atomic.Bool,
	before func(),
) {
	w.t.Helper()
	err := chromedp.Listen(w.ctx, func(event any) {
		paused, ok := event.(*fetch.EventRequestPaused)
		if !ok {
			return
		}
		go func() { // a listener must not wait for the browser; ends with the response, or with the window
			var err error
			if failing.Load() && strings.Contains(body(paused.Request), operation) {
				before()
				_, err = chromedp.Call(
					w.ctx,
					fetch.FailRequest,
					fetch.FailRequestParams{
						RequestID:   paused.RequestID,
						ErrorReason: network.ErrorReasonConnectionReset,
					},
				)
			} else {
				_, err = chromedp.Call(
					w.ctx,
					fetch.ContinueRequest,
					fetch.ContinueRequestParams{RequestID: paused.RequestID},
				)
			}
			if err != nil && w.ctx.Err() == nil {
				w.problem("respond to an intercepted request: %v", err)
			}
		}()
	})
	if err != nil {
		w.t.Fatal(err)
	}
	call(
		w,
		fetch.Enable,
		fetch.EnableParams{
			Patterns: []*fetch.RequestPattern{{URLPattern: "*/graphql", RequestStage: stage}},
		},
	)
}

func body(request *network.Request) string {
	var all []byte
	for _, entry := range request.PostDataEntries {
		all = append(all, entry.Bytes...)
	}
	return string(all)
}

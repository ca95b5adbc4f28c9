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

// TestAFailedSendKeepsTheText: the request never gets to the server.
func TestAFailedSendKeepsTheText(t *testing.T) {
	t.Parallel()
	browser, s := startBrowser(t), startServer(t)
	alice := browser.enter(s, "Alice")
	alice.createRoom("Desk", "", "Every user can find it and join")
	var failing atomic.Bool
	failing.Store(true)
	alice.intercept("SendMessage", fetch.RequestStageRequest, &failing, func() {})

	alice.say("Not to be lost")
	alice.reads(".outgoing", "Not sent yet: There is no connection to the server.")
	alice.write("combobox", "Message", "Half a sent")
	run(alice, chromedp.Reload())
	alice.reads(".outgoing", "Not to be lost")
	alice.await("combobox", "Message")
	if draft := run(
		alice,
		chromedp.Evaluate[string](`document.querySelector("textarea").value`),
	); draft != "Half a sent" {
		t.Errorf("after a reload the field holds %q", draft)
	}
	alice.reads(".outgoing", "Not sent yet")

	failing.Store(false)
	alice.click("button", "Try again")
	alice.reads(".message", "Not to be lost")
	alice.say("ence")
	alice.reads(".message", "Half a sentence")
	want := []string{"Not to be lost", "Half a sentence"}
	if got := s.history("alice"); !slices.Equal(got, want) {
		t.Errorf("the room has %q, want %q", got, want)
	}
	if got := alice.messages(); !slices.Equal(got, want) {
		t.Errorf("the screen has %q, want %q", got, want)
	}
}

// TestALostAnswerDoublesNothing: the server has committed the message and dies before it can say
// so. The same again.
func TestALostAnswerDoublesNothing(t *testing.T) {
	t.Parallel()
	browser, s := startBrowser(t), startServer(t)
	alice := browser.enter(s, "Alice")
	alice.createRoom("Desk", "", "Every user can find it and join")
	var losing atomic.Bool
	losing.Store(true)
	killed := make(chan struct{})
	alice.intercept("SendMessage", fetch.RequestStageResponse, &losing, func() {
		if losing.CompareAndSwap(true, false) {
			s.kill()
			close(killed)
		}
	})
	alice.say("Once")
	<-killed
	s.start()
	alice.reads(".message", "Once")
	alice.say("And on")
	alice.reads(".message", "And on")
	want := []string{"Once", "And on"}
	if got := s.history("alice"); !slices.Equal(got, want) {
		t.Errorf("the room has %q, want %q", got, want)
	}
	if got := alice.messages(); !slices.Equal(got, want) {
		t.Errorf("the screen has %q, want %q", got, want)
	}
}

// TestARefusalIsToldInWords: what the server refuses for good is not tried again by itself, and is
// not lost.
func TestARefusalIsToldInWords(t *testing.T) {
	t.Parallel()
	browser, s := startBrowser(t), startServer(t)
	alice, bob := browser.enter(s, "Alice"), browser.enter(s, "Bob")
	alice.createRoom("Stage", "bob", "Only with the room’s key")
	bob.click("link", "Stage")
	alice.say("Only Alice changes this")
	bob.reads(".message", "Only Alice changes this")
	if tools := bob.texts(
		".message .tools button",
	); slices.Contains(tools, "Edit") ||
		slices.Contains(tools, "Delete") {
		t.Errorf("Bob is offered %q", tools)
	}
	alice.click("link", "New room")
	alice.write("textbox", "Name", "Nobody's")
	alice.write("textbox", "Members besides me", "nobody-at-all"+kb.Enter)
	alice.reads("[role=alert]", "There is no user with the id nobody-at-all.")
}

// intercept fails the window's requests that carry the operation, at a stage of theirs, as long as
// failing says so; each time it calls before first.
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
		go func() { // a listener must not wait for the browser; it ends with its answer, or with the window
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
				w.problem("answer an intercepted request: %v", err)
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

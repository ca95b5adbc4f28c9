package browser_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// say writes a message and sends it by Enter.
func (w *window) say(text string) {
	w.t.Helper()
	w.fill("Message", text+"\r")
}

const letters = ".message:not(.letter) .text"

// TestChat has two people chat in two windows, cuts the server off and brings it back, and compares what they see.
func TestChat(t *testing.T) {
	browser := newBrowser(t)
	s := start(t, secret)
	bob := open(browser, t, s, "/app")
	bob.enter("Bob")
	bob.see("You are in no room yet.")
	alice := open(browser, t, s, "/app")
	alice.enter("Alice")

	// A room with Bob arrives in Bob's list.
	alice.click("Find or make a room")
	alice.fill("Name", "Garden")
	alice.fill("With", "bob")
	alice.click("Make it")
	alice.see("2 members")
	bob.see("Garden")

	// Live, unread, and read.
	alice.say("Hello Bob")
	until(t, "an unread message", func() bool { return slices.Contains(bob.texts(".unread"), "1") })
	bob.run("open the room", chromedp.Click(`//nav//a[contains(., "Garden")]`, chromedp.BySearch))
	bob.see("Hello Bob")
	until(t, "it is read", func() bool { return len(bob.texts(".unread")) == 0 })
	bob.say("@Alice hi there")
	alice.see("@Alice hi there")
	if marks := alice.texts(`mark[data-me="true"]`); len(marks) != 1 {
		t.Errorf("mentions of Alice: %v", marks)
	}

	// Reactions, edits, replies, threads, deletes.
	bob.run("react", chromedp.Click(`(//li[contains(., "Hello Bob")]//button[contains(@aria-label, "👍")])[1]`, chromedp.BySearch))
	until(t, "the reaction arrives", func() bool { return slices.Contains(alice.texts(`.reaction[data-count="1"]`), "👍 1") })
	alice.run("edit", chromedp.Click(`(//li[contains(., "Hello Bob")]//button[.="Edit"])[1]`, chromedp.BySearch))
	alice.run("write", chromedp.SetValue(`.edit textarea`, "Hello dear Bob", chromedp.ByQuery), chromedp.Click(`.edit button[type=submit]`, chromedp.ByQuery))
	bob.see("Hello dear Bob")
	bob.run("reply", chromedp.Click(`(//li[contains(., "Hello dear Bob")]//button[.="Reply"])[1]`, chromedp.BySearch))
	bob.say("an answer")
	until(t, "the answer shows what it answers", func() bool { return slices.Contains(alice.texts("blockquote"), "Alice: Hello dear Bob") })
	bob.run("open a thread", chromedp.Click(`(//li[contains(., "Hello dear Bob")]//button[.="Thread"])[1]`, chromedp.BySearch))
	bob.fill("Message to the thread", "in the thread\r")
	alice.see("Thread (1)")
	bob.picture("app-thread", 1280, true)
	bob.click("Close")
	alice.say("a mistake")
	bob.see("a mistake")
	alice.run("delete", chromedp.Click(`(//li[contains(., "a mistake")]//button[.="Delete"])[1]`, chromedp.BySearch))
	until(t, "it is deleted", func() bool { return !strings.Contains(bob.text(".messages"), "a mistake") })
	alice.picture("app", 1280, false)
	alice.picture("app-phone", 390, true)

	// The server goes. What is written stays, and is sent again by the same key.
	s.kill()
	bob.see("The server cannot be reached.")
	bob.say("written while it was away")
	bob.see("Send again")
	bob.picture("app-offline", 1280, false)
	s.up()
	for _, w := range []*window{alice, bob} {
		until(t, "the server is back", func() bool { return w.text(".offline") == "" })
	}
	bob.click("Send again")
	alice.see("written while it was away")
	for _, w := range []*window{alice, bob} {
		until(t, "it is there once", func() bool { return len(w.texts(".letter")) == 0 })
		if n := len(slices.DeleteFunc(w.texts(letters), func(s string) bool { return s != "written while it was away" })); n != 1 {
			t.Errorf("it is there %d times", n)
		}
		w.sound()
	}
	accessible(t, alice)
}

// accessible checks that whatever can be used has a name, and can be reached by keyboard.
func accessible(t *testing.T, w *window) {
	t.Helper()
	var nameless []string
	w.run("look for what has no name", chromedp.Evaluate(`[...document.querySelectorAll('button, a, input, textarea, select')].
		filter((e) => !(e.innerText.trim() || e.ariaLabel || e.labels?.length)).map((e) => e.outerHTML)`, &nameless))
	if len(nameless) > 0 {
		t.Errorf("without a name: %v", nameless)
	}
	var tabbed string
	w.run("go through by Tab", chromedp.Evaluate(`document.activeElement?.blur(); document.querySelectorAll('[tabindex="-1"]').length + " of " + document.querySelectorAll('button, a, textarea').length`, &tabbed))
	if !strings.HasPrefix(tabbed, "0 of ") {
		t.Errorf("not to be reached by keyboard: %s", tabbed)
	}
}

// TestResume cuts the server off again and again while both write.
func TestResume(t *testing.T) {
	browser := newBrowser(t)
	s := start(t, secret)
	windows := []*window{open(browser, t, s, "/app"), open(browser, t, s, "/app")}
	windows[1].enter("Bob")
	windows[1].see("You are in no room yet.")
	windows[0].enter("Alice")
	windows[0].click("Find or make a room")
	windows[0].fill("Name", "Garden")
	windows[0].fill("With", "bob")
	windows[0].click("Make it")
	windows[1].run("open the room", chromedp.Click(`//nav//a[contains(., "Garden")]`, chromedp.BySearch, chromedp.NodeVisible))
	written := 0
	for range 3 {
		for range 3 {
			for _, w := range windows {
				written++
				w.say(fmt.Sprintf("message %03d", written))
			}
		}
		s.kill()
		for _, w := range windows {
			written++
			w.see("The server cannot be reached.")
			w.say(fmt.Sprintf("message %03d", written))
			w.see("Send again")
		}
		s.up()
		for _, w := range windows {
			until(t, "the server is back", func() bool { return w.text(".offline") == "" })
			w.click("Send again")
		}
		for _, w := range windows {
			until(t, "all are there", func() bool { return len(w.texts(letters)) == written })
		}
	}
	var seen [][]string
	for _, w := range windows {
		texts := w.texts(letters)
		seen = append(seen, slices.Clone(texts))
		slices.Sort(texts)
		for i, text := range texts {
			if text != fmt.Sprintf("message %03d", i+1) {
				t.Fatalf("lost or doubled: %v", texts)
			}
		}
		w.sound()
	}
	if !slices.Equal(seen[0], seen[1]) {
		t.Errorf("they see different things:\n%v\n%v", seen[0], seen[1])
	}
}

// TestKeyRoom has somebody join a private room by its key.
func TestKeyRoom(t *testing.T) {
	browser := newBrowser(t)
	s := start(t, "")
	alice, bob := open(browser, t, s, "/app"), open(browser, t, s, "/app")
	alice.click("Alice")
	alice.click("Find or make a room")
	alice.fill("Name", "Secret")
	alice.run("choose", chromedp.SetValue(`select[name=access]`, "PRIVATE", chromedp.ByQuery))
	alice.click("Make it")
	alice.click("1 members")
	var id, key string
	alice.run("read the key", chromedp.Text(`details code:not(.key)`, &id, chromedp.ByQuery), chromedp.Text(`code.key`, &key, chromedp.ByQuery))
	bob.click("Bob")
	bob.click("Find or make a room")
	bob.fill("Room", id)
	bob.fill("Key", "wrong")
	bob.click("Join by key")
	bob.see("That is not the key of this room.")
	bob.run("the right key", chromedp.SetValue(`input[name=key]`, key, chromedp.ByQuery))
	bob.click("Join by key")
	bob.see("Secret")
	alice.see("Bob has joined")
	bob.click("Leave")
	alice.see("Bob has left")
	alice.sound()
	bob.sound()
}

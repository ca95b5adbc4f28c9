package browser_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/google/go-cmp/cmp"
)

// enter opens the app as a user.
func (b *browser) enter(s *server, person string) *window {
	b.t.Helper()
	w := b.open(s.url() + "/app")
	w.click("button", person)
	w.await("link", "New room")
	return w
}

// say sends a message in the room that is open.
func (w *window) say(text string) {
	w.t.Helper()
	w.write("combobox", "Message", text+kb.Enter)
}

// messages are the texts of the messages on the screen that the server has confirmed.
func (w *window) messages() []string { return w.texts(".page .message .contents") }

// createRoom makes a room in the app.
func (w *window) createRoom(name, people, access string) {
	w.t.Helper()
	w.click("link", "New room")
	w.write("textbox", "Name", name)
	if people != "" {
		w.write("textbox", "Members besides me", people)
	}
	w.click("radio", access)
	w.click("button", "Create the room")
	w.await("heading", name)
}

// do points at a message and does something with it.
func (w *window) do(message, action string) {
	w.t.Helper()
	w.clickNode(w.await("listitem", message))
	w.click("button", action)
}

func TestTwoPeopleTalk(t *testing.T) {
	t.Parallel()
	browser, s := startBrowser(t), startServer(t)
	alice, bob := browser.enter(s, "Alice"), browser.enter(s, "Bob")

	alice.createRoom("Garden", "bob", "Only with the room’s key")
	bob.click("link", "Garden") // it has come by itself
	bob.say("Good morning @Al" + kb.Tab + "how are the roses?")
	alice.reads(".message", "Good morning @Alice how are the roses?")
	alice.await("listitem", "Bob")
	if got := alice.texts("mark[data-me]"); !slices.Equal(got, []string{"@Alice"}) {
		t.Errorf("Alice is shown as spoken to in %q", got)
	}

	alice.do("Good morning", "React with 🎉")
	bob.await("button", "🎉, 1")
	alice.do("Good morning", "Reply")
	alice.say("In bloom")
	bob.reads("blockquote", "Good morning")
	bob.reads(".message", "In bloom")

	bob.do("In bloom", "Thread")
	bob.write("combobox", "Reply in the thread", "All of them?"+kb.Enter)
	alice.click("button", "1 reply in a thread")
	alice.reads(".panel .message", "All of them?")
	alice.write("combobox", "Reply in the thread", "All but one"+kb.Enter)
	bob.reads(".panel .message", "All but one")
	alice.press(kb.Escape)

	alice.do("In bloom", "Edit")
	alice.press(kb.End + ", most of them" + kb.Enter)
	bob.reads(".page .message", "In bloom, most of them")
	bob.reads(".page .message", "edited")
	bob.do("how are the roses", "Delete")
	bob.click("button", "Delete")
	alice.reads(".page .message", "This message was deleted.")

	// Unread messages are counted while another page is open, and read when the room is open.
	bob.click("link", "Discover")
	alice.say("One")
	alice.say("Two")
	bob.await("link", "2 unread")
	bob.click("link", "Garden")
	bob.reads(".message", "Two")
	eventually(t, "nothing is unread", func() (bool, any) {
		texts := bob.texts(".rooms .count")
		return len(texts) == 0, texts
	})
}

func TestRoomsAreFoundJoinedAndLeft(t *testing.T) {
	t.Parallel()
	browser, s := startBrowser(t), startServer(t)
	alice, bob := browser.enter(s, "Alice"), browser.enter(s, "Bob")

	bob.click("link", "Discover")
	alice.createRoom("Open kitchen", "", "Every user can find it and join")
	bob.click("button", "Join Open kitchen") // it has come by itself
	bob.await("heading", "Open kitchen")
	alice.await("button", "2 people")
	bob.click("button", "2 people")
	bob.click("button", "Leave the room")
	bob.click("button", "Leave")
	bob.gone("link", "Open kitchen")
	alice.await("button", "1 person")

	alice.createRoom("Cellar", "", "Only with the room’s key")
	alice.click("button", "1 person")
	key := alice.text("code")
	run(
		bob,
		chromedp.Navigate(run(alice, chromedp.Location())),
	) // a deep link to what he may not see
	bob.await("heading", "Room not found")
	bob.write("textbox", "Key", "wrong"+kb.Enter)
	bob.await("alert", "")
	bob.reads("[role=alert]", "The key is wrong, or the room does not exist.")
	run(bob, chromedp.Reload())
	bob.write("textbox", "Key", key+kb.Enter)
	bob.await("heading", "Cellar")

	alice.click("button", "Delete the room")
	alice.click("button", "Delete")
	bob.reads(".page", "This room was deleted.")
}

// TestNothingIsLostOrDoubled kills the server while two people talk, and compares what they see
// with what there is.
func TestNothingIsLostOrDoubled(t *testing.T) {
	t.Parallel()
	browser, s := startBrowser(t), startServer(t)
	alice, bob := browser.enter(s, "Alice"), browser.enter(s, "Bob")
	alice.createRoom("Harbour", "bob", "Only with the room’s key")
	bob.click("link", "Harbour")
	alice.say("Before the storm")
	bob.reads(".message", "Before the storm")

	for round := range 3 {
		s.kill()
		alice.reads(".banner", "No connection.")
		bob.reads(".banner", "No connection.")
		alice.say(fmt.Sprintf("Alice in the storm %d", round))
		alice.say(fmt.Sprintf("Alice again %d", round))
		bob.say(fmt.Sprintf("Bob in the storm %d", round))
		alice.reads(".outgoing", "Not sent yet: There is no connection to the server.")
		s.start()

		// Others write before the two are back, and while they come back.
		carol := s.signIn("alice")
		var rooms struct{ MyRoomIds []string }
		s.ask(carol, `{ myRoomIds }`, nil, &rooms)
		for i := range 20 {
			s.ask(
				carol,
				`mutation ($in: SendMessageInput!) { sendMessage(input: $in) { message { id } } }`,
				map[string]any{
					"in": map[string]any{
						"roomId":   rooms.MyRoomIds[0],
						"contents": fmt.Sprintf("Wave %d.%d", round, i),
					},
				},
				nil,
			)
		}
		for _, w := range []*window{alice, bob} {
			w.reads(".message", fmt.Sprintf("Bob in the storm %d", round))
			w.reads(".message", fmt.Sprintf("Alice again %d", round))
			w.reads(".message", fmt.Sprintf("Wave %d.19", round))
		}
	}

	want := s.history("alice")
	if len(want) != 1+3*23 {
		t.Errorf("the room has %d messages, want %d: %q", len(want), 1+3*23, want)
	}
	for _, w := range []*window{alice, bob} {
		if diff := cmp.Diff(want, w.messages()); diff != "" {
			t.Errorf("the screen is not what there is (-want +got):\n%s", diff)
		}
		if left := w.texts(".outgoing"); len(left) > 0 {
			t.Errorf("still shown as not sent: %q", left)
		}
	}
}

// history returns the messages of a user's first room.
func (s *server) history(person string) []string {
	s.t.Helper()
	var data struct {
		MyRooms struct {
			Nodes []struct {
				Messages struct{ Nodes []struct{ Contents string } }
			}
		}
	}
	s.ask(
		s.signIn(person),
		`{ myRooms(first: 1) { nodes { messages(last: 100) { nodes { contents } } } } }`,
		nil,
		&data,
	)
	var contents []string
	for _, message := range data.MyRooms.Nodes[0].Messages.Nodes {
		contents = append(contents, message.Contents)
	}
	return contents
}

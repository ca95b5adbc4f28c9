package browser_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/google/go-cmp/cmp"
)

// signIn opens the app as a user.
func (b *browser) signIn(s *server, user string) *window {
	b.t.Helper()
	w := b.open(s.url() + "/app")
	w.click("button", user)
	w.await("link", "New room")
	return w
}

// sendMessage sends a message in the room that is open.
func (w *window) sendMessage(text string) {
	w.t.Helper()
	w.write("combobox", "Message", text+kb.Enter)
}

// messages returns the texts of the messages on the screen that the server has acknowledged.
func (w *window) messages() []string { return w.texts(".page .message .contents") }

// createRoom creates a room in the app.
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

// messageAction points at a message and does something with it.
func (w *window) messageAction(message, action string) {
	w.t.Helper()
	w.clickNode(w.await("listitem", message))
	w.click("button", action)
}

func TestTwoUsersChat(t *testing.T) {
	t.Parallel()
	browser, s := startBrowser(t), startServer(t)
	alice, bob := browser.signIn(s, "Alice"), browser.signIn(s, "Bob")

	alice.createRoom("Garden", "bob", "Only with the room’s key")
	bob.click("link", "Garden") // it appears without a reload
	bob.sendMessage("Good morning @Al" + kb.Tab + "how are the roses?")
	alice.awaitText(".message", "Good morning @Alice how are the roses?")
	alice.await("listitem", "Bob")
	if got := alice.texts("mark[data-me]"); !slices.Equal(got, []string{"@Alice"}) {
		t.Errorf("Alice is shown as spoken to in %q", got)
	}

	alice.messageAction("Good morning", "React with 🎉")
	bob.await("button", "🎉, 1")
	alice.messageAction("Good morning", "Reply")
	alice.sendMessage("In bloom")
	bob.awaitText("blockquote", "Good morning")
	bob.awaitText(".message", "In bloom")

	bob.messageAction("In bloom", "Thread")
	bob.write("combobox", "Reply in the thread", "All of them?"+kb.Enter)
	alice.click("button", "1 reply in a thread")
	alice.awaitText(".panel .message", "All of them?")
	alice.write("combobox", "Reply in the thread", "All but one"+kb.Enter)
	bob.awaitText(".panel .message", "All but one")
	alice.press(kb.Escape)

	alice.messageAction("In bloom", "Edit")
	alice.press(kb.End + ", most of them" + kb.Enter)
	bob.awaitText(".page .message", "In bloom, most of them")
	bob.awaitText(".page .message", "edited")
	bob.messageAction("how are the roses", "Delete")
	bob.click("button", "Delete")
	alice.awaitText(".page .message", "This message was deleted.")

	// Unread messages are counted while another page is open, and read when the room is open.
	bob.click("link", "Discover")
	alice.sendMessage("One")
	alice.sendMessage("Two")
	bob.await("link", "2 unread")
	bob.click("link", "Garden")
	bob.awaitText(".message", "Two")
	eventually(t, "nothing is unread", func() (bool, any) {
		texts := bob.texts(".rooms .count")
		return len(texts) == 0, texts
	})
}

func TestDiscoverJoinAndLeave(t *testing.T) {
	t.Parallel()
	browser, s := startBrowser(t), startServer(t)
	alice, bob := browser.signIn(s, "Alice"), browser.signIn(s, "Bob")

	bob.click("link", "Discover")
	alice.createRoom("Open kitchen", "", "Every user can find it and join")
	bob.click("button", "Join Open kitchen") // it appears without a reload
	bob.await("heading", "Open kitchen")
	alice.await("button", "2 people")
	bob.click("button", "2 people")
	bob.click("button", "Leave the room")
	bob.click("button", "Leave")
	bob.awaitGone("link", "Open kitchen")
	alice.await("button", "1 person")

	alice.createRoom("Cellar", "", "Only with the room’s key")
	alice.click("button", "1 person")
	key := alice.text("code")
	run(
		bob,
		chromedp.Navigate(run(alice, chromedp.Location())),
	) // a deep link to a room that he may not see
	bob.await("heading", "Room not found")
	bob.write("textbox", "Key", "wrong"+kb.Enter)
	bob.await("alert", "")
	bob.awaitText("[role=alert]", "The key is wrong, or the room does not exist.")
	run(bob, chromedp.Reload())
	bob.write("textbox", "Key", key+kb.Enter)
	bob.await("heading", "Cellar")

	alice.click("button", "Delete the room")
	alice.click("button", "Delete")
	bob.awaitText(".page", "This room was deleted.")
}

// TestNothingIsLostOrDuplicated kills the server while two users chat, and compares their screens
// with the database.
func TestNothingIsLostOrDuplicated(t *testing.T) {
	t.Parallel()
	browser, s := startBrowser(t), startServer(t)
	alice, bob := browser.signIn(s, "Alice"), browser.signIn(s, "Bob")
	alice.createRoom("Harbour", "bob", "Only with the room’s key")
	bob.click("link", "Harbour")
	alice.sendMessage("Before the storm")
	bob.awaitText(".message", "Before the storm")

	for round := range 3 {
		s.kill()
		alice.awaitText(".banner", "No connection.")
		bob.awaitText(".banner", "No connection.")
		alice.sendMessage(fmt.Sprintf("Alice in the storm %d", round))
		alice.sendMessage(fmt.Sprintf("Alice again %d", round))
		bob.sendMessage(fmt.Sprintf("Bob in the storm %d", round))
		alice.awaitText(".outgoing", "Not sent yet: There is no connection to the server.")
		s.start()

		// Other users send before the two have reconnected, and meanwhile.
		carol := s.signIn("alice")
		var rooms struct{ MyRoomIds []string }
		s.execute(carol, `{ myRoomIds }`, nil, &rooms)
		for i := range 20 {
			s.execute(
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
			w.awaitText(".message", fmt.Sprintf("Bob in the storm %d", round))
			w.awaitText(".message", fmt.Sprintf("Alice again %d", round))
			w.awaitText(".message", fmt.Sprintf("Wave %d.19", round))
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
func (s *server) history(user string) []string {
	s.t.Helper()
	var data struct {
		MyRooms struct {
			Nodes []struct {
				Messages struct{ Nodes []struct{ Contents string } }
			}
		}
	}
	s.execute(
		s.signIn(user),
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

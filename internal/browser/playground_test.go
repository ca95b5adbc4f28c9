package browser_test

import (
	"strings"
	"testing"

	"parley/internal/testkit"
)

// example opens an example of the playground.
func (w *window) example(title string) {
	w.t.Helper()
	w.click("button", "Examples")
	w.click("menuitem", title)
	w.awaitGone("menuitem", title)
}

// signInAs signs a user in, in the current tab of the playground.
func (w *window) signInAs(user string) {
	w.t.Helper()
	w.click("button", user)
	w.awaitText(".parley-who", user)
}

// TestPlayground runs queries and subscriptions of several users side by side. open checks that
// the page sends requests to the server only.
func TestPlayground(t *testing.T) {
	t.Parallel()
	browser, s := startBrowser(t), startServer(t)
	w := browser.open(s.url() + "/")
	w.signInAs("Bob")
	w.click("button", "Execute query")
	w.awaitText(".graphiql-response", `"nickName": "Bob"`)

	w.example("Live: new rooms of mine")
	w.await("tab", "NewRooms")
	w.click("button", "Execute query")
	w.awaitText(".parley-live", "Waiting for the first event.")
	w.click("button", "New tab")
	w.signInAs("Alice")
	w.example("Create a room")
	w.awaitText(".graphiql-editors", `"bob"`) // users of other tabs are suggested
	w.click("button", "Execute query")
	w.awaitText(".graphiql-response", `"name": "Tea at five"`)
	w.awaitText(
		".parley-live section",
		`"name": "Tea at five"`,
	) // Bob's, while Alice's tab is in front

	w.example("Live: everything in a room")
	w.await("tab", "RoomEvents")
	w.click("button", "Execute query")
	w.awaitText(".parley-live section", "StreamOpened")
	w.example("Send a message")
	w.await("tab", "SendMessage")
	w.click("button", "Execute query")
	w.awaitText(".graphiql-response", `"contents": "Hello"`)
	w.awaitText(".parley-live section", "MessageAdded")

	w.click("button", "Stop")
	w.click("button", "Remove")
	w.click("button", "Stop")
	w.click("button", "Remove")
	w.awaitGone("complementary", "Subscriptions")
	w.click("button", "Show History")
	w.awaitText(".graphiql-history", "CreateRoom")
}

// TestPlaygroundWithoutIntrospection: in production the page reads the schema from /schema.graphql and
// shows no error.
func TestPlaygroundWithoutIntrospection(t *testing.T) {
	t.Parallel()
	browser, s := startBrowser(t), testkit.Start(t, "sqlite3")
	w := browser.open(s.URL + "/graphql") // a browser is redirected to the playground
	w.click("button", "Show Documentation Explorer")
	w.awaitText(".graphiql-doc-explorer", "Mutation")
	if text := w.text(".graphiql-response"); strings.Contains(text, "FORBIDDEN") {
		t.Errorf("the first screen shows %s", text)
	}
}

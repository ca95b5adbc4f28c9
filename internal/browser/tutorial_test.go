package browser_test

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"
	"github.com/google/go-cmp/cmp"

	"parley/internal/testkit"
)

// TestReactTutorial uses the app of docs/tutorials/react.md as the page says: two users chat, and
// after restarts of the server both screens show every message once.
func TestReactTutorial(t *testing.T) {
	t.Parallel()
	browser, s := startBrowser(t), startServer(t)
	page := startVite(t, s)
	signIn := func(user string) *window {
		t.Helper()
		w := browser.open(page)
		w.write("textbox", "User", user+kb.Enter)
		w.await("heading", "Rooms")
		return w
	}
	alice, bob := signIn("alice"), signIn("bob")

	bob.write("textbox", "Name", "Nowhere")
	bob.write("textbox", "Members", "carol"+kb.Enter)
	bob.awaitText("[role=alert]", "exist")
	alice.write("textbox", "Name", "Garden")
	alice.write("textbox", "Members", "bob"+kb.Enter)
	bob.click("button", "Garden") // the room appears without a reload
	alice.await("heading", "Garden")
	alice.write("textbox", "Message", "Hello"+kb.Enter)
	bob.awaitText("main p", "alice Hello")
	bob.write("textbox", "Message", "Good morning"+kb.Enter)
	alice.awaitText("main p", "bob Good morning")
	alice.awaitText("nav p", "Garden Good morning")

	for round := range 2 {
		s.kill()
		alice.write("textbox", "Message", fmt.Sprintf("Anyone? %d%s", round, kb.Enter))
		if round == 1 {
			time.Sleep(2 * time.Second) // both windows fail to connect
		}
		s.start()
		s.send("bob", fmt.Sprintf("Here %d", round)) // perhaps before the windows have reconnected
		for _, w := range []*window{alice, bob} {
			w.awaitText("main p", fmt.Sprintf("alice Anyone? %d", round))
			w.awaitText("main p", fmt.Sprintf("bob Here %d", round))
		}
	}
	want := s.lines("alice")
	if len(want) != 6 {
		t.Errorf("the room has the messages %q, want 6", want)
	}
	for _, w := range []*window{alice, bob} {
		if diff := cmp.Diff(want, w.texts("main p:not([role])")); diff != "" {
			t.Errorf("the screen differs from the room (-want +got):\n%s", diff)
		}
	}
}

// startVite builds the tutorial's app, which checks its types, and then serves it as `npm run dev`
// does. It returns the URL.
func startVite(t *testing.T, s *server) string {
	t.Helper()
	const folder = "../../examples/react-chat"
	if _, err := os.Stat(folder + "/node_modules"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("the packages of the tutorial are not installed: scripts/install-clients")
		}
		t.Skip("the packages of the tutorial are not installed: scripts/install-clients")
	}
	sources, err := filepath.Glob(folder + "/src/*")
	if err != nil || len(sources) == 0 {
		t.Fatalf("%s has no sources: %v", folder, err)
	}
	for _, source := range sources { // go test runs again when a file changes that the test has read
		if _, err := os.ReadFile(source); err != nil {
			t.Fatal(err)
		}
	}
	command := func(name string, args ...string) *exec.Cmd {
		cmd := exec.CommandContext(t.Context(), name, args...)
		cmd.Dir, cmd.Stdout, cmd.Stderr = folder, t.Output(), t.Output()
		cmd.Env = append(os.Environ(), "CHAT_SERVER="+s.url())
		return cmd
	}
	build := command("npm", "run", "build", "--", "--outDir", t.TempDir(), "--emptyOutDir")
	if err := build.Run(); err != nil {
		t.Fatalf("build the tutorial's app: %v", err)
	}
	address := testkit.FreeAddress(t)
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	vite := command("node_modules/.bin/vite", "--port", port, "--strictPort")
	if err := vite.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = vite.Wait() }) // the context has ended it
	url := "http://" + address
	eventually(t, "the tutorial's app is served", func() (bool, any) {
		res, err := http.Get(url) //nolint:noctx // the test's own server
		if err != nil {
			return false, err
		}
		_ = res.Body.Close()
		return res.StatusCode == http.StatusOK, res.Status
	})
	return url
}

// send sends a message to the first room of a user.
func (s *server) send(user, contents string) {
	s.t.Helper()
	token := s.signIn(user)
	var rooms struct{ MyRoomIds []string }
	s.execute(token, `{ myRoomIds }`, nil, &rooms)
	input := map[string]any{"roomId": rooms.MyRoomIds[0], "contents": contents}
	s.execute(
		token,
		`mutation ($in: SendMessageInput!) { sendMessage(input: $in) { message { id } } }`,
		map[string]any{"in": input},
		nil,
	)
}

// lines returns the messages of a user's first room, each after the name of its author.
func (s *server) lines(user string) (lines []string) {
	s.t.Helper()
	var data struct {
		MyRooms struct {
			Nodes []struct {
				Messages struct {
					Nodes []struct {
						Contents string
						From     struct{ NickName string }
					}
				}
			}
		}
	}
	s.execute(s.signIn(user),
		`{ myRooms(first: 1) { nodes { messages { nodes { contents from { nickName } } } } } }`,
		nil, &data)
	for _, message := range data.MyRooms.Nodes[0].Messages.Nodes {
		lines = append(lines, message.From.NickName+" "+message.Contents)
	}
	return lines
}

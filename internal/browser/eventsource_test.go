package browser_test

import (
	"fmt"
	"net/url"
	"slices"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"parley/internal/testkit"
)

// TestEventSource: the browser's own EventSource resumes after its connection broke. It receives
// each event once, although it repeats the variables that it began with.
func TestEventSource(t *testing.T) {
	t.Parallel()
	browser, s := startBrowser(t), startServer(t)
	token := s.signIn("alice")
	var made struct {
		CreateRoom struct{ Room struct{ ID string } }
	}
	s.execute(token, `mutation { createRoom(input: {}) { room { id } } }`, nil, &made)
	room := made.CreateRoom.Room.ID
	var want []int
	send := func() {
		var sent struct {
			SendMessage struct{ Message struct{ Seq int } }
		}
		s.execute(token, `mutation($room: ID!) {
			sendMessage(input: { roomId: $room, contents: "x" }) { message { seq } } }`,
			map[string]any{"room": room}, &sent)
		want = append(want, sent.SendMessage.Message.Seq)
	}
	send()
	send()

	link := testkit.NewLink(t, "tcp", s.settings.Addr)
	w := browser.open("http://" + link.Addr + "/app")
	w.await("button", "Alice")
	call(w, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{
		Headers: network.Headers{"Authorization": "Bearer " + token},
	})
	address := "/graphql?" + url.Values{"query": {fmt.Sprintf(
		`subscription { roomEvents(roomId: %q, after: 0) { __typename seq } }`, room,
	)}}.Encode()
	run(w, chromedp.Evaluate[bool](fmt.Sprintf(`
		window.seqs = [], window.opened = 0
		const source = new EventSource(%q)
		source.addEventListener("next", ({ data }) => {
			const event = JSON.parse(data).data.roomEvents
			if (event.__typename === "StreamOpened") window.opened++
			else window.seqs.push(event.seq)
		})
		source.addEventListener("complete", () => source.close())
		true`, address)))
	received := func() {
		t.Helper()
		eventually(t, fmt.Sprintf("the page has %v", want), func() (bool, any) {
			got := run(w, chromedp.Evaluate[[]int](`window.seqs`))
			return len(got) >= len(want), got
		})
		if got := run(w, chromedp.Evaluate[[]int](`window.seqs`)); !slices.Equal(got, want) {
			t.Fatalf("the page has %v, want %v", got, want)
		}
	}
	received()
	for range 2 {
		link.Cut()
		send()
		link.Heal()
		received()
		send()
		received()
	}
	if opened := run(w, chromedp.Evaluate[int](`window.opened`)); opened != 3 {
		t.Errorf("the stream was opened %d times", opened)
	}
}

package hostile_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// victimAddress is the victim's IP address.
const victimAddress = "198.51.100.7"

// The pauses of the victim's loops. They stay far below every rate limit.
const (
	queryInterval   = 40 * time.Millisecond
	sendInterval    = 100 * time.Millisecond
	connectInterval = 600 * time.Millisecond
)

// victim is a user of the shipped application: it loads the chat list over HTTP, subscribes to a room
// over a WebSocket, and regularly opens a connection for a large operation.
type victim struct {
	*client
	ctx    context.Context
	cancel context.CancelFunc
	ended  sync.WaitGroup

	roomID string
	stream *socket
	large  string // a query of more than 8 KB

	// paused pauses the victim while it is locked.
	paused sync.RWMutex

	mu sync.Mutex
	// Guarded by mu. attacked: the attack has begun. sent has the times of the undelivered messages,
	// by contents. failures has the first refusals of the victim, and count their number.
	attacked bool
	baseline times
	attack   times
	sent     map[string]time.Time
	seq      int64
	failures []string
	count    int
}

// times are the durations of the victim's actions in one phase.
type times struct{ queries, deliveries, connections []time.Duration }

// newVictim creates the victim with ten rooms. The last one is the room that it opens.
func newVictim(ctx context.Context, p *process) *victim {
	p.t.Helper()
	v := &victim{client: newClient(p, "victim", victimAddress), sent: map[string]time.Time{}}
	v.ctx, v.cancel = context.WithCancel(ctx)
	v.createUser(ctx)
	friend := newClient(p, "friend", victimAddress)
	defer friend.close()
	friend.createUser(ctx)
	for range 10 {
		v.roomID = v.room(ctx, "friend")
	}
	v.large = "query { # " + strings.Repeat("x", 8<<10) + "\n me { id nickName } }"
	return v
}

// appDocument returns a document of the shipped application with its fragments.
func appDocument(t testing.TB, name string) string {
	t.Helper()
	source, err := os.ReadFile("../../web/app/src/api/operations.ts")
	if err != nil {
		t.Fatal(err)
	}
	parts := map[string]string{}
	block := regexp.MustCompile(
		"(?s)graphql\\(`\\s*(?:fragment|query|mutation|subscription) (\\w+)(.*?)`\\)",
	)
	text := regexp.MustCompile("(?s)`(.*)`")
	for _, found := range block.FindAllStringSubmatch(string(source), -1) {
		parts[found[1]] = text.FindStringSubmatch(found[0])[1]
	}
	var whole strings.Builder
	included := map[string]bool{}
	var include func(name string)
	include = func(name string) {
		if included[name] {
			return
		}
		included[name] = true
		whole.WriteString(parts[name])
		spread := regexp.MustCompile(`\.\.\.(\w+)`)
		for _, fragment := range spread.FindAllStringSubmatch(parts[name], -1) {
			include(fragment[1])
		}
	}
	include(name)
	if parts[name] == "" {
		t.Fatalf("the application has no document %s", name)
	}
	return whole.String()
}

// fail records a refusal of the victim.
func (v *victim) fail(format string, args ...any) {
	if v.ctx.Err() != nil {
		return // the test ends
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.count++
	if len(v.failures) < 5 {
		v.failures = append(v.failures, fmt.Sprintf(format, args...))
	}
}

// begin starts the victim's loops. end stops them.
func (v *victim) begin() error {
	stream, err := v.connect(v.ctx, v.receive)
	if err != nil {
		return err
	}
	v.stream = stream
	subscription := vars{
		"query":     appDocument(v.server.t, "RoomEvents"),
		"variables": vars{"roomId": v.roomID, "after": 0},
	}
	if err := stream.subscribe("room", subscription); err != nil {
		return err
	}
	v.ended.Go(func() { v.repeat(queryInterval, v.query) })
	v.ended.Go(func() { v.repeat(sendInterval, v.send) })
	v.ended.Go(func() { v.repeat(connectInterval, v.reconnect) })
	return nil
}

// repeat calls do until the victim's context ends.
func (v *victim) repeat(rest time.Duration, do func(n int)) {
	for n := 0; pause(v.ctx, rest); n++ {
		v.paused.RLock()
		do(n)
		v.paused.RUnlock()
	}
}

// note records a duration in the current phase.
func (v *victim) note(begun time.Time, list func(*times) *[]time.Duration) {
	v.mu.Lock()
	defer v.mu.Unlock()
	phase := &v.baseline
	if v.attacked {
		phase = &v.attack
	}
	*list(phase) = append(*list(phase), time.Since(begun))
}

// query loads the chat list.
func (v *victim) query(int) {
	begun := time.Now()
	var ignored json.RawMessage
	const chats = `{ myRooms(first: 20) { nodes { id name unreadCount latestMessage { contents } }
		} }`
	if err := v.do(v.ctx, &ignored, chats, nil); err != nil {
		v.fail("a query: %v", err)
		return
	}
	v.note(begun, func(t *times) *[]time.Duration { return &t.queries })
}

// send sends the next message.
func (v *victim) send(n int) { v.deliver("message " + strconv.Itoa(n)) }

// delivered reports whether a message that was sent has arrived.
func (v *victim) delivered(contents string) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	_, waiting := v.sent[contents]
	return !waiting
}

// deliver sends a message. receive records its arrival.
func (v *victim) deliver(contents string) {
	v.mu.Lock()
	v.sent[contents] = time.Now()
	v.mu.Unlock()
	const mutation = `mutation($i: SendMessageInput!) { sendMessage(input: $i) { message { seq } }
		}`
	input := vars{"roomId": v.roomID, "contents": contents, "idempotencyKey": contents}
	if err := v.do(v.ctx, nil, mutation, vars{"i": input}); err != nil {
		v.fail("a message: %v", err)
		v.mu.Lock()
		defer v.mu.Unlock()
		delete(v.sent, contents)
	}
}

// receive handles an event of the victim's room.
func (v *victim) receive(f frame) {
	var event struct {
		Data struct {
			RoomEvents struct {
				Typename string `json:"__typename"`
				Seq      int64
				Message  struct{ Contents string }
			}
		}
		Errors []replyError
	}
	switch err := json.Unmarshal(f.Payload, &event); {
	case f.Type == "connection_ack":
		return
	case f.Type != "next" || err != nil || len(event.Errors) > 0:
		v.fail("an event: %s %s", f.Type, f.Payload)
		return
	}
	got := event.Data.RoomEvents
	v.mu.Lock()
	begun, own := v.sent[got.Message.Contents]
	delete(v.sent, got.Message.Contents)
	before := v.seq
	v.seq = got.Seq
	v.mu.Unlock()
	if got.Typename != "StreamOpened" && got.Seq != before+1 {
		v.fail("event %d follows event %d", got.Seq, before)
	}
	if own {
		v.note(begun, func(t *times) *[]time.Duration { return &t.deliveries })
	}
}

// reconnect opens another WebSocket and sends a large operation.
func (v *victim) reconnect(int) {
	begun := time.Now()
	s, err := v.connect(v.ctx, nil)
	if err != nil {
		v.fail("a connection: %v", err)
		return
	}
	defer s.close()
	if err := s.subscribe("q", vars{"query": v.large}); err != nil {
		v.fail("an operation: %v", err)
		return
	}
	s.await(v.ctx, func() bool { return s.seen["complete"]+s.seen["error"] > 0 })
	s.mu.Lock()
	hasResponse, code, errs := s.seen["next"] > 0, s.code, maps.Clone(s.errors)
	s.mu.Unlock()
	if !hasResponse {
		v.fail(
			"an operation of %d bytes on a new socket: closed with %d, %v",
			len(v.large),
			code,
			errs,
		)
		return
	}
	v.note(begun, func(t *times) *[]time.Duration { return &t.connections })
}

// beginAttack begins the phase of the attack.
func (v *victim) beginAttack() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.attacked = true
}

// awaitWork waits until the victim has completed a query and a delivery since the attack began.
func (v *victim) awaitWork() {
	ctx, cancel := context.WithTimeout(v.ctx, testTimeout)
	defer cancel()
	done := func() bool {
		v.mu.Lock()
		defer v.mu.Unlock()
		return len(v.attack.queries) > 0 && len(v.attack.deliveries) > 0
	}
	for !done() && pause(ctx, queryInterval) {
	}
}

// end waits until all messages of the victim have arrived and stops the victim.
func (v *victim) end() {
	v.stream.await(v.ctx, func() bool {
		v.mu.Lock()
		defer v.mu.Unlock()
		return len(v.sent) == 0
	})
	v.mu.Lock()
	missing, code := len(v.sent), v.stream.closeCode()
	v.mu.Unlock()
	if code != 0 {
		v.fail("the open room was closed with %d", code)
	}
	if missing > 1 { // one may have been sent just now
		v.fail("%d messages did not arrive", missing)
	}
	v.cancel()
	v.ended.Wait()
	v.stream.close()
	<-v.stream.closed
	v.close()
}

// percentile returns the given quantile of the durations.
func percentile(all []time.Duration, quantile float64) time.Duration {
	if len(all) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(all))
	return sorted[int(quantile*float64(len(sorted)-1))]
}

package graph_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"runtime/metrics"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/internal/app"
	"parley/internal/config"
	"parley/internal/testkit"
	"parley/internal/web"
)

// fullRoom makes a room of a hundred of the longest messages, and returns a query whose answer has
// them several times, some 6 MB each.
func fullRoom(c *testkit.Client, members ...string) (room string, query func(times int) string) {
	room = makeRoom(c, testkit.Vars{"memberIds": members})
	for range 100 {
		sendText(c, room, strings.Repeat("😀", 16_000))
	}
	return room, func(times int) string {
		var pages strings.Builder
		for i := range times {
			fmt.Fprintf(
				&pages,
				" m%d: messages(first: 100, beforeSeq: %d) { nodes { contents } }",
				i,
				1000+i,
			)
		}
		return `query($room: ID!) { roomInfo(roomId: $room) {` + pages.String() + ` } }`
	}
}

// begin sends an operation by a connection of its own, and does not read the answer.
func begin(t *testing.T, s *testkit.Server, person, query string, vars testkit.Vars) net.Conn {
	t.Helper()
	body, err := json.Marshal(testkit.Vars{"query": query, "variables": vars})
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(
		t.Context(),
		http.MethodPost,
		s.URL+"/graphql",
		bytes.NewReader(body),
	)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+s.Token(person))
	return testkit.SendOnly(t, req)
}

// TestResponsesFindNoMemory: a user does not read a large response. Other large responses of the
// user fail with UNAVAILABLE in time, until the first one is read. Small ones, events and responses
// of other users are not affected.
func TestResponsesFindNoMemory(t *testing.T) {
	t.Parallel()
	options := app.Options{Limits: web.Limits{Operation: 6 * time.Second}}
	s := testkit.StartApp(
		t,
		"sqlite::memory:",
		options,
		func(cfg *config.Config) { cfg.MaxResponseMemory = 40 << 20 },
	)
	alice, bob := s.As("alice"), s.As("bob")
	room, query := fullRoom(alice, "bob")
	vars := testkit.Vars{"room": room}
	large := query(3)
	stream := alice.Subscribe(
		`subscription($room: ID!) { messageAdded(roomId: $room) { contents room { members(first: 100) { nodes { avatar } } } } }`,
		vars,
	)
	stream.AwaitStart(
		func() string { return sendText(alice, room, fmt.Sprint(time.Now())).Str("contents") },
		func(data testkit.JSON) string { return data.Str("messageAdded.contents") },
	)

	slow := begin(t, s, "alice", large, vars)
	if _, err := io.ReadFull(slow, make([]byte, 1)); err != nil { // it is being sent
		t.Fatal(err)
	}
	if got := len(bob.Do(large, vars).List("roomInfo.m2.nodes")); got != 100 {
		t.Errorf("another user reads %d messages", got)
	}
	atOnce(func() {
		if e := alice.Refused("UNAVAILABLE", large, vars); e.Extensions["safeToRetry"] != true {
			t.Errorf("got %+v", e)
		}
	}, func() {
		if e := alice.Subscribe(large, vars).Error(); e.Extensions["code"] != "UNAVAILABLE" {
			t.Errorf("over a WebSocket it is %+v", e)
		}
	}, func() {
		if e := alice.Events(large, vars).Error(); e.Extensions["code"] != "UNAVAILABLE" {
			t.Errorf("by events it is %+v", e)
		}
	})
	alice.Do(`query($room: ID!) { roomInfo(roomId: $room) { name memberCount } }`, vars)
	sendText(bob, room, "still there")
	for stream.Next().Str("messageAdded.contents") != "still there" {
	}
	if refused := counter(
		t,
		s,
		`parley_memory_rejected_total{budget="responses"}`,
	); refused != "3" {
		t.Errorf("%s were refused", refused)
	}
	if seen := operations(t, s, "UNAVAILABLE"); seen != "3" {
		t.Errorf("%s are seen among the operations", seen)
	}
	if err := slow.Close(); err != nil {
		t.Error(err)
	}
	if got := len(alice.Do(large, vars).List("roomInfo.m2.nodes")); got != 100 {
		t.Errorf("then there are %d messages", got)
	}
	if held := counter(t, s, `parley_memory_reserved_bytes{budget="responses"}`); held != "0" {
		t.Errorf("in the end %s bytes are held", held)
	}
}

// TestResponsesQueue: a user does not read a large response and requests many more. The first of
// them wait, the others are RATE_LIMITED at once. Other users receive their responses.
func TestResponsesQueue(t *testing.T) {
	t.Parallel()
	const asked, wait = 24, 16
	options := app.Options{Limits: web.Limits{Operation: 4 * time.Second}}
	s := testkit.StartApp(
		t,
		"sqlite::memory:",
		options,
		func(cfg *config.Config) { cfg.MaxResponseMemory = 40 << 20 },
	)
	alice, bob := s.As("alice"), s.As("bob")
	room, query := fullRoom(alice, "bob")
	vars := testkit.Vars{"room": room}
	large := query(3)
	slow := begin(t, s, "alice", large, vars)
	if _, err := io.ReadFull(slow, make([]byte, 1)); err != nil { // it is being sent
		t.Fatal(err)
	}
	codes := make(chan string, asked)
	for range asked {
		go func() { // ends with the operation's time limit
			reply := alice.Ask(large, vars)
			if reply.Code() == "RATE_LIMITED" &&
				(reply.Status != http.StatusTooManyRequests || reply.Errors[0].Extensions["retryAfterMs"] == nil) {
				t.Errorf("got %+v", reply)
			}
			codes <- reply.Code()
		}()
	}
	for range asked - wait {
		if code := <-codes; code != "RATE_LIMITED" {
			t.Errorf("a request fails with %s before the others need not wait", code)
		}
	}
	if waiting := counter(
		t,
		s,
		`parley_memory_waiting_requests{budget="responses"}`,
	); waiting != fmt.Sprint(
		wait,
	) {
		t.Errorf("%s wait", waiting)
	}
	if got := len(bob.Do(large, vars).List("roomInfo.m2.nodes")); got != 100 {
		t.Errorf("another user reads %d messages", got)
	}
	for range wait {
		if code := <-codes; code != "UNAVAILABLE" {
			t.Errorf("a waiting request fails with %s", code)
		}
	}
	if refused := counter(
		t,
		s,
		`parley_memory_rejected_total{budget="responses"}`,
	); refused != fmt.Sprint(
		asked,
	) {
		t.Errorf("%s were refused", refused)
	}
	for outcome, want := range map[string]int{"RATE_LIMITED": asked - wait, "UNAVAILABLE": wait} {
		if seen := operations(t, s, outcome); seen != fmt.Sprint(want) {
			t.Errorf("%s are seen among the operations as %s", seen, outcome)
		}
	}
}

// operations is how many queries of rooms have had an outcome.
func operations(t *testing.T, s *testkit.Server, outcome string) string {
	t.Helper()
	return counter(
		t,
		s,
		fmt.Sprintf(
			`parley_operation_duration_seconds_count{field="roomInfo",kind="query",outcome="%s"}`,
			outcome,
		),
	)
}

// counter is the value of a metric.
func counter(t *testing.T, s *testkit.Server, name string) string {
	t.Helper()
	found := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(name) + ` (.*)$`).
		FindStringSubmatch(s.Metrics())
	if found == nil {
		t.Fatalf("there is no metric %s", name)
	}
	return found[1]
}

// TestAnswersMemory has many people ask for large answers at once, in bulk and field by field, and
// looks at what that takes: about what is allowed, and not what all of them take together.
func TestAnswersMemory(t *testing.T) { // by itself: it looks at the memory of the process
	const people, allowed = 12, 64 << 20
	s := testkit.Start(t, "sqlite3", func(cfg *config.Config) { cfg.MaxResponseMemory = allowed })
	alice := s.As("alice")
	var ids []string
	for i := range people {
		ids = append(ids, fmt.Sprint("person", i))
		s.As(ids[i])
	}
	room, query := fullRoom(alice, ids...)
	before := objects()
	ended, peak := make(chan struct{}), make(chan int64)
	go func() { // ends with the answers
		most := int64(0)
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				most = max(most, objects())
			case <-ended:
				peak <- most - before
				return
			}
		}
	}()
	var asking sync.WaitGroup
	for i, id := range ids {
		asking.Go(func() {
			asked := query(3) // 19 MB
			if i%2 == 0 {
				asked = strings.ReplaceAll(asked, "contents", "contents @include(if: true)")
			}
			conn := begin(t, s, id, asked, testkit.Vars{"room": room})
			head := make([]byte, len("HTTP/1.1 200"))
			if _, err := io.ReadFull(conn, head); err != nil || string(head) != "HTTP/1.1 200" {
				t.Errorf("%s is answered %s: %v", id, head, err)
			}
			_, _ = io.CopyN(io.Discard, conn, 19_000_000)
			_ = conn.Close()
		})
	}
	asking.Wait()
	close(ended)
	// Garbage counts, too, and one request is always served, even if the budget is too small for
	// it.
	if got := <-peak; got > 6*allowed {
		t.Errorf("they used %d MiB of %d allowed MiB", got>>20, allowed>>20)
	}
}

// objects is how many bytes the objects of the process take, those not collected yet included.
func objects() int64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return int64(sample[0].Value.Uint64())
}

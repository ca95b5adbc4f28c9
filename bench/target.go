package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

const (
	publisherID   = "publisher"
	publisherName = "Pat the Publisher"
	// maxMembers is the maximum number of members at createRoom.
	maxMembers = 1000
	// roomMembers is the number of readers in each of the many rooms, and of rooms of each reader.
	roomMembers = 20
	// senders is the number of concurrent requests, and batches the number of batches per second.
	senders = 16
	batches = 20
)

// fields is a selection of a message's fields.
type fields string

const (
	plain    fields = "id seq contents"
	withFrom fields = "id seq contents from { id nickName }"
	withRoom fields = "id seq contents room { name }"
)

// lists is the selection of subscribers to their lists of rooms.
const lists fields = "kind room { id unreadCount latestMessage { seq contents } }"

// The selections of subscribers to all events, of one room or of all their rooms.
const (
	roomEvents fields = "__typename seq ... on MessageAdded { message { " + plain + " } }"
	myEvents   fields = "kind roomId event { " + roomEvents + " }"
)

// label is the field in which f differs from plain.
func (f fields) label() string {
	switch f {
	case lists:
		return "unreadCount"
	case roomEvents:
		return "roomEvents"
	case myEvents:
		return "myEvents"
	case plain, withFrom, withRoom:
	}
	return strings.TrimPrefix(string(f), string(plain)+" ")
}

func (f fields) subscription() string {
	switch f {
	case lists:
		return "subscription { myRoomsChanged { " + string(f) + " } }"
	case roomEvents:
		return "subscription($room: ID!) { roomEvents(roomId: $room) { " + string(f) + " } }"
	case myEvents: // the subscriber is in a room of its own, too
		return "subscription($room: ID!) { myEvents(rooms: [$room]) { " + string(f) + " } }"
	case plain, withFrom, withRoom:
	}
	return "subscription($room: ID!) { messageAdded(roomId: $room) { " + string(f) + " } }"
}

// frame is the frame of a message, which the bare server writes unchanged.
func (f fields) frame(room, contents string) string {
	nested := ""
	switch f {
	case withFrom:
		nested = `,"from":{"id":"` + publisherID + `","nickName":"` + publisherName + `"}`
	case withRoom:
		nested = `,"room":{"name":"Room ` + room + `"}`
	case plain, lists, roomEvents, myEvents:
	}
	return `{"type":"next","id":"1","payload":{"data":{"messageAdded":{"id":"` + room + `.1234","seq":1234,"contents":"` +
		contents + `"` + nested + `}},"extensions":{"seq":1234}}}`
}

// target is a running server with its users and rooms.
type target struct {
	ctx     context.Context //nolint:containedctx // a run's, and this is the run's
	process *process
	secret  string
	// database is Parley's database.
	database *database
	// commonRoom is the room of all users, and rooms have one user each.
	commonRoom string
	rooms      []string
	// sent is the number of messages sent to a room.
	sent map[string]*atomic.Int64
}

func readerID(i int) string { return "reader-" + strconv.Itoa(i) }

// prepare starts a server and creates a user per subscriber, a room of all of them and a room for
// each.
func prepare(ctx context.Context, k kind, o options, sendBuffer int) (*target, error) {
	t := &target{
		ctx:    ctx,
		secret: strings.Repeat("only for benchmarks ", 2),
		sent:   make(map[string]*atomic.Int64),
	}
	var url string
	var err error
	if k.executes() {
		if k != sqlite {
			t.database = o.database
		}
		if url, err = o.database.url(ctx, k); err != nil {
			return nil, err
		}
	}
	if t.process, err = start(ctx, k, t.secret, url, sendBuffer); err != nil {
		return nil, err
	}
	n := o.subscribers
	t.commonRoom, t.rooms = "whole", make([]string, n)
	for i := range n {
		t.rooms[i] = "room-" + strconv.Itoa(i)
	}
	if k.executes() {
		if err := t.populate(n); err != nil {
			return nil, fmt.Errorf("prepare %s: %w", k, err)
		}
	}
	for _, room := range append([]string{t.commonRoom}, t.rooms...) {
		t.sent[room] = new(atomic.Int64)
	}
	return t, nil
}

// populate creates the users and rooms of a server that executes operations.
func (t *target) populate(n int) error {
	users := []any{
		map[string]any{"id": publisherID, "profile": map[string]any{"nickName": publisherName}},
	}
	members := make([]string, n)
	for i := range n {
		members[i] = readerID(i)
		users = append(
			users,
			map[string]any{
				"id":      members[i],
				"profile": map[string]any{"nickName": "Reader " + strconv.Itoa(i)},
			},
		)
	}
	for len(users) > 0 {
		chunk := users[:min(len(users), maxMembers)]
		users = users[len(chunk):]
		if _, err := t.query(
			"admin",
			`mutation($users: [UserInput!]!) { upsertUsers(users: $users) { users { id } } }`,
			map[string]any{"users": chunk},
		); err != nil {
			return err
		}
	}
	var err error
	if t.commonRoom, err = t.makeRoom("All", members); err != nil {
		return err
	}
	return inParallel(n, func(i int) error {
		room, err := t.makeRoom("Room "+strconv.Itoa(i), membersOf(members, i))
		t.rooms[i] = room
		return err
	})
}

// membersOf returns the members of a room: the reader with its number, and those behind it.
func membersOf(readers []string, room int) []string {
	members := make([]string, min(roomMembers, len(readers)))
	for i := range members {
		members[i] = readers[(room+i)%len(readers)]
	}
	return members
}

func (t *target) makeRoom(name string, members []string) (string, error) {
	data, err := t.query(
		publisherID,
		`mutation($input: CreateRoomInput!) { createRoom(input: $input) { room { id } } }`,
		map[string]any{"input": map[string]any{"name": name, "memberIds": members}},
	)
	if err != nil {
		return "", err
	}
	var created struct {
		CreateRoom struct{ Room struct{ ID string } }
	}
	err = json.Unmarshal(data, &created)
	return created.CreateRoom.Room.ID, err
}

// token returns the token of a user; "admin" has an admin token.
func (t *target) token(id string) string {
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"sub": id, "exp": time.Now().Add(time.Hour).Unix(), "admin": id == "admin",
	}).SignedString([]byte(t.secret))
	if err != nil {
		panic(err) // an HMAC can always be made
	}
	return token
}

// request sends an operation as a user, and returns the body of the response.
func (t *target) request(as, query string, variables map[string]any) ([]byte, error) {
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		return nil, err
	}
	return t.post("/graphql", as, body)
}

// query lets a server execute an operation as a user, and returns its data.
func (t *target) query(as, query string, variables map[string]any) (json.RawMessage, error) {
	answer, err := t.request(as, query, variables)
	if err != nil {
		return nil, err
	}
	var decoded struct {
		Data   json.RawMessage
		Errors []any
	}
	if err := json.Unmarshal(answer, &decoded); err != nil || len(decoded.Errors) > 0 {
		return nil, fmt.Errorf("the server answers %.500s", answer)
	}
	return decoded.Data, nil
}

func (t *target) post(path, as string, body []byte) ([]byte, error) {
	request, err := http.NewRequestWithContext(
		t.ctx,
		http.MethodPost,
		"http://"+t.process.addr+path,
		bytes.NewReader(body),
	)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	if as != "" {
		request.Header.Set("Authorization", "Bearer "+t.token(as))
	}
	response, err := t.process.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode >= http.StatusBadRequest {
		err = fmt.Errorf("%s: %.500s", response.Status, answer)
	}
	return answer, err
}

// message is one of a batch, for servers whose sends cost nothing but the request. A request has as
// many messages as possible, so that its cost does not hide theirs.
type message struct{ Room, Text string }

// send sends each of the rooms its next message, which contains its number and the time. Only one
// goroutine at a time may send to a room.
func (t *target) send(rooms []string, f fields) error {
	batch := make([]message, len(rooms))
	for i, room := range rooms {
		batch[i] = message{
			room,
			fmt.Sprintf(
				"%d %d and a text as long as a typical message.",
				t.sent[room].Add(1),
				time.Now().UnixNano(),
			),
		}
		if t.process.kind == bare {
			batch[i].Text = f.frame(room, batch[i].Text)
		}
	}
	if !t.process.kind.executes() {
		body, err := json.Marshal(batch)
		if err == nil {
			_, err = t.post("/send", "", body)
		}
		return err
	}
	for _, m := range batch {
		if _, err := t.query(
			publisherID,
			`mutation($input: SendMessageInput!) { sendMessage(input: $input) { message { id } } }`,
			map[string]any{
				"input": map[string]any{"roomId": m.Room, "contents": m.Text},
			},
		); err != nil {
			return err
		}
	}
	return nil
}

// inParallel calls do with 0 to n-1, a few at a time, and returns the first error.
func inParallel(n int, do func(i int) error) error {
	var (
		next  atomic.Int64
		wait  sync.WaitGroup
		once  sync.Once
		first error
	)
	for range senders {
		wait.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				if err := do(i); err != nil {
					once.Do(func() { first = err })
					return
				}
			}
		})
	}
	wait.Wait()
	return first
}

// publish sends messages to the rooms in turn for a time, at a fixed rate, or with rate 0 as fast as
// the server accepts them. It returns the number of messages. Servers with batches receive some
// twenty batches per second.
func (t *target) publish(
	rooms []string,
	f fields,
	rate float64,
	length time.Duration,
) (int, error) {
	batch := 1
	if !t.process.kind.executes() {
		batch = min(max(int(rate/batches), 1), len(rooms))
	}
	var groups [][]string
	for group := range slices.Chunk(rooms, batch) {
		if len(group) == batch {
			groups = append(groups, group)
		}
	}
	rate /= float64(batch)
	n := int(rate * length.Seconds())
	if rate == 0 {
		n = math.MaxInt
	}
	begin := time.Now()
	var sent atomic.Int64
	var wait sync.WaitGroup
	workers := min(senders, len(groups))
	failures := make([]error, workers)
	for w := range workers {
		wait.Go(func() {
			for i := range n {
				group := i % len(groups)
				if group%workers != w { // each room has one worker
					continue
				}
				if rate > 0 {
					sleep(
						t.ctx,
						time.Until(begin.Add(time.Duration(float64(i)/rate*float64(time.Second)))),
					)
				} else if time.Since(begin) >= length {
					return
				}
				if failures[w] = t.send(groups[group], f); failures[w] != nil {
					return
				}
				sent.Add(int64(batch))
			}
		})
	}
	wait.Wait()
	return int(sent.Load()), errors.Join(failures...)
}

// sleep waits, or until ctx ends.
func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

package compat_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"parley/internal/app"
	"parley/internal/testkit"
	"parley/internal/web"
)

// socket is a WebSocket for messages.
type socket struct {
	t    *testing.T
	conn *websocket.Conn
}

// dial opens a socket. With an empty token the handshake has none.
func dial(t *testing.T, s *testkit.Server, token string) socket {
	t.Helper()
	header := http.Header{}
	if token != "" {
		header.Set("Authorization", "Bearer "+token)
	}
	conn, res, err := websocket.Dial(
		t.Context(),
		strings.Replace(s.URL, "http", "ws", 1)+"/ws",
		&websocket.DialOptions{HTTPHeader: header},
	)
	if err != nil {
		t.Fatal(err)
	}
	if res.Body != nil {
		_ = res.Body.Close()
	}
	t.Cleanup(func() { _ = conn.CloseNow() })
	return socket{t, conn}
}

// request sends a message and returns the response.
func (l socket) request(message string) string {
	l.t.Helper()
	return l.send(websocket.MessageText, message)
}

func (l socket) send(kind websocket.MessageType, message string) string {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(l.t.Context(), 20*time.Second)
	defer cancel()
	if err := l.conn.Write(ctx, kind, []byte(message)); err != nil {
		l.t.Fatal(err)
	}
	_, data, err := l.conn.Read(ctx)
	if err != nil {
		l.t.Fatalf("%.100s: %v", message, err)
	}
	return string(data)
}

// createRoom sends a message that creates a room and returns its id.
func (l socket) createRoom(message string) string {
	l.t.Helper()
	raw := l.request(message)
	var response struct {
		Status bool
		Type   string
		Room   string
	}
	if err := json.Unmarshal(
		[]byte(raw),
		&response,
	); err != nil || !response.Status || response.Type != "RoomCreated" ||
		len(response.Room) != 36 {
		l.t.Fatalf("%s: %s", message, raw)
	}
	if got := shape(decoded(l.t, raw)); got != "{room string, status bool, type string}" {
		l.t.Errorf("the response is %s", got)
	}
	return response.Room
}

func decoded(t *testing.T, raw string) (v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(raw), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// expectClose waits for the server to close the socket.
func (l socket) expectClose(want websocket.StatusCode) {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(l.t.Context(), 20*time.Second)
	defer cancel()
	for {
		if _, _, err := l.conn.Read(ctx); err != nil {
			if got := websocket.CloseStatus(err); got != want {
				l.t.Errorf("closed with %d (%v), want %d", got, err, want)
			}
			return
		}
	}
}

const roomInfo = `query($id: ID!) { roomInfo(roomId: $id) { name accessType maxUsers tags exclusive memberCount viewerRole } }`

func TestCreateByMessage(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		ann := as(t, s, "ann")
		l := dial(t, s, ann.token)
		for message, want := range map[string]string{
			`{"type": "Room", "room_type": "Create", "disconnect": true, "access_type": 1, "max_user": 1}`:                           `accessType:PRIVATE exclusive:true maxUsers:1 memberCount:1 name: tags:[]`,
			`{"type": "Room", "room_type": "Create", "disconnect": true, "tags": ["test 1", "test 2", "test 3"]}`:                    `accessType:PUBLIC exclusive:true maxUsers:0 memberCount:1 name: tags:[test 1 test 2 test 3]`,
			`{"type": "Room", "room_type": "Create", "disconnect": true, "access_type": 2, "name": "Friends", "x": 1, "tags": null}`: `accessType:FRIEND exclusive:true maxUsers:0 memberCount:1 name:Friends tags:[]`,
		} {
			id := l.createRoom(message)
			if got := ann.gql.Do(roomInfo, testkit.Vars{"id": id}).
				String(); got != "map[roomInfo:map["+want+" viewerRole:OWNER]]" {
				t.Errorf("%s:\ngot  %s\nwant %s", message, got, want)
			}
		}
		// A user can be in one such room at a time. The text of the error is fixed.
		if got := l.request(
			`{"type":"Room","room_type":"Create"}`,
		); got != `{"status":false,"error":"User joined to other room"}` {
			t.Errorf("a second room: %s", got)
		}
		if got := l.request(
			`{"type":"Room","room_type":"Create","disconnect":false}`,
		); got != `{"status":false,"error":"User joined to other room"}` {
			t.Errorf("a second room: %s", got)
		}
		if rooms := list(t, ann.ok("GET", "/my_rooms", "")); len(rooms) != 1 {
			t.Errorf("in %d rooms", len(rooms))
		}
	})
}

func TestMalformedMessages(t *testing.T) {
	s := testkit.Start(t, "sqlite3")
	ann := as(t, s, "ann")
	l := dial(t, s, ann.token)
	for message, says := range map[string]string{
		`hello`:                             "JSON object",
		``:                                  "JSON object",
		`[]`:                                "JSON object",
		`null`:                              "JSON object",
		`{"type":"Room"`:                    "JSON object",
		`{}`:                                `type must be \"Room\"`,
		`{"type":5}`:                        `type must be \"Room\"`,
		`{"type":"Message"}`:                `type must be \"Room\"`,
		`{"type":"Room"}`:                   `room_type must be \"Create\"`,
		`{"type":"Room","room_type":"Add"}`: `room_type must be \"Create\"`,
		`{"type":"Room","room_type":"Create","disconnect":"yes"}`:                                   "disconnect must be",
		`{"type":"Room","room_type":"Create","name":5}`:                                             "name must be",
		`{"type":"Room","room_type":"Create","name":"` + strings.Repeat("x", 201) + `"}`:            "name",
		`{"type":"Room","room_type":"Create","access_type":3}`:                                      "access_type must be",
		`{"type":"Room","room_type":"Create","access_type":-1}`:                                     "access_type must be",
		`{"type":"Room","room_type":"Create","access_type":"1"}`:                                    "access_type must be",
		`{"type":"Room","room_type":"Create","max_user":-1}`:                                        "max_user must be",
		`{"type":"Room","room_type":"Create","max_user":2147483648}`:                                "max_user must be",
		`{"type":"Room","room_type":"Create","max_user":1.5}`:                                       "max_user must be",
		`{"type":"Room","room_type":"Create","tags":"a"}`:                                           "tags must be",
		`{"type":"Room","room_type":"Create","tags":[1]}`:                                           "tags must be",
		`{"type":"Room","room_type":"Create","tags":["` + strings.Repeat("a", 51) + `"]}`:           "tags",
		`{"type":"Room","room_type":"Create","tags":[` + strings.Repeat(`"a",`, 20) + `"b\ud800"]}`: "JSON object",
	} {
		got := l.request(message)
		if !strings.HasPrefix(got, `{"status":false,"error":"`) || !strings.Contains(got, says) {
			t.Errorf("%s: %s", message, got)
		}
	}
	if got := l.send(
		websocket.MessageBinary,
		`{"type":"Room","room_type":"Create"}`,
	); !strings.Contains(
		got,
		"JSON object",
	) {
		t.Errorf("binary: %s", got)
	}
	if rooms := list(t, ann.ok("GET", "/my_rooms", "")); len(rooms) != 0 {
		t.Errorf("rooms were created: %v", rooms)
	}
	l.createRoom(`{"type":"Room","room_type":"Create"}`) // the socket is still open
}

func TestTokenByMessage(t *testing.T) {
	s := testkit.StartApp(t, "sqlite::memory:", app.Options{Limits: web.Limits{SocketsPerUser: 2}})
	ann := as(t, s, "ann")
	l := dial(t, s, "")
	if got := l.request(
		`{"type":"Room","room_type":"Create"}`,
	); !strings.Contains(got, `"status":false`) ||
		!strings.Contains(got, "Sign in first.") {
		t.Errorf("without a token: %s", got)
	}
	for _, bad := range []string{`"forged"`, `""`, `5`, `null`} {
		if got := l.request(
			`{"type":"Auth","token":` + bad + `}`,
		); !strings.Contains(
			got,
			`"status":false`,
		) {
			t.Errorf("token %s: %s", bad, got)
		}
	}
	if got := l.request(
		`{"type":"Auth","token":"` + ann.token + `"}`,
	); got != `{"status":true,"type":"Authenticated"}` {
		t.Fatalf("token: %s", got)
	}
	l.createRoom(`{"type":"Room","room_type":"Create"}`)
	if got := l.request(
		`{"type":"Auth","token":"` + ann.token + `"}`,
	); got != `{"status":true,"type":"Authenticated"}` {
		t.Errorf("renewed: %s", got)
	}
	dial(t, s, ann.token).request(`{}`)
	third := ann.call(
		http.MethodGet,
		"/ws",
		"",
		"Upgrade: websocket",
		"Connection: Upgrade",
		"Sec-WebSocket-Version: 13",
		"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
	)
	if third.status != http.StatusTooManyRequests || third.header.Get("Retry-After") == "" {
		t.Errorf("third socket: %+v", third)
	}
	later := dial(t, s, "")
	if err := later.conn.Write(
		t.Context(),
		websocket.MessageText,
		[]byte(`{"type":"Auth","token":"`+ann.token+`"}`),
	); err != nil {
		t.Fatal(err)
	}
	later.expectClose(1013) // it would be the third, too
	for _, refused := range []struct{ token, why string }{
		{`"` + s.Token("bob") + `"`, "another user's"}, {`"garbage"`, "token"}, {`5`, "token"}, {`null`, "token"}, {`"` + ann.token + `"`, "too often"},
	} {
		if got := l.request(
			`{"type":"Auth","token":` + refused.token + `}`,
		); !strings.Contains(got, `"status":false`) ||
			!strings.Contains(got, refused.why) {
			t.Errorf("renewed by %s: %s", refused.token, got)
		}
	}
	l.createRoom(
		`{"type":"Room","room_type":"Create","disconnect":true}`,
	) // the previous token is still valid
}

func TestLineEnds(t *testing.T) {
	limits := app.Options{
		Limits: web.Limits{SocketInit: 50 * time.Millisecond, SocketMessage: 1000},
	}
	t.Run("without a token in time", func(t *testing.T) {
		dial(t, testkit.StartApp(t, "sqlite::memory:", limits), "").expectClose(4408)
	})
	t.Run("with the token", func(t *testing.T) {
		s := testkit.StartApp(t, "sqlite::memory:", limits)
		l := dial(
			t,
			s,
			s.Sign(map[string]any{"sub": "ann", "exp": time.Now().Add(2 * time.Second).Unix()}),
		)
		l.request(`{}`)
		l.expectClose(4403)
	})
	t.Run("by a message too large", func(t *testing.T) {
		s := testkit.StartApp(t, "sqlite::memory:", limits)
		l := dial(t, s, s.Token("ann"))
		if err := l.conn.Write(
			t.Context(),
			websocket.MessageText,
			[]byte(`{"x":"`+strings.Repeat("x", 1000)+`"}`),
		); err != nil {
			t.Fatal(err)
		}
		l.expectClose(1009)
	})
	t.Run("with a bad token in the handshake", func(t *testing.T) {
		s := testkit.StartApp(t, "sqlite::memory:", limits)
		_, res, err := websocket.Dial(
			t.Context(),
			strings.Replace(s.URL, "http", "ws", 1)+"/ws",
			&websocket.DialOptions{HTTPHeader: http.Header{"Authorization": {"Bearer forged"}}},
		)
		if err == nil || res == nil || res.StatusCode != http.StatusUnauthorized {
			t.Fatalf("got %v, %v", res, err)
		}
		_ = res.Body.Close()
	})
	t.Run("where none was asked for", func(t *testing.T) {
		s := testkit.StartApp(t, "sqlite::memory:", limits)
		if a := as(
			t,
			s,
			"ann",
		).call("GET", "/ws", ""); a.status != http.StatusUpgradeRequired ||
			a.Code != 42600 {
			t.Errorf("got %+v", a)
		}
	})
}

// TestBothSides: rooms created in one interface are visible in the other, also in streams.
func TestBothSides(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		ann, bob := as(t, s, "ann"), as(t, s, "bob")
		mine := bob.gql.Subscribe(`subscription { roomCreated(scope: MINE) { id } }`, nil)
		lobby := bob.gql.Subscribe(`subscription { roomCreated(scope: PUBLIC) { id } }`, nil)
		hear := func(stream *testkit.Stream, cause func() string) {
			stream.AwaitStart(cause, func(e testkit.JSON) string { return e.Str("roomCreated.id") })
		}
		hear(mine, func() string {
			id, _ := ann.ok("POST", "/rooms", `{"user_ids":["bob"]}`).(string)
			return id
		})
		l := dial(t, s, ann.token)
		hear(
			lobby,
			func() string { return l.createRoom(`{"type":"Room","room_type":"Create","disconnect":true}`) },
		)
		id := ann.gql.Do(`mutation { createRoom(input: { memberIds: ["bob"] }) { room { id } } }`, nil).
			Str("createRoom.room.id")
		if rooms := list(t, bob.ok("GET", "/my_rooms", "")); rooms[0] != id {
			t.Errorf("my rooms: %v", rooms)
		}
		object(t, bob.ok("GET", "/rooms/"+id, ""))
	})
}

// TestRestart: the server closes the socket with 1012.
func TestRestart(t *testing.T) {
	s := testkit.Start(t, "sqlite3")
	l := dial(t, s, s.Token("ann"))
	l.request(`{}`)
	done := make(chan struct{})
	go func() { // ends with the shutdown
		defer close(done)
		s.Shutdown()
	}()
	l.expectClose(1012)
	<-done
}

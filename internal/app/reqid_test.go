package app_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"parley/internal/app"
	"parley/internal/auth"
	"parley/internal/config"
	"parley/internal/reqid"
)

// about returns the lines of a request, of the operation, if it is one of several, as level and
// message.
func (l *logSink) about(t *testing.T, request, operation string) (lines []string) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	for line := range strings.Lines(l.text.String()) {
		var said struct {
			Level, Msg, Error string
			Request           string `json:"request_id"`
			Operation         string `json:"operation_id"`
		}
		if err := json.Unmarshal([]byte(line), &said); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if strings.Count(line, `"request_id"`) > 1 {
			t.Errorf("said twice: %s", line)
		}
		if said.Request == request && said.Operation == operation {
			lines = append(lines, said.Level+" "+said.Msg+" "+said.Error)
		}
	}
	return lines
}

// TestRequestIDs breaks the database and sends a request to each interface. The log has each fault
// once, with the request id of the proxy, and with the operation id on connections that have
// several operations. The response contains the request id.
func TestRequestIDs(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "parley.db")
	cfg := config.Defaults()
	cfg.DatabaseURL, cfg.JWTSecret = config.Secret(
		"sqlite:"+path,
	), "a secret that only tests know, 32+ bytes"
	var log logSink
	logger := slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	a, err := app.New(t.Context(), cfg, logger, app.Options{PollInterval: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(a.Handler())
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := a.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		server.Close()
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	issuer, err := auth.NewIssuer(auth.Config{Secret: []byte(cfg.JWTSecret)})
	if err != nil {
		t.Fatal(err)
	}
	token, _, err := issuer.Issue("alice", "alice", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	header := func(request string) http.Header {
		return http.Header{
			"Authorization": {"Bearer " + token},
			"X-Request-Id":  {request},
			"Content-Type":  {"application/json"},
		}
	}
	ask := func(request, method, path, accept, body string) (said, id string) {
		t.Helper()
		req, err := http.NewRequestWithContext(
			t.Context(),
			method,
			server.URL+path,
			strings.NewReader(body),
		)
		if err != nil {
			t.Fatal(err)
		}
		req.Header = header(request)
		if accept != "" {
			req.Header.Set("Accept", accept)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		text, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(text), res.Header.Get("X-Request-Id")
	}
	if said, id := ask(
		"",
		http.MethodPost,
		"/graphql",
		"",
		`{"query": "{ me { id } }"}`,
	); !strings.Contains(said, "alice") ||
		len(id) < 20 {
		t.Fatalf("before: %s, %q", said, id)
	}
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(
		t.Context(),
		`ALTER TABLE members RENAME TO elsewhere`,
	); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}

	told := func(door, said, request, operation string) {
		t.Helper()
		if !strings.Contains(said, "internal error") || !strings.Contains(said, request) {
			t.Errorf("%s: the response is %s", door, said)
		}
		faults := 0
		for _, line := range log.about(t, request, operation) {
			if strings.HasPrefix(line, "ERROR ") && strings.Contains(line, "members") {
				faults++
			}
		}
		if faults != 1 {
			t.Errorf(
				"%s: the fault is logged %d times with %s %s: %q",
				door,
				faults,
				request,
				operation,
				log.about(t, request, operation),
			)
		}
	}
	const query, stream = `{"query": "{ myRoomIds }"}`, `{"query": "subscription { myRoomsChanged { kind } }"}`
	for door, c := range map[string]struct{ method, path, accept, body string }{
		"graphql": {http.MethodPost, "/graphql", "", query},
		"get":     {http.MethodGet, "/graphql?query=%7BmyRoomIds%7D", "application/json", ""},
		"events":  {http.MethodPost, "/graphql", "text/event-stream", query},
		"stream":  {http.MethodPost, "/graphql", "text/event-stream", stream},
		"list":    {http.MethodGet, "/my_rooms", "", ""},
		"make":    {http.MethodPost, "/rooms", "", `{"user_ids": ["alice"]}`},
	} {
		said, id := ask("of-"+door, c.method, c.path, c.accept, c.body)
		if id != "of-"+door {
			t.Errorf("%s comes back as %s", door, id)
		}
		told(door, said, "of-"+door, "")
	}
	// One that the server makes.
	said, id := ask("not sane!", http.MethodPost, "/graphql", "", query)
	told("made here", said, id, "")

	// talk returns what says something on a socket, and then reads until it hears a word.
	talk := func(path, request string, protocols ...string) func(message, word string) string {
		t.Helper()
		conn, res, err := websocket.Dial(
			t.Context(),
			strings.Replace(server.URL, "http", "ws", 1)+path,
			&websocket.DialOptions{HTTPHeader: header(request), Subprotocols: protocols},
		)
		if err != nil {
			t.Fatal(err)
		}
		if res.Body != nil {
			_ = res.Body.Close()
		}
		t.Cleanup(func() { _ = conn.CloseNow() })
		return func(message, word string) string {
			t.Helper()
			if err := conn.Write(t.Context(), websocket.MessageText, []byte(message)); err != nil {
				t.Fatal(err)
			}
			for {
				_, said, err := conn.Read(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if strings.Contains(string(said), word) {
					return string(said)
				}
			}
		}
	}
	for protocol, start := range map[string]string{"graphql-transport-ws": "subscribe", "graphql-ws": "start"} {
		say := talk("/graphql", "of-"+protocol, protocol)
		say(`{"type": "connection_init"}`, "connection_ack")
		for id, payload := range map[string]string{"asked": query, "followed": stream, strings.Repeat("ü", 70): query} {
			said := say(
				fmt.Sprintf(`{"type": %q, "id": %q, "payload": %s}`, start, id, payload),
				"internal error",
			)
			told(protocol, said, "of-"+protocol, id[:min(len(id), reqid.MaxLen)])
		}
	}
	say := talk("/ws", "of-talk")
	for n := range 3 {
		told(
			"talk",
			say(`{"type": "Room", "room_type": "Create"}`, "status"),
			"of-talk",
			fmt.Sprint(n+1),
		)
	}
}

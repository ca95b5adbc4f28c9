package graph_test

import (
	"encoding/json"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	"github.com/coder/websocket"

	"parley/internal/app"
	"parley/internal/testkit"
	"parley/internal/web"
)

// TestNewcomerHasATimeLimit locks the users table. A new user's first request ends with UNAVAILABLE
// on every transport while the lock is still held.
func TestNewcomerHasATimeLimit(t *testing.T) {
	t.Parallel()
	for _, name := range []string{dialect.SQLite, dialect.Postgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := "sqlite:" + filepath.Join(t.TempDir(), "parley.db")
			if name == dialect.Postgres {
				url = testkit.MigratedPostgresURL(t)
			}
			s := testkit.StartApp(
				t,
				url,
				app.Options{Limits: web.Limits{Operation: 200 * time.Millisecond}},
			)
			lockUsers(t, s)
			for transport, ask := range map[string]func(*testing.T, *testkit.Server, string) string{
				"HTTP": func(_ *testing.T, s *testkit.Server, id string) string {
					return s.With(s.Token(id)).Ask(`{ __typename }`, nil).Code()
				},
				"WebSocket": func(_ *testing.T, s *testkit.Server, id string) string {
					var answer testkit.Reply
					raw := s.With(s.Token(id)).Subscribe(`{ me { id } }`, nil).Raw()
					if err := json.Unmarshal(raw, &answer); err != nil {
						return err.Error()
					}
					return answer.Code()
				},
				"subscription": func(_ *testing.T, s *testkit.Server, id string) string {
					_, failed := s.With(s.Token(id)).Subscribe(`subscription { roomCreated { id } }`, nil).NextOrError()
					return codeOf(failed)
				},
				"events": func(_ *testing.T, s *testkit.Server, id string) string {
					failed := s.With(s.Token(id)).Events(`subscription { roomCreated { id } }`, nil).Error()
					return codeOf(&failed)
				},
				"older path":   olderPath,
				"older socket": olderSocket,
			} {
				t.Run(transport, func(t *testing.T) {
					t.Parallel()
					if code := ask(
						t,
						s,
						"new-"+strings.ReplaceAll(transport, " ", "-"),
					); code != "UNAVAILABLE" {
						t.Errorf("%q, want UNAVAILABLE", code)
					}
				})
			}
		})
	}
}

// lockUsers blocks the creation of users until the test ends.
func lockUsers(t *testing.T, s *testkit.Server) {
	t.Helper()
	tx, err := s.Ent().Tx(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tx.Rollback() })
	if s.Dialect == dialect.Postgres { // a transaction of SQLite's locks all
		if _, err := tx.ExecContext(
			t.Context(),
			"LOCK TABLE users IN ACCESS EXCLUSIVE MODE",
		); err != nil {
			t.Fatal(err)
		}
	}
}

func codeOf(e *testkit.ReplyError) string {
	if e == nil {
		return ""
	}
	code, _ := e.Extensions["code"].(string)
	return code
}

func olderPath(t *testing.T, s *testkit.Server, id string) string {
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/my_rooms", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+s.Token(id))
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(body), `"code":50300`) {
		return "UNAVAILABLE"
	}
	return string(body)
}

func olderSocket(t *testing.T, s *testkit.Server, id string) string {
	//nolint:bodyclose // it has none
	conn, _, err := websocket.Dial(
		t.Context(),
		"ws"+strings.TrimPrefix(s.URL, "http")+"/ws",
		&websocket.DialOptions{HTTPHeader: http.Header{"Authorization": {"Bearer " + s.Token(id)}}},
	)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.CloseNow() }()
	if err := conn.Write(
		t.Context(),
		websocket.MessageText,
		[]byte(`{"type": "Room", "room_type": "Create"}`),
	); err != nil {
		t.Fatal(err)
	}
	_, message, err := conn.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var answer struct{ Error string }
	if err := json.Unmarshal(message, &answer); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(answer.Error, "cannot do this at the moment") {
		return "UNAVAILABLE"
	}
	return string(message)
}

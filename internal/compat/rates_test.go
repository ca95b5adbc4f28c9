package compat_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"parley/internal/config"
	"parley/internal/testkit"
)

// TestMutationsAreLimited: creating a room counts as a mutation in each interface; reading does not.
func TestMutationsAreLimited(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice := as(t, s, "alice")
		alice.gql.Do(`mutation { updateProfile(input: {nickName: "x"}) { user { id } } }`, nil)
		if a := alice.call(
			http.MethodPost,
			"/rooms",
			`{"user_ids": ["alice"]}`,
		); a.status != http.StatusOK {
			t.Fatalf("%+v", a)
		}
		ran := s.Statements(func() {
			a := alice.call(http.MethodPost, "/rooms", `{"user_ids": ["alice"]}`)
			if seconds, err := strconv.Atoi(
				a.header.Get("Retry-After"),
			); a.status != 429 || a.Code != 42900 || a.Data != nil || err != nil ||
				seconds < 60 {
				t.Errorf("%+v", a)
			}
		})
		if len(ran) != 0 {
			t.Errorf("a refused change asked the database: %q", ran)
		}
		alice.gql.Refused(
			"RATE_LIMITED",
			`mutation { updateProfile(input: {nickName: "x"}) { user { id } } }`,
			nil,
		)
		if a := alice.call(
			http.MethodPost,
			"/my_chats",
			`{"page": 1, "size": 10}`,
		); a.status != http.StatusOK {
			t.Errorf("reading: %+v", a)
		}
	}, func(cfg *config.Config) { cfg.RateMutations = "1/h:2" })
}

// TestHandshakesAreLimited: the rejection has the format of the older interfaces.
func TestHandshakesAreLimited(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "sqlite3", func(cfg *config.Config) { cfg.RateConnections = "off,1/h:1" })
	alice := as(t, s, "alice")
	alice.gql.Socket().Close()
	a := alice.call(
		http.MethodGet,
		"/ws",
		"",
		"Upgrade: websocket",
		"Connection: Upgrade",
		"Sec-WebSocket-Version: 13",
		"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
	)
	if a.status != 429 || a.Code != 42900 || a.header.Get("Retry-After") == "" ||
		!strings.Contains(a.Msg, "connections") {
		t.Errorf("%+v", a)
	}
}

// TestLimitOfOlderSockets: they count towards the limit of all sockets, and the rejection has their
// format.
func TestLimitOfOlderSockets(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "sqlite3", func(cfg *config.Config) { cfg.MaxSockets = 2 })
	alice := as(t, s, "alice")
	socket := alice.gql.Socket()
	dial(t, s, alice.token).request(`{}`)
	a := alice.call(
		http.MethodGet,
		"/ws",
		"",
		"Upgrade: websocket",
		"Connection: Upgrade",
		"Sec-WebSocket-Version: 13",
		"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
	)
	if a.status != 503 || a.Code != 50300 || a.header.Get("Retry-After") == "" ||
		!strings.Contains(a.Msg, "room") {
		t.Errorf("%+v", a)
	}
	socket.Close()
}

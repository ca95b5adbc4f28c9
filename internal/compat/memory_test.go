package compat_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"parley/internal/app"
	"parley/internal/config"
	"parley/internal/testkit"
	"parley/internal/web"
)

// TestLargeListsWait: a large list of rooms waits for memory while another client does not read its
// response, and fails with 503 in time. A small list does not wait.
func TestLargeListsWait(t *testing.T) {
	t.Parallel()
	const people, rooms = 30, 30
	options := app.Options{Limits: web.Limits{Operation: 2 * time.Second}}
	s := testkit.StartApp(
		t,
		"sqlite::memory:",
		options,
		func(cfg *config.Config) { cfg.MaxResponseMemory = 40 << 20 },
	)
	alice, small := as(t, s, "alice"), as(t, s, "small")
	small.gql.Do(`mutation { createRoom(input: {}) { room { id } } }`, nil)
	ids := []string{"bob"}
	bob := as(t, s, "bob")
	for i := range people {
		ids = append(ids, fmt.Sprint("person", i))
		as(
			t,
			s,
			ids[i+1],
		).gql.Do(
			`mutation($text: String!, $avatar: String!) { updateProfile(input: {status: $text, instagram: {avatar: $avatar}}) { user { id } } }`,
			testkit.Vars{
				"text":   strings.Repeat("<", 2000),
				"avatar": "https://a.example/" + strings.Repeat("<", 1980),
			},
		)
	}
	for range rooms {
		alice.gql.Do(
			`mutation($people: [ID!]!) { createRoom(input: {memberIds: $people}) { room { id } } }`,
			testkit.Vars{"people": ids},
		)
	}
	const body = `{"page": 1, "size": 100}`
	req, err := http.NewRequestWithContext(
		t.Context(),
		http.MethodPost,
		s.URL+"/my_chats",
		strings.NewReader(body),
	)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+alice.token)
	slow := testkit.SendOnly(t, req)
	if _, err := io.ReadFull(slow, make([]byte, 1)); err != nil { // 22 MB are being sent
		t.Fatal(err)
	}
	if a := bob.call(
		http.MethodPost,
		"/my_chats",
		body,
	); a.status != http.StatusServiceUnavailable ||
		a.Code != 50300 {
		t.Errorf("%d %s", a.status, a.Msg)
	}
	if a := small.call(http.MethodPost, "/my_chats", body); a.status != http.StatusOK {
		t.Errorf("a small list: %d %s", a.status, a.Msg)
	}
	if err := slow.Close(); err != nil {
		t.Error(err)
	}
	if a := bob.call(http.MethodPost, "/my_chats", body); a.status != http.StatusOK {
		t.Errorf("with memory: %d %s", a.status, a.Msg)
	}
}

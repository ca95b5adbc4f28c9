package web_test

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"parley/internal/web"
)

const acceptEvents = "Accept: text/event-stream"

// ticket requests a ticket and returns it with the time when it expires.
func (ts *testServer) ticket(t *testing.T, token string) (string, time.Time) {
	t.Helper()
	a := ts.do(t, http.MethodPost, "/ticket", "", "Authorization: Bearer "+token)
	var issued struct {
		Ticket    string
		ExpiresAt time.Time
	}
	if err := json.Unmarshal(a.body, &issued); err != nil || len(issued.Ticket) < 20 {
		t.Fatalf("%d %s: %v", a.StatusCode, a.body, err)
	}
	if cache := a.Header.Get("Cache-Control"); cache != "no-store" {
		t.Errorf("Cache-Control is %q", cache)
	}
	return issued.Ticket, issued.ExpiresAt
}

// open opens an event stream of the query { me } with a ticket.
func (ts *testServer) open(t *testing.T, ticket string, header ...string) response {
	t.Helper()
	query := url.Values{"query": {"{ me }"}, "ticket": {ticket}}
	return ts.do(t, http.MethodGet, "/graphql?"+query.Encode(), "", header...)
}

// TestTicket: a ticket opens one event stream of its user, and does not appear in the log.
func TestTicket(t *testing.T) {
	t.Parallel()
	var log safeBuffer
	ts := newServer(t, web.Config{
		Logger: slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	ticket, expiresAt := ts.ticket(t, "ann")
	if left := time.Until(expiresAt); left < time.Second || left > 30*time.Second {
		t.Errorf("the ticket expires in %v, want 30 s", left)
	}
	for _, test := range []struct {
		header []string
		status int
		code   string
	}{
		{nil, http.StatusBadRequest, "BAD_USER_INPUT"},
		{[]string{acceptEvents, "Authorization: Bearer bob"}, http.StatusBadRequest, "BAD_USER_INPUT"},
		{[]string{acceptEvents}, http.StatusOK, ""}, // the requests above did not use it
		{[]string{acceptEvents}, http.StatusUnauthorized, "UNAUTHENTICATED"},
	} {
		a := ts.open(t, ticket, test.header...)
		if a.StatusCode != test.status || a.code() != test.code {
			t.Errorf(
				"%v: %d %s; want %d %s",
				test.header,
				a.StatusCode,
				a.body,
				test.status,
				test.code,
			)
		}
		if test.status == http.StatusOK &&
			!strings.Contains(string(a.body), `{"data":{"me":"ann"}}`) {
			t.Errorf("the stream is %s, want that of ann", a.body)
		}
	}
	if text := log.String(); strings.Contains(text, ticket) || !strings.Contains(text, "/graphql") {
		t.Errorf("the log: %s", text)
	}
}

// TestTicketByPost: a POST with a ticket is refused, not executed without a user.
func TestTicketByPost(t *testing.T) {
	t.Parallel()
	ts := newServer(t, web.Config{})
	ticket, _ := ts.ticket(t, "ann")
	a := ts.do(t, http.MethodPost, "/graphql?ticket="+ticket, `{"query": "{ me }"}`,
		"Content-Type: application/json", acceptEvents)
	if a.StatusCode != http.StatusBadRequest || a.code() != "BAD_USER_INPUT" {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	if a := ts.open(t, ticket, acceptEvents); a.StatusCode != http.StatusOK {
		t.Errorf("the POST has used the ticket: %d %s", a.StatusCode, a.body)
	}
}

// TestTicketExpires: a ticket is worth nothing after its token.
func TestTicketExpires(t *testing.T) {
	t.Parallel()
	ts := newServer(t, web.Config{})
	ticket, expiresAt := ts.ticket(t, "brief") // 50 ms
	time.Sleep(time.Until(expiresAt) + 100*time.Millisecond)
	if a := ts.open(t, ticket, acceptEvents); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("an expired ticket: %d %s", a.StatusCode, a.body)
	}
}

// TestTicketRefused: tickets need a token, and their number is bounded.
func TestTicketRefused(t *testing.T) {
	t.Parallel()
	ts := newServer(t, web.Config{})
	for _, test := range []struct {
		method    string
		header    []string
		status    int
		challenge string
	}{
		{http.MethodPost, nil, http.StatusUnauthorized, "Bearer"},
		{
			http.MethodPost,
			[]string{"Authorization: Bearer forged"},
			http.StatusUnauthorized, `Bearer error="invalid_token"`,
		},
		{http.MethodGet, []string{"Authorization: Bearer ann"}, http.StatusMethodNotAllowed, ""},
	} {
		a := ts.do(t, test.method, "/ticket", "", test.header...)
		if a.StatusCode != test.status || a.Header.Get("WWW-Authenticate") != test.challenge {
			t.Errorf("%s %v: %d %v %s", test.method, test.header, a.StatusCode, a.Header, a.body)
		}
	}
	first, _ := ts.ticket(t, "ann")
	for range 19 {
		ts.ticket(t, "ann")
	}
	a := ts.do(t, http.MethodPost, "/ticket", "", "Authorization: Bearer ann")
	if a.StatusCode != http.StatusTooManyRequests || a.Header.Get("Retry-After") == "" {
		t.Errorf("ticket 21: %d %s", a.StatusCode, a.body)
	}
	ts.ticket(t, "bob")
	ts.open(t, first, acceptEvents)
	ts.ticket(t, "ann") // in place of the used one
}

package web_test

import (
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"parley/internal/limit"
	"parley/internal/web"
)

func connections(user, address int) limit.RateLimiters {
	return limit.RateLimiters{Connections: limit.NewRateLimiter(limit.RateLimits{
		User:    limit.Rate{Burst: user, Every: time.Hour},
		Address: limit.Rate{Burst: address, Every: time.Hour},
	})}
}

// TestConnectionRate: handshakes above the rate are refused with 429 and Retry-After.
func TestConnectionRate(t *testing.T) {
	t.Parallel()
	const upgrade = "Upgrade: websocket|Connection: Upgrade|Sec-WebSocket-Version: 13|Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="
	refused := func(t *testing.T, ts *testServer, path, query string, header ...string) string {
		t.Helper()
		a := ts.do(t, http.MethodGet, path+query, "", header...)
		if seconds, err := strconv.Atoi(
			a.Header.Get("Retry-After"),
		); a.StatusCode != http.StatusTooManyRequests || err != nil || seconds < 1 ||
			seconds > 3600 {
			t.Errorf("%s: %d, Retry-After %q", path, a.StatusCode, a.Header.Get("Retry-After"))
		}
		return string(a.body)
	}
	t.Run("by address", func(t *testing.T) {
		t.Parallel()
		ts := newServer(t, web.Config{RateLimiters: connections(100, 3)})
		for range 2 {
			ts.connect(t).init()
		}
		a := ts.do(
			t,
			http.MethodGet,
			"/graphql?query=subscription%7Bcount(n:1)%7D",
			"",
			"Accept: text/event-stream",
		)
		if a.StatusCode != http.StatusOK {
			t.Fatalf("events: %d", a.StatusCode)
		}
		if body := refused(
			t,
			ts,
			"/graphql",
			"",
			strings.Split(upgrade, "|")...); !strings.Contains(body, `"RATE_LIMITED"`) ||
			!strings.Contains(body, `"retryAfterMs"`) {
			t.Errorf("a socket: %s", body)
		}
		if body := refused(
			t,
			ts,
			"/graphql",
			"?query=subscription%7Bcount(n:1)%7D",
			"Accept: text/event-stream",
		); !strings.Contains(
			body,
			`"RATE_LIMITED"`,
		) {
			t.Errorf("events: %s", body)
		}
		if a := ts.do(
			t,
			http.MethodGet,
			"/graphql?query=%7Bme%7D",
			"",
		); a.StatusCode != http.StatusOK { // a request is not a connection
			t.Errorf("a query: %d", a.StatusCode)
		}
	})
	t.Run("by user, with a token in the handshake", func(t *testing.T) {
		t.Parallel()
		ts := newServer(t, web.Config{RateLimiters: connections(2, 100)})
		for range 2 {
			ts.connect(t, "Authorization: Bearer ann").init()
		}
		refused(
			t,
			ts,
			"/graphql",
			"",
			append(strings.Split(upgrade, "|"), "Authorization: Bearer ann")...)
		ts.connect(t, "Authorization: Bearer bob").init()
	})
	t.Run("by user, with a token in connection_init", func(t *testing.T) {
		t.Parallel()
		ts := newServer(t, web.Config{RateLimiters: connections(2, 100)})
		for range 2 {
			c := ts.connect(t)
			c.send(`{"type":"connection_init","payload":{"authorization":"ann"}}`)
			c.expect("connection_ack")
		}
		c := ts.connect(t)
		c.send(`{"type":"connection_init","payload":{"authorization":"ann"}}`)
		c.expectClose(1013)
	})
}

// TestRejectedTokenRate: above the rate of rejected tokens, an address gets 429 for each token that
// is not known, before it is verified. Tokens that are accepted, or that the server cannot verify, do
// not count.
func TestRejectedTokenRate(t *testing.T) {
	t.Parallel()
	limiter := limit.NewRateLimiter(
		limit.RateLimits{Address: limit.Rate{Burst: 3, Every: time.Hour}},
	)
	ts := newServer(t, web.Config{RateLimiters: limit.RateLimiters{Tokens: limiter}})
	query := func(token string, want int) {
		t.Helper()
		var header []string
		if token != "" {
			header = append(header, "Authorization: Bearer "+token)
		}
		a := ts.do(t, http.MethodGet, "/graphql?query=%7Bme%7D", "", header...)
		limited := a.code() == "RATE_LIMITED" && a.Header.Get("Retry-After") != ""
		if a.StatusCode != want || limited != (want == http.StatusTooManyRequests) {
			t.Errorf("token %q: %d, want %d: %s", token, a.StatusCode, want, a.body)
		}
	}
	initialize := func(token string) *wsClient {
		c := ts.connect(t)
		c.send(`{"type":"connection_init","payload":{"authorization":"` + token + `"}}`)
		return c
	}
	open := initialize("ann")
	open.expect("connection_ack")
	for range 5 {
		query("ann", http.StatusOK)
		query("unavailable", http.StatusServiceUnavailable)
	}
	query("wrong", http.StatusUnauthorized)
	query("toosoon", http.StatusServiceUnavailable) // it may be forged
	initialize("wrong").expectClose(4403)

	query("wrong", http.StatusTooManyRequests)
	query("bob", http.StatusTooManyRequests)
	query("known", http.StatusOK)
	query("", http.StatusOK)
	initialize("bob").expectClose(1013)
	initialize("known").expect("connection_ack")
	if _, status := ts.dial(t, "Authorization: Bearer bob"); status != http.StatusTooManyRequests {
		t.Errorf("a handshake: %d", status)
	}
	open.send(`{"type":"ping","payload":{"authorization":"ann"}}`) // the former token stays valid
	open.expect("pong")
	if got := limiter.Refused(); got != 5 {
		t.Errorf("%d attempts were rejected, want 5", got)
	}
}

// TestForwardingHeaderWarning: in production the log warns once about requests from this machine
// without a forwarding header.
func TestForwardingHeaderWarning(t *testing.T) {
	t.Parallel()
	const warning = "without a forwarding header"
	for _, test := range []struct {
		name, header, path string
		development        bool
		want               int
	}{
		{"production", "X-Other: 1", "/graphql?query=%7Bme%7D", false, 1},
		{"a health check", "X-Other: 1", "/healthz", false, 0},
		{"a proxy that names its clients", "X-Forwarded-For: 192.0.2.1", "/graphql?query=%7Bme%7D", false, 0},
		{"development", "X-Other: 1", "/graphql?query=%7Bme%7D", true, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var log safeBuffer
			ts := newServer(
				t,
				web.Config{
					Development: test.development,
					Logger:      slog.New(slog.NewTextHandler(&log, nil)),
				},
			)
			for range 3 {
				ts.do(t, http.MethodGet, test.path, "", test.header)
			}
			if got := strings.Count(log.String(), warning); got != test.want {
				t.Errorf("%d warnings, want %d: %s", got, test.want, log.String())
			}
		})
	}
}

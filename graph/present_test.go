package graph

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql/handler/transport"

	"parley/graph/guard"
	"parley/internal/chat"
)

// TestFaultsAreLogged: the log has faults of the server, but not operations that fail because their
// client has disconnected.
func TestFaultsAreLogged(t *testing.T) {
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for name, c := range map[string]struct {
		ctx  context.Context
		err  error
		want string
	}{
		"fault":                     {t.Context(), errors.New("torn"), "level=ERROR"},
		"fault, client gone":        {gone, errors.New("torn"), "level=DEBUG"},
		"no database":               {t.Context(), context.DeadlineExceeded, "level=WARN"},
		"no database, client gone":  {gone, context.DeadlineExceeded, "level=DEBUG"},
		"what the client did wrong": {t.Context(), &chat.Error{Code: chat.NotFound}, ""},
	} {
		var log bytes.Buffer
		r := &Resolver{
			logger: slog.New(
				slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}),
			),
		}
		told := r.present(c.ctx, c.err)
		if got := log.String(); !strings.Contains(got, c.want) || c.want == "" && got != "" {
			t.Errorf("%s: logged %q, want %s", name, got, c.want)
		}
		if strings.Contains(told.Message, "torn") {
			t.Errorf("%s: the client hears %q", name, told.Message)
		}
	}
}

// TestSafeToRetry tells the client of a lost connection whether the same request may be sent again.
func TestSafeToRetry(t *testing.T) {
	r := &Resolver{logger: slog.New(slog.DiscardHandler)}
	for _, unknown := range []bool{true, false} {
		e := r.present(t.Context(), &chat.Error{Code: chat.Unavailable, OutcomeUnknown: unknown})
		if safe, told := e.Extensions["safeToRetry"].(bool); !told || safe == unknown {
			t.Errorf("outcome unknown: %v; safeToRetry: %v", unknown, e.Extensions["safeToRetry"])
		}
	}
}

// TestPanicInResolver: the client of a resolver that panics receives INTERNAL, and the log has the stack.
func TestPanicInResolver(t *testing.T) {
	var log bytes.Buffer
	s := New(nil, nil, Options{
		SignIn: func(string, string, time.Time) (string, time.Time, error) { panic("never reached: there is no domain") },
		Limits: guard.Limits{Depth: 15, Cost: 1000, Aliases: 10},
		Logger: slog.New(slog.NewTextHandler(&log, nil)),
	})
	s.AddTransport(transport.POST{})
	req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/graphql",
		strings.NewReader(`{"query": "mutation { signIn(userId: \"a\") { token } }"}`))
	req.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	s.ServeHTTP(w, req)
	answer := w.Body.String()
	if !strings.Contains(answer, `"code":"INTERNAL"`) || !strings.Contains(answer, `"requestId"`) ||
		strings.Contains(answer, "panic") || strings.Contains(answer, "nil pointer") {
		t.Errorf("answered %s", answer)
	}
	if !strings.Contains(log.String(), "level=ERROR") ||
		!strings.Contains(log.String(), "user.resolvers.go") {
		t.Errorf("logged %s", log.String())
	}
}

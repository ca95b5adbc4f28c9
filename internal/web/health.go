package web

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"time"
)

// healthy answers /healthz: the process is alive and serves. It asks nothing else, so that a database that is down does
// not make an orchestrator kill every node.
func healthy(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = io.WriteString(w, "ok\n") // the client may be gone
}

// ready answers /readyz: {"status":"ready"}, or 503 with {"status":"unavailable"} where check fails or takes longer than
// limit, or with {"status":"stopping"}. Why is only for the log.
func ready(check func(context.Context) error, sockets *sockets, limit time.Duration, log *slog.Logger) http.Handler {
	answer := func(w http.ResponseWriter, status int, body string) {
		w.Header().Set("Content-Type", mediaJSON)
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body+"\n") // the client may be gone
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if sockets.stopping() {
			answer(w, http.StatusServiceUnavailable, `{"status":"stopping"}`)
			return
		}
		if check != nil {
			ctx, cancel := context.WithTimeout(r.Context(), limit)
			defer cancel()
			if err := check(ctx); err != nil {
				log.WarnContext(ctx, "not ready", "error", err)
				answer(w, http.StatusServiceUnavailable, `{"status":"unavailable"}`)
				return
			}
		}
		answer(w, http.StatusOK, `{"status":"ready"}`)
	})
}

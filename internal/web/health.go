package web

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"time"
)

// serveHealth serves /healthz: the process is alive and serves requests. It checks nothing else, so
// that an orchestrator does not restart every node when the database is down.
func serveHealth(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = io.WriteString(w, "ok\n") // the client may have gone
}

// serveReadiness serves /readyz: {"status":"ready"}, or 503 with {"status":"unavailable"} if check
// fails or takes longer than limit, or with {"status":"stopping"}. Only the log says why. A node
// that is disconnected from the others is ready, with {"status":"ready","peers":"disconnected"}.
func serveReadiness(
	check func(context.Context) error,
	connected func() bool,
	connections *connections,
	limit time.Duration,
	log *slog.Logger,
) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if connections.stopping() {
			writeReadiness(w, http.StatusServiceUnavailable, readiness{Status: "stopping"})
			return
		}
		if check != nil {
			ctx, cancel := context.WithTimeout(r.Context(), limit)
			defer cancel()
			if err := check(ctx); err != nil {
				log.WarnContext(ctx, "not ready", "error", err)
				writeReadiness(w, http.StatusServiceUnavailable, readiness{Status: "unavailable"})
				return
			}
		}
		if connected != nil && !connected() {
			writeReadiness(w, http.StatusOK, readiness{Status: "ready", Peers: "disconnected"})
			return
		}
		writeReadiness(w, http.StatusOK, readiness{Status: "ready"})
	})
}

// readiness is the body of /readyz.
type readiness struct {
	Status string `json:"status"`
	Peers  string `json:"peers,omitempty"`
}

func writeReadiness(w http.ResponseWriter, status int, body readiness) {
	w.Header().Set("Content-Type", mediaJSON)
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client may have gone
}

// Overloaded returns a handler that responds with 503 and Retry-After, for servers that are at
// their limit of connections.
func Overloaded() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		refuse(w, unavailable("The server has too many connections. Try again later."))
	})
}

// Starting returns a handler for the time until there is a [Server]: the process is alive, but not
// ready.
func Starting() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/healthz", serveHealth)
	mux.HandleFunc("/readyz", func(w http.ResponseWriter, _ *http.Request) {
		writeReadiness(w, http.StatusServiceUnavailable, readiness{Status: "starting"})
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		refuse(w, &refusal{
			status:  http.StatusServiceUnavailable,
			code:    codeUnavailable,
			message: "The server is starting. Try again.",
			header:  map[string]string{"Retry-After": "1"},
		})
	})
	return mux
}

package web

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"time"
)

// healthy answers /healthz: the process is alive and serves. It asks nothing else, so that a
// database that is down does not make an orchestrator kill every node.
func healthy(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = io.WriteString(w, "ok\n") // the client may be gone
}

// ready answers /readyz: {"status":"ready"}, or 503 with {"status":"unavailable"} where check fails
// or takes longer than limit, or with {"status":"stopping"}. Why is only for the log. A node that
// is disconnected from the others is ready, and says so: {"status":"ready","peers":"disconnected"}.
func ready(
	check func(context.Context) error,
	connected func() bool,
	sockets *sockets,
	limit time.Duration,
	log *slog.Logger,
) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if sockets.stopping() {
			tell(w, http.StatusServiceUnavailable, readiness{Status: "stopping"})
			return
		}
		if check != nil {
			ctx, cancel := context.WithTimeout(r.Context(), limit)
			defer cancel()
			if err := check(ctx); err != nil {
				log.WarnContext(ctx, "not ready", "error", err)
				tell(w, http.StatusServiceUnavailable, readiness{Status: "unavailable"})
				return
			}
		}
		if connected != nil && !connected() {
			tell(w, http.StatusOK, readiness{Status: "ready", Peers: "disconnected"})
			return
		}
		tell(w, http.StatusOK, readiness{Status: "ready"})
	})
}

// readiness is what /readyz says.
type readiness struct {
	Status string `json:"status"`
	Peers  string `json:"peers,omitempty"`
}

func tell(w http.ResponseWriter, status int, is readiness) {
	w.Header().Set("Content-Type", mediaJSON)
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(is) // the client may be gone
}

// Full answers requests for which there is no room: 503, and when to come back.
func Full() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		refuse(w, unavailable("The server has too many connections. Try again later."))
	})
}

// Starting answers while there is no [Server] yet: that the process is alive, and not ready.
func Starting() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/healthz", healthy)
	mux.HandleFunc("/readyz", func(w http.ResponseWriter, _ *http.Request) {
		tell(w, http.StatusServiceUnavailable, readiness{Status: "starting"})
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

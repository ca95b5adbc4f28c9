package web

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"parley/internal/panics"
	"parley/internal/reqid"
)

const headerRequestID = "X-Request-Id"

// withRequestID gives each request an id: the one that the client or a proxy has sent, if it is
// valid, otherwise a new one. The id is in the response's X-Request-Id and in the context (package
// reqid).
func withRequestID(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := r.Header.Get(headerRequestID)
		if !reqid.Valid(id) {
			id = reqid.New()
		}
		w.Header().Set(headerRequestID, id)
		next.ServeHTTP(w, r.WithContext(reqid.NewContext(r.Context(), id)))
	})
}

// withAccessLog calls observe for each request, with its route in mux, and logs one line: at Debug,
// or at Info if the server failed (the error itself is logged where it occurs). The path is logged
// without its query, which may contain variables.
func withAccessLog(
	log *slog.Logger,
	mux *http.ServeMux,
	observe func(route string, status int, took time.Duration),
	trace func(*http.Request) (*http.Request, func(route string, status int)),
	next http.Handler,
) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		end := func(string, int) {}
		if trace != nil {
			r, end = trace(r)
		}
		rec := &recorder{ResponseWriter: w, status: http.StatusOK}
		defer func() {
			took := time.Since(start)
			_, route := mux.Handler(r)
			observe(route, rec.status, took)
			end(route, rec.status)
			level := slog.LevelDebug
			if rec.status >= http.StatusInternalServerError {
				level = slog.LevelInfo
			}
			log.LogAttrs(r.Context(), level, "request",
				slog.String("method", r.Method),
				slog.String("path", r.URL.Path),
				slog.Int("status", rec.status),
				slog.Int64("bytes", rec.bytes),
				slog.Float64("duration_ms", float64(took)/float64(time.Millisecond)),
				slog.String("remote", r.RemoteAddr),
			)
		}()
		next.ServeHTTP(rec, r)
	})
}

// recorder records the status and the size of a response. docs/adr/0070 compares it with httpsnoop.
type recorder struct {
	http.ResponseWriter
	status  int
	bytes   int64
	started bool
}

func (rec *recorder) WriteHeader(status int) {
	if !rec.started {
		rec.status = status
		rec.started = status >= 200 // lower codes are informational, and a final one follows
	}
	rec.ResponseWriter.WriteHeader(status)
}

func (rec *recorder) Write(b []byte) (int, error) {
	rec.started = true
	n, err := rec.ResponseWriter.Write(b)
	rec.bytes += int64(n)
	return n, err
}

// Unwrap lets [http.ResponseController] and the WebSocket handshake reach the connection.
func (rec *recorder) Unwrap() http.ResponseWriter { return rec.ResponseWriter }

// withRecovery turns a panic in next into a response.
func withRecovery(guard *panics.Guard, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer recoverPanic(guard, w, r)
		next.ServeHTTP(w, r)
	})
}

// recoverPanic, deferred, logs a panic with its stack and responds with 500 INTERNAL and the id of
// the request. If the response has begun it aborts the connection instead, so that the client does
// not take a part of the response for all of it.
func recoverPanic(guard *panics.Guard, w http.ResponseWriter, r *http.Request) {
	p := recover()
	if p == nil {
		return
	}
	if p == http.ErrAbortHandler { //nolint:errorlint // a sentinel value that is never wrapped
		panic(p)
	}
	_ = guard.Recovered(r.Context(), panics.Request, p)
	if rec, ok := w.(*recorder); ok && rec.started {
		panic(http.ErrAbortHandler)
	}
	w.Header().Del("Content-Length")
	refuse(w, internalError(r.Context()))
}

// internalError returns the refusal for a request or operation that has panicked.
func internalError(ctx context.Context) *refusal {
	return &refusal{
		status:    http.StatusInternalServerError,
		code:      codeInternal,
		message:   "The server has an internal error.",
		requestID: reqid.FromContext(ctx),
	}
}

// withSecurityHeaders sets the headers that restrict what browsers do with responses. Handlers that
// serve pages replace the Content-Security-Policy by their own.
func withSecurityHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		next.ServeHTTP(w, r)
	})
}

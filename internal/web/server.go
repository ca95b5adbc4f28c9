// Package web serves HTTP: GraphQL over HTTP, WebSockets and event streams, the pages, the schema,
// and the health checks. It executes operations with the GraphQL server that it is given, and does
// not know what they mean.
package web

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"parley/internal/limit"
	"parley/internal/panics"
)

// Config configures a [Server]. The zero value is a working, strict configuration.
type Config struct {
	// SDL is the schema in GraphQL's definition language, which /schema.graphql serves; "": the
	// path does not exist.
	SDL string
	// Playground serves "/" and all paths below "/playground/"; nil: they do not exist.
	Playground http.Handler
	// App serves "/app" and all paths below it; nil: they do not exist.
	App http.Handler
	// Legacy serves its paths and "/ws"; nil: they do not exist.
	Legacy Legacy
	// Ready reports an error to /readyz if a dependency of the server (the database) is
	// unavailable; nil: /readyz does not check.
	Ready func(context.Context) error
	// Connected reports to /readyz whether the node receives from the other nodes; nil: there are
	// no others. A disconnected node still delivers all events, but later.
	Connected func() bool
	// AllowedOrigins are the origins (scheme://host[:port]) whose pages may use the server, besides
	// its own, or "*" for all. They apply to CORS and to WebSockets.
	AllowedOrigins []string
	// Development also allows pages of all loopback origins, and serves loopback host names only: a
	// web site whose name resolves to 127.0.0.1 (DNS rebinding) has another host name. It refuses
	// requests that were forwarded for another machine.
	Development bool
	// Logger receives the access log (Debug) and errors of the server (Error), with the context of
	// the request, which carries the request id (see reqid.Logs); nil: nothing is logged.
	Logger *slog.Logger
	// Panics recovers the panics of requests, WebSockets and operations; nil: a guard that logs to
	// Logger.
	Panics *panics.Guard
	Limits Limits
	// Metrics serves /metrics; nil: the path does not exist.
	Metrics http.Handler
	// Trace, if set, is called when a request arrives. The server uses the request that it returns,
	// and calls the function that it returns with the status of the response. route is one of few.
	Trace func(*http.Request) (*http.Request, func(route string, status int))
	// Observer receives counts of requests and WebSockets; nil: nothing is counted.
	Observer Observer
	// ResponseMemory is the memory budget for responses to queries and mutations, and
	// EstimateResponse returns the bytes that the response to an operation may take of it, 0 if
	// few; nil: there is no bound.
	ResponseMemory   *limit.Memory
	EstimateResponse func(*graphql.OperationContext) int64
	// DocumentBytes estimates the memory that the document of a subscription takes; nil: eight
	// bytes for each byte of its text.
	DocumentBytes func(*graphql.OperationContext) int64
	// ResponseRefused, if set, is called when a query or mutation is not executed because there is
	// no memory for its response: with the errors of the response, and how long the operation has
	// waited.
	ResponseRefused func(ctx context.Context, op *graphql.OperationContext, errs gqlerror.List, waited time.Duration)
	// Reporter logs which limits are reached; nil: they are not logged.
	Reporter *limit.Reporter
	// RateLimiters limits how often connections may be opened and tokens rejected.
	RateLimiters limit.RateLimiters
	// Proxies are the proxies that are trusted to name the address of a request's client.
	Proxies Proxies
}

// GraphQL is a GraphQL server. New adds transports and extensions to it. The transports pass the
// variables of an operation as [encoding/json.RawMessage].
type GraphQL interface {
	http.Handler
	Use(extension graphql.HandlerExtension)
	AddTransport(transport graphql.Transport)
}

// Observer receives the counts of a [Server]. Its methods must not block and must be safe for
// concurrent use.
type Observer interface {
	// Request is called when a request has been answered. route is one of few.
	Request(route string, status int, took time.Duration)
	// SocketClosed is called when the server closes a WebSocket, and SocketTooSlow when it aborts
	// one whose client reads too slowly.
	SocketClosed(code uint16)
	SocketTooSlow()
}

// noObserver is an [Observer] that does nothing.
type noObserver struct{}

func (noObserver) Request(string, int, time.Duration) {}
func (noObserver) SocketClosed(uint16)                {}
func (noObserver) SocketTooSlow()                     {}

// Server is the [http.Handler] of all paths that Parley serves. Create it with [New].
//
// The [http.Server] around it must have deadlines for reading and writing requests, which GraphQL
// requests replace by their own, and for idle connections. The deadlines do not apply to
// WebSockets.
type Server struct {
	handler     http.Handler
	connections *connections
	budgets     *budgets
}

// New returns a server that executes queries and mutations with gql, starts subscriptions with
// subscribe, and verifies tokens with verifier.
//
// gql must have its schema, caches, extensions and error presenter, but no transports. New adds the
// transports. gql must not be used for a second server.
func New(gql GraphQL, subscribe Subscribe, verifier Verifier, cfg Config) *Server {
	log := cfg.Logger
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	guard := cfg.Panics
	if guard == nil {
		guard = panics.NewGuard(log)
	}
	limits := cfg.Limits.withDefaults()
	origins := newOrigins(cfg.AllowedOrigins, cfg.Development)
	if cfg.DocumentBytes == nil {
		cfg.DocumentBytes = func(op *graphql.OperationContext) int64 {
			return 8 * int64(len(op.RawQuery))
		}
	}
	budgets := newBudgets(limits, cfg.Reporter, cfg.DocumentBytes)
	connections := newConnections(connectionLimitsOf(limits), budgets.connections, cfg.Reporter)
	observer := cfg.Observer
	if observer == nil {
		observer = noObserver{}
	}
	connections.closed = observer.SocketClosed
	responder := &responder{
		memory:   cfg.ResponseMemory,
		requests: budgets.requests,
		large:    newLargeRequests(cfg.Reporter),
		estimate: cfg.EstimateResponse,
		refused:  cfg.ResponseRefused,
		limits:   limits,
		log:      log,
		panics:   guard,
	}
	if responder.estimate == nil {
		responder.estimate = func(*graphql.OperationContext) int64 { return 0 }
	}
	if responder.refused == nil {
		responder.refused = func(context.Context, *graphql.OperationContext, gqlerror.List, time.Duration) {}
	}
	authenticator := &authenticator{verifier, cfg.RateLimiters.Tokens, log}
	upgrader := newUpgrader(
		responder,
		authenticator,
		origins,
		limits,
		cfg.RateLimiters,
		connections,
		budgets,
		log,
	)
	upgrader.wire.OnSlowClient = observer.SocketTooSlow
	upgrader.wire.Panics = guard

	subscribe = withSetupTimeout(subscribe, limits.Operation)

	gql.AddTransport(&webSocketTransport{upgrader: upgrader, subscribe: subscribe})
	for _, format := range []*streamFormat{serverSentEvents(), multipartSubscriptions()} {
		gql.AddTransport(&eventTransport{
			responder:   responder,
			format:      format,
			subscribe:   subscribe,
			limiters:    cfg.RateLimiters,
			connections: connections,
			budgets:     budgets,
		})
	}
	gql.AddTransport(&httpTransport{responder: responder, log: log})

	mux := http.NewServeMux()
	tickets := newTickets(guard)
	endpoint := tickets.withTicket(gql, authenticator.withIdentity(gql))
	mux.Handle("/graphql", withPlayground(cfg.Playground, endpoint))
	mux.Handle("/ticket", authenticator.withIdentity(http.HandlerFunc(tickets.serve)))
	mux.Handle("/healthz", readOnly(http.HandlerFunc(serveHealth)))
	mux.Handle(
		"/readyz",
		readOnly(serveReadiness(cfg.Ready, cfg.Connected, connections, limits.Ready, log)),
	)
	mux.Handle("/", http.HandlerFunc(notFound))
	if cfg.Metrics != nil {
		mux.Handle("/metrics", readOnly(cfg.Metrics))
	}
	if cfg.Legacy != nil {
		for _, path := range cfg.Legacy.Paths() {
			mux.Handle(path, upgrader.legacyHTTP(cfg.Legacy))
		}
		mux.Handle("/ws", upgrader.legacySockets(cfg.Legacy))
	}
	if cfg.SDL != "" {
		mux.Handle("/schema.graphql", readOnly(serveSchema(cfg.SDL)))
	}
	if cfg.Playground != nil {
		mux.Handle("/{$}", readOnly(cfg.Playground))
		mux.Handle("/playground/", readOnly(missingAsJSON(cfg.Playground)))
	}
	if cfg.App != nil {
		mux.Handle("/app", readOnly(cfg.App))
		mux.Handle("/app/", readOnly(missingAsJSON(cfg.App)))
	}

	var h http.Handler = mux
	h = withCORS(origins, h)
	if cfg.Development {
		h = localOnly(h)
	}
	h = withSecurityHeaders(h)
	h = withRecovery(guard, h)
	h = withAccessLog(log, mux, observer.Request, cfg.Trace, h)
	h = withAddress(cfg.Proxies, cfg.Development, log, h)
	h = withRequestID(h)
	return &Server{handler: h, connections: connections, budgets: budgets}
}

// ConnectionKinds returns the kinds of the connections that outlive their request: WebSockets by
// subprotocol, event streams by format, and legacy WebSockets. They are labels of the metrics.
func ConnectionKinds() []string {
	return []string{
		kindTransportWS,
		kindSubscriptionsWS,
		kindEventStream,
		kindMultipart,
		kindLegacy,
		kindUnknown,
	}
}

const (
	kindTransportWS     = protocolTransportWS
	kindSubscriptionsWS = protocolSubscriptionsWS
	kindEventStream     = "sse"
	kindMultipart       = "multipart"
	kindLegacy          = "legacy"
	kindUnknown         = "none"
)

// OpenConnections returns the number of open connections by kind.
func (s *Server) OpenConnections() map[string]int { return s.connections.kinds() }

// ServeHTTP implements [http.Handler].
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// ConnectionStats returns the current figures of the connections.
func (s *Server) ConnectionStats() ConnectionStats { return s.connections.stats() }

// Memory returns the memory budgets of the server by name. The names are labels of the metrics.
func (s *Server) Memory() map[string]*limit.Memory {
	return map[string]*limit.Memory{
		budgetRequests:    s.budgets.requests,
		budgetMessages:    s.budgets.messages,
		budgetConnections: s.budgets.connections,
	}
}

// Shutdown closes all WebSockets with 1012, so that clients reconnect to another node or to the
// next process, and waits until all of their operations have ended. If ctx ends first, Shutdown
// aborts the connections and returns the error of ctx. From the beginning the server refuses new
// WebSockets, and /readyz responds with 503. Plain requests are drained by [http.Server.Shutdown],
// which ignores WebSockets.
func (s *Server) Shutdown(ctx context.Context) error { return s.connections.shutdown(ctx) }

// serveSchema serves the SDL. Clients that cache it revalidate it by its hash.
func serveSchema(sdl string) http.Handler {
	sum := sha256.Sum256([]byte(sdl))
	etag := `"` + hex.EncodeToString(sum[:16]) + `"`
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Cache-Control", "no-cache")
		w.Header().Set("ETag", etag)
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader(sdl))
	})
}

func notFound(w http.ResponseWriter, _ *http.Request) {
	refuse(
		w,
		&refusal{
			status:  http.StatusNotFound,
			code:    codeNotFound,
			message: "There is nothing at this path; GraphQL is at /graphql.",
		},
	)
}

// withPlayground redirects browsers that open the endpoint without an operation to the playground,
// if there is one.
func withPlayground(playground, next http.Handler) http.Handler {
	if playground == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet && r.URL.RawQuery == "" &&
			prefersPage(r.Header.Values("Accept")) {
			w.Header().Add("Vary", "Accept")
			w.Header().Set("Cache-Control", "no-store")
			http.Redirect(w, r, "/", http.StatusFound)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// missingAsJSON replaces the 404 responses of next by those of notFound.
func missingAsJSON(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(&missingWriter{ResponseWriter: w, request: r}, r)
	})
}

type missingWriter struct {
	http.ResponseWriter
	request *http.Request
	missing bool
}

func (w *missingWriter) WriteHeader(status int) {
	if status != http.StatusNotFound {
		w.ResponseWriter.WriteHeader(status)
		return
	}
	w.missing = true
	w.Header().Del("Content-Type")
	notFound(w.ResponseWriter, w.request)
}

func (w *missingWriter) Write(b []byte) (int, error) {
	if w.missing {
		return len(b), nil // discard the handler's text
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap lets [http.ResponseController] reach the connection.
func (w *missingWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// readOnly refuses methods other than GET and HEAD.
func readOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			refuse(w, methodNotAllowed("GET, HEAD"))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// Package web is Parley's HTTP side: the routes, GraphQL over HTTP and over WebSocket, the pages,
// and what tells an operator whether the server lives. What the operations mean is none of its
// business: it is handed a GraphQL server.
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

// Config configures a [Server]. Its zero value is a working, strict server.
type Config struct {
	// SDL is the schema in GraphQL's definition language, served at /schema.graphql; nothing is
	// served there without it.
	SDL string
	// Playground answers "/" and everything below "/playground/"; nil: there is none.
	Playground http.Handler
	// App answers "/app" and everything below it; nil: there is none.
	App http.Handler
	// Older answers its paths, and "/ws"; nil: there are none.
	Older Older
	// Ready tells /readyz whether what the server needs (the database) can be reached; nil: always.
	Ready func(context.Context) error
	// Connected tells /readyz whether the other nodes are heard; nil: there are none. Without it
	// all is delivered, but later.
	Connected func() bool
	// AllowedOrigins are the origins (scheme://host[:port]) whose pages may use the server besides
	// its own, or "*" for all. It decides for CORS and for WebSockets alike.
	AllowedOrigins []string
	// Development also admits pages of any loopback origin, and answers under loopback host names
	// only: a web site that makes its own name resolve to 127.0.0.1 (DNS rebinding) is of another
	// host. It refuses what was forwarded for another machine.
	Development bool
	// Logger receives the access log (Debug) and faults of the server (Error), each with the
	// context of its request, from which it adds the id (reqid.Logs); nil: nothing is logged.
	Logger *slog.Logger
	// Panics contains the panics of requests, sockets and operations; nil: one that logs to Logger.
	Panics *panics.Guard
	Limits Limits
	// Metrics answers /metrics; nil: nothing is there.
	Metrics http.Handler
	// Trace, if set, is called when a request comes. What it returns is used from then on, and
	// called with the answer: route is one of few.
	Trace func(*http.Request) (*http.Request, func(route string, status int))
	// Observer observes requests and sockets; nil: nothing does.
	Observer Observer
	// Answers is the memory for answers to queries and mutations, and Weigh tells how much of it
	// one may take while it is made, 0 where that is little; nil: there is no bound.
	Answers *limit.Memory
	Weigh   func(*graphql.OperationContext) int64
	// DocumentBytes estimates what the document of a subscription takes of memory; nil: eight bytes
	// for each of its text.
	DocumentBytes func(*graphql.OperationContext) int64
	// Refused, if set, is called when there is no memory for the answer to a query or mutation,
	// which is then never executed: with what is answered instead, and how long it has waited.
	Refused func(ctx context.Context, op *graphql.OperationContext, errs gqlerror.List, waited time.Duration)
	// Reporter logs which limits are reached; nil: they are not logged.
	Reporter *limit.Reporter
	// Gates say how often connections may be opened.
	RateLimiters limit.RateLimiters
	// Proxies are believed about the client's address.
	Proxies Proxies
}

// GraphQL is a GraphQL server. New adds its transports to it, and extensions that they need. The
// variables of an operation that a transport hands over are of type [encoding/json.RawMessage].
type GraphQL interface {
	http.Handler
	Use(extension graphql.HandlerExtension)
	AddTransport(transport graphql.Transport)
}

// Observer counts what happens.
type Observer interface {
	// Request is called when a request has been answered: route is one of few.
	Request(route string, status int, took time.Duration)
	// SocketClosed is called when the server closes a WebSocket, and SocketTooSlow when it cuts one
	// off that does not take what is sent to it.
	SocketClosed(code uint16)
	SocketTooSlow()
}

// noObserver is an observer that does nothing.
type noObserver struct{}

func (noObserver) Request(string, int, time.Duration) {}
func (noObserver) SocketClosed(uint16)                {}
func (noObserver) SocketTooSlow()                     {}

// Limits bound what one client can cost. A zero value stands for the default.
type Limits struct {
	// Body is the size of a request's body in bytes: 1 MiB by default, some sixty of the longest
	// messages. An anonymous client may send 16 KiB more than Document at most.
	Body int64
	// RequestBytes is how much memory requests may take, by estimate, from before they are read
	// until they have been answered: 256 MiB by default.
	RequestBytes int64
	// Document is the length of an operation's document, the query without its variables, in bytes:
	// 64 KiB by default. Parsing one costs many times its length in memory.
	Document int
	// Read is how long a client may take to send a body, of which the first half does not depend on
	// how much has come, and Write how long to take a response or a WebSocket message: 10 s each by
	// default. A slower client is disconnected.
	Read, Write time.Duration
	// Operation bounds a query, a mutation and the setup of a subscription, a new user's first
	// request included: 30 s by default.
	Operation time.Duration
	// Ready is how long /readyz waits for an answer: 2 s by default, less than the usual probe's
	// patience.
	Ready time.Duration

	// SocketInit is how long a new WebSocket may wait with its connection_init: 10 s by default.
	SocketInit time.Duration
	// SocketAnonymous is how long a WebSocket or event stream may last without a token: a minute by
	// default.
	SocketAnonymous time.Duration
	// SocketPing is the time between two pings; a socket that has not answered one before the next
	// but one is closed. 25 s by default: proxies commonly drop what was silent for 60 s.
	SocketPing time.Duration
	// SocketMessage is the size of a WebSocket message from a client in bytes: as Body by default.
	// An anonymous client may send 64 KiB at most.
	SocketMessage int64
	// SocketFrames is how many frames a second of a WebSocket are read, after twice as many at
	// once: 500 by default. The server reads more of them more slowly.
	SocketFrames int
	// SocketOperations is how many operations a socket may have running: 100 by default. As many
	// more may be about to end that the client has completed.
	SocketOperations int
	// SocketsPerson is how many WebSockets and event streams a user may have open: 100 by default.
	SocketsPerson int
	// Sockets is how many WebSockets and event streams there may be at a time, of all clients:
	// 50,000 by default. An address may have half of them, and a quarter may be without a token, a
	// tenth of those from one address.
	Sockets int
	// SocketBytes is how much memory they may take, by estimate: 1 GiB by default. A quarter is for
	// messages that are coming, the rest for connections and what runs on them.
	SocketBytes int64
}

func (l Limits) withDefaults() Limits {
	l.Body = or(l.Body, 1<<20)
	l.Document = or(l.Document, 64<<10)
	l.RequestBytes = or(l.RequestBytes, 256<<20)
	l.Read = or(l.Read, 10*time.Second)
	l.Write = or(l.Write, 10*time.Second)
	l.Operation = or(l.Operation, 30*time.Second)
	l.Ready = or(l.Ready, 2*time.Second)
	l.SocketInit = or(l.SocketInit, 10*time.Second)
	l.SocketAnonymous = or(l.SocketAnonymous, time.Minute)
	l.SocketPing = or(l.SocketPing, 25*time.Second)
	l.SocketMessage = or(l.SocketMessage, l.Body)
	l.SocketFrames = or(l.SocketFrames, 500)
	l.SocketOperations = or(l.SocketOperations, 100)
	l.SocketsPerson = or(l.SocketsPerson, 100)
	l.Sockets = or(l.Sockets, 50_000)
	l.SocketBytes = or(l.SocketBytes, 1<<30)
	return l
}

func or[T int | int64 | time.Duration](value, fallback T) T {
	if value > 0 {
		return value
	}
	return fallback
}

// Server is the [http.Handler] of everything that Parley serves. Make one with [New].
//
// The [http.Server] around it must have deadlines for all that is not GraphQL: for reading and
// writing a request, which GraphQL's own replace, and for idle connections. WebSockets are free of
// them.
type Server struct {
	handler http.Handler
	sockets *sockets
	budgets *budgets
}

// New returns a server that answers queries and mutations with gql, starts subscriptions with
// subscribe, and asks verifier who a token belongs to.
//
// gql comes with its schema, caches, extensions and error presenter, and without transports: New
// adds those, and an extension of its own (no @defer). It must not be used for a second server.
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
	sockets := newSockets(connectionLimitsOf(limits), budgets.connections, cfg.Reporter)
	observer := cfg.Observer
	if observer == nil {
		observer = noObserver{}
	}
	sockets.closed = observer.SocketClosed
	answers := &answers{
		memory:   cfg.Answers,
		requests: budgets.requests,
		heavy:    newHeavy(cfg.Reporter),
		weigh:    cfg.Weigh,
		refused:  cfg.Refused,
		limits:   limits,
		log:      log,
		panics:   guard,
	}
	if answers.weigh == nil {
		answers.weigh = func(*graphql.OperationContext) int64 { return 0 }
	}
	if answers.refused == nil {
		answers.refused = func(context.Context, *graphql.OperationContext, gqlerror.List, time.Duration) {}
	}
	door := newDoor(answers, verifier, origins, limits, cfg.RateLimiters, sockets, budgets, log)
	door.listener.OnSlowClient = observer.SocketTooSlow
	door.listener.Panics = guard

	subscribe = limited(subscribe, limits.Operation)

	gql.Use(noDefer{})
	gql.AddTransport(&webSocket{door: door, subscribe: subscribe})
	gql.AddTransport(&events{
		answers:   answers,
		subscribe: subscribe,
		limiters:  cfg.RateLimiters,
		sockets:   sockets,
		budgets:   budgets,
		log:       log,
	})
	gql.AddTransport(&overHTTP{answers: answers, log: log})

	mux := http.NewServeMux()
	mux.Handle("/graphql", authenticated(verifier, log, gql))
	mux.Handle("/healthz", readOnly(http.HandlerFunc(healthy)))
	mux.Handle("/readyz", readOnly(ready(cfg.Ready, cfg.Connected, sockets, limits.Ready, log)))
	mux.Handle("/", http.HandlerFunc(notFound))
	if cfg.Metrics != nil {
		mux.Handle("/metrics", readOnly(cfg.Metrics))
	}
	if cfg.Older != nil {
		for _, path := range cfg.Older.Paths() {
			mux.Handle(path, door.olderHTTP(cfg.Older))
		}
		mux.Handle("/ws", door.talks(cfg.Older))
	}
	if cfg.SDL != "" {
		mux.Handle("/schema.graphql", readOnly(schema(cfg.SDL)))
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
	h = crossOrigin(origins, h)
	if cfg.Development {
		h = localOnly(h)
	}
	h = secured(h)
	h = recovered(guard, h)
	h = logged(log, mux, observer.Request, cfg.Trace, h)
	h = addressed(cfg.Proxies, cfg.Development, log, h)
	h = identified(h)
	return &Server{handler: h, sockets: sockets, budgets: budgets}
}

// Connections are the kinds of connections that live on behind their request: WebSockets by
// subprotocol, event streams, and those of the older message interface.
func Connections() []string {
	return []string{kindTransport, kindOlder, kindEvents, kindTalk, kindNone}
}

const (
	kindTransport = modern
	kindOlder     = legacy
	kindEvents    = "sse"
	kindTalk      = "talk"
	kindNone      = "none"
)

// Open counts the connections that are open, by kind.
func (s *Server) Open() map[string]int { return s.sockets.kinds() }

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Room is how many connections there are just now.
func (s *Server) Room() Room { return s.sockets.now() }

// Memory returns the memory budgets of the server by name. Each is a label of the metrics.
func (s *Server) Memory() map[string]*limit.Memory {
	return map[string]*limit.Memory{
		budgetRequests:    s.budgets.requests,
		budgetMessages:    s.budgets.messages,
		budgetConnections: s.budgets.connections,
	}
}

// Shutdown closes all WebSockets with 1012 (clients reconnect, to another node or to the next
// process) and waits until everything that ran for them has ended. When ctx ends first they are cut
// off, and its error is returned. From its first moment new WebSockets are refused and /readyz
// answers 503; plain requests are for [http.Server.Shutdown] to drain, which knows nothing of
// WebSockets.
func (s *Server) Shutdown(ctx context.Context) error { return s.sockets.shutdown(ctx) }

// schema serves the SDL. Clients that keep a copy revalidate it by its hash.
func schema(sdl string) http.Handler {
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

// missingAsJSON answers as notFound does where next answers 404.
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
		return len(b), nil // the handler's own words
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap lets [http.ResponseController] reach the connection.
func (w *missingWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// readOnly lets GET and HEAD pass.
func readOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			refuse(w, methodNotAllowed("GET, HEAD"))
			return
		}
		next.ServeHTTP(w, r)
	})
}

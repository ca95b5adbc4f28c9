// Package app wires Parley together: the database, the domain, the live side, GraphQL and HTTP.
// Only main and tests import it.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"sync"
	"time"

	"parley/ent"
	"parley/graph"
	opguard "parley/graph/guard"
	"parley/internal/auth"
	"parley/internal/broker"
	"parley/internal/chat"
	"parley/internal/chat/profiles"
	"parley/internal/chat/roomlog"
	"parley/internal/chat/write"
	"parley/internal/compat"
	"parley/internal/config"
	"parley/internal/limit"
	"parley/internal/live"
	"parley/internal/metrics"
	"parley/internal/panics"
	"parley/internal/reqid"
	"parley/internal/store"
	"parley/internal/tracing"
	"parley/internal/web"
	webassets "parley/web"
)

// Options are for tests. The zero value is right for a server.
type Options struct {
	// Observe is called with each SQL statement, from many goroutines at once.
	Observe func(ctx context.Context, query string)
	// Version is the program's.
	Version string
	// PollInterval is that of [live.Options].
	PollInterval time.Duration
	// Limits are the web side's, 0 for its defaults. The configuration has the size of a body, and
	// the room for sockets.
	Limits web.Limits
	// DevelopmentKeys is the folder of the development key of PostgreSQL databases. The default is
	// the configuration folder of the user.
	DevelopmentKeys string
	// Publisher, if set, returns what carries publications to the hub instead of a broker.
	Publisher func(broker.Listener) write.Publisher
}

// App is one node of Parley, ready to serve.
type App struct {
	// stop ends what runs in the background, and background is done when it has ended.
	stop       context.CancelFunc
	background sync.WaitGroup
	handler    *web.Server
	metrics    *metrics.Metrics
	hub        *live.Hub
	node       *broker.Node // nil where there is one only
	db         *store.DB
	verifier   *auth.Verifier
	panics     *panics.Guard
	traced     func() // ends the tracing
}

// New opens the database, brings its schema up to date and wires everything up. Close ends it.
func New(
	ctx context.Context,
	cfg config.Config,
	logger *slog.Logger,
	opts Options,
) (_ *App, err error) {
	trusted, err := trustedDocuments(cfg.TrustedDocuments)
	if err != nil {
		return nil, &config.InvalidError{Err: err}
	}
	logger = slog.New(reqid.Logs(logger.Handler()))
	guard := panics.NewGuard(slog.New(tracing.Logs(logger.Handler())))
	traces, logger, err := newTraces(ctx, cfg, opts.Version, logger, guard)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			traces.flush(ctx, logger)
		}
	}()
	database := databaseOptions(cfg, logger, opts, guard)
	database.Trace = traces.statement
	db, err := openDatabase(ctx, cfg, database)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, db.Close())
		}
	}()
	verifier, signIn, err := authenticator(
		context.WithoutCancel(ctx), cfg, opts, logger, guard,
	) // it fetches keys until Close
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			verifier.Close()
		}
	}()
	searches := max(1, cfg.DBMaxConns/searchesFraction)
	reporter := limit.NewReporter(logger)
	limiters := newRateLimiters(cfg.Rates(), reporter)
	client := ent.NewClient(ent.Driver(db.Driver()))
	read := logs{roomlog.New(client, db.Dialect())}
	hub := live.NewHub(context.WithoutCancel(ctx), read, read, live.Options{
		PollInterval: opts.PollInterval,
		CheckPrimary: db.CheckTimeline, WentBack: db.WentBack, Timeline: db.Timeline,
		Logger: logger, Panics: guard,
	})
	db.OnMove(hub.Rewind)
	defer func() {
		if err != nil {
			hub.Close()
		}
	}()
	users := profiles.NewUsers(db.Dialect(), db.Generation)
	publisher, node, err := connect(
		ctx,
		cfg,
		database,
		publicationReceiver{hub, users, db},
		logger,
		opts,
	)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil && node != nil {
			err = errors.Join(err, node.Close())
		}
	}()
	domain, err := chat.New(client, users, publisher, chat.Options{
		Dialect: db.Dialect(), Searches: searches, KeyAttempts: limiters.Keys, Panics: guard,
		History: db,
	})
	if err != nil {
		return nil, err
	}
	counted := metrics.New(opts.Version, guard)
	limits := opts.Limits
	limits.Body, limits.RequestBytes = cfg.MaxBodyBytes, cfg.MaxRequestMemory
	limits.Sockets, limits.SocketBytes = cfg.MaxSockets, cfg.MaxSocketMemory
	limits.SocketOperations = cfg.MaxSocketOperations
	responses, events := newResponseMemory(cfg, reporter)
	streams := newStreamMemory(cfg, reporter)
	gql := graph.New(domain, hub, graph.Options{
		SignIn:        signIn,
		Introspection: cfg.IntrospectionOn(),
		Trusted:       trusted,
		Limits: opguard.Limits{
			Depth:   cfg.MaxDepth,
			Cost:    cfg.MaxComplexity,
			Aliases: cfg.MaxAliases,
		},
		RateLimiters: limiters,
		Events:       events,
		Streams:      streams,
		Panics:       guard,
		Logger:       logger,
		Done:         counted.Operation,
		Trace:        traces.operation,
	})
	var public http.Handler
	if cfg.MetricsPublic() {
		public = counted.Handler()
	}
	page := webassets.PageConfig{Endpoint: "/graphql", SignIn: cfg.Development()}
	var connected func() bool
	if node != nil {
		connected = node.Connected
	}
	handler := web.New(gql.Server, gql.Subscribe, verifier, web.Config{
		SDL:              graph.SDL(),
		Playground:       webassets.Playground(page),
		App:              webassets.App(page),
		Legacy:           compat.New(domain, limiters.Mutations, responses, logger),
		Ready:            db.Ping,
		Connected:        connected,
		AllowedOrigins:   cfg.AllowedOrigins,
		Development:      cfg.Development(),
		Logger:           logger,
		Panics:           guard,
		Limits:           limits,
		Metrics:          public,
		Trace:            traces.request,
		Observer:         counted,
		ResponseMemory:   responses,
		EstimateResponse: opguard.EstimatedBytes,
		DocumentBytes:    opguard.DocumentBytes,
		ResponseRefused:  gql.ReportRefused,
		Reporter:         reporter,
		RateLimiters:     limiters,
		Proxies:          newProxies(cfg),
	})
	if trusted != nil {
		logger.Info("executing trusted documents only", "documents", trusted.Size())
	}
	registerMetrics(counted, domain, hub, node, db, limiters, handler)
	budgets := map[string]func() limit.MemoryStats{
		budgetResponses: responses.Stats,
		budgetEvents:    events.Stats,
		budgetStreams:   streams.Stats,
	}
	for name, memory := range handler.Memory() {
		budgets[name] = memory.Stats
	}
	registerMemory(counted, budgets)
	registerPanics(counted, guard)
	a := &App{
		metrics: counted, handler: handler, hub: hub, node: node, db: db, verifier: verifier,
		panics: guard,
	}
	a.traced = func() { traces.flush(ctx, logger) }
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	a.stop = stop
	if interval := pruneInterval(cfg); interval > 0 {
		// It ends with Close.
		a.background.Go(guard.Wrap(background, panics.Background, func() {
			pruneRegularly(background, domain, cfg, interval, logger, guard)
		}, nil))
	}
	return a, nil
}

// databaseOptions returns the options of the database without tracing.
func databaseOptions(
	cfg config.Config, logger *slog.Logger, opts Options, guard *panics.Guard,
) store.Options {
	return store.Options{
		Logger:         logger,
		MaxOpenConns:   cfg.DBMaxConns,
		StatementCache: statementCache(cfg.DBStatementCache),
		Observe:        opts.Observe,
		Panics:         guard,
		Synchronous:    store.Synchronous(cfg.SQLiteSynchronous),
	}
}

// openDatabase opens the database and migrates it.
func openDatabase(
	ctx context.Context, cfg config.Config, opts store.Options,
) (*store.DB, error) {
	db, err := store.Open(ctx, string(cfg.DatabaseURL), opts)
	if store.IsUnusable(err) {
		return nil, &config.InvalidError{Err: err}
	}
	return db, err
}

// trustedDocuments reads the manifest at path; nil where there is none to read.
func trustedDocuments(path string) (*opguard.Manifest, error) {
	if path == "" {
		return nil, nil //nolint:nilnil // every document is answered
	}
	manifest, err := readManifest(path)
	if err != nil {
		return nil, fmt.Errorf(
			"PARLEY_TRUSTED_DOCUMENTS (--trusted-documents), %s: %w", path, err,
		)
	}
	return manifest, nil
}

func readManifest(path string) (*opguard.Manifest, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return graph.ReadManifest(file)
}

// connect returns what publishes to the hub, and to the hubs of other nodes, and the node; nil if
// there are no others, or a test carries the publications.
func connect(
	ctx context.Context,
	cfg config.Config,
	database store.Options,
	l broker.Listener,
	logger *slog.Logger,
	opts Options,
) (write.Publisher, *broker.Node, error) {
	var node *broker.Node
	var err error
	switch {
	case opts.Publisher != nil:
		return opts.Publisher(l), nil, nil
	case cfg.NATSURL != "":
		node, err = broker.NewNATS(ctx, string(cfg.NATSURL), l, logger, database.Panics)
	case cfg.Postgres():
		var notifications *store.Notifications
		if notifications, err = store.OpenNotifications(
			ctx,
			string(cfg.DatabaseURL),
			database,
		); err == nil {
			node, err = broker.NewPostgres(ctx, notifications, l, logger, database.Panics)
		}
	default:
		var memory broker.Memory
		memory.Listen(l)
		return &memory, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	return node, node, nil
}

// publicationReceiver passes publications to the hub, and profile changes to the cache of users.
type publicationReceiver struct {
	*live.Hub
	users   *profiles.Users
	history write.History
}

// Receive implements [broker.Listener].
func (r publicationReceiver) Receive(p broker.Publication) {
	if len(p.Profiles) == 0 {
		r.Hub.Receive(p)
		return
	}
	generation := r.history.Generation() // before the timeline, which is not an earlier one then
	if p.MayBeOf(r.history.Timeline()) {
		r.users.Apply(generation, p.Profiles)
	}
}

// statementCache is the setting in the terms of the store, where 0 stands for its default.
func statementCache(statements int) int {
	if statements == 0 {
		return -1
	}
	return statements
}

// Handler answers everything that the node serves.
func (a *App) Handler() http.Handler { return a.handler }

// Shutdown closes the sockets and waits for what runs on them, until ctx ends.
func (a *App) Shutdown(ctx context.Context) error { return a.handler.Shutdown(ctx) }

// Close releases the database and whatever runs in the background. Call it when nothing is served
// any more.
func (a *App) Close() error {
	a.stop()
	a.background.Wait()
	var err error
	if a.node != nil {
		err = a.node.Close()
	}
	a.hub.Close()
	a.verifier.Close()
	err = errors.Join(err, a.db.Close())
	a.traced()
	return err
}

// newProxies returns the proxies that are trusted.
func newProxies(cfg config.Config) web.Proxies {
	return web.Proxies{Trusted: cfg.Proxies(), Forwarded: cfg.ForwardedHeader()}
}

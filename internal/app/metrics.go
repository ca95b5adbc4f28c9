package app

import (
	"database/sql"
	"net/http"
	"net/http/pprof"

	"parley/internal/broker"
	"parley/internal/chat"
	"parley/internal/limit"
	"parley/internal/live"
	"parley/internal/metrics"
	"parley/internal/panics"
	"parley/internal/store"
	"parley/internal/web"
)

// registerMetrics adds the figures of the node's parts to the metrics.
func registerMetrics(
	m *metrics.Metrics,
	domain *chat.Chat,
	hub *live.Hub,
	node *broker.Node,
	db *store.DB,
	limiters limit.RateLimiters,
	served *web.Server,
) {
	registerChat(m, domain)
	registerRateLimiters(m, limiters)
	registerLive(m, hub)
	if node != nil {
		registerBroker(m, node)
	}
	registerStore(m, db)
	type kinds = map[string]int
	var connections []metrics.Metric[kinds]
	for _, kind := range web.ConnectionKinds() {
		connections = append(connections, metrics.Gauge("parley_connections",
			"Open WebSockets and event streams, by protocol.",
			func(k kinds) int { return k[kind] }, "kind", kind))
	}
	metrics.Register(m, served.OpenConnections, connections...)
	metrics.Register(m, served.ConnectionStats,
		metrics.Counter("parley_connections_rejected_total",
			"WebSockets and event streams that were rejected.",
			func(r web.ConnectionStats) int64 { return r.Refused }),
		metrics.Gauge("parley_connections_anonymous",
			"Open WebSockets and event streams without a token.",
			func(r web.ConnectionStats) int64 { return r.Anonymous }),
	)
}

func registerChat(m *metrics.Metrics, domain *chat.Chat) {
	type stats = chat.Stats
	const retries = "Transactions that were retried, by reason."
	const batches = "Transactions that wrote the batches of a write queue."
	const writes = "Messages and rooms that were written in batches."
	const length = "Messages and rooms that wait in a write queue."
	const pruned = "Events, messages and deleted rooms that this node has pruned."
	const userCache = "Users that were requested from the cache, by result."
	metrics.Register(m, domain.Stats,
		metrics.Counter("parley_transaction_retries_total", retries,
			func(s stats) int64 { return s.Attempts.Conflicts }, "reason", "conflict"),
		metrics.Counter("parley_transaction_retries_total", retries,
			func(s stats) int64 { return s.Attempts.Stale }, "reason", "stale"),
		metrics.Counter("parley_transaction_retries_total", retries,
			func(s stats) int64 { return s.Attempts.Unknown }, "reason", "unknown_outcome"),
		metrics.Counter("parley_write_batches_total", batches,
			func(s stats) int64 { return s.Sends.Batches }, "queue", "messages"),
		metrics.Counter("parley_write_batches_total", batches,
			func(s stats) int64 { return s.Creations.Batches }, "queue", "rooms"),
		metrics.Counter("parley_batched_writes_total", writes,
			func(s stats) int64 { return s.Sends.Writes }, "queue", "messages"),
		metrics.Counter("parley_batched_writes_total", writes,
			func(s stats) int64 { return s.Creations.Writes }, "queue", "rooms"),
		metrics.Gauge("parley_write_queue_length", length,
			func(s stats) int64 { return s.Sends.Waiting }, "queue", "messages"),
		metrics.Gauge("parley_write_queue_length", length,
			func(s stats) int64 { return s.Creations.Waiting }, "queue", "rooms"),
		metrics.Counter("parley_pruned_total", pruned,
			func(s stats) int64 { return s.Pruned.Events }, "kind", "events"),
		metrics.Counter("parley_pruned_total", pruned,
			func(s stats) int64 { return s.Pruned.Messages }, "kind", "messages"),
		metrics.Counter("parley_pruned_total", pruned,
			func(s stats) int64 { return s.Pruned.Rooms }, "kind", "rooms"),
		metrics.Counter("parley_user_cache_requests_total", userCache,
			func(s stats) int64 { return s.Users.Cached }, "result", "hit"),
		metrics.Counter("parley_user_cache_requests_total", userCache,
			func(s stats) int64 { return s.Users.Read }, "result", "miss"),
		metrics.Gauge("parley_cache_bytes", "Estimated size of the cached rooms and users.",
			func(s stats) int64 { return s.RoomBytes + s.Users.Bytes }),
	)
}

func registerRateLimiters(m *metrics.Metrics, limiters limit.RateLimiters) {
	const help = "Requests that a rate limit rejected, by limit."
	for name, limiter := range map[string]*limit.RateLimiter{
		"mutations": limiters.Mutations, "sign_ins": limiters.SignIns,
		"tokens": limiters.Tokens, "keys": limiters.Keys,
		"connections": limiters.Connections, "subscriptions": limiters.Subscriptions,
		"queries": limiters.Queries,
	} {
		metrics.Register(m, limiter.Refused,
			metrics.Counter("parley_rate_limited_total", help,
				func(refused int64) int64 { return refused }, "limit", name),
		)
	}
}

// registerMemory adds the memory budgets, by name.
func registerMemory(m *metrics.Metrics, budgets map[string]func() limit.MemoryStats) {
	type stats = limit.MemoryStats
	for name, read := range budgets {
		metrics.Register(m, read,
			metrics.Gauge("parley_memory_limit_bytes", "Size of the memory budget.",
				func(s stats) int64 { return s.Limit }, "budget", name),
			metrics.Gauge("parley_memory_reserved_bytes", "Estimated memory that is reserved.",
				func(s stats) int64 { return s.Reserved }, "budget", name),
			metrics.Gauge("parley_memory_waiting_requests", "Requests that wait for memory.",
				func(s stats) int64 { return s.Waiting }, "budget", name),
			metrics.Counter("parley_memory_rejected_total",
				"Requests for memory that were rejected or timed out.",
				func(s stats) int64 { return s.Refused }, "budget", name),
		)
	}
}

func registerPanics(m *metrics.Metrics, guard *panics.Guard) {
	var numbers []metrics.Metric[*panics.Guard]
	for _, where := range panics.All() {
		numbers = append(numbers, metrics.Counter("parley_panics_total",
			"Panics that were recovered, by the kind of work that they ended.",
			func(g *panics.Guard) int64 { return g.Count(where) }, "where", where.String()))
	}
	metrics.Register(m, func() *panics.Guard { return guard }, numbers...)
}

func registerLive(m *metrics.Metrics, hub *live.Hub) {
	type stats = live.Stats
	metrics.Register(
		m,
		hub.Stats,
		metrics.Gauge("parley_topics", "Topics with subscribers on this node.",
			func(s stats) int64 { return s.Topics }),
		metrics.Gauge("parley_cohorts", "Groups of subscriptions that share their executions.",
			func(s stats) int64 { return s.Cohorts }),
		metrics.Gauge("parley_subscriptions", "Open subscriptions, except those to lists of rooms.",
			func(s stats) int64 { return s.Subscribers }),
		metrics.Gauge("parley_room_lists", "Open subscriptions to lists of rooms.",
			func(s stats) int64 { return s.Lists }),
		metrics.Gauge("parley_streams", "Open streams over all rooms of a user.",
			func(s stats) int64 { return s.Sessions }),
		metrics.Gauge(
			"parley_replay_buffer_bytes",
			"Payloads in memory for subscribers that are behind.",
			func(s stats) int64 { return s.BufferedBytes },
		),
		metrics.Counter("parley_executions_total", "Renderings of events, one for each cohort.",
			func(s stats) int64 { return s.Executions }),
		metrics.Counter("parley_deliveries_total", "Payloads that were delivered to subscriptions.",
			func(s stats) int64 { return s.Deliveries }),
		metrics.Counter("parley_delivered_bytes_total",
			"Size of the payloads that were delivered to subscriptions.",
			func(s stats) int64 { return s.Bytes }),
		metrics.Counter("parley_catch_up_pages_total",
			"Pages of history that were rendered for subscriptions that catch up.",
			func(s stats) int64 { return s.Pages }),
		metrics.Counter("parley_late_deliveries_total",
			"Payloads that a subscription could not take at once.",
			func(s stats) int64 { return s.Refusals }),
		metrics.Counter("parley_head_polls_total", "Polls of the heads of rooms.",
			func(s stats) int64 { return s.HeadPolls }),
		metrics.Counter("parley_log_reads_total",
			"Reads of the logs of rooms for new events that no publication carried.",
			func(s stats) int64 { return s.Reads }),
	)
}

func registerBroker(m *metrics.Metrics, node *broker.Node) {
	type stats = broker.Stats
	metrics.Register(m, node.Stats,
		metrics.Counter("parley_publications_sent_total", "Publications of this node.",
			func(s stats) int64 { return s.Published }),
		metrics.Counter("parley_publications_received_total", "Publications of other nodes.",
			func(s stats) int64 { return s.ReceivedPublications }),
		metrics.Counter("parley_publication_commits_sent_total",
			"Publications that were sent to other nodes with the events that they are about.",
			func(s stats) int64 { return s.PublishedCommits }),
		metrics.Counter("parley_publications_missed_total",
			"Times that publications may have been missed, and the node polled its rooms.",
			func(s stats) int64 { return s.Missed }),
		metrics.Counter("parley_broker_messages_sent_total",
			"Messages sent to other nodes, including heartbeats.",
			func(s stats) int64 { return s.Sent }),
		metrics.Counter("parley_broker_messages_failed_total",
			"Messages that could not be sent to other nodes.",
			func(s stats) int64 { return s.Failed }),
		metrics.Counter("parley_broker_messages_received_total",
			"Messages received, including those of this node.",
			func(s stats) int64 { return s.Received }),
		metrics.Counter("parley_broker_messages_unknown_total",
			"Messages of other nodes that could not be decoded.",
			func(s stats) int64 { return s.Unknown }),
		metrics.Gauge("parley_peers", "Other nodes that are up.",
			func(s stats) int64 { return s.Peers }),
	)
}

func registerStore(m *metrics.Metrics, db *store.DB) {
	type cache = store.CacheStats
	const statements = "Statements, by whether a prepared one was cached."
	metrics.Register(m, db.Statements,
		metrics.Counter("parley_statement_cache_requests_total", statements,
			func(c cache) int64 { return c.Hits }, "result", "hit"),
		metrics.Counter("parley_statement_cache_requests_total", statements,
			func(c cache) int64 { return c.Misses }, "result", "miss"),
		metrics.Counter("parley_statement_cache_evictions_total",
			"Prepared statements that were evicted.",
			func(c cache) int64 { return c.Evictions }),
	)
	type pool = sql.DBStats
	const connections = "Connections to the database, by pool and state."
	for _, name := range db.Pools() {
		metrics.Register(m, func() pool { return db.Pool(name) },
			metrics.Gauge("parley_db_connections", connections,
				func(p pool) int { return p.InUse }, "pool", name, "state", "in_use"),
			metrics.Gauge("parley_db_connections", connections,
				func(p pool) int { return p.Idle }, "pool", name, "state", "idle"),
			metrics.Gauge("parley_db_connections_max",
				"Maximum number of connections to the database, by pool.",
				func(p pool) int { return p.MaxOpenConnections }, "pool", name),
			metrics.Counter("parley_db_waits_total",
				"Waits for a connection, by pool.",
				func(p pool) int64 { return p.WaitCount }, "pool", name),
			metrics.Counter("parley_db_wait_seconds_total",
				"Time spent waiting for a connection, by pool.",
				func(p pool) float64 { return p.WaitDuration.Seconds() }, "pool", name),
		)
	}
}

// Operators returns the handler of the paths for operators: /metrics and /debug/pprof/.
func (a *App) Operators() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", a.metrics.Handler())
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	return mux
}

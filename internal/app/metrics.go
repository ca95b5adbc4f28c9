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

// show has the metrics show what the parts of the node count by themselves.
func show(
	m *metrics.Metrics,
	domain *chat.Chat,
	hub *live.Hub,
	node *broker.Node,
	db *store.DB,
	gates limit.Gates,
	served *web.Server,
) {
	showChat(m, domain)
	showGates(m, gates)
	showLive(m, hub)
	if node != nil {
		showBroker(m, node)
	}
	showStore(m, db)
	type kinds = map[string]int
	var connections []metrics.Number[kinds]
	for _, kind := range web.Connections() {
		connections = append(connections, metrics.Number[kinds]{
			Name: "parley_connections",
			Help: "WebSockets and event streams that are open, by what is spoken on them.",
			Labels: []string{
				"kind",
				kind,
			},
			Gauge: true,
			Of:    func(k kinds) float64 { return float64(k[kind]) },
		})
	}
	metrics.Show(m, served.Open, connections...)
	metrics.Show(
		m,
		served.Room,
		counter(
			"parley_connections_refused_total",
			"WebSockets and event streams that were refused.",
			func(r web.Room) int64 { return r.Refused },
		),
		gauge(
			"parley_connections_anonymous",
			"WebSockets and event streams without a token.",
			func(r web.Room) int64 { return r.Anonymous },
		),
	)
}

func counter[S any](name, help string, of func(S) int64, labels ...string) metrics.Number[S] {
	return metrics.Number[S]{
		Name:   name,
		Help:   help,
		Labels: labels,
		Of:     func(s S) float64 { return float64(of(s)) },
	}
}

func gauge[S any](name, help string, of func(S) int64, labels ...string) metrics.Number[S] {
	n := counter(name, help, of, labels...)
	n.Gauge = true
	return n
}

func showChat(m *metrics.Metrics, domain *chat.Chat) {
	type stats = chat.Stats
	const reruns = "Transactions that were run again, by why."
	const batches = "Transactions that did what several had asked for."
	const batched = "What was done together with others: messages sent, rooms made."
	const waiting = "What waits to be done together with others."
	const userCache = "Users that were needed, by whether they were cached."
	metrics.Show(
		m,
		domain.Stats,
		counter(
			"parley_transaction_reruns_total",
			reruns,
			func(s stats) int64 { return s.Attempts.Conflicts },
			"reason",
			"conflict",
		),
		counter(
			"parley_transaction_reruns_total",
			reruns,
			func(s stats) int64 { return s.Attempts.Stale },
			"reason",
			"moved",
		),
		counter(
			"parley_transaction_reruns_total",
			reruns,
			func(s stats) int64 { return s.Attempts.Unknown },
			"reason",
			"unknown_outcome",
		),
		counter(
			"parley_batches_total",
			batches,
			func(s stats) int64 { return s.Sends.Batches },
			"of",
			"message",
		),
		counter(
			"parley_batches_total",
			batches,
			func(s stats) int64 { return s.Creations.Batches },
			"of",
			"room",
		),
		counter(
			"parley_batched_total",
			batched,
			func(s stats) int64 { return s.Sends.Writes },
			"of",
			"message",
		),
		counter(
			"parley_batched_total",
			batched,
			func(s stats) int64 { return s.Creations.Writes },
			"of",
			"room",
		),
		gauge(
			"parley_batch_waiting",
			waiting,
			func(s stats) int64 { return s.Sends.Waiting },
			"of",
			"message",
		),
		gauge(
			"parley_batch_waiting",
			waiting,
			func(s stats) int64 { return s.Creations.Waiting },
			"of",
			"room",
		),
		counter(
			"parley_user_cache_requests_total",
			userCache,
			func(s stats) int64 { return s.Users.Cached },
			"result",
			"hit",
		),
		counter(
			"parley_user_cache_requests_total",
			userCache,
			func(s stats) int64 { return s.Users.Read },
			"result",
			"miss",
		),
		gauge(
			"parley_remembered_bytes",
			"What is remembered of rooms and people, about.",
			func(s stats) int64 { return s.RoomBytes + s.Users.Bytes },
		),
	)
}

func showGates(m *metrics.Metrics, gates limit.Gates) {
	const help = "Times that something was refused since it was done too often, by what it was."
	for name, gate := range map[string]*limit.Gate{
		"mutations": gates.Mutations, "sign_ins": gates.SignIns, "keys": gates.Keys,
		"connections": gates.Connections, "subscriptions": gates.Subscriptions,
		"queries": gates.Queries,
	} {
		metrics.Show(
			m,
			gate.Refused,
			counter(
				"parley_rate_refusals_total",
				help,
				func(refused int64) int64 { return refused },
				"gate",
				name,
			),
		)
	}
}

// showMemory shows the memory budgets, by name.
func showMemory(m *metrics.Metrics, budgets map[string]func() limit.MemoryStats) {
	type stats = limit.MemoryStats
	for name, read := range budgets {
		metrics.Show(
			m,
			read,
			gauge("parley_memory_limit_bytes", "Size of the memory budget.",
				func(s stats) int64 { return s.Limit }, "budget", name),
			gauge("parley_memory_reserved_bytes", "Memory that is reserved, by estimate.",
				func(s stats) int64 { return s.Reserved }, "budget", name),
			gauge("parley_memory_waiting", "Requests that wait for memory.",
				func(s stats) int64 { return s.Waiting }, "budget", name),
			counter(
				"parley_memory_refused_total",
				"Requests for memory that were refused, or that timed out.",
				func(s stats) int64 { return s.Refused },
				"budget",
				name,
			),
		)
	}
}

func showPanics(m *metrics.Metrics, guard *panics.Guard) {
	var numbers []metrics.Number[*panics.Guard]
	for _, where := range panics.All() {
		numbers = append(numbers, counter("parley_panics_total",
			"Panics that were recovered, by the kind of work that they ended.",
			func(g *panics.Guard) int64 { return g.Count(where) }, "where", where.String()))
	}
	metrics.Show(m, func() *panics.Guard { return guard }, numbers...)
}

func showLive(m *metrics.Metrics, hub *live.Hub) {
	type stats = live.Stats
	metrics.Show(
		m,
		hub.Stats,
		gauge(
			"parley_topics",
			"Topics that somebody listens to on this node.",
			func(s stats) int64 { return s.Topics },
		),
		gauge(
			"parley_cohorts",
			"Groups of subscriptions that share their executions.",
			func(s stats) int64 { return s.Cohorts },
		),
		gauge(
			"parley_subscriptions",
			"Subscriptions that are open, lists of rooms aside.",
			func(s stats) int64 { return s.Subscribers },
		),
		gauge(
			"parley_room_lists",
			"Lists of rooms that are followed.",
			func(s stats) int64 { return s.Lists },
		),
		gauge(
			"parley_streams",
			"Streams over all rooms of a user that are open.",
			func(s stats) int64 { return s.Sessions },
		),
		gauge(
			"parley_kept_bytes",
			"Payloads that are kept for those who are late.",
			func(s stats) int64 { return s.KeptBytes },
		),
		counter(
			"parley_executions_total",
			"Events that were rendered, once for a cohort.",
			func(s stats) int64 { return s.Executions },
		),
		counter(
			"parley_deliveries_total",
			"Payloads handed to subscriptions.",
			func(s stats) int64 { return s.Deliveries },
		),
		counter(
			"parley_delivered_bytes_total",
			"The size of the payloads handed to subscriptions.",
			func(s stats) int64 { return s.Bytes },
		),
		counter(
			"parley_catch_up_pages_total",
			"Pages of history that were rendered for subscriptions that catch up.",
			func(s stats) int64 { return s.Pages },
		),
		counter(
			"parley_late_deliveries_total",
			"Subscriptions that could not take a payload at once.",
			func(s stats) int64 { return s.Refusals },
		),
		counter(
			"parley_sweeps_total",
			"Polls of the heads of rooms.",
			func(s stats) int64 { return s.Looks },
		),
		counter(
			"parley_log_reads_total",
			"Reads of the logs of rooms for new events that no publication carried.",
			func(s stats) int64 { return s.Reads },
		),
	)
}

func showBroker(m *metrics.Metrics, node *broker.Node) {
	type stats = broker.Stats
	metrics.Show(
		m,
		node.Stats,
		counter(
			"parley_publications_sent_total",
			"Publications of this node.",
			func(s stats) int64 { return s.Published },
		),
		counter(
			"parley_publications_received_total",
			"Publications of other nodes.",
			func(s stats) int64 { return s.ReceivedPublications },
		),
		counter(
			"parley_publication_commits_sent_total",
			"Publications that were sent to other nodes with the events that they are about.",
			func(s stats) int64 { return s.PublishedCommits },
		),
		counter(
			"parley_publications_missed_total",
			"Times that publications may have been missed, so that the node polled its rooms.",
			func(s stats) int64 { return s.Missed },
		),
		counter(
			"parley_broker_messages_sent_total",
			"Messages sent to other nodes, heartbeats included.",
			func(s stats) int64 { return s.Sent },
		),
		counter(
			"parley_broker_messages_failed_total",
			"Messages that could not be sent to other nodes.",
			func(s stats) int64 { return s.Failed },
		),
		counter(
			"parley_broker_messages_received_total",
			"Messages received, one's own included.",
			func(s stats) int64 { return s.Received },
		),
		counter(
			"parley_broker_messages_unknown_total",
			"Messages of other nodes that could not be read.",
			func(s stats) int64 { return s.Unknown },
		),
		gauge(
			"parley_peers",
			"Other nodes that are heard of.",
			func(s stats) int64 { return s.Peers },
		),
	)
}

func showStore(m *metrics.Metrics, db *store.DB) {
	type cache = store.CacheStats
	const statements = "Statements by whether they were found prepared."
	metrics.Show(
		m,
		db.Statements,
		counter(
			"parley_statement_cache_total",
			statements,
			func(c cache) int64 { return c.Hits },
			"result",
			"hit",
		),
		counter(
			"parley_statement_cache_total",
			statements,
			func(c cache) int64 { return c.Misses },
			"result",
			"miss",
		),
		counter(
			"parley_statement_cache_evictions_total",
			"Prepared statements that made room for others.",
			func(c cache) int64 { return c.Evictions },
		),
	)
	type pool = sql.DBStats
	const connections = "Connections to the database, by pool and state."
	for _, name := range db.Pools() {
		metrics.Show(
			m,
			func() pool { return db.Pool(name) },
			gauge(
				"parley_db_connections",
				connections,
				func(p pool) int64 { return int64(p.InUse) },
				"pool",
				name,
				"state",
				"used",
			),
			gauge(
				"parley_db_connections",
				connections,
				func(p pool) int64 { return int64(p.Idle) },
				"pool",
				name,
				"state",
				"idle",
			),
			gauge(
				"parley_db_connections_most",
				"The most connections to the database at a time, by pool.",
				func(p pool) int64 { return int64(p.MaxOpenConnections) },
				"pool",
				name,
			),
			counter(
				"parley_db_waits_total",
				"Times that somebody waited for a connection, by pool.",
				func(p pool) int64 { return p.WaitCount },
				"pool",
				name,
			),
			metrics.Number[pool]{
				Name: "parley_db_wait_seconds_total",
				Help: "How long was waited for connections, by pool.",
				Labels: []string{
					"pool",
					name,
				},
				Of: func(p pool) float64 { return p.WaitDuration.Seconds() },
			},
		)
	}
}

// Operators answers what is for operators alone: /metrics and /debug/pprof/.
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

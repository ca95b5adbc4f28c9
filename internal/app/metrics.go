package app

import (
	"net/http"
	"net/http/pprof"

	"parley/internal/broker"
	"parley/internal/chat"
	"parley/internal/live"
	"parley/internal/metrics"
	"parley/internal/store"
	"parley/internal/web"
)

// show has the metrics show what the parts of the node count by themselves.
func show(m *metrics.Metrics, domain *chat.Chat, hub *live.Hub, node *broker.Node, db *store.DB, served *web.Server) {
	showChat(m, domain)
	showLive(m, hub)
	if node != nil {
		showBroker(m, node)
	}
	showStore(m, db)
	for _, kind := range web.Connections() {
		m.Gauge("parley_connections", "WebSockets and event streams that are open, by what is spoken on them.",
			func() float64 { return float64(served.Open()[kind]) }, "kind", kind)
	}
}

func showChat(m *metrics.Metrics, domain *chat.Chat) {
	count := func(name, help string, of func(chat.Stats) int64, labels ...string) {
		m.Counter(name, help, func() float64 { return float64(of(domain.Stats())) }, labels...)
	}
	const reruns = "Transactions that were run again, by why."
	count("parley_transaction_reruns_total", reruns, func(s chat.Stats) int64 { return s.Conflicts }, "reason", "conflict")
	count("parley_transaction_reruns_total", reruns, func(s chat.Stats) int64 { return s.Moved }, "reason", "moved")
	count("parley_transaction_reruns_total", reruns, func(s chat.Stats) int64 { return s.Unknown }, "reason", "unknown_outcome")
	count("parley_send_batches_total", "Transactions that sent messages together.", func(s chat.Stats) int64 { return s.Batches })
	count("parley_send_batched_messages_total", "Messages that were sent together with others.", func(s chat.Stats) int64 { return s.Together })
	const people = "People who were asked for, by where they were found."
	count("parley_people_total", people, func(s chat.Stats) int64 { return s.PeopleFound }, "from", "memory")
	count("parley_people_total", people, func(s chat.Stats) int64 { return s.PeopleRead }, "from", "database")
	m.Gauge("parley_remembered_bytes", "What is remembered of rooms and people, about.", func() float64 { return float64(domain.Stats().RememberedBytes) })
}

func showLive(m *metrics.Metrics, hub *live.Hub) {
	for _, g := range []struct {
		name, help string
		of         func(live.Stats) int64
	}{
		{"parley_topics", "Topics that somebody listens to on this node.", func(s live.Stats) int64 { return s.Topics }},
		{"parley_cohorts", "Groups of subscriptions that share their executions.", func(s live.Stats) int64 { return s.Cohorts }},
		{"parley_subscriptions", "Subscriptions that are open, lists of rooms aside.", func(s live.Stats) int64 { return s.Listeners }},
		{"parley_room_lists", "Lists of rooms that are followed.", func(s live.Stats) int64 { return s.Lists }},
		{"parley_kept_bytes", "Payloads that are kept for those who are late.", func(s live.Stats) int64 { return s.KeptBytes }},
	} {
		m.Gauge(g.name, g.help, func() float64 { return float64(g.of(hub.Stats())) })
	}
	for _, c := range []struct {
		name, help string
		of         func(live.Stats) int64
	}{
		{"parley_executions_total", "Events that were rendered, once for a cohort.", func(s live.Stats) int64 { return s.Executions }},
		{"parley_deliveries_total", "Payloads handed to subscriptions.", func(s live.Stats) int64 { return s.Deliveries }},
		{"parley_delivered_bytes_total", "The size of the payloads handed to subscriptions.", func(s live.Stats) int64 { return s.Bytes }},
		{"parley_catch_up_pages_total", "Pages of history that were rendered for subscriptions that catch up.", func(s live.Stats) int64 { return s.Pages }},
		{"parley_late_deliveries_total", "Subscriptions that could not take a payload at once.", func(s live.Stats) int64 { return s.Refusals }},
		{"parley_sweeps_total", "Looks at the heads of rooms without a hint.", func(s live.Stats) int64 { return s.Looks }},
	} {
		m.Counter(c.name, c.help, func() float64 { return float64(c.of(hub.Stats())) })
	}
}

func showBroker(m *metrics.Metrics, node *broker.Node) {
	for _, c := range []struct {
		name, help string
		of         func(broker.Stats) int64
	}{
		{"parley_hints_published_total", "Hints of this node.", func(s broker.Stats) int64 { return s.Published }},
		{"parley_hints_heard_total", "Hints of other nodes.", func(s broker.Stats) int64 { return s.Heard }},
		{"parley_hints_missed_total", "Times that hints may have been missed, so that the rooms were looked at.", func(s broker.Stats) int64 { return s.Missed }},
		{"parley_broker_messages_sent_total", "Messages sent to other nodes, heartbeats included.", func(s broker.Stats) int64 { return s.Sent }},
		{"parley_broker_messages_failed_total", "Messages that could not be sent to other nodes.", func(s broker.Stats) int64 { return s.Failed }},
		{"parley_broker_messages_received_total", "Messages received, one's own included.", func(s broker.Stats) int64 { return s.Received }},
		{"parley_broker_messages_unknown_total", "Messages of other nodes that could not be read.", func(s broker.Stats) int64 { return s.Unknown }},
	} {
		m.Counter(c.name, c.help, func() float64 { return float64(c.of(node.Stats())) })
	}
	m.Gauge("parley_peers", "Other nodes that are heard of.", func() float64 { return float64(node.Stats().Peers) })
}

func showStore(m *metrics.Metrics, db *store.DB) {
	const statements = "Statements by whether they were found prepared."
	m.Counter("parley_statement_cache_total", statements, func() float64 { return float64(db.Statements().Hits) }, "result", "hit")
	m.Counter("parley_statement_cache_total", statements, func() float64 { return float64(db.Statements().Misses) }, "result", "miss")
	m.Counter("parley_statement_cache_evictions_total", "Prepared statements that made room for others.",
		func() float64 { return float64(db.Statements().Evictions) })
	for _, pool := range db.Pools() {
		m.Gauge("parley_db_connections", "Connections to the database, by pool and state.",
			func() float64 { return float64(db.Pool(pool).InUse) }, "pool", pool, "state", "used")
		m.Gauge("parley_db_connections", "Connections to the database, by pool and state.",
			func() float64 { return float64(db.Pool(pool).Idle) }, "pool", pool, "state", "idle")
		m.Gauge("parley_db_connections_most", "The most connections to the database at a time, by pool.",
			func() float64 { return float64(db.Pool(pool).MaxOpenConnections) }, "pool", pool)
		m.Counter("parley_db_waits_total", "Times that somebody waited for a connection, by pool.",
			func() float64 { return float64(db.Pool(pool).WaitCount) }, "pool", pool)
		m.Counter("parley_db_wait_seconds_total", "How long was waited for connections, by pool.",
			func() float64 { return db.Pool(pool).WaitDuration.Seconds() }, "pool", pool)
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

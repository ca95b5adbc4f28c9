package app

import (
	"log/slog"
	"net/http"

	"parley/internal/config"
	"parley/internal/conns"
	"parley/internal/metrics"
	"parley/internal/web"
)

const (
	// operatorConnections is how many connections the address for operators accepts.
	operatorConnections = 16
	// excessConnections is how many more connections are accepted, on each address, when all that
	// are allowed are busy.
	excessConnections = 16
	// otherDescriptors is how many descriptors are left to what is no connection of a client,
	// besides databaseDescriptors for each connection to the database: SQLite opens three files.
	otherDescriptors    = 48
	databaseDescriptors = 3
	// requestParts is the part of the connections that is left to requests: sockets may take the
	// others.
	requestParts = 8
	// unlimited is how many connections there may be where descriptors are not limited.
	unlimited = 1 << 20
)

// descriptorsAdvice is what an operator can do about too few file descriptors.
const descriptorsAdvice = "file descriptors: LimitNOFILE, ulimit -n"

// fitDescriptors returns how many sockets and how many connections in all there may be with the
// file descriptors that the process has. It warns where they are fewer than what is configured.
func fitDescriptors(cfg config.Config, logger *slog.Logger) (sockets, connections int) {
	descriptors, limited := conns.Descriptors()
	if !limited {
		return cfg.MaxSockets, unlimited
	}
	sockets, connections = socketsFor(cfg, descriptors)
	if sockets < cfg.MaxSockets && !cfg.Development() {
		logger.Warn(
			"fewer sockets than PARLEY_MAX_SOCKETS, the process may not open enough files: raise LimitNOFILE or ulimit -n",
			"sockets",
			sockets,
			"configured",
			cfg.MaxSockets,
			"descriptors",
			descriptors,
		)
	}
	return sockets, connections
}

// socketsFor is fitDescriptors for a number of descriptors.
func socketsFor(cfg config.Config, descriptors int) (sockets, connections int) {
	reserved := otherDescriptors + databaseDescriptors*cfg.DBMaxConns + operatorConnections + 2*excessConnections
	connections = max(descriptors-reserved, descriptors/4, 1)
	return max(min(cfg.MaxSockets, connections-connections/requestParts), 1), connections
}

// probesOnly answers requests on connections beyond the limit: those of monitoring and
// orchestrators as always, all others with 503. It has such a connection closed.
func probesOnly(next http.Handler) http.Handler {
	full := web.Overloaded()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !conns.Excess(r.Context()) {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Connection", "close")
		if web.IsProbe(r.URL.Path) {
			next.ServeHTTP(w, r)
			return
		}
		full.ServeHTTP(w, r)
	})
}

// registerConnections counts the connections that the server has accepted.
func registerConnections(m *metrics.Metrics, listener *conns.Listener) {
	type stats = conns.Stats
	metrics.Register(m, listener.Stats,
		metrics.Gauge("parley_http_connections", "Open connections, including WebSockets.",
			func(s stats) int64 { return s.Open }),
		metrics.Gauge("parley_http_connections_limit",
			"Connections that may be open with the file descriptors of the process.",
			func(s stats) int64 { return s.Limit }),
		metrics.Counter("parley_http_connections_evicted_total",
			"Connections closed in favour of newer ones: idle ones, and slow clients.",
			func(s stats) int64 { return s.Evicted }),
		metrics.Counter("parley_http_connections_excess_total",
			"Connections accepted beyond the limit, for health checks.",
			func(s stats) int64 { return s.Excess }),
	)
}

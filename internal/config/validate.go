package config

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"parley/internal/auth"
)

// Values of settings.
const (
	auto       = "auto"
	on         = "on"
	off        = "off"
	formatText = "text"
	formatJSON = "json"
)

// validate returns an error with one line for each problem of c and how to solve it.
func (c Config) validate() error {
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }

	c.validateAddr(fail)
	c.validateAuth(fail)
	c.validateRates(fail)
	for _, origin := range c.AllowedOrigins {
		if origin != "*" && !isOrigin(origin) {
			fail(
				"PARLEY_ALLOWED_ORIGINS (--allowed-origins): %q is not an origin; give scheme://host[:port] without a path, as in https://chat.example.com, or *",
				origin,
			)
		}
	}
	if !validDatabaseURL(string(c.DatabaseURL)) { // not in the error: it may contain a password
		fail(
			"DATABASE_URL (--database-url) is neither postgres://user:password@host/name nor sqlite:PATH; leave it out for the file parley.db here",
		)
	}
	if !validNATSURL(string(c.NATSURL)) { // not in the error: it may contain a password
		fail(
			"PARLEY_NATS_URL (--nats-url) is not nats://host:port or tls://host:port, or several of them separated by commas",
		)
	}
	if !slices.Contains([]string{"full", "normal"}, c.SQLiteSynchronous) {
		fail(
			"PARLEY_SQLITE_SYNCHRONOUS (--sqlite-synchronous) is %q; give full or normal",
			c.SQLiteSynchronous,
		)
	}
	if _, ok := parseLevel(c.LogLevel); !ok {
		fail("PARLEY_LOG_LEVEL (--log-level) is %q; give debug, info, warn or error", c.LogLevel)
	}
	if !slices.Contains([]string{auto, formatText, formatJSON}, c.LogFormat) {
		fail("PARLEY_LOG_FORMAT (--log-format) is %q; give auto, text or json", c.LogFormat)
	}
	if !slices.Contains([]string{auto, on, off}, c.Introspection) {
		fail("PARLEY_INTROSPECTION (--introspection) is %q; give auto, on or off", c.Introspection)
	}
	if !slices.Contains([]string{auto, on, off}, c.PublicMetrics) {
		fail(
			"PARLEY_PUBLIC_METRICS (--public-metrics) is %q; give auto, on or off",
			c.PublicMetrics,
		)
	}
	if c.TracesURL != "" &&
		!validURL(c.TracesURL, "http", "https") { // not in the error: it may contain a password
		fail(
			"PARLEY_TRACES_URL (--traces-url) is not the URL of a collector; give one such as http://127.0.0.1:4318",
		)
	}
	if !(c.TraceSampleRatio >= 0 && c.TraceSampleRatio <= 1) {
		fail(
			"PARLEY_TRACE_SAMPLE_RATIO (--trace-sample-ratio) is %v; give a number from 0 to 1",
			c.TraceSampleRatio,
		)
	}
	c.validateRanges(fail)
	if c.Command == Token && c.Token.TTL < time.Second {
		fail("--ttl is %v; give a time of 1s or more, such as 24h", c.Token.TTL)
	}
	return errors.Join(errs...)
}

// validateRanges checks numbers and durations. Beyond these bounds sums overflow, or the server
// cannot work.
func (c Config) validateRanges(fail func(string, ...any)) {
	for _, limit := range []struct {
		names           string
		value, min, max int64
	}{
		{"PARLEY_DB_MAX_CONNS (--db-max-conns)", int64(c.DBMaxConns), 1, 10_000},
		{"PARLEY_DB_STATEMENT_CACHE (--db-statement-cache)", int64(c.DBStatementCache), 0, 100_000},
		{"PARLEY_MAX_SOCKETS (--max-sockets)", int64(c.MaxSockets), 1, 10_000_000},
		{"PARLEY_MAX_SOCKET_OPERATIONS (--max-socket-operations)", int64(c.MaxSocketOperations), 1, 10_000},
		{"PARLEY_MAX_SOCKET_MEMORY (--max-socket-memory)", c.MaxSocketMemory, 1 << 16, 1 << 44},
		{"PARLEY_MAX_REQUEST_MEMORY (--max-request-memory)", c.MaxRequestMemory, 1 << 16, 1 << 44},
		{"PARLEY_MAX_RESPONSE_MEMORY (--max-response-memory)", c.MaxResponseMemory, 1 << 16, 1 << 44},
		{"PARLEY_MAX_DEPTH (--max-depth)", int64(c.MaxDepth), 1, 1000},
		{"PARLEY_MAX_COMPLEXITY (--max-complexity)", int64(c.MaxComplexity), 1, 1_000_000_000},
		{"PARLEY_MAX_ALIASES (--max-aliases)", int64(c.MaxAliases), 1, 100_000},
		{"PARLEY_MAX_BODY_BYTES (--max-body-bytes)", c.MaxBodyBytes, 1024, 1 << 30},
	} {
		if limit.value < limit.min || limit.value > limit.max {
			fail(
				"%s is %d; give a number from %d to %d",
				limit.names,
				limit.value,
				limit.min,
				limit.max,
			)
		}
	}
	if socketFactor*c.MaxBodyBytes > c.MaxSocketMemory {
		fail(
			"PARLEY_MAX_SOCKET_MEMORY (--max-socket-memory) is %d, but the largest WebSocket message needs more "+
				"(%d times PARLEY_MAX_BODY_BYTES); increase it",
			c.MaxSocketMemory,
			socketFactor,
		)
	}
	if requestFactor*c.MaxBodyBytes > c.MaxRequestMemory {
		fail(
			"PARLEY_MAX_REQUEST_MEMORY (--max-request-memory) is %d, but the largest request needs more "+
				"(%d times PARLEY_MAX_BODY_BYTES); increase it",
			c.MaxRequestMemory,
			requestFactor,
		)
	}
	if c.ShutdownTimeout < time.Millisecond || c.ShutdownTimeout > longestShutdown {
		fail(
			"PARLEY_SHUTDOWN_TIMEOUT (--shutdown-timeout) is %v; give a time from 1ms to %v, such as 15s",
			c.ShutdownTimeout,
			longestShutdown,
		)
	}
	for _, retention := range []struct {
		names string
		value time.Duration
	}{
		{"PARLEY_LOG_RETENTION (--log-retention)", c.LogRetention},
		{"PARLEY_MESSAGE_RETENTION (--message-retention)", c.MessageRetention},
		{"PARLEY_DELETED_ROOM_RETENTION (--deleted-room-retention)", c.DeletedRoomRetention},
	} {
		if v := retention.value; v != 0 && (v < shortestRetention || v > longestRetention) {
			fail("%s is %v; give 0 for ever, or a time from %v to %v, such as 720h",
				retention.names, v, shortestRetention, longestRetention)
		}
	}
}

const (
	// requestFactor is the memory per byte of a request of the older interfaces, which use the most.
	requestFactor = 16
	// socketFactor leaves memory for the largest WebSocket message: a quarter of the budget is for
	// incoming messages, with 2 bytes per byte, and the rest for sockets and operations, with 10.
	socketFactor    = 16
	longestShutdown = 24 * time.Hour
	// Clients reconnect after a restart within shortestRetention.
	shortestRetention, longestRetention = time.Minute, 100 * 365 * 24 * time.Hour
)

func (c Config) validateAddr(fail func(string, ...any)) {
	host, port, err := net.SplitHostPort(c.Addr)
	if err != nil {
		fail(
			"PARLEY_ADDR (--addr) is %q; give host:port, as in 127.0.0.1:8080, or :8080 for every interface",
			c.Addr,
		)
		return
	}
	if !validPort(port) {
		fail("PARLEY_ADDR (--addr) has the port %q; give a number from 0 to 65535", port)
	}
	if c.AdminAddr != "" {
		adminHost, adminPort, err := net.SplitHostPort(c.AdminAddr)
		switch {
		case err != nil || !validPort(adminPort):
			fail(
				"PARLEY_ADMIN_ADDR (--admin-addr) is %q; give host:port, as in 127.0.0.1:9090",
				c.AdminAddr,
			)
		case samePort(port, adminPort) && overlap(host, adminHost):
			fail(
				"PARLEY_ADMIN_ADDR (--admin-addr) is %q and PARLEY_ADDR (--addr) is %q, the same address; "+
					"give another port",
				c.AdminAddr,
				c.Addr,
			)
		}
	}
	if c.Development() && !auth.IsLoopback(host) {
		fail(
			"PARLEY_ADDR (--addr) is %q, and in development mode, in which clients can sign in as any user, the server listens on this machine only: "+
				"set PARLEY_JWT_SECRET (--jwt-secret), or PARLEY_JWKS_URL (--jwks-url) with PARLEY_JWT_ISSUER and PARLEY_JWT_AUDIENCE, or listen on 127.0.0.1",
			c.Addr,
		)
	}
}

func validPort(port string) bool {
	_, err := strconv.ParseUint(port, 10, 16)
	return err == nil
}

// samePort reports whether two valid ports are equal. Port 0 is never equal: it is any free port.
func samePort(a, b string) bool {
	m, _ := strconv.ParseUint(a, 10, 16)
	n, _ := strconv.ParseUint(b, 10, 16)
	return m == n && m != 0
}

// overlap reports whether two hosts to listen on have a common address. It does not look up names.
func overlap(a, b string) bool {
	if strings.EqualFold(a, b) || isUnspecified(a) || isUnspecified(b) {
		return true
	}
	if strings.EqualFold(a, "localhost") || strings.EqualFold(b, "localhost") {
		return auth.IsLoopback(a) && auth.IsLoopback(b)
	}
	m, errA := netip.ParseAddr(a)
	n, errB := netip.ParseAddr(b)
	return errA == nil && errB == nil && m.Unmap() == n.Unmap()
}

func isUnspecified(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "" || err == nil && addr.Unmap().IsUnspecified()
}

func (c Config) validateAuth(fail func(string, ...any)) {
	if c.Development() && (c.JWTIssuer != "" || c.JWTAudience != "" || c.JWTClaims != "") {
		fail(
			"PARLEY_JWT_ISSUER, PARLEY_JWT_AUDIENCE and PARLEY_JWT_CLAIMS are for tokens that can be verified; set PARLEY_JWT_SECRET (--jwt-secret) or PARLEY_JWKS_URL (--jwks-url) too",
		)
	}
	if _, err := auth.ParseClaims(c.JWTClaims); err != nil {
		fail("PARLEY_JWT_CLAIMS (--jwt-claims): %w", err)
	}
	if c.JWTSecret != "" {
		if problem := secretProblem(string(c.JWTSecret)); problem != "" {
			fail("PARLEY_JWT_SECRET (--jwt-secret) %s", problem)
		}
	}
	for _, claim := range []struct{ names, value string }{
		{"PARLEY_JWT_ISSUER (--jwt-issuer)", c.JWTIssuer}, {"PARLEY_JWT_AUDIENCE (--jwt-audience)", c.JWTAudience},
	} {
		if strings.TrimSpace(claim.value) != claim.value {
			fail(
				"%s is %q; remove the white space around it: the claim of a token must be equal to it",
				claim.names,
				claim.value,
			)
		}
	}
	if !c.Development() {
		tokens := auth.Config{
			Secret: []byte(c.JWTSecret), JWKSURL: c.JWKSURL,
			Issuer: c.JWTIssuer, Audience: c.JWTAudience,
		}
		if err := tokens.Validate(); err != nil {
			fail("%w", err)
		}
	}
}

// isOrigin reports whether s is an origin as browsers write it (RFC 6454, section 6.2).
func isOrigin(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Scheme != "" && u.Hostname() != "" &&
		!strings.ContainsAny(u.Host, "*?#") &&
		strings.EqualFold(s, u.Scheme+"://"+u.Host)
}

func validDatabaseURL(s string) bool {
	if s == "" {
		return true
	}
	if path, ok := strings.CutPrefix(s, "sqlite:"); ok {
		return path != ""
	}
	// libpq accepts several hosts and socket folders in the query, which package store checks.
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "postgres" || u.Scheme == "postgresql") && u.Opaque == "" &&
		u.Host+u.Path+u.RawQuery != "" && u.Fragment == ""
}

// validURL reports whether s is an absolute URL with one of the schemes, a host and, if it has a
// port, a valid one.
func validURL(s string, schemes ...string) bool {
	u, err := url.Parse(s)
	return err == nil && slices.Contains(schemes, u.Scheme) && u.Hostname() != "" &&
		(u.Port() == "" || validPort(u.Port())) &&
		u.Fragment == "" &&
		u.Opaque == ""
}

func parseLevel(s string) (slog.Level, bool) {
	switch strings.ToLower(s) {
	case "debug":
		return slog.LevelDebug, true
	case "info":
		return slog.LevelInfo, true
	case "warn":
		return slog.LevelWarn, true
	case "error":
		return slog.LevelError, true
	default:
		return 0, false
	}
}

// validNATSURL reports whether s is empty or a list of URLs of NATS servers.
func validNATSURL(s string) bool {
	if s == "" {
		return true
	}
	for server := range strings.SplitSeq(s, ",") {
		if !validURL(strings.TrimSpace(server), "nats", "tls", "ws", "wss") {
			return false
		}
	}
	return true
}

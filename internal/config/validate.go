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

// The words that settings are made of.
const (
	auto       = "auto"
	on         = "on"
	off        = "off"
	formatText = "text"
	formatJSON = "json"
)

// validate returns everything that is wrong with c, and what to do about it.
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
	if !validDatabaseURL(string(c.DatabaseURL)) { // which may hold a password, and is not shown
		fail(
			"DATABASE_URL (--database-url) is neither postgres://user:password@host/name nor sqlite:PATH; leave it out for the file parley.db here",
		)
	}
	if !validNATSURL(string(c.NATSURL)) { // which may hold a password, too
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
	if c.TracesURL != "" && !validURL(c.TracesURL, "http", "https") { // which may hold a password
		fail(
			"PARLEY_TRACES_URL (--traces-url) is not the URL of a collector; give one such as http://127.0.0.1:4318",
		)
	}
	if !(c.TracesShare >= 0 && c.TracesShare <= 1) {
		fail("PARLEY_TRACES_SHARE (--traces-share) is %v; give a number from 0 to 1", c.TracesShare)
	}
	c.validateRanges(fail)
	return errors.Join(errs...)
}

// validateRanges checks the settings that are numbers and times. Each bound is what the program can
// work with: beyond it, sums overflow, or nothing would be left of what the setting is for.
func (c Config) validateRanges(fail func(string, ...any)) {
	for _, limit := range []struct {
		names              string
		value, least, most int64
	}{
		{"PARLEY_DB_MAX_CONNS (--db-max-conns)", int64(c.DBMaxConns), 1, 10_000},
		{"PARLEY_DB_STATEMENT_CACHE (--db-statement-cache)", int64(c.DBStatementCache), 0, 100_000},
		{"PARLEY_MAX_SOCKETS (--max-sockets)", int64(c.MaxSockets), 1, 10_000_000},
		{"PARLEY_MAX_SOCKET_BYTES (--max-socket-bytes)", c.MaxSocketBytes, 1 << 16, 1 << 44},
		{"PARLEY_MAX_REQUEST_MEMORY (--max-request-memory)", c.MaxRequestMemory, 1 << 16, 1 << 44},
		{"PARLEY_MAX_ANSWER_BYTES (--max-answer-bytes)", c.MaxAnswerBytes, 1 << 16, 1 << 44},
		{"PARLEY_MAX_DEPTH (--max-depth)", int64(c.MaxDepth), 1, 1000},
		{"PARLEY_MAX_COMPLEXITY (--max-complexity)", int64(c.MaxComplexity), 1, 1_000_000_000},
		{"PARLEY_MAX_ALIASES (--max-aliases)", int64(c.MaxAliases), 1, 100_000},
		{"PARLEY_MAX_BODY_BYTES (--max-body-bytes)", c.MaxBodyBytes, 1024, 1 << 30},
	} {
		if limit.value < limit.least || limit.value > limit.most {
			fail(
				"%s is %d; give a number from %d to %d",
				limit.names,
				limit.value,
				limit.least,
				limit.most,
			)
		}
	}
	if socketFactor*c.MaxBodyBytes > c.MaxSocketBytes {
		fail(
			"PARLEY_MAX_SOCKET_BYTES (--max-socket-bytes) is %d, which the largest WebSocket message needs more than "+
				"(%d times PARLEY_MAX_BODY_BYTES); make it larger",
			c.MaxSocketBytes,
			socketFactor,
		)
	}
	if requestFactor*c.MaxBodyBytes > c.MaxRequestMemory {
		fail(
			"PARLEY_MAX_REQUEST_MEMORY (--max-request-memory) is %d, which the largest request needs more than "+
				"(%d times PARLEY_MAX_BODY_BYTES); make it larger",
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
	if c.LogRetention != 0 &&
		(c.LogRetention < shortestRetention || c.LogRetention > longestRetention) {
		fail(
			"PARLEY_LOG_RETENTION (--log-retention) is %v; give 0 for ever, or a time from %v to %v, such as 720h",
			c.LogRetention,
			shortestRetention,
			longestRetention,
		)
	}
}

const (
	// requestFactor is what a request of the older interfaces takes of memory for each of its
	// bytes, more than others.
	requestFactor = 16
	// socketFactor leaves room for the largest WebSocket message: a quarter is for what comes, at 2
	// bytes for each byte of a message, and the rest for sockets and operations, at 10.
	socketFactor    = 16
	longestShutdown = 24 * time.Hour
	// Within shortestRetention a client reconnects after a restart.
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
				"PARLEY_ADMIN_ADDR (--admin-addr) is %q and PARLEY_ADDR (--addr) is %q, which is the same address; "+
					"give another port",
				c.AdminAddr,
				c.Addr,
			)
		}
	}
	if c.Development() && !auth.IsLoopback(host) {
		fail(
			"PARLEY_ADDR (--addr) is %q, and in development mode, where anybody can sign in as anybody, the server listens on this machine only: "+
				"set PARLEY_JWT_SECRET (--jwt-secret), or PARLEY_JWKS_URL (--jwks-url) with PARLEY_JWT_ISSUER and PARLEY_JWT_AUDIENCE, or listen on 127.0.0.1",
			c.Addr,
		)
	}
}

func validPort(port string) bool {
	_, err := strconv.ParseUint(port, 10, 16)
	return err == nil
}

// samePort reports whether two valid ports are one. Port 0 is any free port, another one each time.
func samePort(a, b string) bool {
	m, _ := strconv.ParseUint(a, 10, 16)
	n, _ := strconv.ParseUint(b, 10, 16)
	return m == n && m != 0
}

// overlap reports whether two hosts to listen on have an address in common, as far as that is known
// without looking names up.
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
	if c.Development() && (c.JWTIssuer != "" || c.JWTAudience != "") {
		fail(
			"PARLEY_JWT_ISSUER and PARLEY_JWT_AUDIENCE are for tokens that can be verified; set PARLEY_JWT_SECRET (--jwt-secret) or PARLEY_JWKS_URL (--jwks-url) too",
		)
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
				"%s is %q; remove the white space around it: tokens are compared with it letter by letter",
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
	// libpq takes several hosts, and sockets' folders, in the query; store looks at them.
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "postgres" || u.Scheme == "postgresql") && u.Opaque == "" &&
		u.Host+u.Path+u.RawQuery != "" && u.Fragment == ""
}

// validURL reports whether s is an absolute URL of one of the schemes, with a host and a port that
// exists, if any.
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

// validNATSURL reports whether s names NATS servers, or none at all.
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

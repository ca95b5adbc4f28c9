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
			fail("PARLEY_ALLOWED_ORIGINS (--allowed-origins): %q is not an origin; give scheme://host[:port] without a path, as in https://chat.example.com, or *", origin)
		}
	}
	if !validDatabaseURL(string(c.DatabaseURL)) { // which may hold a password, and is not shown
		fail("DATABASE_URL (--database-url) is neither postgres://user:password@host/name nor sqlite:PATH; leave it out for the file parley.db here")
	}
	if !validNATSURL(string(c.NATSURL)) { // which may hold a password, too
		fail("PARLEY_NATS_URL (--nats-url) is not nats://host:port or tls://host:port, or several of them separated by commas")
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
	if u, err := url.Parse(c.TracesURL); c.TracesURL != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
		fail("PARLEY_TRACES_URL (--traces-url) is %q; give a URL such as http://127.0.0.1:4318", c.TracesURL)
	}
	if !(c.TracesShare >= 0 && c.TracesShare <= 1) {
		fail("PARLEY_TRACES_SHARE (--traces-share) is %v; give a number from 0 to 1", c.TracesShare)
	}
	if c.ShutdownTimeout <= 0 {
		fail("PARLEY_SHUTDOWN_TIMEOUT (--shutdown-timeout) is %v; give a time such as 15s", c.ShutdownTimeout)
	}
	if c.DBStatementCache < 0 {
		fail("PARLEY_DB_STATEMENT_CACHE (--db-statement-cache) is %d; give 0 (none) or more", c.DBStatementCache)
	}
	for _, limit := range []struct {
		names string
		value int64
	}{
		{"PARLEY_DB_MAX_CONNS (--db-max-conns)", int64(c.DBMaxConns)},
		{"PARLEY_MAX_SOCKETS (--max-sockets)", int64(c.MaxSockets)},
		{"PARLEY_MAX_SOCKET_BYTES (--max-socket-bytes)", c.MaxSocketBytes},
		{"PARLEY_MAX_REQUEST_MEMORY (--max-request-memory)", c.MaxRequestMemory},
		{"PARLEY_MAX_ANSWER_BYTES (--max-answer-bytes)", c.MaxAnswerBytes},
		{"PARLEY_MAX_DEPTH (--max-depth)", int64(c.MaxDepth)},
		{"PARLEY_MAX_COMPLEXITY (--max-complexity)", int64(c.MaxComplexity)},
		{"PARLEY_MAX_ALIASES (--max-aliases)", int64(c.MaxAliases)},
		{"PARLEY_MAX_BODY_BYTES (--max-body-bytes)", c.MaxBodyBytes},
	} {
		if limit.value < 1 {
			fail("%s is %d; give 1 or more", limit.names, limit.value)
		}
	}
	return errors.Join(errs...)
}

func (c Config) validateAddr(fail func(string, ...any)) {
	host, port, err := net.SplitHostPort(c.Addr)
	if err != nil {
		fail("PARLEY_ADDR (--addr) is %q; give host:port, as in 127.0.0.1:8080, or :8080 for every interface", c.Addr)
		return
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		fail("PARLEY_ADDR (--addr) has the port %q; give a number from 0 to 65535", port)
	}
	if c.AdminAddr != "" {
		if _, _, err := net.SplitHostPort(c.AdminAddr); err != nil || c.AdminAddr == c.Addr {
			fail("PARLEY_ADMIN_ADDR (--admin-addr) is %q; give host:port, as in 127.0.0.1:9090, another than PARLEY_ADDR", c.AdminAddr)
		}
	}
	if c.Development() && !isLoopback(host) {
		fail("PARLEY_ADDR (--addr) is %q, and in development mode, where anybody can sign in as anybody, the server listens on this machine only: "+
			"set PARLEY_JWT_SECRET (--jwt-secret), or PARLEY_JWKS_URL (--jwks-url) with PARLEY_JWT_ISSUER and PARLEY_JWT_AUDIENCE, or listen on 127.0.0.1", c.Addr)
	}
}

func (c Config) validateAuth(fail func(string, ...any)) {
	if c.JWTSecret != "" && c.JWKSURL != "" {
		fail("PARLEY_JWT_SECRET (--jwt-secret) and PARLEY_JWKS_URL (--jwks-url) are both set; leave one out")
	}
	if c.Development() && (c.JWTIssuer != "" || c.JWTAudience != "") {
		fail("PARLEY_JWT_ISSUER and PARLEY_JWT_AUDIENCE are for tokens that can be verified; set PARLEY_JWT_SECRET (--jwt-secret) or PARLEY_JWKS_URL (--jwks-url) too")
	}
	if c.JWKSURL == "" {
		return
	}
	u, err := url.Parse(c.JWKSURL) // which may hold a password, and is not shown
	if err != nil || u.Host == "" || u.Scheme != "https" && (u.Scheme != "http" || !isLoopback(u.Hostname())) {
		fail("PARLEY_JWKS_URL (--jwks-url) is not an address of the web; give https://… (http:// is for this machine only)")
	}
	if c.JWTIssuer == "" {
		fail("PARLEY_JWKS_URL needs PARLEY_JWT_ISSUER (--jwt-issuer): set it to the iss of the tokens to accept")
	}
	if c.JWTAudience == "" {
		fail("PARLEY_JWKS_URL needs PARLEY_JWT_AUDIENCE (--jwt-audience): set it to the aud of the tokens to accept, or those for other applications would do")
	}
}

// isOrigin reports whether s is an origin as browsers write it (RFC 6454, section 6.2).
func isOrigin(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Scheme != "" && u.Hostname() != "" && !strings.ContainsAny(u.Host, "*?#") &&
		strings.EqualFold(s, u.Scheme+"://"+u.Host)
}

func validDatabaseURL(s string) bool {
	if s == "" {
		return true
	}
	if path, ok := strings.CutPrefix(s, "sqlite:"); ok {
		return path != ""
	}
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "postgres" || u.Scheme == "postgresql")
}

// isLoopback reports whether host is this machine alone. Other names are not looked up: what they mean can change.
func isLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && addr.IsLoopback()
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
		u, err := url.Parse(strings.TrimSpace(server))
		if err != nil || u.Host == "" || !slices.Contains([]string{"nats", "tls", "ws", "wss"}, u.Scheme) {
			return false
		}
	}
	return true
}

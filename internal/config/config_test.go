package config_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parley/internal/config"
	"parley/internal/limit"
)

const secret = "0123456789abcdef0123456789abcdef"

func parse(t *testing.T, env map[string]string, args ...string) (config.Config, string, error) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	var environ []string
	for name, value := range env {
		environ = append(environ, name+"="+value)
	}
	cfg, err := config.Parse(args, environ, "1.2.3", &stdout, &stderr)
	if stderr.Len() > 0 {
		t.Errorf("on stderr: %s", stderr.String())
	}
	return cfg, stdout.String(), err
}

func mustParse(t *testing.T, env map[string]string, args ...string) config.Config {
	t.Helper()
	cfg, _, err := parse(t, env, args...)
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

func TestDefaults(t *testing.T) {
	// Parse reads its argument, not the environment of the process.
	t.Setenv("PARLEY_ADDR", "nonsense")
	cfg := mustParse(t, nil)
	want := config.Config{
		Command: config.Serve,

		PublicMetrics: "auto",

		Addr:              "127.0.0.1:8080",
		TraceSampleRatio:  1,
		ShutdownTimeout:   15 * time.Second,
		DBMaxConns:        16,
		DBStatementCache:  256,
		SQLiteSynchronous: "full",

		DeletedRoomRetention: 168 * time.Hour,

		RateMutations:       "auto",
		RateSignIns:         "auto",
		RateTokens:          "auto",
		RateKeys:            "auto",
		RateConnections:     "auto",
		RateSubscriptions:   "auto",
		RateQueries:         "auto",
		MaxSockets:          50_000,
		MaxSocketMemory:     1 << 30,
		MaxSocketOperations: 100,
		MaxRequestMemory:    256 << 20,
		MaxResponseMemory:   512 << 20,
		TrustedProxies:      []string{"127.0.0.0/8", "::1/128"},
		ProxyHeader:         "x-forwarded-for",
		LogLevel:            "info",
		LogFormat:           "auto",
		Introspection:       "auto",
		MaxDepth:            15,
		MaxComplexity:       20000,
		MaxAliases:          50,
		MaxBodyBytes:        1 << 20,
	}
	if diff := cmp.Diff(config.Defaults(), cfg); diff != "" {
		t.Errorf("Defaults: -Defaults +Parse:\n%s", diff)
	}
	if diff := cmp.Diff(want, cfg); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if !cfg.Development() || !cfg.IntrospectionOn() {
		t.Error("without a key it is development mode, with introspection")
	}
}

// settings has a value other than the default for each setting, for its flag and its variable.
var settings = []struct {
	flag, env, value string
	get              func(config.Config) any
	want             any
}{
	{"--addr", "PARLEY_ADDR", "[::1]:0", func(c config.Config) any { return c.Addr }, "[::1]:0"},
	{
		"--allowed-origins",
		"PARLEY_ALLOWED_ORIGINS",
		"https://a.example, http://b.example:1,",
		func(c config.Config) any { return c.AllowedOrigins },
		[]string{"https://a.example", "http://b.example:1"},
	},
	{
		"--shutdown-timeout",
		"PARLEY_SHUTDOWN_TIMEOUT",
		"1m30s",
		func(c config.Config) any { return c.ShutdownTimeout },
		90 * time.Second,
	},
	{
		"--database-url",
		"DATABASE_URL",
		"postgres://u:p@h/db",
		func(c config.Config) any { return string(c.DatabaseURL) },
		"postgres://u:p@h/db",
	},
	{
		"--db-max-conns",
		"PARLEY_DB_MAX_CONNS",
		"4",
		func(c config.Config) any { return c.DBMaxConns },
		4,
	},
	{
		"--db-statement-cache",
		"PARLEY_DB_STATEMENT_CACHE",
		"0",
		func(c config.Config) any { return c.DBStatementCache },
		0,
	},
	{
		"--rate-mutations",
		"PARLEY_RATE_MUTATIONS",
		"20/s:40",
		func(c config.Config) any { return c.Rates().Mutations },
		rate(
			limit.Rate{Burst: 40, Every: 50 * time.Millisecond},
			limit.Rate{Burst: 400, Every: 5 * time.Millisecond},
		),
	},
	{
		"--rate-sign-ins",
		"PARLEY_RATE_SIGN_INS",
		"6/m",
		func(c config.Config) any { return c.Rates().SignIns },
		rate(
			limit.Rate{Burst: 6, Every: 10 * time.Second},
			limit.Rate{Burst: 60, Every: time.Second},
		),
	},
	{
		"--rate-tokens",
		"PARLEY_RATE_TOKENS",
		"off, 1/s:5",
		func(c config.Config) any { return c.Rates().Tokens },
		rate(limit.Rate{}, limit.Rate{Burst: 5, Every: time.Second}),
	},
	{
		"--rate-keys",
		"PARLEY_RATE_KEYS",
		"1/h:3, off",
		func(c config.Config) any { return c.Rates().Keys },
		rate(limit.Rate{Burst: 3, Every: time.Hour}, limit.Rate{}),
	},
	{
		"--rate-connections",
		"PARLEY_RATE_CONNECTIONS",
		"off,10/s:100",
		func(c config.Config) any { return c.Rates().Connections },
		rate(limit.Rate{}, limit.Rate{Burst: 100, Every: 100 * time.Millisecond}),
	},
	{
		"--rate-queries", "PARLEY_RATE_QUERIES", "100000/s:20000000,off",
		func(c config.Config) any { return c.Rates().Queries },
		rate(limit.Rate{Burst: 20_000_000, Every: 10 * time.Microsecond}, limit.Rate{}),
	},
	{
		"--rate-subscriptions",
		"PARLEY_RATE_SUBSCRIPTIONS",
		"0",
		func(c config.Config) any { return c.Rates().Subscriptions },
		rate(limit.Rate{}, limit.Rate{}),
	},
	{
		"--max-sockets",
		"PARLEY_MAX_SOCKETS",
		"10",
		func(c config.Config) any { return c.MaxSockets },
		10,
	},
	{
		"--max-socket-operations",
		"PARLEY_MAX_SOCKET_OPERATIONS",
		"200",
		func(c config.Config) any { return c.MaxSocketOperations },
		200,
	},
	{
		"--max-response-memory",
		"PARLEY_MAX_RESPONSE_MEMORY",
		"1000000",
		func(c config.Config) any { return c.MaxResponseMemory },
		int64(1_000_000),
	},
	{
		"--max-socket-memory",
		"PARLEY_MAX_SOCKET_MEMORY",
		"20000000",
		func(c config.Config) any { return c.MaxSocketMemory },
		int64(20_000_000),
	},
	{
		"--trusted-proxies",
		"PARLEY_TRUSTED_PROXIES",
		"10.1.2.3/8, fd00::1",
		func(c config.Config) any { return fmt.Sprint(c.Proxies()) },
		"[10.0.0.0/8 fd00::1/128]",
	},
	{
		"--proxy-header",
		"PARLEY_PROXY_HEADER",
		"Forwarded",
		func(c config.Config) any { return c.ProxyHeader },
		"Forwarded",
	},
	{
		"--jwt-secret",
		"PARLEY_JWT_SECRET",
		secret,
		func(c config.Config) any { return string(c.JWTSecret) },
		secret,
	},
	{
		"--jwks-url",
		"PARLEY_JWKS_URL",
		"https://login.example/keys",
		func(c config.Config) any { return c.JWKSURL },
		"https://login.example/keys",
	},
	{
		"--jwt-issuer",
		"PARLEY_JWT_ISSUER",
		"https://login.example",
		func(c config.Config) any { return c.JWTIssuer },
		"https://login.example",
	},
	{
		"--jwt-audience",
		"PARLEY_JWT_AUDIENCE",
		"chat",
		func(c config.Config) any { return c.JWTAudience },
		"chat",
	},
	{
		"--public-metrics",
		"PARLEY_PUBLIC_METRICS",
		"on",
		func(c config.Config) any { return c.PublicMetrics },
		"on",
	},
	{
		"--jwt-claims",
		"PARLEY_JWT_CLAIMS",
		"name=nickname,admin=/realm_access/roles=staff",
		func(c config.Config) any { return c.JWTClaims },
		"name=nickname,admin=/realm_access/roles=staff",
	},
	{
		"--log-level",
		"PARLEY_LOG_LEVEL",
		"WARN",
		func(c config.Config) any { return c.Level() },
		slog.LevelWarn,
	},
	{
		"--sqlite-synchronous",
		"PARLEY_SQLITE_SYNCHRONOUS",
		"normal",
		func(c config.Config) any { return c.SQLiteSynchronous },
		"normal",
	},
	{
		"--log-format",
		"PARLEY_LOG_FORMAT",
		"json",
		func(c config.Config) any { return c.LogJSON(true) },
		true,
	},
	{
		"--traces-url",
		"PARLEY_TRACES_URL",
		"https://c.example:4318",
		func(c config.Config) any { return c.TracesURL },
		"https://c.example:4318",
	},
	{
		"--trace-sample-ratio",
		"PARLEY_TRACE_SAMPLE_RATIO",
		"0.25",
		func(c config.Config) any { return c.TraceSampleRatio },
		0.25,
	},
	{
		"--introspection",
		"PARLEY_INTROSPECTION",
		"off",
		func(c config.Config) any { return c.IntrospectionOn() },
		false,
	},
	{"--max-depth", "PARLEY_MAX_DEPTH", "3", func(c config.Config) any { return c.MaxDepth }, 3},
	{
		"--max-complexity",
		"PARLEY_MAX_COMPLEXITY",
		"500",
		func(c config.Config) any { return c.MaxComplexity },
		500,
	},
	{
		"--max-aliases",
		"PARLEY_MAX_ALIASES",
		"1",
		func(c config.Config) any { return c.MaxAliases },
		1,
	},
	{
		"--max-body-bytes",
		"PARLEY_MAX_BODY_BYTES",
		"2000",
		func(c config.Config) any { return c.MaxBodyBytes },
		int64(2000),
	},
}

func rate(person, address limit.Rate) limit.RateLimits {
	return limit.RateLimits{User: person, Address: address}
}

// needed is what some settings are refused without.
func needed(env string) map[string]string {
	switch env {
	case "PARLEY_JWKS_URL", "PARLEY_JWT_ISSUER", "PARLEY_JWT_AUDIENCE", "PARLEY_JWT_CLAIMS":
		return map[string]string{
			"PARLEY_JWKS_URL":     "https://login.example/other",
			"PARLEY_JWT_ISSUER":   "i",
			"PARLEY_JWT_AUDIENCE": "a",
		}
	default:
		return map[string]string{}
	}
}

func TestFlagAndEnvironment(t *testing.T) {
	t.Parallel()
	for _, s := range settings {
		t.Run(s.env, func(t *testing.T) {
			t.Parallel()
			env := needed(s.env)
			check := func(how string, args ...string) {
				t.Helper()
				if diff := cmp.Diff(s.want, s.get(mustParse(t, env, args...))); diff != "" {
					t.Errorf("%s: -want +got:\n%s", how, diff)
				}
			}
			check("flag", s.flag+"="+s.value)
			check("flag, value apart", s.flag, s.value)
			env[s.env] = s.value
			check("variable")
			env[s.env] = "nonsense"
			check("flag over variable", s.flag, s.value)
		})
	}
}

func TestEmptyVariablesAreLeftOut(t *testing.T) {
	t.Parallel()
	env := map[string]string{}
	for _, s := range settings {
		env[s.env] = ""
	}
	if diff := cmp.Diff(mustParse(t, nil), mustParse(t, env)); diff != "" {
		t.Errorf("-none +empty:\n%s", diff)
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		env  map[string]string
		want []string // each in the message
	}{
		"open to others in development": {map[string]string{"PARLEY_ADDR": ":8080"}, []string{"PARLEY_ADDR", "development mode", "PARLEY_JWT_SECRET", "PARLEY_JWKS_URL", "127.0.0.1"}},
		"all interfaces":                {map[string]string{"PARLEY_ADDR": "0.0.0.0:8080"}, []string{"development mode"}},
		"an address of the network":     {map[string]string{"PARLEY_ADDR": "192.168.1.2:8080"}, []string{"development mode"}},
		"a name":                        {map[string]string{"PARLEY_ADDR": "chat.example:8080"}, []string{"development mode"}},
		"address without a port":        {map[string]string{"PARLEY_ADDR": "127.0.0.1"}, []string{"PARLEY_ADDR", "host:port"}},
		"port that is none":             {map[string]string{"PARLEY_ADDR": "127.0.0.1:65536"}, []string{"65536", "0 to 65535"}},
		"secret and keys": {
			map[string]string{"PARLEY_JWT_SECRET": secret, "PARLEY_JWKS_URL": "https://login.example/keys", "PARLEY_JWT_ISSUER": "i", "PARLEY_JWT_AUDIENCE": "a"},
			[]string{"both set", "remove one"},
		},
		"metrics sometimes":         {map[string]string{"PARLEY_PUBLIC_METRICS": "yes"}, []string{"PARLEY_PUBLIC_METRICS", "auto, on or off"}},
		"claims that are none":      {map[string]string{"PARLEY_JWT_SECRET": secret, "PARLEY_JWT_CLAIMS": "role=x"}, []string{"PARLEY_JWT_CLAIMS", "admin="}},
		"claims in development":     {map[string]string{"PARLEY_JWT_CLAIMS": "name=nickname"}, []string{"PARLEY_JWT_CLAIMS", "PARLEY_JWT_SECRET"}},
		"keys alone":                {map[string]string{"PARLEY_JWKS_URL": "https://login.example/keys"}, []string{"PARLEY_JWT_ISSUER", "PARLEY_JWT_AUDIENCE"}},
		"keys over plain HTTP":      {map[string]string{"PARLEY_JWKS_URL": "http://login.example/keys", "PARLEY_JWT_ISSUER": "i", "PARLEY_JWT_AUDIENCE": "a"}, []string{"PARLEY_JWKS_URL", "https://"}},
		"key URL that is none":      {map[string]string{"PARLEY_JWKS_URL": "login.example/keys", "PARLEY_JWT_ISSUER": "i", "PARLEY_JWT_AUDIENCE": "a"}, []string{"PARLEY_JWKS_URL", "https://"}},
		"issuer alone":              {map[string]string{"PARLEY_JWT_ISSUER": "i"}, []string{"PARLEY_JWT_ISSUER", "PARLEY_JWT_SECRET"}},
		"origin without scheme":     {map[string]string{"PARLEY_ALLOWED_ORIGINS": "chat.example.com"}, []string{"PARLEY_ALLOWED_ORIGINS", `"chat.example.com"`, "https://"}},
		"origin with a path":        {map[string]string{"PARLEY_ALLOWED_ORIGINS": "https://chat.example.com/"}, []string{"without a path"}},
		"origin with a pattern":     {map[string]string{"PARLEY_ALLOWED_ORIGINS": "https://*.example.com"}, []string{"is not an origin"}},
		"origin with a person":      {map[string]string{"PARLEY_ALLOWED_ORIGINS": "https://a@example.com"}, []string{"is not an origin"}},
		"second origin":             {map[string]string{"PARLEY_ALLOWED_ORIGINS": "https://a.example,b"}, []string{`"b"`}},
		"another database":          {map[string]string{"DATABASE_URL": "mysql://localhost"}, []string{"DATABASE_URL", "postgres://", "sqlite:PATH"}},
		"database without path":     {map[string]string{"DATABASE_URL": "sqlite:"}, []string{"DATABASE_URL"}},
		"database as a file":        {map[string]string{"DATABASE_URL": "chat.db"}, []string{"sqlite:PATH"}},
		"unknown level":             {map[string]string{"PARLEY_LOG_LEVEL": "loud"}, []string{"PARLEY_LOG_LEVEL", `"loud"`, "debug, info, warn or error"}},
		"no collector":              {map[string]string{"PARLEY_TRACES_URL": "127.0.0.1:4318"}, []string{"PARLEY_TRACES_URL", "http://"}},
		"more than all traces":      {map[string]string{"PARLEY_TRACE_SAMPLE_RATIO": "2"}, []string{"PARLEY_TRACE_SAMPLE_RATIO", "from 0 to 1"}},
		"no share of traces":        {map[string]string{"PARLEY_TRACE_SAMPLE_RATIO": "NaN"}, []string{"PARLEY_TRACE_SAMPLE_RATIO", "from 0 to 1"}},
		"no syncing":                {map[string]string{"PARLEY_SQLITE_SYNCHRONOUS": "off"}, []string{"PARLEY_SQLITE_SYNCHRONOUS", "full or normal"}},
		"syncing in capitals":       {map[string]string{"PARLEY_SQLITE_SYNCHRONOUS": "FULL"}, []string{"PARLEY_SQLITE_SYNCHRONOUS", "full or normal"}},
		"unknown format":            {map[string]string{"PARLEY_LOG_FORMAT": "xml"}, []string{"PARLEY_LOG_FORMAT", "auto, text or json"}},
		"unknown introspection":     {map[string]string{"PARLEY_INTROSPECTION": "yes"}, []string{"PARLEY_INTROSPECTION", "auto, on or off"}},
		"no time to shut down":      {map[string]string{"PARLEY_SHUTDOWN_TIMEOUT": "0s"}, []string{"PARLEY_SHUTDOWN_TIMEOUT", "15s"}},
		"time that is none":         {map[string]string{"PARLEY_SHUTDOWN_TIMEOUT": "soon"}, []string{"--shutdown-timeout", "soon"}},
		"no connections":            {map[string]string{"PARLEY_DB_MAX_CONNS": "0"}, []string{"PARLEY_DB_MAX_CONNS", "1 to 10000"}},
		"number that is none":       {map[string]string{"PARLEY_DB_MAX_CONNS": "many"}, []string{"--db-max-conns", "many"}},
		"negative cache":            {map[string]string{"PARLEY_DB_STATEMENT_CACHE": "-1"}, []string{"PARLEY_DB_STATEMENT_CACHE", "from 0 to"}},
		"no sockets":                {map[string]string{"PARLEY_MAX_SOCKETS": "0"}, []string{"PARLEY_MAX_SOCKETS"}},
		"no memory for sockets":     {map[string]string{"PARLEY_MAX_SOCKET_MEMORY": "0"}, []string{"PARLEY_MAX_SOCKET_MEMORY"}},
		"no depth":                  {map[string]string{"PARLEY_MAX_DEPTH": "0"}, []string{"PARLEY_MAX_DEPTH"}},
		"no complexity":             {map[string]string{"PARLEY_MAX_COMPLEXITY": "0"}, []string{"PARLEY_MAX_COMPLEXITY"}},
		"no aliases":                {map[string]string{"PARLEY_MAX_ALIASES": "0"}, []string{"PARLEY_MAX_ALIASES"}},
		"no body":                   {map[string]string{"PARLEY_MAX_BODY_BYTES": "0"}, []string{"PARLEY_MAX_BODY_BYTES"}},
		"rate without a unit":       {map[string]string{"PARLEY_RATE_MUTATIONS": "20"}, []string{"PARLEY_RATE_MUTATIONS (--rate-mutations)", `"20"`, "unit", "20/s:40"}},
		"rate of no unit":           {map[string]string{"PARLEY_RATE_SIGN_INS": "20/d"}, []string{"PARLEY_RATE_SIGN_INS", "s, m or h"}},
		"rate of nothing":           {map[string]string{"PARLEY_RATE_KEYS": "0/s"}, []string{"PARLEY_RATE_KEYS", "its count"}},
		"burst of nothing":          {map[string]string{"PARLEY_RATE_CONNECTIONS": "1/s:0"}, []string{"PARLEY_RATE_CONNECTIONS", "its burst"}},
		"burst left out":            {map[string]string{"PARLEY_RATE_CONNECTIONS": "1/s:"}, []string{"PARLEY_RATE_CONNECTIONS", "its burst"}},
		"three rates":               {map[string]string{"PARLEY_RATE_SUBSCRIPTIONS": "1/s,1/s,1/s"}, []string{"PARLEY_RATE_SUBSCRIPTIONS"}},
		"auto for one":              {map[string]string{"PARLEY_RATE_SUBSCRIPTIONS": "auto,1/s"}, []string{"PARLEY_RATE_SUBSCRIPTIONS"}},
		"proxy by name":             {map[string]string{"PARLEY_TRUSTED_PROXIES": "proxy.example"}, []string{"PARLEY_TRUSTED_PROXIES", `"proxy.example"`, "10.0.0.0/8"}},
		"another proxy header":      {map[string]string{"PARLEY_PROXY_HEADER": "X-Real-IP"}, []string{"PARLEY_PROXY_HEADER", "forwarded"}},
		"unlimited connections":     {map[string]string{"PARLEY_DB_MAX_CONNS": "100000"}, []string{"PARLEY_DB_MAX_CONNS", "10000"}},
		"number beyond all numbers": {map[string]string{"PARLEY_MAX_SOCKETS": "99999999999999999999"}, []string{"--max-sockets"}},
		"body beyond memory":        {map[string]string{"PARLEY_MAX_BODY_BYTES": "9223372036854775807"}, []string{"PARLEY_MAX_BODY_BYTES", "1073741824"}},
		"body for nothing":          {map[string]string{"PARLEY_MAX_BODY_BYTES": "1"}, []string{"PARLEY_MAX_BODY_BYTES", "1024"}},
		"body beyond the sockets'":  {map[string]string{"PARLEY_MAX_BODY_BYTES": "1000000", "PARLEY_MAX_SOCKET_MEMORY": "15999999"}, []string{"PARLEY_MAX_BODY_BYTES", "PARLEY_MAX_SOCKET_MEMORY"}},
		"memory beyond memory":      {map[string]string{"PARLEY_MAX_RESPONSE_MEMORY": "9223372036854775807"}, []string{"PARLEY_MAX_RESPONSE_MEMORY"}},
		"complexity that overflows": {map[string]string{"PARLEY_MAX_COMPLEXITY": "9223372036854775807"}, []string{"PARLEY_MAX_COMPLEXITY"}},
		"negative depth":            {map[string]string{"PARLEY_MAX_DEPTH": "-1"}, []string{"PARLEY_MAX_DEPTH"}},
		"days to shut down":         {map[string]string{"PARLEY_SHUTDOWN_TIMEOUT": "2000000h"}, []string{"PARLEY_SHUTDOWN_TIMEOUT", "24h"}},
		"time beyond all times":     {map[string]string{"PARLEY_SHUTDOWN_TIMEOUT": "9999999999h"}, []string{"--shutdown-timeout"}},
		"negative retention":        {map[string]string{"PARLEY_LOG_RETENTION": "-1h"}, []string{"PARLEY_LOG_RETENTION", "0 for ever"}},
		"retention of nothing":      {map[string]string{"PARLEY_LOG_RETENTION": "1ns"}, []string{"PARLEY_LOG_RETENTION", "720h"}},
		"messages kept for seconds": {map[string]string{"PARLEY_MESSAGE_RETENTION": "59s"}, []string{"PARLEY_MESSAGE_RETENTION", "1m0s"}},
		"deleted rooms forgotten":   {map[string]string{"PARLEY_DELETED_ROOM_RETENTION": "1s"}, []string{"PARLEY_DELETED_ROOM_RETENTION", "1m0s"}},
		"endless share of traces":   {map[string]string{"PARLEY_TRACE_SAMPLE_RATIO": "+Inf"}, []string{"PARLEY_TRACE_SAMPLE_RATIO"}},
		"negative share of traces":  {map[string]string{"PARLEY_TRACE_SAMPLE_RATIO": "-0.1"}, []string{"PARLEY_TRACE_SAMPLE_RATIO"}},
		"collector at no port":      {map[string]string{"PARLEY_TRACES_URL": "http://h:99999"}, []string{"PARLEY_TRACES_URL"}},
		"NATS at no port":           {map[string]string{"PARLEY_NATS_URL": "nats://h:99999"}, []string{"PARLEY_NATS_URL"}},
		"NATS without a host":       {map[string]string{"PARLEY_NATS_URL": "nats://:4222"}, []string{"PARLEY_NATS_URL"}},
		"database without anything": {map[string]string{"DATABASE_URL": "postgres:"}, []string{"DATABASE_URL"}},
		"endless burst":             {map[string]string{"PARLEY_RATE_KEYS": "1/h:1000000000"}, []string{"PARLEY_RATE_KEYS", "its burst"}},
		"endless rate":              {map[string]string{"PARLEY_RATE_KEYS": "1000000000/s"}, []string{"PARLEY_RATE_KEYS", "its count"}},
		"no proxies and some":       {map[string]string{"PARLEY_TRUSTED_PROXIES": "off,10.0.0.0/8"}, []string{"PARLEY_TRUSTED_PROXIES"}},
		"operators at the same":     {map[string]string{"PARLEY_ADDR": "127.0.0.1:8080", "PARLEY_ADMIN_ADDR": "localhost:08080"}, []string{"PARLEY_ADMIN_ADDR", "same address"}},
		"operators everywhere":      {map[string]string{"PARLEY_ADDR": "127.0.0.1:8080", "PARLEY_ADMIN_ADDR": ":8080"}, []string{"PARLEY_ADMIN_ADDR", "same address"}},
		"operators at the mapped":   {map[string]string{"PARLEY_ADDR": "127.0.0.1:8080", "PARLEY_ADMIN_ADDR": "[::ffff:127.0.0.1]:8080"}, []string{"same address"}},
		"operators at no port":      {map[string]string{"PARLEY_ADMIN_ADDR": "127.0.0.1:99999"}, []string{"PARLEY_ADMIN_ADDR"}},
		"short secret":              {map[string]string{"PARLEY_JWT_SECRET": "s3cr3t"}, []string{"PARLEY_JWT_SECRET", "6 bytes", "openssl rand -hex 32"}},
		"placeholder":               {map[string]string{"PARLEY_JWT_SECRET": "change-me-change-me-change-me-12345"}, []string{"PARLEY_JWT_SECRET", "placeholder"}},
		"placeholder of jwt.io":     {map[string]string{"PARLEY_JWT_SECRET": "a-string-secret-at-least-256-bits-long"}, []string{"placeholder"}},
		"command as a secret":       {map[string]string{"PARLEY_JWT_SECRET": "$(openssl rand -hex 32) is my secret"}, []string{"placeholder"}},
		"text of compose.yaml":      {map[string]string{"PARLEY_JWT_SECRET": "set it to a long random string!!"}, []string{"placeholder"}},
		"one letter":                {map[string]string{"PARLEY_JWT_SECRET": strings.Repeat("x", 40)}, []string{"PARLEY_JWT_SECRET", "different characters"}},
		"secret with a line's end":  {map[string]string{"PARLEY_JWT_SECRET": secret + "\n"}, []string{"PARLEY_JWT_SECRET", "white space"}},
		"issuer with a space":       {map[string]string{"PARLEY_JWT_SECRET": secret, "PARLEY_JWT_ISSUER": "i "}, []string{"PARLEY_JWT_ISSUER", "white space"}},
		"key URL at no port":        {map[string]string{"PARLEY_JWKS_URL": "https://h:99999/", "PARLEY_JWT_ISSUER": "i", "PARLEY_JWT_AUDIENCE": "a"}, []string{"PARLEY_JWKS_URL"}},
		"everything at one time":    {map[string]string{"PARLEY_LOG_LEVEL": "loud", "PARLEY_MAX_DEPTH": "0"}, []string{"PARLEY_LOG_LEVEL", "\nPARLEY_MAX_DEPTH"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, err := parse(t, test.env)
			if err == nil {
				t.Fatal("accepted")
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q is not in: %v", want, err)
				}
			}
		})
	}
	if _, _, err := parse(
		t,
		map[string]string{"PARLEY_MAX_DEPTH": "0"},
	); !errors.As(
		err,
		new(*config.InvalidError),
	) {
		t.Errorf("%T, want an InvalidError", err)
	}
	if _, _, err := parse(
		t,
		nil,
		"--prot=1",
	); err == nil ||
		!strings.Contains(err.Error(), "unknown flag --prot") {
		t.Errorf("unknown flag: %v", err)
	}
}

func TestAccepted(t *testing.T) {
	t.Parallel()
	for _, env := range []map[string]string{
		{"PARLEY_ADDR": "localhost:8080"},
		{"PARLEY_ADDR": "127.9.9.9:0"},
		{"PARLEY_ADDR": ":8080", "PARLEY_JWT_SECRET": secret},
		{"PARLEY_ADDR": "0.0.0.0:80", "PARLEY_JWKS_URL": "https://login.example/keys", "PARLEY_JWT_ISSUER": "i", "PARLEY_JWT_AUDIENCE": "a"},
		{"PARLEY_JWKS_URL": "http://127.0.0.1:9000/keys", "PARLEY_JWT_ISSUER": "i", "PARLEY_JWT_AUDIENCE": "a"},
		{"PARLEY_JWT_SECRET": secret, "PARLEY_JWT_ISSUER": "i"},
		{"PARLEY_ALLOWED_ORIGINS": "*"},
		{"PARLEY_ALLOWED_ORIGINS": "https://Chat.example.com:8443,http://[::1]:3000,capacitor://localhost"},
		{"DATABASE_URL": "sqlite:/var/lib/parley/parley.db"},
		{"DATABASE_URL": "sqlite::memory:"},
		{"DATABASE_URL": "postgresql:///chat?host=/run/postgresql"},
		{"DATABASE_URL": "postgres://a:1,b:2/chat"},
		{"PARLEY_LOG_RETENTION": "1m"},
		{"PARLEY_ADDR": "127.0.0.1:0", "PARLEY_ADMIN_ADDR": "127.0.0.1:0"},
		{"PARLEY_ADDR": "127.0.0.1:8080", "PARLEY_ADMIN_ADDR": "[::1]:8080"},
		{"PARLEY_RATE_KEYS": "1/h:1000000"},
	} {
		if _, _, err := parse(t, env); err != nil {
			t.Errorf("%v: %v", env, err)
		}
	}
}

func TestModes(t *testing.T) {
	t.Parallel()
	production := map[string]string{"PARLEY_JWT_SECRET": secret}
	if cfg := mustParse(t, production); cfg.Development() || cfg.IntrospectionOn() {
		t.Error("with a secret it is not development mode, and introspection is off")
	}
	if !mustParse(t, production, "--introspection=on").IntrospectionOn() {
		t.Error("introspection cannot be turned on")
	}
	for format, want := range map[string][2]bool{ // on a terminal, elsewhere
		"auto": {false, true}, "text": {false, false}, "json": {true, true},
	} {
		cfg := mustParse(t, nil, "--log-format", format)
		if got := [2]bool{cfg.LogJSON(true), cfg.LogJSON(false)}; got != want {
			t.Errorf("%s: JSON on a terminal and elsewhere: %v, want %v", format, got, want)
		}
	}
}

// TestAutomaticRates: in development mode they apply to other machines, and that of wrong keys to
// all. In production they apply to this machine, too: its requests may come through a proxy that does
// not send the addresses of its clients.
func TestAutomaticRates(t *testing.T) {
	t.Parallel()
	rates := mustParse(t, nil).Rates()
	for name, r := range map[string]limit.RateLimits{"mutations": rates.Mutations, "sign-ins": rates.SignIns, "tokens": rates.Tokens, "keys": rates.Keys, "connections": rates.Connections, "subscriptions": rates.Subscriptions, "queries": rates.Queries} {
		if r.User.Burst < 1 || r.User.Every <= 0 || r.Address.Burst < r.User.Burst ||
			r.Address.Every >= r.User.Every {
			t.Errorf("%s: %+v", name, r)
		}
		if !r.Address.Remote || r.User.Remote != (name != "keys") {
			t.Errorf("%s: this machine is not exempt: %+v", name, r)
		}
	}
	production := mustParse(t, map[string]string{"PARLEY_JWT_SECRET": secret}).Rates()
	if production.Mutations.Address.Remote || production.Connections.User.Remote ||
		production.Keys.Address.Remote {
		t.Errorf("in production this machine is exempt: %+v", production)
	}
	if rates.Keys.User != (limit.Rate{Burst: 10, Every: 6 * time.Second}) {
		t.Errorf("keys: %+v", rates.Keys.User)
	}
	if proxies := mustParse(t, nil, "--trusted-proxies=off").Proxies(); proxies != nil {
		t.Errorf("off trusts %v", proxies)
	}
}

// TestUnknownVariables: an unknown variable that begins with PARLEY_ is rejected, except for those
// that other programs set.
func TestUnknownVariables(t *testing.T) {
	t.Parallel()
	for variable, want := range map[string]string{
		"PARLEY_MAX_SOKETS=1":                    "PARLEY_MAX_SOCKETS",
		"PARLEY_JWT_SECRETS=1":                   "PARLEY_JWT_SECRET",
		"PARLEY_RATE_MUTATION=1":                 "PARLEY_RATE_MUTATIONS",
		"PARLEY_DATABASE_URL=1":                  "DATABASE_URL",
		"PARLEY_=1":                              "PARLEY_ADDR",
		"PARLEY_PORT=9000":                       "PARLEY_ADDR",
		"PARLEY_ADMIN_PORT=9000":                 "PARLEY_ADMIN_ADDR",
		"PARLEY_SERVICE_HOST=10.0.0.1":           "",
		"PARLEY_SERVICE_PORT=8080":               "",
		"PARLEY_SERVICE_PORT_HTTP=8080":          "",
		"PARLEY_PORT=tcp://10.0.0.1:8080":        "",
		"PARLEY_PORT_8080_TCP=1":                 "",
		"PARLEY_NATS_PORT=tcp://10.0.0.1:4222":   "",
		"PARLEY_NATS_PORT_4222_TCP_ADDR=1":       "",
		"PARLEY_TEST_POSTGRES_URL=postgres://a/": "",
		"PARLEY_BINARY=1":                        "",
		"PARLEYS=1":                              "",
		"parley_max_sokets=1":                    "",
	} {
		name, value, _ := strings.Cut(variable, "=")
		_, _, err := parse(t, map[string]string{name: value})
		if want == "" {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		invalid, ok := errors.AsType[*config.InvalidError](err)
		if !ok ||
			!strings.Contains(invalid.Error(), name+" is not a setting: did you mean "+want+"?") {
			t.Errorf("%s: %v, want %s to be named", name, err, want)
		}
	}
	_, _, err := parse(
		t,
		map[string]string{"PARLEY_X": "", "PARLEY_MAX_DEPT": "1", "PARLEY_MAX_DEPTH": "-1"},
	)
	if err == nil || strings.Contains(err.Error(), "PARLEY_X") ||
		strings.Count(err.Error(), "\n") != 1 {
		t.Errorf("all problems at once: %v", err)
	}
}

// TestRenamedSettings: the former name of a setting is rejected with the new one.
func TestRenamedSettings(t *testing.T) {
	t.Parallel()
	for former, want := range map[string]string{
		"PARLEY_TRACES_SHARE":     "PARLEY_TRACE_SAMPLE_RATIO",
		"PARLEY_MAX_ANSWER_BYTES": "PARLEY_MAX_RESPONSE_MEMORY",
		"PARLEY_MAX_SOCKET_BYTES": "PARLEY_MAX_SOCKET_MEMORY",
	} {
		_, _, err := parse(t, map[string]string{former: "1"})
		invalid, ok := errors.AsType[*config.InvalidError](err)
		if !ok || invalid.Error() != former+" was renamed: use "+want {
			t.Errorf("%s: %v, want %s", former, err, want)
		}
		if _, _, err := parse(t, map[string]string{want: "0.5"}); err != nil &&
			strings.Contains(err.Error(), "is not a setting") {
			t.Errorf("%s replaces %s: %v", want, former, err)
		}
	}
	for _, args := range [][]string{{"--traces-share=0.5"}, {"--traces-share", "0.5"}} {
		_, _, err := parse(t, nil, args...)
		if err == nil || !strings.HasPrefix(
			err.Error(), "--traces-share was renamed: use --trace-sample-ratio",
		) {
			t.Errorf("%v: %v", args, err)
		}
	}
}

func TestHelp(t *testing.T) {
	t.Parallel()
	const mark = "very-secret-value"
	_, help, err := parse(
		t,
		map[string]string{
			"PARLEY_JWT_SECRET": mark,
			"DATABASE_URL":      mark,
			"PARLEY_ADDR":       "nonsense",
		},
		"--help",
	)
	if !errors.Is(err, config.ErrPrinted) {
		t.Errorf("%v, want ErrPrinted", err)
	}
	for _, s := range settings {
		if !strings.Contains(help, s.flag+"=") ||
			!strings.Contains(strings.Join(strings.Fields(help), " "), "["+s.env+"]") {
			t.Errorf("%s or %s is not in the help", s.flag, s.env)
		}
	}
	if strings.Contains(help, mark) {
		t.Error("the help contains a secret")
	}
	if len(help) < 2000 || !strings.Contains(help, "Database:") ||
		!strings.Contains(help, "Default: 127.0.0.1:8080.") {
		t.Errorf("no groups or defaults:\n%s", help)
	}
	_, version, err := parse(t, nil, "--version")
	if !errors.Is(err, config.ErrPrinted) || version != "1.2.3\n" {
		t.Errorf("version: %q %v", version, err)
	}
}

func TestPruneCommand(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{nil, {"serve"}} {
		if command := mustParse(t, nil, args...).Command; command != config.Serve {
			t.Errorf("%v: the command is %q", args, command)
		}
	}
	env := map[string]string{"PARLEY_LOG_RETENTION": "48h"}
	cfg := mustParse(t, env, "prune", "--message-retention=24h")
	if cfg.Command != config.Prune || cfg.MessageRetention != 24*time.Hour ||
		cfg.LogRetention != 48*time.Hour {
		t.Errorf("prune: %+v", cfg)
	}
	if mustParse(t, nil, "--message-retention=24h", "prune").Command != config.Prune {
		t.Error("the command behind a flag is not found")
	}
}

// TestCommandHelp: the help of a command has the settings that it uses, and no others.
func TestCommandHelp(t *testing.T) {
	t.Parallel()
	for command, want := range map[string][]string{
		"prune": {
			"DATABASE_URL", "PARLEY_DB_MAX_CONNS", "PARLEY_DB_STATEMENT_CACHE",
			"PARLEY_DELETED_ROOM_RETENTION", "PARLEY_LOG_FORMAT", "PARLEY_LOG_LEVEL",
			"PARLEY_LOG_RETENTION", "PARLEY_MESSAGE_RETENTION", "PARLEY_SQLITE_SYNCHRONOUS",
		},
		"token": {
			"DATABASE_URL", "PARLEY_JWKS_URL", "PARLEY_JWT_AUDIENCE", "PARLEY_JWT_CLAIMS",
			"PARLEY_JWT_ISSUER", "PARLEY_JWT_SECRET",
		},
	} {
		_, help, err := parse(t, nil, command, "--help")
		if !errors.Is(err, config.ErrPrinted) {
			t.Errorf("%v, want ErrPrinted", err)
		}
		var shown []string
		for _, s := range regexp.MustCompile(`\[([A-Z_]+)\]`).FindAllStringSubmatch(help, -1) {
			shown = append(shown, s[1])
		}
		slices.Sort(shown)
		if diff := cmp.Diff(want, shown); diff != "" {
			t.Errorf("%s: -want +got:\n%s", command, diff)
		}
		if strings.Contains(help, "--completion") || !strings.Contains(help, "--help") {
			t.Errorf("%s: other flags:\n%s", command, help)
		}
	}
}

func TestTokenOptions(t *testing.T) {
	t.Parallel()
	cfg := mustParse(t, nil, "token", "ada", "--admin", "--ttl=90m")
	want := config.TokenOptions{User: "ada", Admin: true, TTL: 90 * time.Minute}
	if cfg.Command != config.Token || cfg.Token != want {
		t.Errorf("%s %+v", cfg.Command, cfg.Token)
	}
	for _, args := range [][]string{
		{"token"},
		{"token", "a", "b"},
		{"token", "a", "--ttl=0"},
		{"token", "a", "--ttl=7d"},
		{"--admin"},
	} {
		if _, _, err := parse(t, nil, args...); !errors.As(err, new(*config.InvalidError)) {
			t.Errorf("%v: %v, want an InvalidError", args, err)
		}
	}
}

func TestSecretsDoNotShow(t *testing.T) {
	t.Parallel()
	const password = "hunter2-hunter2-hunter2-hunter2-hunter2"
	cfg := mustParse(
		t,
		map[string]string{
			"PARLEY_JWT_SECRET": password,
			"DATABASE_URL":      "postgres://u:" + password + "@h/db",
		},
	)
	var out bytes.Buffer
	slog.New(slog.NewJSONHandler(&out, nil)).
		Info("config", "config", cfg, "secret", cfg.JWTSecret, "pointer", &cfg)
	slog.New(slog.NewTextHandler(&out, nil)).
		Info("config", "config", cfg, "secret", cfg.JWTSecret, "pointer", &cfg)
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		fmt.Fprintf(&out, format+format+format, cfg, &cfg, cfg.JWTSecret)
	}
	fmt.Fprintf(&out, "%x%X", cfg.JWTSecret, cfg.JWTSecret)
	encoded, err := json.Marshal(cfg)
	if err != nil {
		t.Fatal(err)
	}
	out.Write(encoded)
	for _, leak := range []string{password, fmt.Sprintf("%x", password), fmt.Sprintf("%X", password)} {
		if strings.Contains(out.String(), leak) {
			t.Errorf("%s is visible in %s", leak, out.String())
		}
	}

	for _, test := range []struct {
		env  map[string]string
		args []string
	}{
		{env: map[string]string{"PARLEY_JWT_SECRET": password, "PARLEY_JWKS_URL": "http://u:" + password + "@x"}},
		{env: map[string]string{"DATABASE_URL": "mysql://u:" + password + "@h"}},
		{env: map[string]string{"DATABASE_URL": "postgres://u:" + password + "%zz@h"}},
		{env: map[string]string{"DATABASE_URL": "postgres://u:p@h", "PARLEY_ADDR": "x"}, args: []string{"--jwt-secret=" + password}},
		{args: []string{"--jwt-secrte=" + password}},
		{args: []string{"--jwt-secrte", password}},
		{args: []string{"--jwt-secret", "--jwt-issuer", password}},
	} {
		if _, _, err := parse(
			t,
			test.env,
			test.args...); err == nil ||
			strings.Contains(err.Error(), password[:20]) {
			t.Errorf("%v %v: %v", test.env, test.args, err)
		}
	}
}

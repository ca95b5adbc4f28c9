// Package config reads the server's settings from flags and the environment, checks them, and
// explains them (--help).
package config

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/alecthomas/kong"
)

// ErrAnswered is returned by [Parse] where --help or --version was asked for and has been answered:
// there is nothing to run, and nothing is wrong.
var ErrAnswered = errors.New("help or version printed")

// Config holds every setting. The tags are what the operator sees: each setting has a flag, a
// variable of the same words, and its help.
type Config struct {
	Addr            string        `env:"PARLEY_ADDR" default:"127.0.0.1:8080" placeholder:"HOST:PORT" group:"server" help:"Where to listen. An empty host, as in :8080, is every interface; port 0 is any free port."`
	AllowedOrigins  []string      `env:"PARLEY_ALLOWED_ORIGINS" sep:"," placeholder:"ORIGIN" group:"server" help:"Origins whose pages may use the server, as in https://chat.example.com, separated by commas; * is every origin. Default: the server's own pages."`
	AdminAddr       string        `env:"PARLEY_ADMIN_ADDR" placeholder:"HOST:PORT" group:"server" help:"Where to serve /metrics and /debug/pprof/, for operators alone, as in 127.0.0.1:9090. Default: /metrics is with everything else, and pprof is off."`
	ShutdownTimeout time.Duration `env:"PARLEY_SHUTDOWN_TIMEOUT" default:"15s" placeholder:"DURATION" group:"server" help:"How long to let running requests end when the server is stopped."`

	DatabaseURL      Secret `env:"DATABASE_URL" placeholder:"URL" group:"database" help:"postgres://user:password@host/name (several hosts: h1:p1,h2:p2), or sqlite:PATH. Default: the file parley.db in the working folder."`
	DBMaxConns       int    `name:"db-max-conns" env:"PARLEY_DB_MAX_CONNS" default:"16" placeholder:"N" group:"database" help:"The most connections to PostgreSQL at a time, besides one for /readyz."`
	DBStatementCache int    `name:"db-statement-cache" env:"PARLEY_DB_STATEMENT_CACHE" default:"256" placeholder:"N" group:"database" help:"Prepared statements that a PostgreSQL connection keeps. 0 is none, which a pooler in transaction mode needs that does not carry them along (PgBouncer before 1.21)."`

	SQLiteSynchronous string `name:"sqlite-synchronous" env:"PARLEY_SQLITE_SYNCHRONOUS" default:"full" placeholder:"WHEN" group:"database" help:"When SQLite writes a commit to the disk. full: before it is acknowledged. normal: later, so that writing is faster and a power cut loses the last seconds; clients then resynchronize."`

	LogRetention time.Duration `env:"PARLEY_LOG_RETENTION" default:"0" placeholder:"DURATION" group:"database" help:"How long rooms' logs keep what happened besides messages, for streams to resume from, as in 720h. Messages are always kept. 0 is for ever."`

	NATSURL           Secret   `name:"nats-url" env:"PARLEY_NATS_URL" placeholder:"URL" group:"database" help:"NATS servers that nodes tell each other by what has changed, as in nats://host:4222, separated by commas. Default: with PostgreSQL its notifications."`
	RateMutations     string   `env:"PARLEY_RATE_MUTATIONS" default:"auto" placeholder:"RATE" group:"rates" help:"Changes: each field of a mutation is one, and so is each user made a member, each room left and each started 8 KiB of a message. auto: 50/s:200,500/s:2000."`
	RateSignIns       string   `name:"rate-sign-ins" env:"PARLEY_RATE_SIGN_INS" default:"auto" placeholder:"RATE" group:"rates" help:"signIn, in development mode. auto: 1/s:10,5/s:50."`
	RateKeys          string   `env:"PARLEY_RATE_KEYS" default:"auto" placeholder:"RATE" group:"rates" help:"Wrong keys of private rooms. auto: 10/m:10 for a user; for an address 100/m:100."`
	RateConnections   string   `env:"PARLEY_RATE_CONNECTIONS" default:"auto" placeholder:"RATE" group:"rates" help:"New WebSockets and event streams. auto: 2/s:100,50/s:1000."`
	RateSubscriptions string   `env:"PARLEY_RATE_SUBSCRIPTIONS" default:"auto" placeholder:"RATE" group:"rates" help:"New subscriptions. auto: 20/s:500,500/s:5000."`
	RateQueries       string   `env:"PARLEY_RATE_QUERIES" default:"auto" placeholder:"RATE" group:"rates" help:"The cost of queries, as --max-complexity counts it; a search costs 500 more, and a document that is not cached one more for each 4 bytes. auto: 50000/s:1000000,500000/s:10000000."`
	TrustedProxies    []string `env:"PARLEY_TRUSTED_PROXIES" sep:"," default:"127.0.0.0/8,::1/128" placeholder:"CIDR" group:"rates" help:"Proxies that are believed whose request they pass on; none is believed where this is off."`
	ProxyHeader       string   `env:"PARLEY_PROXY_HEADER" default:"x-forwarded-for" placeholder:"NAME" group:"rates" help:"The header in which they say so: x-forwarded-for or forwarded (RFC 7239). It must be one that they set themselves."`

	JWTSecret   Secret `name:"jwt-secret" env:"PARLEY_JWT_SECRET" placeholder:"SECRET" group:"auth" help:"Verifies tokens signed with HS256; at least 32 random bytes, as from openssl rand -hex 32. The environment is the better place: other users of the machine can read flags."`
	JWKSURL     string `name:"jwks-url" env:"PARLEY_JWKS_URL" placeholder:"URL" group:"auth" help:"Where the identity provider publishes its keys: verifies tokens signed with RS256, ES256 or EdDSA."`
	JWTIssuer   string `name:"jwt-issuer" env:"PARLEY_JWT_ISSUER" placeholder:"ISS" group:"auth" help:"The iss that tokens must have; needed with a key URL."`
	JWTAudience string `name:"jwt-audience" env:"PARLEY_JWT_AUDIENCE" placeholder:"AUD" group:"auth" help:"The aud that tokens must have; needed with a key URL."`

	LogLevel  string `env:"PARLEY_LOG_LEVEL" default:"info" placeholder:"LEVEL" group:"log" help:"debug, info, warn or error."`
	LogFormat string `env:"PARLEY_LOG_FORMAT" default:"auto" placeholder:"FORMAT" group:"log" help:"text, json, or auto: text on a terminal, else json."`

	TracesURL   string  `env:"PARLEY_TRACES_URL" placeholder:"URL" group:"log" help:"An OpenTelemetry collector to tell traces to, by OTLP over HTTP, as in http://127.0.0.1:4318. Default: nothing is traced."`
	TracesShare float64 `env:"PARLEY_TRACES_SHARE" default:"1" placeholder:"SHARE" group:"log" help:"The share of traces that are exported, from 0 to 1."`

	MaxSockets     int   `env:"PARLEY_MAX_SOCKETS" default:"50000" placeholder:"N" group:"server" help:"The most WebSockets and event streams at a time, of all clients. More are answered 503. It is lowered where the process may not open as many files. A quarter at most is for clients without a token, and half for one address."`
	MaxSocketBytes int64 `env:"PARLEY_MAX_SOCKET_BYTES" default:"1073741824" placeholder:"BYTES" group:"server" help:"The memory that they may take, by estimate: an idle socket with a subscription takes some 16 KiB. A quarter is for messages that are coming."`

	MaxRequestMemory int64 `env:"PARLEY_MAX_REQUEST_MEMORY" default:"268435456" placeholder:"BYTES" group:"server" help:"The memory that requests may take together, by estimate: some ten times the size of their bodies, from before they are read until they are answered. More are answered UNAVAILABLE. One user may have an eighth, and clients without a token a quarter."`

	MaxAnswerBytes int64 `env:"PARLEY_MAX_ANSWER_BYTES" default:"536870912" placeholder:"BYTES" group:"server" help:"The memory that answers may take together while they are made and sent, by estimate. Those that may be large wait for it, and in the end are answered UNAVAILABLE. A quarter is for the events of subscriptions."`

	Introspection    string `env:"PARLEY_INTROSPECTION" default:"auto" placeholder:"WHEN" group:"graphql" help:"Whether clients may ask for the schema: on, off, or auto: on in development mode."`
	TrustedDocuments string `env:"PARLEY_TRUSTED_DOCUMENTS" placeholder:"FILE" group:"graphql" help:"The only documents to answer: a manifest in JSON, as graphql-codegen, Relay or Apollo's tools write it. Default: every document is answered."`
	MaxDepth         int    `env:"PARLEY_MAX_DEPTH" default:"15" placeholder:"N" group:"graphql" help:"The deepest nesting of an operation's fields."`
	MaxComplexity    int    `env:"PARLEY_MAX_COMPLEXITY" default:"20000" placeholder:"N" group:"graphql" help:"The highest cost of an operation, the number of values that its response may have: docs/limits.md."`
	MaxAliases       int    `env:"PARLEY_MAX_ALIASES" default:"50" placeholder:"N" group:"graphql" help:"The most aliases in an operation."`
	MaxBodyBytes     int64  `env:"PARLEY_MAX_BODY_BYTES" default:"1048576" placeholder:"BYTES" group:"graphql" help:"The largest request."`
}

const description = `A chat-room server with a GraphQL API and live subscriptions.

Each setting is a flag or a variable of the environment; a flag wins, and an empty variable counts as left out. A variable that begins with PARLEY_ and is none of these ends the start, unless Kubernetes, Docker or Parley's tests set it. With neither PARLEY_JWT_SECRET nor PARLEY_JWKS_URL the server runs in development mode: anybody can sign in as anybody, and it listens on this machine only.`

func groups() kong.Option {
	return kong.ExplicitGroups([]kong.Group{
		{Key: "server", Title: "Server:"},
		{Key: "database", Title: "Database:"},
		{
			Key:         "rates",
			Title:       "How often (advanced):",
			Description: "A rate is what one person may do, and behind a comma what may come from one address (a /64 with IPv6), as in 20/s:40,200/s:400: 20 a second (s, m or h) after 40 at once. Without the second, an address may do ten times what a person may. off is no limit, for either or for both. In development mode auto does not limit requests of this machine.",
		},
		{Key: "auth", Title: "Who is asking (a secret or a key URL):"},
		{Key: "log", Title: "Log and traces:"},
		{Key: "graphql", Title: "GraphQL and its limits (advanced):"},
	})
}

// Parse reads the settings from args (without the program's name) and from the environment
// ([os.Environ]), where a variable that begins with PARLEY_ must be one of a setting. --help and --version (which prints version) go to stdout. Its error
// lists everything that is wrong, one line each, in words for the operator and without any secret,
// and is an [InvalidError]; or it is [ErrAnswered].
func Parse(
	args []string,
	environ []string,
	version string,
	stdout, stderr io.Writer,
) (Config, error) {
	var cli struct {
		Config
		Version kong.VersionFlag `help:"Print the version and exit."`
	}
	answered := false
	env := newEnvironment(environ)
	parser, err := kong.New(&cli,
		kong.Name("parley"),
		kong.Description(description),
		kong.Vars{"version": version},
		kong.Writers(stdout, stderr),
		kong.Exit(func(int) { answered = true }),
		kong.ConfigureHelp(kong.HelpOptions{WrapUpperBound: 110}),
		kong.ValueFormatter(helpText),
		groups(),
		kong.Resolvers(env.resolver()),
	)
	if err != nil {
		return Config{}, fmt.Errorf("describe the settings: %w", err)
	}
	var variables []string
	for _, flag := range parser.Model.Flags {
		variables = append(variables, flag.Envs...)
		flag.Tag.Envs = nil // kong would read the process's environment; flag.Envs still has the names
	}
	_, err = parser.Parse(args)
	switch {
	case answered:
		return Config{}, ErrAnswered
	case err != nil:
		return Config{}, &InvalidError{fmt.Errorf("%w (--help lists the settings)", err)}
	}
	cli.AllowedOrigins = trimmed(cli.AllowedOrigins)
	cli.TrustedProxies = trimmed(cli.TrustedProxies)
	if err := errors.Join(env.check(variables), cli.validate()); err != nil {
		return Config{}, &InvalidError{err}
	}
	return cli.Config, nil
}

// Defaults returns the settings of a server that was told nothing.
func Defaults() Config {
	cfg, err := Parse(nil, nil, "", io.Discard, io.Discard)
	if err != nil {
		panic(
			err,
		) // the defaults are valid, or the first start of the server shows that they are not
	}
	return cfg
}

// trimmed returns the values without the space around them, and without the empty ones.
func trimmed(values []string) []string {
	var kept []string
	for _, v := range values {
		if v = strings.TrimSpace(v); v != "" {
			kept = append(kept, v)
		}
	}
	return kept
}

// helpText is a setting's help, its default and its variable.
func helpText(value *kong.Value) string {
	text := value.Help
	if value.HasDefault {
		text += " Default: " + value.Default + "."
	}
	if value.Flag != nil && len(value.Flag.Envs) > 0 {
		text += " [" + strings.Join(value.Flag.Envs, ", ") + "]"
	}
	return text
}

// Development reports whether the server has no way to verify tokens that others issue: it then
// issues its own to every client.
func (c Config) Development() bool { return c.JWTSecret == "" && c.JWKSURL == "" }

// Postgres reports whether the database is PostgreSQL.
func (c Config) Postgres() bool {
	scheme, _, _ := strings.Cut(string(c.DatabaseURL), ":")
	return scheme == "postgres" || scheme == "postgresql"
}

// Level is the lowest level to log.
func (c Config) Level() slog.Level {
	level, _ := parseLevel(c.LogLevel) // it has been checked
	return level
}

// LogJSON reports whether to log as JSON, given whether the log goes to a terminal.
func (c Config) LogJSON(terminal bool) bool {
	return c.LogFormat == formatJSON || c.LogFormat == auto && !terminal
}

// IntrospectionOn reports whether clients may ask for the schema.
func (c Config) IntrospectionOn() bool {
	return c.Introspection == on || c.Introspection == auto && c.Development()
}

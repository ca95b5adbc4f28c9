// Package config reads the server's settings from flags and the environment, checks them, and
// explains them (--help).
package config

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kong"
)

// ErrPrinted is the error of [Parse] after it has printed the help or the version: the program
// ends without an error.
var ErrPrinted = errors.New("help or version printed")

// Config holds all settings. The tags are the interface for operators: the variable of each setting,
// its default and its help. The flag has the same words as the variable. The tag for has the commands
// besides serve that use the setting.
type Config struct {
	Addr            string        `env:"PARLEY_ADDR" default:"127.0.0.1:8080" placeholder:"HOST:PORT" group:"server" help:"Address to listen on. An empty host, as in :8080, is every interface; port 0 is any free port."`
	AllowedOrigins  []string      `env:"PARLEY_ALLOWED_ORIGINS" sep:"," placeholder:"ORIGIN" group:"server" help:"Origins of the pages that may use the server, as in https://chat.example.com, separated by commas; * allows every origin. Default: the server's own pages."`
	AdminAddr       string        `env:"PARLEY_ADMIN_ADDR" placeholder:"HOST:PORT" group:"server" help:"Separate address for /metrics and /debug/pprof/, as in 127.0.0.1:9090. Default: none, and pprof is off."`
	PublicMetrics   string        `env:"PARLEY_PUBLIC_METRICS" default:"auto" placeholder:"WHEN" group:"server" help:"Whether /metrics is on the main address, too: on, off, or auto: in development mode without a separate address."`
	ShutdownTimeout time.Duration `env:"PARLEY_SHUTDOWN_TIMEOUT" default:"15s" placeholder:"DURATION" group:"server" help:"Time for running requests to end when the server stops."`

	DatabaseURL      Secret `env:"DATABASE_URL" placeholder:"URL" group:"database" for:"prune,token" help:"postgres://user:password@host/name (several hosts: h1:p1,h2:p2), or sqlite:PATH. Default: the file parley.db in the working folder."`
	DBMaxConns       int    `name:"db-max-conns" env:"PARLEY_DB_MAX_CONNS" default:"16" placeholder:"N" group:"database" for:"prune" help:"Maximum number of connections to PostgreSQL, besides one for /readyz."`
	DBStatementCache int    `name:"db-statement-cache" env:"PARLEY_DB_STATEMENT_CACHE" default:"256" placeholder:"N" group:"database" for:"prune" help:"Prepared statements in the cache of each PostgreSQL connection. Set it to 0 for poolers in transaction mode that do not support prepared statements (PgBouncer before 1.21)."`

	SQLiteSynchronous string `name:"sqlite-synchronous" env:"PARLEY_SQLITE_SYNCHRONOUS" default:"full" placeholder:"WHEN" group:"database" for:"prune" help:"When SQLite flushes a commit to the disk. full: before the commit is acknowledged. normal: later, which is faster, but a power cut loses the last seconds; clients then resynchronize."`

	LogRetention time.Duration `env:"PARLEY_LOG_RETENTION" default:"0" placeholder:"DURATION" group:"database" for:"prune" help:"Age at which events are deleted from the logs of rooms, as in 720h; streams resume from younger ones. Messages are not deleted. 0: never."`

	MessageRetention     time.Duration `env:"PARLEY_MESSAGE_RETENTION" default:"0" placeholder:"DURATION" group:"database" for:"prune" help:"Age at which messages are deleted, with their reactions and idempotency keys, as in 8760h. 0: never."`
	DeletedRoomRetention time.Duration `env:"PARLEY_DELETED_ROOM_RETENTION" default:"168h" placeholder:"DURATION" group:"database" for:"prune" help:"Time after which the rows of a deleted room are deleted. Until then, clients that reconnect learn that the room was deleted. 0: never."`

	NATSURL           Secret   `name:"nats-url" env:"PARLEY_NATS_URL" placeholder:"URL" group:"database" help:"NATS servers for publications between nodes, as in nats://host:4222, separated by commas. Default: PostgreSQL NOTIFY."`
	RateMutations     string   `env:"PARLEY_RATE_MUTATIONS" default:"auto" placeholder:"RATE" group:"rates" help:"Mutations: each field counts once, and so do each added member, each room that is left, and every 8 KiB of a message. auto: 50/s:200,500/s:2000."`
	RateSignIns       string   `name:"rate-sign-ins" env:"PARLEY_RATE_SIGN_INS" default:"auto" placeholder:"RATE" group:"rates" help:"signIn, in development mode. auto: 1/s:10,5/s:50."`
	RateTokens        string   `env:"PARLEY_RATE_TOKENS" default:"auto" placeholder:"RATE" group:"rates" help:"Rejected tokens. Their user is unknown, so only the limit of an address applies. auto: 10/s:100,100/s:1000."`
	RateKeys          string   `env:"PARLEY_RATE_KEYS" default:"auto" placeholder:"RATE" group:"rates" help:"Attempts with wrong keys of private rooms. auto: 10/m:10 for a user, 100/m:100 for an address."`
	RateConnections   string   `env:"PARLEY_RATE_CONNECTIONS" default:"auto" placeholder:"RATE" group:"rates" help:"New WebSockets and event streams. auto: 2/s:100,50/s:1000."`
	RateSubscriptions string   `env:"PARLEY_RATE_SUBSCRIPTIONS" default:"auto" placeholder:"RATE" group:"rates" help:"New subscriptions. auto: 20/s:500,500/s:5000."`
	RateQueries       string   `env:"PARLEY_RATE_QUERIES" default:"auto" placeholder:"RATE" group:"rates" help:"Cost of queries, as for --max-complexity. A search costs 500 more, and a document that is not cached 1 more for each 4 bytes. auto: 50000/s:1000000,500000/s:10000000."`
	TrustedProxies    []string `env:"PARLEY_TRUSTED_PROXIES" sep:"," default:"127.0.0.0/8,::1/128" placeholder:"CIDR" group:"rates" help:"Networks of trusted proxies, from which the server accepts the addresses of clients. off: none."`
	ProxyHeader       string   `env:"PARLEY_PROXY_HEADER" default:"x-forwarded-for" placeholder:"NAME" group:"rates" help:"Header in which trusted proxies send the address of the client: x-forwarded-for or forwarded (RFC 7239). The proxies must not accept it from clients."`

	JWTSecret   Secret `name:"jwt-secret" env:"PARLEY_JWT_SECRET" placeholder:"SECRET" group:"auth" for:"token" help:"Secret of tokens signed with HS256: at least 32 random bytes, as from openssl rand -hex 32. Prefer the variable: other users of the machine can read flags."`
	JWKSURL     string `name:"jwks-url" env:"PARLEY_JWKS_URL" placeholder:"URL" group:"auth" for:"token" help:"URL of the identity provider's public keys, for tokens signed with RS256, ES256 or EdDSA."`
	JWTIssuer   string `name:"jwt-issuer" env:"PARLEY_JWT_ISSUER" placeholder:"ISS" group:"auth" for:"token" help:"Required iss claim of tokens; must be set with a key URL."`
	JWTAudience string `name:"jwt-audience" env:"PARLEY_JWT_AUDIENCE" placeholder:"AUD" group:"auth" for:"token" help:"Required aud claim of tokens; must be set with a key URL."`
	JWTClaims   string `name:"jwt-claims" env:"PARLEY_JWT_CLAIMS" placeholder:"LIST" group:"auth" for:"token" help:"Claims that your identity provider has in place of sub, name, picture and admin, as in name=nickname,admin=/realm_access/roles=chat-admin. A / begins the path of a nested claim. A second = begins the value that the claim of an administrator must be or contain."`

	LogLevel  string `env:"PARLEY_LOG_LEVEL" default:"info" placeholder:"LEVEL" group:"log" for:"prune" help:"Lowest level to log: debug, info, warn or error."`
	LogFormat string `env:"PARLEY_LOG_FORMAT" default:"auto" placeholder:"FORMAT" group:"log" for:"prune" help:"Format of the log: text, json, or auto: text on a terminal, otherwise json."`

	TracesURL        string  `env:"PARLEY_TRACES_URL" placeholder:"URL" group:"log" help:"OpenTelemetry collector that receives traces by OTLP over HTTP, as in http://127.0.0.1:4318. Default: no traces."`
	TraceSampleRatio float64 `env:"PARLEY_TRACE_SAMPLE_RATIO" default:"1" placeholder:"RATIO" group:"log" help:"Ratio of traces that are exported, from 0 to 1."`

	MaxSockets      int   `env:"PARLEY_MAX_SOCKETS" default:"50000" placeholder:"N" group:"server" help:"Maximum number of open WebSockets and event streams; the server rejects more with 503. The server lowers it if the process may not open as many files. Clients without a token may have a quarter of them, and one address half."`
	MaxSocketMemory int64 `env:"PARLEY_MAX_SOCKET_MEMORY" default:"1073741824" placeholder:"BYTES" group:"server" help:"Memory budget of WebSockets and event streams: an idle socket with a subscription uses about 16 KiB. A quarter is for incoming messages."`

	MaxSocketOperations int `env:"PARLEY_MAX_SOCKET_OPERATIONS" default:"100" placeholder:"N" group:"server" help:"Maximum number of operations, subscriptions included, that run on one WebSocket."`

	MaxRequestMemory int64 `env:"PARLEY_MAX_REQUEST_MEMORY" default:"268435456" placeholder:"BYTES" group:"server" help:"Memory budget of HTTP requests: about ten times the size of their bodies, until the response is sent. The server rejects more with UNAVAILABLE. One user may have an eighth, and clients without a token a quarter."`

	MaxResponseMemory int64 `env:"PARLEY_MAX_RESPONSE_MEMORY" default:"536870912" placeholder:"BYTES" group:"server" help:"Memory budget of responses until they are sent. Large responses wait for memory and fail with UNAVAILABLE after a while. A quarter is for the events of subscriptions."`

	Introspection    string `env:"PARLEY_INTROSPECTION" default:"auto" placeholder:"WHEN" group:"graphql" help:"Whether clients may query the schema: on, off, or auto: on in development mode."`
	TrustedDocuments string `env:"PARLEY_TRUSTED_DOCUMENTS" placeholder:"FILE" group:"graphql" help:"JSON manifest of the only documents that clients may send, as graphql-codegen, Relay or Apollo's tools write it. Default: clients may send any document."`
	MaxDepth         int    `env:"PARLEY_MAX_DEPTH" default:"15" placeholder:"N" group:"graphql" help:"Maximum nesting of the fields of an operation."`
	MaxComplexity    int    `env:"PARLEY_MAX_COMPLEXITY" default:"20000" placeholder:"N" group:"graphql" help:"Maximum cost of an operation, which is the number of values that its response may have: docs/limits.md."`
	MaxAliases       int    `env:"PARLEY_MAX_ALIASES" default:"50" placeholder:"N" group:"graphql" help:"Maximum number of aliases in an operation."`
	MaxBodyBytes     int64  `env:"PARLEY_MAX_BODY_BYTES" default:"1048576" placeholder:"BYTES" group:"graphql" help:"Maximum size of a request."`

	// Command is what the program does, and Token the token that the command token prints.
	Command Command      `kong:"-"`
	Token   TokenOptions `kong:"-"`
	// Documents is the manifest that the command check-documents checks.
	Documents string `kong:"-"`
}

// Command is a command of the program.
type Command string

// The commands. Serve is the default.
const (
	Serve          Command = "serve"
	Prune          Command = "prune"
	Token          Command = "token"
	Check          Command = "check"
	CheckDocuments Command = "check-documents"
)

// TokenOptions describes the token that the command token prints.
type TokenOptions struct {
	User  string        `arg:"" help:"Id of the user, which may be new."`
	Admin bool          `help:"Sign a token of an administrator, as for a back end."`
	TTL   time.Duration `name:"ttl" default:"24h" placeholder:"DURATION" help:"Time until the token expires."`
}

const description = `A chat-room server with a GraphQL API and live subscriptions.

Each setting is a flag or an environment variable; a flag takes precedence, and an empty variable counts as unset. PARLEY_JWT_SECRET_FILE, DATABASE_URL_FILE and PARLEY_NATS_URL_FILE name files with the secrets. The server does not start if an unknown variable begins with PARLEY_, unless Kubernetes, Docker or Parley's tests set it. With neither PARLEY_JWT_SECRET nor PARLEY_JWKS_URL the server runs in development mode: every client can sign in as any user, and the server listens on this machine only.`

func groups() kong.Option {
	return kong.ExplicitGroups([]kong.Group{
		{Key: "server", Title: "Server:"},
		{Key: "database", Title: "Database:"},
		{
			Key:         "rates",
			Title:       "Rate limits (advanced):",
			Description: "The limit of a user and, behind a comma, that of an address (a /64 with IPv6), as in 20/s:40,200/s:400: 20 a second (s, m or h) after a burst of 40. Without the second, the limit of an address is ten times that of a user. off is no limit, for one of them or for both. In development mode auto does not limit requests from this machine.",
		},
		{Key: "auth", Title: "Authentication (a secret or a key URL):"},
		{Key: "log", Title: "Log and traces:"},
		{Key: "graphql", Title: "GraphQL and its limits (advanced):"},
	})
}

// Parse reads the settings from args (without the program's name) and from environ ([os.Environ]).
// It prints --help, and --version with version, to stdout and then returns [ErrPrinted]. If settings
// are invalid, or an unknown variable begins with PARLEY_, it returns an [InvalidError] with one line
// for each problem and without secrets.
func Parse(
	args []string,
	environ []string,
	version string,
	stdout, stderr io.Writer,
) (Config, error) {
	var cli struct {
		Config
		Version    kong.VersionFlag `help:"Print the version and exit."`
		Completion string           `placeholder:"SHELL" help:"Print a script by which bash, zsh or fish completes the flags and commands, and exit."`

		Serve          struct{} `cmd:"" default:"1" help:"Run the server. This is the default."`
		Check          struct{} `cmd:"" help:"Check the settings, the database, its clock, the key URL and the file descriptors, print a line each and exit, with status 1 if something is wrong. It changes nothing."`
		CheckDocuments struct {
			File string `arg:"" help:"JSON manifest, as for --trusted-documents."`
		} `cmd:"" help:"Check a manifest of trusted documents against the schema and exit, with status 1 if a document is invalid."`
		Token TokenOptions `cmd:"" help:"Print a token of a user and exit. It is signed with --jwt-secret, or in development mode with the key of the database."`
		Prune struct{}     `cmd:"" help:"Delete once what has expired by --message-retention, --log-retention and --deleted-room-retention, and exit. Servers may run on the database."`
	}
	printed := false
	env := newEnvironment(environ)
	parser, err := kong.New(&cli,
		kong.Name("parley"),
		kong.Description(description),
		kong.Vars{"version": version},
		kong.Writers(stdout, stderr),
		kong.Exit(func(int) { printed = true }),
		kong.ConfigureHelp(kong.HelpOptions{WrapUpperBound: 110}),
		kong.Help(printHelp),
		kong.ValueFormatter(helpText),
		durations(),
		groups(),
		kong.Resolvers(env.resolver()),
	)
	if err != nil {
		return Config{}, fmt.Errorf("describe the settings: %w", err)
	}
	var variables []string
	for _, flag := range parser.Model.Flags {
		variables = append(variables, flag.Envs...)
		flag.Tag.Envs = nil // or kong reads the environment of the process; flag.Envs has the names
	}
	secrets := env.readSecrets(parser.Model.Flags)
	parsed, err := parser.Parse(args)
	switch {
	case printed:
		return Config{}, ErrPrinted
	case err != nil:
		if renamed := checkFlags(args); renamed != nil {
			err = renamed
		}
		return Config{}, &InvalidError{fmt.Errorf("%w (--help lists the settings)", err)}
	case cli.Completion != "":
		if err := writeCompletion(stdout, cli.Completion, parser.Model); err != nil {
			return Config{}, err
		}
		return Config{}, ErrPrinted
	}
	command, _, _ := strings.Cut(parsed.Command(), " ")
	if cli.Command = Command(command); command == string(Token) {
		cli.Config.Token = cli.Token
	}
	cli.Documents = cli.CheckDocuments.File
	if secrets != nil {
		return Config{}, &InvalidError{secrets}
	}
	cli.AllowedOrigins = trimmed(cli.AllowedOrigins)
	cli.TrustedProxies = trimmed(cli.TrustedProxies)
	if err := errors.Join(env.check(variables), cli.validate()); err != nil {
		return Config{}, &InvalidError{err}
	}
	return cli.Config, nil
}

// printHelp prints the help of the command line of ctx. The help of a command has only its own settings.
func printHelp(options kong.HelpOptions, ctx *kong.Context) error {
	if command := ctx.Selected(); command != nil && Command(command.Name) != Serve {
		for _, flag := range ctx.Model.Flags {
			uses := Command(command.Name) == Check && flag.Group != nil ||
				slices.Contains(strings.Split(flag.Tag.Get("for"), ","), command.Name)
			flag.Hidden = flag != ctx.Model.HelpFlag && !uses
		}
	}
	return kong.DefaultHelpPrinter(options, ctx)
}

// Defaults returns the default settings.
func Defaults() Config {
	cfg, err := Parse(nil, nil, "", io.Discard, io.Discard)
	if err != nil {
		panic(err) // the defaults are valid
	}
	return cfg
}

// trimmed trims spaces from the values and removes empty ones.
func trimmed(values []string) []string {
	var nonEmpty []string
	for _, v := range values {
		if v = strings.TrimSpace(v); v != "" {
			nonEmpty = append(nonEmpty, v)
		}
	}
	return nonEmpty
}

// helpText returns the help of a setting with its default and its variable.
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

// Development reports whether the server runs in development mode: it cannot verify tokens of other
// issuers, and signIn issues tokens to all clients.
func (c Config) Development() bool { return c.JWTSecret == "" && c.JWKSURL == "" }

// Postgres reports whether the database is PostgreSQL.
func (c Config) Postgres() bool {
	scheme, _, _ := strings.Cut(string(c.DatabaseURL), ":")
	return scheme == "postgres" || scheme == "postgresql"
}

// MetricsPublic reports whether /metrics is on the main address.
func (c Config) MetricsPublic() bool {
	return c.PublicMetrics == on || c.PublicMetrics == auto && c.Development() && c.AdminAddr == ""
}

// Level returns the lowest level to log.
func (c Config) Level() slog.Level {
	level, _ := parseLevel(c.LogLevel) // validated by Parse
	return level
}

// LogJSON reports whether to log as JSON. terminal tells whether the log goes to a terminal.
func (c Config) LogJSON(terminal bool) bool {
	return c.LogFormat == formatJSON || c.LogFormat == auto && !terminal
}

// IntrospectionOn reports whether clients may query the schema.
func (c Config) IntrospectionOn() bool {
	return c.Introspection == on || c.Introspection == auto && c.Development()
}

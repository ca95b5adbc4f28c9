package testkit

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	"github.com/golang-jwt/jwt/v5"

	"parley/internal/app"
	"parley/internal/auth"
	"parley/internal/config"
)

// secret signs the tokens of test servers.
const secret = "a secret that only tests know, 32+ bytes"

// Server is a node of Parley with its own database, behind a real socket. It runs as in production:
// tokens are signed with a secret, and users cannot sign in by name.
type Server struct {
	// URL is where the server listens: http://127.0.0.1:port.
	URL string
	// Dialect is the database's: dialect.SQLite or dialect.Postgres.
	Dialect string
	// DatabaseURL is what the server was opened with.
	DatabaseURL string

	t   testing.TB
	app *app.App

	mu         sync.Mutex
	statements []string
}

// Option changes the configuration of a Server.
type Option func(*config.Config)

// Each runs test against a server on each database, as subtests in parallel.
func Each(t *testing.T, test func(t *testing.T, s *Server), opts ...Option) {
	t.Helper()
	EachApp(t, app.Options{}, test, opts...)
}

// EachApp is Each with options of the app. The servers run at the same time and share the options.
func EachApp(
	t *testing.T,
	options app.Options,
	test func(t *testing.T, s *Server),
	opts ...Option,
) {
	t.Helper()
	for _, name := range []string{dialect.SQLite, dialect.Postgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, StartApp(t, DatabaseURL(t, name), options, opts...))
		})
	}
}

// DatabaseURL returns the URL of a new database of the dialect, which is gone after the test.
func DatabaseURL(t testing.TB, dialectName string) string {
	t.Helper()
	if dialectName == dialect.Postgres {
		return MigratedPostgresURL(t)
	}
	return "sqlite::memory:"
}

// Start returns a server on a new database of the dialect. It ends with the test.
func Start(t testing.TB, dialectName string, opts ...Option) *Server {
	t.Helper()
	return StartOn(t, DatabaseURL(t, dialectName), opts...)
}

// StartOn returns a server on the database that url names. It ends with the test.
func StartOn(t testing.TB, url string, opts ...Option) *Server {
	t.Helper()
	return StartApp(t, url, app.Options{}, opts...)
}

// StartApp is StartOn with options of the app.
func StartApp(t testing.TB, url string, options app.Options, opts ...Option) *Server {
	t.Helper()
	cfg := config.Defaults().WithoutRates() // all requests come from one address
	cfg.DatabaseURL, cfg.JWTSecret = config.Secret(url), secret
	cfg.PublicMetrics = "on"
	for _, opt := range opts {
		opt(&cfg)
	}
	s := &Server{t: t, DatabaseURL: url, Dialect: dialect.SQLite}
	if url[:len("postgres")] == "postgres" {
		s.Dialect = dialect.Postgres
	}
	if options.DevelopmentKeys == "" {
		options.DevelopmentKeys = t.TempDir()
	}
	also := options.Observe
	options.Observe = func(ctx context.Context, query string) {
		s.observe(ctx, query)
		if also != nil {
			also(ctx, query)
		}
	}
	var err error
	s.app, err = app.New(
		context.Background(),
		cfg,
		slog.New(slog.NewTextHandler(t.Output(), nil)),
		options,
	)
	if err != nil {
		t.Fatalf("start a server: %v", err)
	}
	listener := httptest.NewServer(s.app.Handler())
	s.URL = listener.URL
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := s.app.Shutdown(ctx); err != nil {
			t.Errorf("shut the server down: %v", err)
		}
		listener.Close()
		if err := s.app.Close(); err != nil {
			t.Errorf("close the server: %v", err)
		}
	})
	return s
}

func (s *Server) observe(_ context.Context, query string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.statements = append(s.statements, query)
}

// Statements returns the SQL statements that ran while do did.
func (s *Server) Statements(do func()) []string {
	s.mu.Lock()
	s.statements = nil
	s.mu.Unlock()
	do()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.statements
}

// Metrics returns what /metrics says.
func (s *Server) Metrics() string {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.URL+"/metrics", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		s.t.Fatalf("metrics: %s %s: %v", res.Status, text, err)
	}
	return string(text)
}

// Token returns a token for a person, good for a day.
func (s *Server) Token(id string) string {
	s.t.Helper()
	issuer, err := auth.NewIssuer(auth.Config{Secret: []byte(secret)})
	if err != nil {
		s.t.Fatal(err)
	}
	token, _, err := issuer.Issue(id, id, time.Now())
	if err != nil {
		s.t.Fatalf("issue a token for %q: %v", id, err)
	}
	return token
}

// Sign returns a token with the claims given, whatever they are.
func (s *Server) Sign(claims map[string]any) string {
	s.t.Helper()
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims(claims)).
		SignedString([]byte(secret))
	if err != nil {
		s.t.Fatalf("sign a token: %v", err)
	}
	return token
}

// Shutdown closes the server's sockets as a restart does.
func (s *Server) Shutdown() {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	if err := s.app.Shutdown(ctx); err != nil {
		s.t.Errorf("shut the server down: %v", err)
	}
}

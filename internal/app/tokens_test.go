package app_test

import (
	"errors"
	"io"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"entgo.io/ent/dialect"

	"parley/internal/app"
	"parley/internal/config"
	"parley/internal/testkit"
)

func development(cfg *config.Config) { cfg.JWTSecret = "" }

// TestDevelopmentTokensOutliveRestarts: the development key is stored with the database. One in
// memory has a key of its process.
func TestDevelopmentTokensOutliveRestarts(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		dialect string
		file    bool
		lasting bool
	}{
		"a file":     {dialect.SQLite, true, true},
		"in memory":  {dialect.SQLite, false, false},
		"PostgreSQL": {dialect.Postgres, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			url := testkit.DatabaseURL(t, test.dialect)
			if test.file {
				url = "sqlite:" + filepath.Join(dir, "parley.db")
			}
			options := app.Options{DevelopmentKeys: filepath.Join(dir, "keys")}
			var token string
			t.Run("sign in", func(t *testing.T) {
				s := testkit.StartApp(t, url, options, development)
				token = s.With("").Do(`mutation { signIn(userId: "alice") { token } }`, nil).
					Str("signIn.token")
			})
			t.Run("after a restart", func(t *testing.T) {
				s := testkit.StartApp(t, url, options, development)
				if !test.lasting {
					s.With(token).Refused("UNAUTHENTICATED", `{ me { id } }`, nil)
				} else if id := s.With(token).Do(`{ me { id } }`, nil).Str("me.id"); id != "alice" {
					t.Errorf("me is %q", id)
				}
			})
			t.Run("in production", func(t *testing.T) {
				testkit.StartApp(t, url, options).With(token).
					Refused("UNAUTHENTICATED", `{ me { id } }`, nil)
			})
		})
	}
}

// printToken returns what the command token prints.
func printToken(t *testing.T, url string, options app.Options, args ...string) (string, error) {
	t.Helper()
	environ := []string{"DATABASE_URL=" + url}
	cfg, err := config.Parse(
		append([]string{"token"}, args...),
		environ,
		"",
		io.Discard,
		io.Discard,
	)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	err = app.Token(t.Context(), cfg, slog.New(slog.DiscardHandler), &out, options)
	return strings.TrimSpace(out.String()), err
}

// TestTokenCommand: the server accepts the tokens that the command prints.
func TestTokenCommand(t *testing.T) {
	t.Parallel()
	const shared = "only for tests, of 32 bytes or more"
	dir := t.TempDir()
	url := "sqlite:" + filepath.Join(dir, "parley.db")
	for name, args := range map[string][]string{
		"no key yet":   {"alice"},
		"in memory":    {"alice", "--database-url=sqlite::memory:"},
		"key URL":      {"alice", "--jwks-url=https://x.example/keys", "--jwt-issuer=i", "--jwt-audience=a"},
		"bad user":     {"a\nb", "--jwt-secret=" + shared},
		"another file": {"alice", "--database-url=sqlite:" + dir + "/other.db"},
	} {
		token, err := printToken(t, url, app.Options{}, args...)
		if token != "" || !errors.As(err, new(*config.InvalidError)) {
			t.Errorf("%s: %q, %v", name, token, err)
		}
	}
	must := func(args ...string) string {
		token, err := printToken(t, url, app.Options{}, args...)
		if err != nil || strings.ContainsAny(token, "\n ") {
			t.Errorf("%v: %q, %v", args, token, err)
		}
		return token
	}
	upsert := `mutation { upsertUsers(users: [{id: "bob", profile: {nickName: "Bob"}}]) { users { id } } }`
	for name, test := range map[string]struct {
		change testkit.Option
		args   []string
	}{
		"development": {development, nil},
		"secret": {
			func(cfg *config.Config) { cfg.JWTSecret, cfg.JWTIssuer, cfg.JWTAudience = shared, "i", "a" },
			[]string{"--jwt-secret=" + shared, "--jwt-issuer=i", "--jwt-audience=a"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := testkit.StartApp(t, url, app.Options{}, test.change)
			alice := s.With(must(append(test.args, "alice")...))
			if id := alice.Do(`{ me { id } }`, nil).Str("me.id"); id != "alice" {
				t.Errorf("me is %q", id)
			}
			alice.Refused("FORBIDDEN", upsert, nil)
			s.With(must(append(test.args, "shop", "--admin")...)).Do(upsert, nil)
			brief := s.With(must(append(test.args, "alice", "--ttl=1s")...))
			time.Sleep(time.Second)
			brief.Refused("UNAUTHENTICATED", `{ me { id } }`, nil)
		})
	}
}

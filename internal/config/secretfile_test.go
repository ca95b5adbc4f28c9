package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"parley/internal/config"
)

// TestSecretFiles: each secret can be in a file, as containers mount it.
func TestSecretFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	cfg := mustParse(t, map[string]string{
		"PARLEY_JWT_SECRET_FILE": write("secret", secret+"\n"),
		"DATABASE_URL_FILE":      write("database", "postgres://u:p@h/db\r\n"),
		"PARLEY_NATS_URL_FILE":   write("nats", "nats://u:p@h:4222"),
	})
	if string(cfg.JWTSecret) != secret || string(cfg.DatabaseURL) != "postgres://u:p@h/db" ||
		string(cfg.NATSURL) != "nats://u:p@h:4222" {
		t.Errorf(
			"secrets %q %q %q",
			string(cfg.JWTSecret),
			string(cfg.DatabaseURL),
			string(cfg.NATSURL),
		)
	}
	if cfg := mustParse(t, map[string]string{
		"PARLEY_JWT_SECRET_FILE": write("other", strings.Repeat("0a1b2c3d", 8)),
	}, "--jwt-secret="+secret); string(cfg.JWTSecret) != secret {
		t.Error("the file takes precedence over the flag")
	}
	for name, test := range map[string]struct {
		env  map[string]string
		want string
	}{
		"both":       {map[string]string{"PARLEY_JWT_SECRET": secret, "PARLEY_JWT_SECRET_FILE": write("a", secret)}, "remove one"},
		"missing":    {map[string]string{"PARLEY_JWT_SECRET_FILE": filepath.Join(dir, "missing")}, "no such file"},
		"a folder":   {map[string]string{"DATABASE_URL_FILE": dir}, "DATABASE_URL_FILE: "},
		"empty":      {map[string]string{"PARLEY_NATS_URL_FILE": write("empty", "")}, "is empty"},
		"a line end": {map[string]string{"PARLEY_JWT_SECRET_FILE": write("line", "\n")}, "is empty"},
		"large":      {map[string]string{"PARLEY_JWT_SECRET_FILE": write("large", strings.Repeat("0a1b2c3d", 10_000))}, "65536"},
		"two lines":  {map[string]string{"PARLEY_JWT_SECRET_FILE": write("two", secret+"\n\n")}, "white space"},
		"no secret":  {map[string]string{"PARLEY_ADDR_FILE": write("addr", ":80")}, "PARLEY_ADDR_FILE is not a setting"},
	} {
		_, _, err := parse(t, test.env)
		if !errors.As(err, new(*config.InvalidError)) ||
			!strings.Contains(err.Error(), test.want) ||
			strings.Contains(err.Error(), secret) {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
		if strings.Contains(err.Error(), "development mode") {
			t.Errorf("%s: more errors than one: %v", name, err)
		}
	}
}

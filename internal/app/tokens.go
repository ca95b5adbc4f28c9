package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"parley/graph"
	"parley/internal/auth"
	"parley/internal/config"
	"parley/internal/panics"
	"parley/internal/store"
)

// authenticator returns what verifies tokens. In development mode it also returns what signs them.
func authenticator(
	ctx context.Context, cfg config.Config, opts Options, logger *slog.Logger, guard *panics.Guard,
) (*auth.Verifier, graph.SignIn, error) {
	tokens := tokensOf(cfg)
	tokens.Log, tokens.Panics = logger, guard
	var signIn graph.SignIn
	if cfg.Development() {
		key, err := developmentKey(cfg, opts, logger)
		if err != nil {
			return nil, nil, err
		}
		tokens.Secret = key
		issuer, err := auth.NewIssuer(tokens)
		if err != nil {
			return nil, nil, err
		}
		signIn = issuer.Issue
	}
	verifier, err := auth.NewVerifier(ctx, tokens)
	if err != nil {
		return nil, nil, &config.InvalidError{Err: fmt.Errorf("verify tokens: %w", err)}
	}
	return verifier, signIn, nil
}

// tokensOf returns which tokens cfg accepts. In development mode it lacks the key.
func tokensOf(cfg config.Config) auth.Config {
	claims, _ := auth.ParseClaims(cfg.JWTClaims) // validated by config.Parse
	return auth.Config{
		Secret:   []byte(cfg.JWTSecret),
		JWKSURL:  cfg.JWKSURL,
		Issuer:   cfg.JWTIssuer,
		Audience: cfg.JWTAudience,
		Claims:   claims,
	}
}

// developmentKey returns the key of development mode. If it cannot be stored, the key is one of
// this process, and its tokens end with it.
func developmentKey(cfg config.Config, opts Options, logger *slog.Logger) ([]byte, error) {
	path, err := developmentKeyFile(cfg, opts)
	if err == nil && path == "" {
		return auth.RandomSecret(), nil
	}
	var key []byte
	if err == nil {
		err = os.MkdirAll(filepath.Dir(path), 0o700)
	}
	if err == nil {
		key, err = auth.DevelopmentKey(path)
	}
	switch {
	case errors.As(err, new(*auth.KeyFileError)):
		return nil, &config.InvalidError{Err: err}
	case err != nil:
		logger.Warn("development key not stored, tokens end with this process", "error", err)
		return auth.RandomSecret(), nil
	}
	return key, nil
}

// developmentKeyFile returns the file of the development key: beside the database with SQLite, in
// the configuration folder of the user with PostgreSQL. It is "" for a database in memory.
func developmentKeyFile(cfg config.Config, opts Options) (string, error) {
	const name = "development-key"
	if cfg.Postgres() {
		if opts.DevelopmentKeys != "" {
			return filepath.Join(opts.DevelopmentKeys, name), nil
		}
		dir, err := os.UserConfigDir()
		return filepath.Join(dir, "parley", name), err
	}
	path := strings.TrimPrefix(cmp.Or(string(cfg.DatabaseURL), store.DefaultURL), "sqlite:")
	if path == ":memory:" {
		return "", nil
	}
	return path + "-" + name, nil
}

// Token prints a token of a user. It returns a [config.InvalidError] if the server does not accept
// tokens that Token can sign.
func Token(
	_ context.Context, cfg config.Config, _ *slog.Logger, stdout io.Writer, opts Options,
) error {
	tokens := tokensOf(cfg)
	err := error(nil)
	if cfg.Development() {
		tokens.Secret, err = existingKey(cfg, opts)
	}
	if err == nil && cfg.JWKSURL != "" {
		err = errors.New("PARLEY_JWKS_URL is set, and the identity provider alone can sign tokens")
	}
	token := ""
	if err == nil {
		token, err = sign(tokens, cfg.Token)
	}
	if err != nil {
		return &config.InvalidError{Err: fmt.Errorf("token: %w", err)}
	}
	if _, err = fmt.Fprintln(stdout, token); err != nil {
		return fmt.Errorf("print the token: %w", err)
	}
	return nil
}

func sign(tokens auth.Config, options config.TokenOptions) (string, error) {
	issuer, err := auth.NewIssuer(tokens)
	if err != nil {
		return "", err
	}
	now := time.Now()
	token, _, err := issuer.Sign(auth.Identity{
		ID: options.User, Admin: options.Admin, ExpiresAt: now.Add(options.TTL),
	}, now)
	return token, err
}

// existingKey returns the development key that a server has stored.
func existingKey(cfg config.Config, opts Options) ([]byte, error) {
	path, err := developmentKeyFile(cfg, opts)
	switch {
	case err != nil:
		return nil, err
	case path == "":
		return nil, errors.New("the development key of a database in memory is not stored: " +
			"use signIn, or set PARLEY_JWT_SECRET")
	}
	key, err := auth.ReadDevelopmentKey(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s does not exist: start the server on this database once, "+
			"or set PARLEY_JWT_SECRET to the secret of the server", path)
	}
	return key, err
}

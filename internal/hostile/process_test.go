package hostile_test

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"entgo.io/ent/dialect"

	"parley/internal/testkit"
)

// secret signs the tokens of all users.
const secret = "a secret that only hostile tests know, 32+ bytes"

// mib is a mebibyte.
const mib = 1 << 20

// process is a running server.
type process struct {
	*testkit.Process
	t        testing.TB
	database string // the dialect
	source   string // DATABASE_URL
}

// environment are settings by the name of their variable.
type environment map[string]string

// descriptors is an [environment] entry that is not a setting but the limit of file descriptors.
const descriptors = "RLIMIT_NOFILE"

// start runs the program on a new database until the end of the test. Its tokens are signed with
// [secret] unless settings say otherwise.
func start(t *testing.T, program, database string, settings environment) *process {
	t.Helper()
	source := "sqlite:" + filepath.Join(t.TempDir(), "parley.db")
	if database == dialect.Postgres {
		source = testkit.MigratedPostgresURL(t)
	}
	variables := environment{
		"DATABASE_URL": source, "PARLEY_ADDR": "127.0.0.1:0", "PARLEY_JWT_SECRET": secret,
		"PARLEY_LOG_FORMAT": "text", "PARLEY_PUBLIC_METRICS": "on",
	}
	maps.Copy(variables, settings)
	cfg := testkit.ProcessConfig{Program: program}
	for name, value := range variables {
		if name == descriptors {
			cfg.Descriptors, _ = strconv.Atoi(value) // 0 is no limit, and fails the attack
			continue
		}
		cfg.Env = append(cfg.Env, name+"="+value)
	}
	p, err := testkit.StartProcess(t.Context(), t, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return &process{Process: p, t: t, database: database, source: source}
}

// series returns the values of a metric by their labels.
func (p *process) series(ctx context.Context, name string) (map[string]float64, error) {
	_, text, err := p.Get(ctx, p.URL+"/metrics")
	if err != nil {
		return nil, err
	}
	values := map[string]float64{}
	for line := range strings.SplitSeq(text, "\n") {
		series, value, _ := strings.Cut(line, " ")
		bare, labels, _ := strings.Cut(series, "{")
		if bare != name {
			continue
		}
		if values[strings.TrimSuffix(labels, "}")], err = strconv.ParseFloat(
			value,
			64,
		); err != nil {
			return nil, fmt.Errorf("metric %s: %w", line, err)
		}
	}
	return values, nil
}

// metric returns the sum of all series of a metric.
func (p *process) metric(name string) float64 {
	p.t.Helper()
	series, err := p.series(p.t.Context(), name)
	if err != nil {
		p.t.Fatalf("read /metrics: %v", err)
	}
	var sum float64
	for value := range maps.Values(series) {
		sum += value
	}
	return sum
}

// statements returns how many SQL statements the server has run so far.
func (p *process) statements() int { return int(p.metric("parley_statement_cache_requests_total")) }

// pause waits for d and reports whether ctx is still active.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

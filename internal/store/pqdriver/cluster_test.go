package pqdriver_test

import (
	"database/sql"
	"testing"

	"parley/internal/store/pqdriver"
	"parley/internal/store/storetest"
)

// TestHosts: a URL may have several hosts in the syntax of libpq.
func TestHosts(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"postgres://u:p%40@h1:1/db?sslmode=disable": "postgres://u:p%40@h1:1/db?sslmode=disable",
		"postgres://h1,h2":                          "postgres://?host=h1,h2",
		"postgres://u@h1:1,h2/db?a=b":               "postgres://u@/db?host=h1,h2&port=1,5432&a=b",
		"postgres://u:a@b@[::1]:1,[::2]:2/db":       "postgres://u:a@b@/db?host=%3A%3A1,%3A%3A2&port=1,2",
		"postgres://u@h1,h2/db?port=1,2":            "postgres://u@/db?host=h1,h2&port=1,2",
	} {
		if got := pqdriver.WithHosts(given); got != want {
			t.Errorf("%s becomes %s, want %s", given, got, want)
		}
	}
}

// TestCluster: a timeline that comes after the known one, or of another system, begins a generation.
// An earlier one, and a standby, are rejected.
func TestCluster(t *testing.T) {
	t.Parallel()
	var cluster pqdriver.Cluster
	for _, step := range []struct {
		name, answer string
		refused      bool
		generation   int64
	}{
		{"a standby, before anything is known", "t on 0 7", false, 0},
		{"the primary", "f off 00000001 7", false, 0},
		{"the primary again", "f off 00000001 7", false, 0},
		{"a standby", "t on 0 7", true, 0},
		{"a promoted standby", "f off 00000002 7", false, 1},
		{"the former primary", "f off 00000001 7", true, 1},
		{"a number in hexadecimal", "f off 0000000A 7", false, 2},
		{"another cluster", "f off 00000001 8", false, 3},
		{"a server without a timeline", "f off", false, 3},
	} {
		err := cluster.Admit(step.answer, false)
		if (err != nil) != step.refused || cluster.Generation() != step.generation {
			t.Errorf("%s: generation %d, %v", step.name, cluster.Generation(), err)
		}
		if err != nil && pqdriver.Classify(err) != pqdriver.Unavailable {
			t.Errorf("%s: %v is of kind %d", step.name, err, pqdriver.Classify(err))
		}
	}
}

// TestMoveReplacesConnections: a new generation calls its listeners, and replaces the connections of
// the older one.
func TestMoveReplacesConnections(t *testing.T) {
	t.Parallel()
	cluster := &pqdriver.Cluster{}
	connector, err := pqdriver.New(t.Context(), storetest.PostgresURL(t), pqdriver.Options{
		Statements: statements, Cluster: cluster,
	})
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	db.SetMaxOpenConns(1)
	backend := func() (pid int) {
		t.Helper()
		if err := db.QueryRowContext(t.Context(), "SELECT pg_backend_pid()").
			Scan(&pid); err != nil {
			t.Fatal(err)
		}
		return pid
	}
	before := backend()
	if err := connector.Check(t.Context(), db); err != nil || backend() != before {
		t.Errorf("the connection is checked: %v, and replaced: %v", err, backend() != before)
	}
	if cluster.Timeline() == "" {
		t.Error("the timeline is unknown")
	}
	moves := 0
	cluster.OnMove(func() { moves++ })
	cluster.WentBack()
	if moves != 1 || backend() == before {
		t.Errorf("%d moves; the connection is the same: %v", moves, backend() == before)
	}
}

// TestTimelineIsNotLost: an internal error while a server tells its timeline fails the connection. The
// node does not take it for a server that does not support the query, which would make the timeline
// another one than that of its peers until the node is restarted.
func TestTimelineIsNotLost(t *testing.T) {
	t.Parallel()
	url := storetest.PostgresURL(t)
	admin, err := sql.Open("postgres", url)
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	exec := func(statement string) {
		t.Helper()
		if _, err := admin.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	// Older versions of PostgreSQL may read pg_control while a checkpoint writes it.
	exec(`CREATE TABLE torn ();
CREATE FUNCTION public.pg_control_system(OUT system_identifier bigint) LANGUAGE plpgsql AS $$ BEGIN
	IF EXISTS (SELECT FROM torn) THEN
		RAISE 'calculated CRC checksum does not match value stored in file' USING ERRCODE = 'XX000';
	END IF;
	system_identifier := 7;
END $$`)
	exec(`DO $$ BEGIN
	EXECUTE format('ALTER DATABASE %I SET search_path = public, pg_catalog', current_database());
END $$`)
	cluster := &pqdriver.Cluster{}
	connector, err := pqdriver.New(t.Context(), url, pqdriver.Options{Cluster: cluster})
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	for _, step := range []struct {
		name, prepare string
		fails         bool
	}{
		{"at first", "DELETE FROM torn", false},
		{"with an error", "INSERT INTO torn DEFAULT VALUES", true},
		{"after that", "DELETE FROM torn", false},
	} {
		exec(step.prepare)
		before := cluster.Generation() + 1
		cluster.WentBack() // the next connection is a new one
		err := db.PingContext(t.Context())
		if (err != nil) != step.fails || cluster.Timeline() != "7/1" ||
			cluster.Generation() != before {
			t.Errorf("%s: the timeline is %q, the generation %d, want %d (%v)",
				step.name, cluster.Timeline(), cluster.Generation(), before, err)
		}
	}
}

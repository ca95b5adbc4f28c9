// Migrate writes the difference between the migrations on disk and ent's schema as a new migration, one
// file for each database:
//
//	go run ./internal/store/migrate NAME
//
// Run it at the top of the repository after "go generate ./ent". NAME describes the change, in
// snake_case. Review the files: a rename appears as a dropped column and a new one, and data must be moved
// by hand. After editing a file run it again with -hash, which only writes atlas.sum,
// the checksums that make migrations of two branches conflict.
//
// For PostgreSQL it needs an empty database, whose URL it takes from PARLEY_TEST_POSTGRES_URL (it does
// not change that database; it creates another one and drops it), or else a local installation of
// PostgreSQL.
package main

import (
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	atlas "ariga.io/atlas/sql/migrate"
	"ariga.io/atlas/sql/sqltool"
	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"entgo.io/ent/dialect/sql/schema"
	_ "github.com/lib/pq"
	_ "modernc.org/sqlite"

	"parley/internal/store/storetest"
	"parley/internal/store/tables"
)

// root is the folder of the migrations, from the top of the repository.
const root = "internal/store/migrations"

func main() {
	hash := flag.Bool("hash", false, "only write atlas.sum")
	flag.Parse()
	if err := run(context.Background(), *hash, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "migrate:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, hash bool, args []string) error {
	if hash && len(args) == 0 {
		return errors.Join(rehash("sqlite"), rehash("postgres"))
	}
	if len(args) != 1 || !regexp.MustCompile(`^[a-z][a-z0-9_]*$`).MatchString(args[0]) {
		return errors.New(
			"give the new migration one name in snake_case, as in: go run ./internal/store/migrate add_reactions",
		)
	}
	f := file{name: time.Now().UTC().Format("20060102150405") + "_" + args[0] + ".sql"}
	return errors.Join(writeSQLite(ctx, f), writePostgres(ctx, f))
}

// writeSQLite writes the migration for SQLite.
func writeSQLite(ctx context.Context, f file) (err error) {
	db, err := sql.Open("sqlite", "file:migrate?mode=memory&_foreign_keys=1")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1) // each connection has its own memory database
	return write(ctx, "sqlite", dialect.SQLite, db, f)
}

// writePostgres writes the migration for PostgreSQL.
func writePostgres(ctx context.Context, f file) (err error) {
	pg, err := storetest.StartPostgres(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pg.Stop(ctx)) }()
	url, drop, err := pg.NewDatabase(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, drop(ctx)) }()
	db, err := sql.Open("postgres", url)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()

	// A statement that waits for a table blocks all statements after it. It times out soon, and the server
	// retries it. An index of a large table takes longer: write it in a separate file, with NO TRANSACTION
	// and CONCURRENTLY.
	f.first = "SET LOCAL lock_timeout = '200ms';\n"
	return write(ctx, "postgres", dialect.Postgres, db, f)
}

// write compares the migrations in the folder dir, replayed in the empty database db, with ent's
// schema.
func write(ctx context.Context, dir, dialect string, db *sql.DB, f file) error {
	files, err := sqltool.NewGooseDir(filepath.Join(root, dir))
	if err != nil {
		return fmt.Errorf("read migrations (run this at the top of the repository): %w", err)
	}
	desired, options, err := tables.Of(dialect)
	if err != nil {
		return fmt.Errorf("%s: %w", dir, err)
	}
	diff, err := schema.NewMigrate(entsql.OpenDB(dialect, db), append(
		options,
		schema.WithDir(files),
		schema.WithMigrationMode(schema.ModeReplay),
		schema.WithDialect(dialect),
		schema.WithFormatter(f),
		schema.WithErrNoPlan(true),
	)...)
	if err != nil {
		return fmt.Errorf("%s: %w", dir, err)
	}
	err = diff.NamedDiff(ctx, f.name, desired...)
	if errors.Is(err, atlas.ErrNoPlan) {
		fmt.Printf("%s: nothing to change\n", dir)
		return nil
	}
	if err != nil {
		return fmt.Errorf("%s: %w", dir, err)
	}
	return nil
}

// file is a migration to be written, in goose's format.
type file struct {
	name  string // the same for both databases
	first string // the first statement
}

// Format returns the plan as one file.
func (f file) Format(plan *atlas.Plan) ([]atlas.File, error) {
	files, err := sqltool.GooseFormatter.Format(plan)
	if err != nil {
		return nil, err
	}
	if len(files) != 1 {
		return nil, fmt.Errorf("%d files for one migration", len(files))
	}
	const up = "-- +goose Up\n"
	body := strings.Replace(string(files[0].Bytes()), up, up+f.first, 1)
	return []atlas.File{atlas.NewLocalFile(f.name, []byte(body))}, nil
}

// rehash writes the checksums of the folder dir.
func rehash(dir string) error {
	files, err := sqltool.NewGooseDir(filepath.Join(root, dir))
	if err != nil {
		return fmt.Errorf("read migrations (run this at the top of the repository): %w", err)
	}
	sum, err := files.Checksum()
	if err != nil {
		return fmt.Errorf("%s: %w", dir, err)
	}
	return atlas.WriteSumFile(files, sum)
}

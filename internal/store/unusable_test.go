package store_test

import (
	"bytes"
	"database/sql"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"parley/internal/store"
	"parley/internal/store/storetest"
)

// TestUnusableFiles: files that are not databases of Parley are rejected with a clear error, and not
// changed.
func TestUnusableFiles(t *testing.T) {
	t.Parallel()
	fill := func(path, statements string) {
		db, err := sql.Open("sqlite", "file:"+path)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if _, err := db.ExecContext(t.Context(), statements); err != nil {
			t.Fatal(err)
		}
	}
	write := func(path string, content []byte) {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, test := range map[string]struct {
		prepare func(path string)
		want    string
	}{
		"a folder":            {func(path string) { mustMkdir(t, path) }, "it is a folder: name a file in it"},
		"no database":         {func(path string) { write(path, []byte("Dear diary")) }, "not an SQLite database, or it is encrypted"},
		"encrypted":           {func(path string) { write(path, bytes.Repeat([]byte{0xa5, 0x17}, 4096)) }, "it is encrypted"},
		"another application": {func(path string) { fill(path, "PRAGMA application_id = 1; CREATE TABLE t (x)") }, "application_id 0x00000001"},
		"foreign tables":      {func(path string) { fill(path, "CREATE TABLE users (id); INSERT INTO users VALUES (1)") }, "tables of another application"},
		"another's history": {func(path string) {
			fill(path, "CREATE TABLE goose_db_version (id INTEGER PRIMARY KEY, version_id INTEGER, is_applied INTEGER, tstamp); "+
				"INSERT INTO goose_db_version VALUES (1, 7, 1, 0)")
		}, "tables of another application"},
		"a newer format": {func(path string) {
			fill(path, "CREATE TABLE t (x)")
			content, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			content[18] = 3
			write(path, content)
		}, "newer version of SQLite"},
		"a damaged file": {func(path string) {
			fill(path, "CREATE TABLE t (x)")
			content, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			copy(content[100:], bytes.Repeat([]byte{0xff}, 500))
			write(path, content)
		}, "damaged"},
		"no room for a log": {func(path string) { mustMkdir(t, path+"-wal") }, "SQLite cannot work here"},
		"a folder that is none": {func(path string) {
			if err := os.Remove(filepath.Dir(path)); err != nil {
				t.Fatal(err)
			}
			write(filepath.Dir(path), nil)
		}, "it is not accessible"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "data")
			mustMkdir(t, dir)
			path := filepath.Join(dir, "parley.db")
			test.prepare(path)
			before, _ := os.ReadFile(path)
			_, err := store.Open(t.Context(), "sqlite:"+path, store.Options{})
			if !store.IsUnusable(err) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, want %q in it", err, test.want)
			}
			if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
				t.Error("the file was changed")
			}
		})
	}
	if _, err := store.Open(
		t.Context(),
		"sqlite:/proc/parley.db",
		store.Options{},
	); !store.IsUnusable(
		err,
	) {
		t.Errorf("a folder that is not writable: %v", err)
	}
}

func mustMkdir(t *testing.T, path string) {
	t.Helper()
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
}

// TestUnusablePostgres: an unusable database is rejected with an error that says what to do.
func TestUnusablePostgres(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		setUp []string // DB stands for the database's name
		other bool     // it is the database of another encoding
		role  string
		want  string
	}{
		"another encoding":   {other: true, want: "its encoding is LATIN1"},
		"read-only":          {setUp: []string{"ALTER DATABASE DB SET default_transaction_read_only = on"}, want: "read-only"},
		"escapes in strings": {setUp: []string{"ALTER DATABASE DB SET standard_conforming_strings = off"}, want: "standard_conforming_strings"},
		"no schema":          {setUp: []string{"ALTER DATABASE DB SET search_path = nowhere"}, want: "has no current schema"},
		"no privilege": {
			setUp: []string{"CREATE ROLE DB_guest LOGIN", "REVOKE CREATE ON SCHEMA public FROM PUBLIC"},
			role:  "guest", want: "may not create tables",
		},
		"foreign tables": {setUp: []string{"CREATE TABLE users (id int)"}, want: "tables of another application"},
		"another's history": {setUp: []string{
			"CREATE TABLE goose_db_version (id int, version_id bigint, is_applied bool, tstamp timestamp)",
			"INSERT INTO goose_db_version VALUES (1, 7, true, now())",
		}, want: "tables of another application"},
		"no such user": {role: "nobody", want: "rejects this user"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address := storetest.PostgresURL(t)
			u, err := url.Parse(address)
			if err != nil {
				t.Fatal(err)
			}
			name := strings.TrimPrefix(u.Path, "/")
			db, err := sql.Open("postgres", address)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			exec := func(statement string) {
				if _, err := db.ExecContext(
					t.Context(),
					strings.ReplaceAll(statement, "DB", name),
				); err != nil {
					t.Fatalf("%s: %v", statement, err)
				}
			}
			if test.other {
				exec("CREATE DATABASE DB_latin ENCODING 'LATIN1' TEMPLATE template0 LOCALE 'C'")
				defer func() { _, _ = db.ExecContext(t.Context(), "DROP DATABASE "+name+"_latin") }()
				u.Path += "_latin"
			}
			for _, statement := range test.setUp {
				exec(statement)
			}
			if test.role != "" {
				query := u.Query()
				query.Set("user", name+"_"+test.role)
				u.RawQuery, u.User = query.Encode(), nil
			}
			_, err = store.Open(t.Context(), u.String(), store.Options{})
			if !store.IsUnusable(err) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, want %q in it", err, test.want)
			}
			if test.role == "guest" {
				exec("DROP ROLE DB_guest")
			}
		})
	}
	address := storetest.PostgresURL(t)
	if _, err := store.Open(
		t.Context(),
		strings.Replace(address, "parley_", "absent_", 1),
		store.Options{},
	); !store.IsUnusable(
		err,
	) {
		t.Errorf("%v, want that there is no such database", err)
	}
}

package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"parley/internal/store"
)

// copied are the tables that are copied, in an order in which each refers to those before it.
func copied() []string { return []string{"users", "rooms", "room_tags", "members", "messages"} }

// rowsAtOnce is how many rows one statement inserts.
const rowsAtOnce = 200

// connection is what a database is spoken to by, besides ent.
type connection interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// copyDatabase copies what the measurements need from one database into another, which is new.
func copyDatabase(ctx context.Context, from, to string) (err error) {
	var ends [2]connection
	for i, url := range []string{from, to} {
		db, err := store.Open(ctx, url, store.Options{Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, db.Close()) }()
		var ok bool
		if ends[i], ok = db.Driver().(connection); !ok {
			return errors.New("the database does not speak SQL")
		}
	}
	for _, table := range copied() {
		if err := copyTable(ctx, ends[0], ends[1], table); err != nil {
			return fmt.Errorf("copy %s: %w", table, err)
		}
	}
	return nil
}

func copyTable(ctx context.Context, from, to connection, table string) error {
	rows, err := from.QueryContext(ctx, "SELECT * FROM "+table)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }() // what failed is in rows.Err
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	var values []any
	insert := func() error {
		if len(values) == 0 {
			return nil
		}
		row := ", (" + strings.Repeat("?, ", len(columns)-1) + "?)"
		query := fmt.Sprintf(
			"INSERT INTO %s (\"%s\") VALUES %s",
			table,
			strings.Join(columns, `", "`),
			strings.Repeat(row, len(values)/len(columns))[2:],
		)
		_, err := to.ExecContext(ctx, query, values...)
		values = values[:0]
		return err
	}
	for rows.Next() {
		row := make([]any, len(columns))
		into := make([]any, len(columns))
		for i := range row {
			into[i] = &row[i]
		}
		if err := rows.Scan(into...); err != nil {
			return err
		}
		for i, v := range row {
			if bytes, ok := v.([]byte); ok {
				row[i] = string(
					bytes,
				) // ids and JSON: there are no other bytes among what is copied
			}
		}
		if values = append(values, row...); len(values) >= rowsAtOnce*len(columns) {
			if err := insert(); err != nil {
				return err
			}
		}
	}
	return errors.Join(rows.Err(), insert())
}

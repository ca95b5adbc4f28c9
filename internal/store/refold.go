package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"

	"parley/internal/text"
)

const (
	// foldedText is the last migration before the folding of texts changed.
	foldedText = 20261130024500
	// refoldFor is how long after that migration each start checks for texts that a previous version of
	// the program has folded during a rolling upgrade.
	refoldFor = 7 * 24 * time.Hour
	// refoldBatch is how many rows are read at a time.
	refoldBatch = 500
)

// refold folds the stored names and tags again (package text), if that was not done yet, or a short time
// ago. It updates the rows that differ, each in its own statement, so it may be interrupted and repeated,
// and a concurrent write wins. It does not change ids or the visible form of tags. The caller holds the
// lock of the schema.
func refold(ctx context.Context, pool *sql.DB, dialectName string, logger *slog.Logger) error {
	tables := "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name IN ('goose_db_version', 'room_tags')"
	if dialectName == dialect.Postgres {
		tables = "SELECT (to_regclass('goose_db_version') IS NOT NULL)::int + (to_regclass('room_tags') IS NOT NULL)::int"
	}
	var there int
	if err := pool.QueryRowContext(ctx, tables).Scan(&there); err != nil {
		return fmt.Errorf("look for tables: %w", err)
	}
	if there < 2 {
		return nil // the database is new
	}
	var at time.Time
	err := pool.QueryRowContext(ctx, "SELECT tstamp FROM goose_db_version WHERE version_id = $1 AND is_applied", foldedText).
		Scan(&at)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("look for the migration: %w", err)
	}
	if err == nil && time.Since(at) > refoldFor {
		return nil
	}
	// Both ways of folding give the same for other texts.
	beyondASCII := func(column string) string {
		if dialectName == dialect.Postgres {
			return "octet_length(" + column + ") <> char_length(" + column + ")"
		}
		return "length(CAST(" + column + " AS BLOB)) <> length(" + column + ")"
	}
	f := folder{pool: pool, dialect: dialectName}
	if err := f.rooms(ctx, beyondASCII("search_text")); err != nil {
		return fmt.Errorf("fold the texts of rooms: %w", err)
	}
	if err := f.tags(ctx, beyondASCII("tag")+" OR folded <> trim(folded)"); err != nil {
		return fmt.Errorf("fold tags: %w", err)
	}
	if f.changed > 0 {
		logger.InfoContext(ctx, "folded stored texts again", "rows", f.changed)
	}
	return nil
}

// folder folds stored texts and counts those that it changes.
type folder struct {
	pool    *sql.DB
	dialect string
	changed int64
}

func (f *folder) update(ctx context.Context, statement string, args ...any) error {
	result, err := f.pool.ExecContext(ctx, statement, args...)
	if err != nil {
		return err
	}
	n, err := result.RowsAffected()
	f.changed += n
	return err
}

// storedRoom has the columns by which a search finds a room.
type storedRoom struct {
	id, name, description, searchText string
	tags                              []string
}

func (f *folder) rooms(ctx context.Context, where string) error {
	for last := uuid.Nil.String(); ; {
		var batch []*storedRoom
		byID := make(map[string]*storedRoom)
		var ids []string
		err := f.each(ctx, func(rows *sql.Rows) error {
			r := new(storedRoom)
			batch = append(batch, r)
			return rows.Scan(&r.id, &r.name, &r.description, &r.searchText)
		}, "SELECT id, name, description, search_text FROM rooms WHERE id > $1 AND "+where+" ORDER BY id LIMIT $2", last, refoldBatch)
		if err != nil || len(batch) == 0 {
			return err
		}
		for _, r := range batch {
			byID[r.id] = r
			ids = append(ids, r.id)
		}
		last = ids[len(ids)-1]
		err = f.each(ctx, func(rows *sql.Rows) error {
			var id, tag string
			if err := rows.Scan(&id, &tag); err != nil {
				return err
			}
			byID[id].tags = append(byID[id].tags, tag)
			return nil
		}, "SELECT room_id, tag FROM room_tags WHERE "+AnyOf(f.dialect, "room_id", "$1", "uuid")+" ORDER BY room_id, position", List(f.dialect, ids))
		if err != nil {
			return err
		}
		for _, r := range batch {
			folded := text.SearchText(r.name, r.description, r.tags)
			if folded == r.searchText {
				continue
			}
			if err := f.update(
				ctx,
				"UPDATE rooms SET search_text = $1 WHERE id = $2 AND search_text = $3",
				folded,
				r.id,
				r.searchText,
			); err != nil {
				return err
			}
		}
	}
}

func (f *folder) tags(ctx context.Context, where string) error {
	type storedTag struct {
		id          int64
		tag, folded string
	}
	for last := int64(0); ; {
		var batch []storedTag
		err := f.each(ctx, func(rows *sql.Rows) error {
			var t storedTag
			err := rows.Scan(&t.id, &t.tag, &t.folded)
			batch = append(batch, t)
			return err
		}, "SELECT id, tag, folded FROM room_tags WHERE id > $1 AND ("+where+") ORDER BY id LIMIT $2", last, refoldBatch)
		if err != nil || len(batch) == 0 {
			return err
		}
		last = batch[len(batch)-1].id
		for _, t := range batch {
			if key := text.TagKey(t.tag); key != t.folded {
				if err := f.update(
					ctx,
					"UPDATE room_tags SET folded = $1 WHERE id = $2",
					key,
					t.id,
				); err != nil {
					return err
				}
			}
		}
	}
}

// each calls scan with each row of a query's result.
func (f *folder) each(
	ctx context.Context,
	scan func(*sql.Rows) error,
	query string,
	args ...any,
) (err error) {
	rows, err := f.pool.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

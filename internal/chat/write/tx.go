package write

import (
	"context"
	"database/sql"
	"errors"

	"parley/ent"
	"parley/internal/broker"
	"parley/internal/store"
)

// Tx is one run of a transaction, and what it publishes after its commit.
type Tx struct {
	*ent.Tx
	// Dialect is ent's name of the database's dialect.
	Dialect      string
	publications []broker.Publication
}

// Publish publishes what was written, after the commit.
func (t *Tx) Publish(written ...broker.Publication) {
	t.publications = append(t.publications, written...)
}

// Inserted reports whether an insert with ON CONFLICT DO NOTHING made a row: ent reports the missing
// one as no rows.
func Inserted(err error) (bool, error) {
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// runner is [store.Each] or [store.EachWritten].
type runner func(
	ctx context.Context, q store.Querier, scan func(*sql.Rows) error, query string, args ...any,
) error

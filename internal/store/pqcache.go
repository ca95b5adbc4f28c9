package store

import (
	"strings"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"
)

// isStalePlan reports whether a prepared statement no longer returns what it did: the columns of its
// table have changed. The statement has not run. The SQLSTATE alone does not say so, because
// PostgreSQL uses 0A000 for all that it does not support. The message does, unless the server
// translates it (lc_messages); the name of the server's routine is never translated.
func isStalePlan(err error) bool {
	pqErr := pq.As(err, pqerror.FeatureNotSupported)
	return pqErr != nil && (pqErr.Routine == "RevalidateCachedQuery" ||
		strings.HasPrefix(pqErr.Message, "cached plan must not change result type"))
}

// schemaChanged makes every connection that is older than now be replaced when it is next free,
// this one included: each has its own stale statements, and inside transactions each of them would
// cost a rerun.
func (c *pqConn) schemaChanged() {
	c.connector.schema.CompareAndSwap(c.schema, c.schema+1) // once a change, however many notice it
}

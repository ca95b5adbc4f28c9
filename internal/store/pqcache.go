package store

import (
	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"
)

// isStale reports whether a prepared statement no longer returns what it did: the columns of its
// table have changed. The statement has not run.
func isStale(err error) bool { return pq.As(err, pqerror.FeatureNotSupported) != nil }

// schemaChanged makes every connection that is older than now be replaced when it is next free,
// this one included: each has its own stale statements, and inside transactions each of them would
// cost a rerun.
func (c *pqConn) schemaChanged() {
	c.connector.schema.CompareAndSwap(c.schema, c.schema+1) // once a change, however many notice it
}

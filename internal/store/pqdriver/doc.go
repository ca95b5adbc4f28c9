// Package pqdriver makes lib/pq v1.12.3 safe and fast enough for a server. It is the only part of
// the server that imports lib/pq. Except for [Classify] and [Code], each part works around a
// behavior of that driver. If lib/pq changes, remove the part; if Parley moves to another driver, replace
// the folder.
//
// # Statement cache (conn.go, package stmtcache)
//
// lib/pq prepares a statement with arguments for each run, in a separate round trip. The cache stores
// prepared statements, so that a run takes one round trip. A schema change makes a cached statement fail with 0A000 ("cached plan must not
// change result type"); then the connector replaces all older connections. It can go when lib/pq
// caches statements itself.
//
// # Binary parameters (connector.go, CheckNamedValue)
//
// Without the cache, lib/pq would send a statement in two parts, between which a pooler in
// transaction mode may run the statement of another client, which then gets the wrong arguments.
// With binary_parameters=yes it sends one part. Bytes are then bytea, so JSON is sent as text. It
// can go when lib/pq sends Parse and Bind together.
//
// # Pooler check (pooler.go)
//
// The cache needs the same server connection in each transaction, which poolers in transaction mode
// provide only if they track prepared statements. [Connector.CheckPooler] checks that at the start. It can
// go with the cache.
//
// # Broken connections (check in conn.go, isBreaking in errors.go)
//
// lib/pq leaves a connection in the pool after the server has sent an error and disconnected, unless the
// severity is the English word FATAL (https://github.com/lib/pq/issues/1450); poolers and servers
// with another language do not send that. A canceled statement's connection is closed too, because the
// cancel request may arrive late and cancel the next statement. lib/pq's error for a connection that
// still waits for an earlier response is not exported, so its text identifies it (isBusy). It can go when
// the issue is fixed and that error is exported.
//
// # Unknown outcomes (checkSent and Commit in conn.go, package outcome)
//
// lib/pq returns driver.ErrBadConn also after it has sent a statement, and database/sql then runs it
// again. A write without a response becomes an [outcome.UnknownError] instead. It can go when
// lib/pq returns ErrBadConn only if it has sent nothing.
//
// # Deadlines (deadline.go)
//
// lib/pq waits for a response without a deadline: when a context ends, it sends a cancel request and
// continues to wait. If the network drops packets, it waits forever. The dialer stores the network
// connection, and each statement sets its deadline. It also sets deadlines of the connections that
// lib/pq opens to cancel statements, and closes all connections when the connector's context ends. It can go when
// lib/pq sets deadlines from contexts.
//
// # Panics (Contain in conn.go, package outcome)
//
// lib/pq panics on messages that it does not expect, sometimes in goroutines of database/sql, which
// would end the process. It can go when lib/pq returns errors instead.
//
// # Listener (listener.go)
//
// pq.Listener takes a URL instead of a Config, and has no context and no deadlines. It pauses between
// attempts to reconnect even while it is being closed, does not close while it waits for a response, and
// panics if the response to its Ping is an error. It can go when lib/pq's listener takes a context.
package pqdriver

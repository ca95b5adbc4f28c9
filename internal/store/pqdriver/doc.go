// Package pqdriver makes lib/pq v1.12.3 safe and fast enough for a server. It is the only part of
// the server that imports lib/pq. Everything here, except [Classify] and [Code], exists because of
// how that driver behaves. If lib/pq changes, remove the piece; if Parley moves to another driver,
// replace the folder.
//
// # Statement cache (conn.go, package stmtcache)
//
// lib/pq prepares a statement that has arguments anew for each run, in a round trip of its own. The
// cache keeps prepared statements, so that a run takes one round trip. A schema change makes a cached statement fail with 0A000 ("cached plan must not
// change result type"); then the connector replaces all older connections. It can go when lib/pq
// caches statements itself.
//
// # Binary parameters (connector.go, CheckNamedValue)
//
// Without the cache, lib/pq would send a statement in two parts, between which a pooler in
// transaction mode may run the statement of another client, which then gets the wrong arguments.
// binary_parameters=yes makes it one part. In that mode bytes are bytea, so JSON is sent as text. It
// can go when lib/pq sends Parse and Bind together.
//
// # Pooler check (pooler.go)
//
// The cache needs the same server connection in each transaction, which poolers in transaction mode
// provide only if they track prepared statements. [Connector.CheckPooler] finds out at the start. It
// goes with the cache.
//
// # Broken connections (check in conn.go, isBreaking in errors.go)
//
// lib/pq keeps a connection in the pool after the server has sent an error and hung up, unless the
// severity is the English word FATAL (https://github.com/lib/pq/issues/1450); poolers and servers
// with another language do not send that. A canceled statement's connection is closed too, since the
// request to cancel may arrive late and hit the next statement. lib/pq's error for a connection that
// still waits for an earlier answer has no name, so its text identifies it (isBusy). It can go when
// the issue is fixed and that error is exported.
//
// # Unknown outcomes (checkSent and Commit in conn.go, package outcome)
//
// lib/pq returns driver.ErrBadConn also after it has sent a statement, upon which database/sql runs
// it again. A write that has no answer becomes an [outcome.UnknownError] instead. It can go when
// lib/pq returns ErrBadConn only if it has sent nothing.
//
// # Deadlines (deadline.go)
//
// lib/pq waits for an answer without a limit: when a context ends, it sends a request to cancel and
// waits on. If the network drops packets, that is forever. The dialer keeps hold of the network
// connection, and each statement sets its deadline. It also bounds the connections that lib/pq opens
// to cancel statements, and closes all connections when the connector's context ends. It can go when
// lib/pq sets deadlines from contexts.
//
// # Panics (Contain in conn.go, package outcome)
//
// lib/pq panics on messages that it does not expect, sometimes in goroutines of database/sql, which
// would end the process. It can go when lib/pq returns errors instead.
//
// # Listener (listener.go)
//
// pq.Listener takes no Config but a URL, has no context and no deadlines, pauses between its attempts
// to reconnect even while it is being closed, does not close while it waits for an answer, and panics
// if the answer to its Ping is an error. It can go when lib/pq's listener takes a context.
package pqdriver

// Package panics contains panics. A [Guard] runs the work of a goroutine, recovers a panic at its
// edge, logs it once with its stack, counts it, and returns it as an [Error], so that the caller
// fails this one piece of work and goes on.
//
// Every goroutine and every timer of the server starts through [Guard.Wrap]; a test of this package
// finds those that do not. The Go runtime's fatal errors (concurrent map writes, a stack overflow,
// out of memory, a deadlock of all goroutines) are not panics: no program can recover from them.
package panics

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync/atomic"
)

// Where names the kind of work that panicked. It is the label "where" of parley_panics_total.
type Where int

// The kinds of work.
const (
	// Request is an HTTP request, including an event stream.
	Request Where = iota
	// Operation is a GraphQL operation: a resolver, or what runs under an id on a WebSocket.
	Operation
	// Socket is what a WebSocket does besides: its messages, its writes and its timers.
	Socket
	// Event is reading, rendering or delivering an event.
	Event
	// Write is a transaction, or a batch of writes.
	Write
	// Publication is publishing to the other nodes, or receiving from them.
	Publication
	// Database is the database driver.
	Database
	// Background is everything that runs for no client: pruning, key sets, metrics, traces.
	Background
	kinds // how many there are
)

// All returns every kind of work.
func All() []Where {
	all := make([]Where, kinds)
	for i := range all {
		all[i] = Where(i)
	}
	return all
}

// String returns the value of the label.
func (w Where) String() string {
	names := [kinds]string{
		"request", "operation", "socket", "event", "write", "publication", "database", "background",
	}
	return names[w]
}

// Error is the error of work that panicked. The panic has been logged and counted: do not log the
// error again.
type Error struct {
	Where Where
	// Value is the value of the panic as text.
	Value string
}

// Error returns the kind of work and the value of the panic, without the stack.
func (e *Error) Error() string { return fmt.Sprintf("panic in %s: %s", e.Where, e.Value) }

// Is reports whether err is, or wraps, the error of a panic.
func Is(err error) bool {
	_, ok := errors.AsType[*Error](err)
	return ok
}

// Guard contains panics and counts them. It is safe for concurrent use. A nil Guard contains
// panics, too: it logs to [slog.Default] and does not count.
type Guard struct {
	log    *slog.Logger
	counts [kinds]atomic.Int64
}

// NewGuard returns a guard that logs panics at Error to log.
func NewGuard(log *slog.Logger) *Guard { return &Guard{log: log} }

// Count returns how many panics of a kind of work the guard has recovered.
func (g *Guard) Count(where Where) int64 {
	if g == nil {
		return 0
	}
	return g.counts[where].Load()
}

// Run calls f and returns its error. If f panics, Run logs and counts the panic and returns an
// [Error]. f must release its locks with defer.
func (g *Guard) Run(ctx context.Context, where Where, f func() error) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = g.Recovered(ctx, where, value)
		}
	}()
	return f()
}

// Wrap returns a function for a goroutine or a timer: it calls f. If f panics, it logs and counts
// the panic and calls failed, if there is one, with an [Error]. failed ends what f was doing; a
// panic of failed is contained as well.
func (g *Guard) Wrap(ctx context.Context, where Where, f func(), failed func(error)) func() {
	return func() {
		err := g.Run(ctx, where, func() error {
			f()
			return nil
		})
		if err != nil && failed != nil {
			_ = g.Run(ctx, where, func() error {
				failed(err)
				return nil
			})
		}
	}
}

// Recovered logs and counts a panic that the caller has recovered itself, and returns its error.
// Call it in the deferred function that calls recover, so that the stack is that of the panic.
func (g *Guard) Recovered(ctx context.Context, where Where, value any) *Error {
	err := &Error{Where: where, Value: fmt.Sprint(value)}
	log := slog.Default()
	if g != nil {
		g.counts[where].Add(1)
		log = g.log
	}
	defer func() { _ = recover() }() // a log that panics must not undo what this is for
	log.ErrorContext(ctx, "panic", "where", where.String(), "panic", err.Value,
		"stack", string(debug.Stack()))
	return err
}

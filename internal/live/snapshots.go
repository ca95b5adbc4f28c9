package live

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"parley/internal/panics"
)

const (
	// snapshotTTL is how long a snapshot is kept, and maxSnapshotBytes how many bytes all snapshots
	// of a node may have.
	snapshotTTL      = 30 * time.Second
	maxSnapshotBytes = nodeBytes / 4
)

// Snapshots shares snapshots of rooms, as subscriptions with the same key begin with them: the many
// subscriptions that are opened while a room does not change take one snapshot. It is safe for
// concurrent use.
//
// A snapshot is kept for a while, unless newer ones need its memory. Its bytes count among those
// that the node keeps for late subscribers. If there are too many of those, a snapshot is given
// only to the callers that wait for it.
type Snapshots[V any] struct {
	hub *Hub

	mu      sync.Mutex
	entries map[snapshotKey]*snapshot[V]
	// queue has those that are complete, the oldest first, and bytes is their size.
	queue []*snapshot[V]
	bytes int
}

type snapshotKey struct {
	room uuid.UUID
	key  string
	era  int64
}

// snapshot is complete when done is closed.
type snapshot[V any] struct {
	key   snapshotKey
	done  chan struct{}
	value V
	bytes int
	err   error
	// expiry drops it.
	expiry *time.Timer
}

// NewSnapshots returns snapshots that are kept until the hub ends.
func NewSnapshots[V any](h *Hub) *Snapshots[V] {
	return &Snapshots[V]{hub: h, entries: make(map[snapshotKey]*snapshot[V])}
}

// Get returns a snapshot of a room that fresh accepts: one that is kept, or else one that take
// makes, with its size in bytes. Concurrent callers with the same key share a call of take. Its
// context ends with the hub and not with the caller's, and what it returns is fresh for all who
// have called Get before it began.
func (s *Snapshots[V]) Get(
	ctx context.Context, room uuid.UUID, key string,
	fresh func(V) bool, load func(context.Context) (value V, bytes int, err error),
) (value V, err error) {
	at := snapshotKey{room, key, s.hub.Era()}
	for {
		found, created := s.find(at, fresh)
		if created {
			s.fill(found, load)
		}
		select {
		case <-found.done:
		case <-ctx.Done():
			return value, ctx.Err()
		}
		if created || found.err != nil || fresh(found.value) {
			return found.value, found.err
		}
		// It was begun before Get was called, and is too old: the next one is not.
	}
}

// find returns the snapshot that is kept or being made, or a new one that the caller makes.
func (s *Snapshots[V]) find(
	key snapshotKey,
	fresh func(V) bool,
) (found *snapshot[V], created bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if found = s.entries[key]; found != nil {
		select {
		case <-found.done:
			if fresh(found.value) {
				return found, false
			}
			s.drop(found)
		default:
			return found, false
		}
	}
	found = &snapshot[V]{key: key, done: make(chan struct{})}
	s.entries[key] = found
	return found, true
}

// fill completes a snapshot, and keeps it.
func (s *Snapshots[V]) fill(made *snapshot[V], load func(context.Context) (V, int, error)) {
	hub := s.hub
	made.err = hub.opts.Panics.Run(hub.ctx, panics.Event, func() (err error) {
		made.value, made.bytes, err = load(hub.ctx)
		return err
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	defer close(made.done)
	if made.err != nil || hub.bufferedBytes.Load() > nodeBytes {
		delete(s.entries, made.key)
		return
	}
	s.queue = append(s.queue, made)
	s.bytes += made.bytes
	hub.bufferedBytes.Add(int64(made.bytes))
	made.expiry = time.AfterFunc(snapshotTTL, hub.opts.Panics.Wrap(hub.ctx, panics.Event, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.drop(made)
	}, nil))
	for s.bytes > maxSnapshotBytes {
		s.drop(s.queue[0])
	}
}

// drop removes a complete snapshot, unless it was removed before. The snapshots are locked.
func (s *Snapshots[V]) drop(old *snapshot[V]) {
	if s.entries[old.key] != old {
		return
	}
	delete(s.entries, old.key)
	old.expiry.Stop() // it would keep the memory
	at := slices.Index(s.queue, old)
	s.queue = slices.Delete(s.queue, at, at+1)
	s.bytes -= old.bytes
	s.hub.bufferedBytes.Add(-int64(old.bytes))
}

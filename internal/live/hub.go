// Package live tells open screens what happens. It hears the broker's hints, reads the logs of the rooms that somebody
// listens to on this node, and wakes the listeners.
//
// Hints may be lost, doubled or late: they only say where to look now. What nobody has said is found by looking at the
// heads of the rooms every few seconds.
package live

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"

	"parley/internal/broker"
)

// Options of a Hub.
type Options struct {
	// Sweep is the time between two looks at the heads of the rooms that are listened to: how late an event can be of
	// which no hint came. Default: 3 s.
	Sweep time.Duration
	// Logger hears of logs and lists that cannot be read. Default: slog.Default().
	Logger *slog.Logger
}

// Hub holds the listeners of one node.
type Hub struct {
	log   Log
	lists Lists
	opts  Options
	// ctx ends what runs for the listeners: hub.Close cancels it.
	ctx     context.Context //nolint:containedctx // the life of the hub, which outlives every call
	stop    context.CancelFunc
	running sync.WaitGroup
	// catchUps has a place for each page of history that may be rendered at a time.
	catchUps chan struct{}

	mu      sync.Mutex
	topics  map[Topic]map[*Subscription]struct{}
	tails   map[uuid.UUID]*tail
	cohorts map[cohortKey]*cohort
	viewers map[string]map[*List]struct{}
	byRoom  map[uuid.UUID]map[*List]struct{}
}

// NewHub returns a hub without listeners, which looks after them until ctx ends or Close is called.
func NewHub(ctx context.Context, log Log, lists Lists, opts Options) *Hub {
	if opts.Sweep == 0 {
		opts.Sweep = 3 * time.Second
	}
	if opts.Logger == nil {
		opts.Logger = slog.Default()
	}
	h := &Hub{
		log: log, lists: lists, opts: opts, catchUps: make(chan struct{}, catchUps),
		topics:  make(map[Topic]map[*Subscription]struct{}),
		tails:   make(map[uuid.UUID]*tail),
		cohorts: make(map[cohortKey]*cohort),
		viewers: make(map[string]map[*List]struct{}),
		byRoom:  make(map[uuid.UUID]map[*List]struct{}),
	}
	h.ctx, h.stop = context.WithCancel(ctx)
	h.running.Go(h.sweep) // ends with the hub
	return h
}

// Close ends everything that runs for the hub and waits for it.
func (h *Hub) Close() {
	h.stop()
	h.running.Wait()
}

// Hear wakes whom a hint concerns. It does not block.
func (h *Hub) Hear(hint broker.Hint) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if hint.Created {
		for _, user := range hint.Users {
			h.wake(User(user), hint.Room)
		}
		if hint.Public {
			h.wake(Lobby(), hint.Room)
		}
	}
	if t := h.tails[hint.Room]; t != nil {
		t.want(hint.Seq)
	}
	for l := range h.byRoom[hint.Room] {
		l.touch(hint.Room, hint.Seq)
	}
	for _, user := range hint.Users {
		for l := range h.viewers[user] {
			l.touch(hint.Room, unknown)
		}
	}
}

// sweep looks at the heads of all rooms that are listened to, again and again.
func (h *Hub) sweep() {
	tick := time.NewTicker(h.opts.Sweep)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-h.ctx.Done():
			return
		}
		if err := h.look(h.ctx); err != nil && h.ctx.Err() == nil {
			h.opts.Logger.WarnContext(h.ctx, "the heads of the rooms cannot be read", "error", err)
		}
	}
}

// look reads the heads of the rooms that have a tail and tells the tails.
func (h *Hub) look(ctx context.Context) error {
	h.mu.Lock()
	rooms := make([]uuid.UUID, 0, len(h.tails))
	for room := range h.tails {
		rooms = append(rooms, room)
	}
	h.mu.Unlock()
	if len(rooms) == 0 {
		return nil
	}
	heads, err := h.log.Heads(ctx, rooms)
	if err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for room, head := range heads {
		if t := h.tails[room]; t != nil {
			t.want(head)
		}
	}
	return nil
}

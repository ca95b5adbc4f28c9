// Package live delivers events to subscribers. It receives the broker's publications, reads the
// logs of the rooms that have subscribers on this node, renders each event once for all subscribers
// that share an execution, and sends them the payloads.
//
//	publication → tail (reads an event once for the node) → cohorts (render it once each) → sinks
//
// A room where nothing happens has no goroutine, and neither has a subscriber that has received
// everything: it is parked.
//
// Publications carry the committed events, and may be lost, doubled or late: for every gap the log
// is read. A periodic poll of the rooms' heads finds what was missed.
package live

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"parley/internal/broker"
	"parley/internal/limit"
	"parley/internal/panics"
)

// Options of a Hub.
type Options struct {
	// PollInterval is the time between two polls of the heads of the rooms with subscribers. An
	// event whose publication was lost is at most so late. Default: 3 s.
	PollInterval time.Duration
	// CheckPrimary detects whether another server is the primary, and the hub calls WentBack if a
	// head is below one that was read before. Both call [Hub.Rewind] if the database went back.
	// Default: the hub compares heads only.
	CheckPrimary func(context.Context) error
	WentBack     func()
	// Timeline returns that of the database; "" if it is unknown. The hub drops publications of
	// other timelines: while nodes move to another server, those may be of commits that are lost.
	// Polls find the others. Default: unknown.
	Timeline func() string
	// Logger receives the errors of reading logs and lists. Default: slog.Default().
	Logger *slog.Logger
	// Panics contains the panics of what the hub runs. Default: one that logs to Logger.
	Panics *panics.Guard
}

// Hub has the subscribers of one node. It is safe for concurrent use.
type Hub struct {
	log   Log
	lists Lists
	opts  Options
	// ctx ends the goroutines of the hub. Close cancels it.
	ctx     context.Context //nolint:containedctx // the life of the hub, which outlives every call
	stop    context.CancelFunc
	running sync.WaitGroup
	// catchUps has a slot for each page of history that may be rendered at a time. One user,
	// and one topic's shared pages, may have half of them.
	catchUps *limit.Memory

	// era counts the calls of Rewind. It changes with the lock held.
	era atomic.Int64

	// bufferedBytes is the size of the payloads in the buffers of the cohorts.
	bufferedBytes atomic.Int64
	// The counters of Stats.
	executions, deliveries, bytes, pages, refusals, polls, reads, undecoded atomic.Int64

	mu            sync.Mutex
	tails         map[Topic]*tail
	pollRequested chan struct{} // a poll is requested: see Missed
	// listsByUser and listsByRoom are the lists of rooms, by their user and by the rooms that they
	// follow.
	listsByUser map[string]map[*roomList]struct{}
	listsByRoom map[uuid.UUID]map[*roomList]struct{}
	// pendingLists are the parked lists with a change that has not been sent. A goroutine wakes
	// them while there are any: sendingLists. It finds in enqueued that one was added.
	pendingLists map[*roomList]struct{}
	sendingLists bool
	enqueued     chan struct{}
	// batchedAt says when a change of a room was last rendered for several lists, unless that was
	// long ago.
	batchedAt map[uuid.UUID]time.Time
	// sessions are the sessions of each user. joinsPolled is the time of the last read of
	// pollJoined; only the poll uses it.
	sessions    map[string]map[*session]struct{}
	joinsPolled time.Time
	// published are the rooms that have been published as new, since startedAt or for as long as a
	// poll may find them.
	published map[uuid.UUID]time.Time
	startedAt time.Time
}

// NewHub returns a hub without subscribers. It serves them until ctx ends or Close is called.
func NewHub(ctx context.Context, log Log, lists Lists, opts Options) *Hub {
	if opts.PollInterval == 0 {
		opts.PollInterval = 3 * time.Second
	}
	if opts.Logger == nil {
		opts.Logger = slog.Default()
	}
	if opts.Panics == nil {
		opts.Panics = panics.NewGuard(opts.Logger)
	}
	h := &Hub{
		log:   log,
		lists: lists,
		opts:  opts,
		catchUps: limit.NewMemory(
			limit.MemoryOptions{Bytes: maxCatchUps, User: maxCatchUps / 2},
		),
		tails:         make(map[Topic]*tail),
		pollRequested: make(chan struct{}, 1),
		listsByUser:   make(map[string]map[*roomList]struct{}),
		listsByRoom:   make(map[uuid.UUID]map[*roomList]struct{}),
		pendingLists:  make(map[*roomList]struct{}),
		enqueued:      make(chan struct{}, 1),
		batchedAt:     make(map[uuid.UUID]time.Time),
		sessions:      make(map[string]map[*session]struct{}),
		published:     make(map[uuid.UUID]time.Time),
		startedAt:     time.Now(),
	}
	h.joinsPolled = h.startedAt
	if h.opts.Timeline == nil {
		h.opts.Timeline = func() string { return "" }
	}
	if h.opts.WentBack == nil {
		h.opts.WentBack = h.Rewind
	}
	h.ctx, h.stop = context.WithCancel(ctx)
	h.running.Go(h.opts.Panics.Wrap(h.ctx, panics.Event, h.pollLoop, nil)) // ends with the hub
	return h
}

// Close ends everything that runs for the hub and waits for it.
func (h *Hub) Close() {
	h.cancel()
	h.running.Wait()
}

// cancel ends the hub's context under the lock, so that nothing starts under the lock
// afterwards.
func (h *Hub) cancel() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.stop()
}

// Receive implements [broker.Listener]: it passes a publication to its subscribers on this node.
func (h *Hub) Receive(p broker.Publication) {
	era := h.Era()
	if !p.MayBeOf(h.opts.Timeline()) {
		return
	}
	var events []Event
	var created Created
	if p.Created {
		created = h.decodeCreated(p)
	} else {
		events = h.decode(p)
	}
	h.wakeAll(h.receive(p, events, created, era))
}

// receive passes a publication, with its events or its new room, to its subscribers, unless its era
// is over. It returns the sinks of the sessions to wake.
func (h *Hub) receive(p broker.Publication, events []Event, created Created, era int64) []Sink {
	h.mu.Lock()
	defer h.mu.Unlock()
	if era != h.Era() {
		return nil
	}
	if p.Created {
		h.publishCreated(created)
	}
	if t := h.tails[Room(p.Room)]; t != nil {
		t.receive(events, p.Seq)
	}
	for l := range h.listsByRoom[p.Room] {
		l.touch(p.Room, p.Seq)
	}
	for _, user := range p.Users {
		for l := range h.listsByUser[user] {
			l.touch(p.Room, unknownSeq)
		}
	}
	return h.touchSessions(p.Room, p.Users...)
}

// decode returns the events of a publication; none if the room has no subscribers on this node, or
// they must be read from the log.
func (h *Hub) decode(p broker.Publication) []Event {
	if p.Commit == nil || !h.Follows(p.Room) {
		return nil
	}
	events, err := h.log.Decode(p.Room, p.Commit)
	if err == nil {
		err = contiguous(events, p)
	}
	if err != nil {
		h.undecodable(err)
		return nil
	}
	return events
}

// contiguous returns an error unless events are those from the first of a publication to its last.
func contiguous(events []Event, p broker.Publication) error {
	next := p.Commit.First()
	for _, e := range events {
		if e.Position() != next {
			return fmt.Errorf(
				"a commit to room %s has event %d, not %d",
				p.Room,
				e.Position(),
				next,
			)
		}
		next++
	}
	if next != p.Seq+1 {
		return fmt.Errorf("a commit to room %s ends before event %d, not %d", p.Room, next, p.Seq+1)
	}
	return nil
}

// undecodable counts a publication that cannot be decoded.
func (h *Hub) undecodable(err error) {
	h.undecoded.Add(1)
	h.opts.Logger.DebugContext(h.ctx, "a publication cannot be decoded", "error", err)
}

// Follows implements [broker.Listener]: it reports whether a room has subscribers on this node.
func (h *Hub) Follows(room uuid.UUID) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.tails[Room(room)] != nil
}

// Missed implements [broker.Listener]: the hub polls the rooms at once, but not more often than
// once in minPollInterval.
func (h *Hub) Missed() {
	select {
	case h.pollRequested <- struct{}{}:
	default: // a poll is already requested
	}
}

const (
	// minPollInterval is the least time between two polls.
	minPollInterval = 50 * time.Millisecond
	// listReadSpread is the time over which lists of rooms are read again that may have missed
	// something.
	listReadSpread = 2 * time.Second
)

// pollLoop polls for what no publication has named, until the hub ends.
func (h *Hub) pollLoop() {
	tick := time.NewTicker(h.opts.PollInterval)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-h.pollRequested:
			h.poll(func(context.Context) error {
				h.scheduleListReads()
				return nil
			})
		case <-h.ctx.Done():
			return
		}
		h.polls.Add(1)
		if h.opts.CheckPrimary != nil {
			h.poll(h.opts.CheckPrimary)
		}
		h.poll(h.pollHeads)
		h.poll(h.pollCreated)
		h.poll(h.pollJoined)
		select {
		case <-time.After(minPollInterval):
		case <-h.ctx.Done():
			return
		}
	}
}

// poll runs one step of pollLoop. A step that fails or panics is logged, and the next round repeats
// it.
func (h *Hub) poll(step func(context.Context) error) {
	err := h.opts.Panics.Run(h.ctx, panics.Event, func() error { return step(h.ctx) })
	if err != nil && h.ctx.Err() == nil && !panics.Is(err) {
		h.opts.Logger.WarnContext(h.ctx, "cannot poll the rooms", "error", err)
	}
}

// scheduleListReads makes the lists of rooms be read again, spread over a while.
func (h *Hub) scheduleListReads() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, lists := range h.listsByUser {
		for l := range lists {
			pause := rand.N(listReadSpread) //nolint:gosec // nothing is secret
			l.readTimer.Reset(pause + time.Millisecond)
		}
	}
}

// pollHeads reads the heads of the rooms that have subscribers, and passes them to their tails. If
// a head is below that of its tail before, the database went back.
func (h *Hub) pollHeads(ctx context.Context) error {
	before, era := h.openRooms()
	if len(before) == 0 {
		return nil
	}
	heads, err := h.log.Heads(ctx, slices.Collect(maps.Keys(before)))
	if err != nil {
		return err
	}
	if room, back := wentBack(before, heads); back && era == h.era.Load() {
		h.opts.Logger.WarnContext(ctx, "database lost commits, streams resync", "room", room,
			"head", heads[room], "was", before[room])
		h.opts.WentBack()
		return nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for room, head := range heads {
		if t := h.tails[Room(room)]; t != nil {
			t.notify(head)
		}
	}
	return nil
}

// wentBack returns a room whose head is below what it was, or that does not exist any more.
func wentBack(before, heads map[uuid.UUID]int64) (room uuid.UUID, back bool) {
	for room, head := range before {
		if now, exists := heads[room]; !exists || now < head {
			return room, true
		}
	}
	return uuid.Nil, false
}

// openRooms returns the rooms that have subscribers on this node, and the heads of their tails in
// an era.
func (h *Hub) openRooms() (heads map[uuid.UUID]int64, era int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	heads = make(map[uuid.UUID]int64, len(h.tails))
	for topic, t := range h.tails {
		if topic.kind == roomTopic {
			heads[topic.room] = t.ring.head
		}
	}
	return heads, h.era.Load()
}

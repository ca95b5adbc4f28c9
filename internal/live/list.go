package live

import (
	"context"
	"time"

	"github.com/google/uuid"

	"parley/internal/panics"
)

// listReadInterval is how many polls pass between two reads of a list that find what no
// publication has named.
const listReadInterval = 10

// Lists reads users' lists of rooms.
type Lists interface {
	// ReadStates returns the list of a user. Its Ends are those since a time.
	ReadStates(ctx context.Context, user string, endedSince time.Time) (ListState, error)
	// Joined calls found with the memberships that have begun since a time.
	Joined(ctx context.Context, since time.Time, found func(user string, room uuid.UUID)) error
}

// ListState is a user's list as it is at a time.
type ListState struct {
	Rooms map[uuid.UUID]ReadState
	// Ends has what identifies the end of the user's last membership of a room, by the room.
	Ends map[uuid.UUID]string
}

// ReadState is what the entry of a room in a user's list changes with: the seq of the newest event,
// and the seq up to which the user has read.
type ReadState struct{ Seq, Read int64 }

// RoomChange is a change of a room, which is rendered for the lists of several users.
type RoomChange struct {
	Room uuid.UUID
	// Users are the users whose lists it is rendered for, one after the other.
	Users []string

	shared any
}

// Share returns what the renderings of the change share. The first call makes it with a function.
func (c *RoomChange) Share(with func() any) any {
	if c.shared == nil {
		c.shared = with()
	}
	return c.shared
}

// Entry is a change of a room as one list shows it.
type Entry struct {
	Payload []byte
	// Listed reports whether the room is in the list, with State. Otherwise End, unless it is "",
	// identifies the end of the membership.
	Listed bool
	State  ReadState
	End    string
}

// RoomList says what a subscriber to a user's list of rooms receives.
type RoomList struct {
	User string
	// First are payloads to send before anything else.
	First [][]byte
	// Render reads and renders a change.
	Render func(ctx context.Context, change *RoomChange) (Entry, error)
}

// roomList subscribes to the list of rooms of a user. It sends at most one change of a room each
// 250 ms, and always the last one.
type roomList struct {
	hub *Hub
	RoomList
	// readTimer sets readDue from time to time.
	readTimer *time.Timer
	// openingPayloads are the first payloads, which are sent again when the database went back.
	openingPayloads [][]byte

	// The rest is guarded by the hub's lock, and so is First.

	// sink is set while the list is parked.
	sink   Sink
	closed bool
	states map[uuid.UUID]ReadState
	// ends are the ends of memberships which the subscriber knows of, or has never seen the room of,
	// since one minute before the list was last read, at readAt.
	ends   map[uuid.UUID]string
	readAt time.Time
	// due are the rooms with a change that has not been sent, and sent says when the last change of
	// a room was sent, unless that was long ago. Changes of the rooms in rendering are being
	// rendered or sent.
	due       map[uuid.UUID]struct{}
	sentAt    map[uuid.UUID]time.Time
	rendering map[uuid.UUID]struct{}
	// readDue makes Next read the list again; if it was rewound, without sending the differences.
	readDue, rewound bool
}

// SubscribeList subscribes to a user's list of rooms: no change after its return is missed. The
// caller closes the subscriber.
func (h *Hub) SubscribeList(ctx context.Context, list RoomList) (Subscriber, error) {
	l := &roomList{
		hub:             h,
		RoomList:        list,
		openingPayloads: list.First,
		states:          make(map[uuid.UUID]ReadState),
		readAt:          time.Now(),
		due:             make(map[uuid.UUID]struct{}),
		sentAt:          make(map[uuid.UUID]time.Time),
		rendering:       make(map[uuid.UUID]struct{}),
	}
	h.addList(l)
	// The first read finds the rooms to follow, the second what is known of them while they are
	// followed.
	for range 2 {
		state, err := l.readState(ctx)
		if err != nil {
			l.Close()
			return nil, err
		}
		l.setState(state)
	}
	return l, nil
}

// addList registers a list under its user.
func (h *Hub) addList(l *roomList) {
	h.mu.Lock()
	defer h.mu.Unlock()
	// It ends with the list.
	l.readTimer = time.AfterFunc(listReadInterval*h.opts.PollInterval,
		h.opts.Panics.Wrap(h.ctx, panics.Event, l.setReadDue, nil))
	if h.listsByUser[l.User] == nil {
		h.listsByUser[l.User] = make(map[*roomList]struct{})
	}
	h.listsByUser[l.User][l] = struct{}{}
}

// setReadDue makes the list be read again.
func (l *roomList) setReadDue() {
	l.hub.mu.Lock()
	defer l.hub.mu.Unlock()
	l.readDue = true
	l.hub.enqueue(l)
}

// Next implements [Subscriber].
func (l *roomList) Next(ctx context.Context) ([][]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if l.takeReadDue() {
		rewound := l.takeRewound()
		state, err := l.readState(ctx)
		switch {
		case err != nil:
			l.hub.opts.Logger.WarnContext(ctx, "cannot read a list of rooms", "error", err)
		case rewound:
			l.setState(state)
		default:
			l.touchChanged(state)
		}
	}
	payloads, rooms := l.take(time.Now())
	era := l.hub.Era()
	for i, room := range rooms {
		entry, err := l.Render(ctx, &RoomChange{Room: room, Users: []string{l.User}})
		if err != nil {
			l.putBack(rooms[i:])
			return payloads, err
		}
		l.applyEntry(room, entry, era)
		payloads = append(payloads, entry.Payload)
	}
	return payloads, nil
}

// putBack makes rooms due again.
func (l *roomList) putBack(rooms []uuid.UUID) {
	l.hub.mu.Lock()
	defer l.hub.mu.Unlock()
	for _, room := range rooms {
		l.due[room] = struct{}{}
	}
}

// applyEntry sets what the rendering of a change has found that began in an era. It returns the
// sink if the list is parked.
func (l *roomList) applyEntry(room uuid.UUID, entry Entry, era int64) Sink {
	l.hub.mu.Lock()
	defer l.hub.mu.Unlock()
	if era == l.hub.Era() {
		l.setEntry(room, entry)
	}
	return l.sink
}

// takeReadDue reports and clears readDue, and sets when the list is read again after that.
func (l *roomList) takeReadDue() bool {
	l.hub.mu.Lock()
	defer l.hub.mu.Unlock()
	due := l.readDue
	if l.readDue = false; due && !l.closed {
		l.readTimer.Reset(listReadInterval * l.hub.opts.PollInterval)
	}
	return due
}

// take returns the first payloads or, if they have been sent, the rooms whose change may be sent
// now, which it counts as sent.
func (l *roomList) take(now time.Time) (first [][]byte, rooms []uuid.UUID) {
	l.hub.mu.Lock()
	defer l.hub.mu.Unlock()
	if first = l.First; first != nil {
		l.First = nil
		return first, nil
	}
	rooms, _ = l.readyRooms(now)
	for _, room := range rooms {
		l.setSent(room, now)
	}
	return nil, rooms
}

// Park implements [Subscriber].
func (l *roomList) Park(sink Sink) bool {
	l.hub.mu.Lock()
	defer l.hub.mu.Unlock()
	if l.closed || l.First != nil || l.readDue {
		return false
	}
	if ready, _ := l.readyRooms(time.Now()); len(ready) > 0 {
		return false
	}
	l.sink = sink
	if len(l.due) > 0 {
		l.hub.enqueue(l)
	}
	return true
}

// Close implements [Subscriber].
func (l *roomList) Close() {
	h := l.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	if l.closed {
		return
	}
	l.closed, l.sink = true, nil
	l.readTimer.Stop()
	delete(h.pendingLists, l)
	delete(h.listsByUser[l.User], l)
	if len(h.listsByUser[l.User]) == 0 {
		delete(h.listsByUser, l.User)
	}
	for room := range l.states {
		h.unfollow(room, l)
	}
	for room := range l.due {
		h.unfollow(room, l)
	}
	for room := range l.rendering {
		h.unfollow(room, l)
	}
}

// delivery is a change of a room for one list.
type delivery struct {
	list  *roomList
	entry Entry
	err   error
	// sent says that the sink has taken the payload.
	sent bool
}

// sendRoom renders a change of a room for lists, and sends it to those that are parked.
func (h *Hub) sendRoom(room uuid.UUID, lists []*roomList) {
	change := &RoomChange{Room: room}
	deliveries := make([]delivery, len(lists))
	for i, l := range lists {
		deliveries[i].list = l
		change.Users = append(change.Users, l.User)
	}
	for i := range deliveries {
		h.deliver(&deliveries[i], change)
	}
	for _, sink := range h.finish(room, deliveries) {
		h.wake(sink)
	}
}

// deliver renders a change for a list, and sends it if the list is parked.
func (h *Hub) deliver(d *delivery, change *RoomChange) {
	era := h.Era()
	d.err = h.opts.Panics.Run(h.ctx, panics.Event, func() (err error) {
		d.entry, err = d.list.Render(h.ctx, change)
		return err
	})
	if d.err != nil {
		return
	}
	sink := d.list.applyEntry(change.Room, d.entry, era)
	if sink == nil {
		return
	}
	_ = h.opts.Panics.Run(h.ctx, panics.Event, func() error {
		d.sent = sink.Send(d.entry.Payload)
		return nil
	})
}

// finish ends the rendering of a change of a room. A list to which the change was not sent keeps
// the payload, or makes the room due again; finish returns their sinks to wake, if they are parked.
func (h *Hub) finish(room uuid.UUID, deliveries []delivery) (sinks []Sink) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, d := range deliveries {
		l := d.list
		delete(l.rendering, room)
		_, due := l.due[room]
		switch {
		case l.closed:
			continue
		case d.sent && due:
			h.enqueue(l)
			continue
		case d.sent:
			continue
		case d.err == nil && l.First == nil:
			l.First = [][]byte{d.entry.Payload}
		default:
			l.due[room] = struct{}{}
			delete(l.sentAt, room)
		}
		if l.sink != nil {
			sinks = append(sinks, l.sink)
			l.sink = nil
			delete(h.pendingLists, l)
		}
	}
	return sinks
}

// wake wakes a sink. A panic of it does not concern the others.
func (h *Hub) wake(sink Sink) {
	h.opts.Panics.Wrap(h.ctx, panics.Event, sink.Wake, nil)()
}

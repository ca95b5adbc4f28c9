//go:build unix

package torture_test

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"parley/internal/store"
	"parley/internal/store/storetest"
	"parley/internal/testkit"
)

const (
	// The numbers of nodes, rooms, and writers to each node.
	failoverNodes, failoverRooms, failoverWriters = 2, 2, 3
	// beforeFailover is how long to write before replication is held back, and lossTime after that.
	beforeFailover, lossTime = time.Second, 1500 * time.Millisecond
	// maxWriteGap is the goal: how long after a promotion a node takes writes again.
	maxWriteGap = 5 * time.Second
)

// TestFailover promotes a standby while two nodes serve writers and subscribers of every kind, kills
// the primary before that, and restarts it afterwards, with the data that it had: the nodes must not
// return to it. What the surviving database has is what every subscriber ends with, once it has
// followed its Resync; nothing comes twice without a Resync between, and no read that begins after the
// promotion shows what does not exist. A synchronous standby loses nothing that was acknowledged.
func TestFailover(t *testing.T) {
	if testing.Short() {
		t.Skip("takes half a minute")
	}
	for _, synchronous := range []bool{false, true} {
		name := map[bool]string{false: "asynchronous", true: "synchronous"}[synchronous]
		t.Run(name, func(t *testing.T) {
			for range max(1, *failovers) {
				f := &failover{
					synchronous: synchronous,
					faults:      &faults{},
					acked:       map[string]ackedMessage{},
				}
				f.run(t)
			}
		})
	}
}

// failover is the state of the test.
type failover struct {
	t           *testing.T
	synchronous bool
	primary     *storetest.Server
	standby     *storetest.Server
	servers     []*server
	rooms       []string
	// quiet is a room in which only the owner writes, and lostRoom a room that is lost.
	quiet, lostRoom string

	faults *faults

	mu    sync.Mutex
	acked map[string]ackedMessage
	// promoted is when the standby took writes, and shown are the messages that reads have shown
	// which began after that.
	promoted time.Time
	shown    map[position]string
	// resyncs are the streams that received Resync or RESYNC, reopened those that ended
	// and were subscribed again, and opened the beginnings of lists of rooms.
	resyncs, reopened, opened int
}

// ackedMessage is an acknowledged message. began is when its last request began.
type ackedMessage struct {
	position
	began, at time.Time
	node      int
}

func (f *failover) run(t *testing.T) {
	f.t, f.shown = t, map[position]string{}
	ctx, cancel := context.WithTimeout(t.Context(), testTimeout)
	defer cancel()
	ctx, abort := context.WithCancelCause(ctx)
	defer abort(nil)
	f.primary = storetest.NewPrimary(t)
	f.standby = f.primary.Standby("standby")
	if f.synchronous {
		f.primary.Exec("postgres", "ALTER SYSTEM SET synchronous_standby_names = 'standby'")
		f.primary.Exec("postgres", "SELECT pg_reload_conf()")
		f.primary.Await("SELECT bool_or(sync_state = 'sync') FROM pg_stat_replication")
	}
	with := settings{
		DatabaseURL: f.primary.URL(f.standby) + "&target_session_attrs=read-write", Nodes: true,
	}
	if !f.synchronous { // publications of the lost timeline reach nodes of the next one
		with.NATSURL = testkit.StartNATS(t).URL
	}
	for range failoverNodes {
		s := newServer(t, with, abort)
		if err := s.start(ctx); err != nil {
			t.Fatal(err)
		}
		f.servers = append(f.servers, s)
	}
	f.populate(ctx)

	subscribersCtx, cancelSubscribers := context.WithCancel(ctx)
	var running, writes sync.WaitGroup
	views := f.screens(subscribersCtx, &running)
	stop := make(chan struct{})
	for n := range failoverNodes {
		for i := range failoverWriters {
			writes.Go(func() { f.write(ctx, n, i, stop) })
		}
		writes.Go(func() { f.read(ctx, n, stop) })
	}
	ok := f.failOver(ctx)
	close(stop)
	writes.Wait()
	if ok {
		f.catchUp(ctx, views)
	}
	cancelSubscribers()
	running.Wait()
	for _, s := range f.servers {
		if err := s.stop(); err != nil {
			f.faults.add("a node ends: %v", err)
		}
	}
	f.check(views)
	for _, fault := range f.faults.first {
		t.Error(fault)
	}
}

// client returns a client of a node.
func (f *failover) client(n int, name string) *client {
	token, err := token(name)
	if err != nil {
		f.t.Fatal(err)
	}
	return &client{url: f.servers[n].url(), http: f.servers[n].http, token: token}
}

// must sends an operation that must succeed.
func (f *failover) must(ctx context.Context, c *client, query string, in vars, out any) {
	f.t.Helper()
	if _, err := c.retry(ctx, interruption{}, query, in, out); err != nil {
		f.t.Fatal(err)
	}
}

// viewers are the users that subscribe, and owner is the user that everything else is of.
const owner = "owner"

func viewer(n int) string { return fmt.Sprintf("viewer-%d", n) }

// populate creates the users and the rooms.
func (f *failover) populate(ctx context.Context) {
	var me any
	names := []string{}
	for n := range failoverNodes {
		names = append(names, viewer(n))
	}
	for n := range failoverNodes {
		for i := range failoverWriters {
			names = append(names, fmt.Sprintf("writer-%d-%d", n, i))
		}
	}
	for _, name := range append([]string{owner}, names...) {
		f.must(ctx, f.client(0, name), `{ me { id } }`, nil, &me)
	}
	for range failoverRooms {
		f.rooms = append(f.rooms, f.createRoom(ctx, names))
	}
	f.quiet = f.createRoom(ctx, names)
	for _, room := range append([]string{f.quiet}, f.rooms...) {
		f.send(ctx, f.client(0, owner), room, "first in "+room)
	}
}

func (f *failover) createRoom(ctx context.Context, names []string) string {
	var made struct {
		CreateRoom struct{ Room struct{ ID string } }
	}
	f.must(ctx, f.client(0, owner), `mutation($ids: [ID!]!) { createRoom(input: {memberIds: $ids}) {
		room { id } } }`, vars{"ids": names}, &made)
	return made.CreateRoom.Room.ID
}

const sendKeyed = `mutation($room: ID!, $key: String!) {
	sendMessage(input: {roomId: $room, contents: $key, idempotencyKey: $key}) { message { seq } } }`

// sentMessage is the response to sendKeyed.
type sentMessage struct {
	SendMessage struct{ Message struct{ Seq int64 } }
}

func (f *failover) send(ctx context.Context, c *client, room, key string) {
	f.t.Helper()
	var answer sentMessage
	f.must(ctx, c, sendKeyed, vars{"room": room, "key": key}, &answer)
}

// setName changes the owner's profile.
func (f *failover) setName(ctx context.Context, name string) {
	var answer any
	f.must(ctx, f.client(0, owner), `mutation($name: String!) {
		updateProfile(input: {nickName: $name}) { user { id } } }`, vars{"name": name}, &answer)
}

// write sends messages to a node until stop is closed.
func (f *failover) write(ctx context.Context, n, i int, stop <-chan struct{}) {
	c := f.client(n, fmt.Sprintf("writer-%d-%d", n, i))
	for number := 0; ; number++ {
		select {
		case <-stop:
			return
		default:
		}
		room := f.rooms[number%len(f.rooms)]
		key := fmt.Sprintf("%d of writer %d of node %d", number, i, n)
		var answer sentMessage
		began, err := c.retry(
			ctx,
			interruption{},
			sendKeyed,
			vars{"room": room, "key": key},
			&answer,
		)
		if err != nil {
			f.faults.add("%s is refused: %v", key, err)
			return
		}
		at := position{room, answer.SendMessage.Message.Seq}
		f.mu.Lock()
		f.acked[key] = ackedMessage{at, began, time.Now(), n}
		f.mu.Unlock()
		pause(ctx, 2*time.Millisecond)
	}
}

// failOver replaces the primary, and returns false if that took too long.
func (f *failover) failOver(ctx context.Context) bool {
	pause(ctx, beforeFailover)
	f.setName(ctx, "kept")
	f.standby.Await(`SELECT pg_last_wal_replay_lsn() >= '` + f.primary.Position() + `'`)
	f.warmCaches(ctx)
	if !f.synchronous {
		f.standby.StopReplication()
	}
	f.setName(ctx, "lost")
	f.send(ctx, f.client(0, owner), f.quiet, "lost")
	f.lostRoom = f.createRoom(ctx, []string{viewer(0), viewer(1)})
	f.send(ctx, f.client(0, owner), f.lostRoom, "ghost")
	pause(ctx, lossTime)
	f.warmCaches(ctx) // the caches contain data that will be lost
	heads := f.heads(ctx)

	f.primary.Kill()
	killed := time.Now()
	f.standby.Promote()
	promoted := time.Now()
	f.mu.Lock()
	f.promoted = promoted
	f.mu.Unlock()
	f.t.Logf(
		"promoted %v after the end of the primary",
		promoted.Sub(killed).Round(time.Millisecond),
	)
	// The same seq, with another message.
	f.send(ctx, f.client(1, owner), f.quiet, "sent again")
	// Until the rooms have passed the seqs that were lost.
	for deadline := time.Now().Add(testTimeout / 2); ; {
		if !pause(ctx, 100*time.Millisecond) || time.Now().After(deadline) {
			f.faults.add("the rooms do not pass %v again: they are at %v", heads, f.heads(ctx))
			return false
		}
		now := f.heads(ctx)
		if !slices.ContainsFunc(
			f.rooms,
			func(room string) bool { return now[room] < heads[room]+store.SkippedSeqs+20 },
		) {
			break
		}
	}
	f.checkOldPositions(ctx, heads)
	for n := range failoverNodes {
		if gap := f.writeGap(n); gap > maxWriteGap {
			f.faults.add("node %d took writes %v after the promotion", n, gap)
		} else {
			f.t.Logf("node %d took writes %v after the promotion", n, gap.Round(time.Millisecond))
		}
	}
	return f.returnOfThePrimary(ctx)
}

// writeGap returns how long after the promotion a node acknowledged a message that was sent after it.
func (f *failover) writeGap(n int) time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	gap := time.Duration(1<<63 - 1)
	for _, a := range f.acked {
		if a.node == n && a.at.After(f.promoted) {
			gap = min(gap, a.at.Sub(f.promoted))
		}
	}
	return gap
}

// returnOfThePrimary starts the former primary as it was, which takes writes, and restarts the new
// one. The nodes must wait for the new one.
func (f *failover) returnOfThePrimary(ctx context.Context) bool {
	f.primary.Restart()
	f.standby.Kill()
	pause(ctx, time.Second/2)
	f.standby.Restart()
	for n := range failoverNodes {
		f.send(ctx, f.client(n, owner), f.rooms[0], fmt.Sprintf("to node %d after the return", n))
	}
	return pause(ctx, time.Second/2)
}

// warmCaches makes both nodes load their caches.
func (f *failover) warmCaches(ctx context.Context) {
	for n := range failoverNodes {
		var list roomsResult
		f.must(ctx, f.client(n, owner), readRooms, nil, &list)
	}
}

// heads returns the seqs of the rooms, as the database says that takes writes.
func (f *failover) heads(ctx context.Context) map[string]int64 {
	var list roomsResult
	heads := make(map[string]int64)
	f.must(ctx, f.client(0, owner), readRooms, nil, &list)
	for _, room := range list.MyRooms.Nodes {
		heads[room.ID] = room.Seq
	}
	return heads
}

const readRooms = `{ myRooms(first: 10) { nodes { id seq creator { nickName }
	latestMessage { seq contents } messages(last: 1) { nodes { seq contents } } } } }`

// roomsResult is the response to readRooms.
type roomsResult struct {
	MyRooms struct {
		Nodes []struct {
			ID            string
			Seq           int64
			Creator       struct{ NickName string }
			LatestMessage *shownMessage
			Messages      struct{ Nodes []shownMessage }
		}
	}
}

type shownMessage struct {
	Seq      int64
	Contents string
}

// read reads from a node until stop is closed, and records what it has shown since the promotion.
func (f *failover) read(ctx context.Context, n int, stop <-chan struct{}) {
	c := f.client(n, owner)
	for {
		select {
		case <-stop:
			return
		default:
		}
		began := time.Now()
		var list roomsResult
		if err := c.try(ctx, interruption{}, readRooms, nil, &list); err == nil {
			f.record(began, list)
		} else if !retriable(err) {
			f.faults.add("node %d refuses a read: %v", n, err)
		}
		pause(ctx, 5*time.Millisecond)
	}
}

func (f *failover) record(began time.Time, list roomsResult) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.promoted.IsZero() || began.Before(f.promoted) {
		return
	}
	want := "kept"
	if f.synchronous {
		want = "lost" // it is not
	}
	for _, room := range list.MyRooms.Nodes {
		if room.Creator.NickName != want {
			f.faults.add(
				"a read shows the profile %q, which is not %q",
				room.Creator.NickName,
				want,
			)
		}
		if room.ID == f.lostRoom && !f.synchronous {
			f.faults.add("a read shows a room that is lost")
		}
		messages := room.Messages.Nodes
		if room.LatestMessage != nil {
			messages = append(messages, *room.LatestMessage)
		}
		for _, m := range messages {
			f.shown[position{room.ID, m.Seq}] = m.Contents
		}
	}
}

// catchUp waits until all subscribers have come to the heads of their rooms.
func (f *failover) catchUp(ctx context.Context, views []*view) {
	heads := f.heads(ctx)
	for deadline := time.Now().Add(20 * time.Second); ; {
		behind := slices.IndexFunc(views, func(v *view) bool { return v.reached() < heads[v.room] })
		if behind < 0 {
			return
		}
		if !pause(ctx, 20*time.Millisecond) || time.Now().After(deadline) {
			v := views[behind]
			f.faults.add("%s: it is at %d, and the room at %d", v.name, v.reached(), heads[v.room])
			return
		}
	}
}

// check compares everything with the database that has survived.
func (f *failover) check(views []*view) {
	stored := f.messages()
	lost := 0
	for key, a := range f.acked {
		switch {
		case stored[a.position] == key:
		case f.synchronous || a.began.After(f.promoted):
			f.faults.add("%s was acknowledged at %v, where the database has %q",
				key, a.position, stored[a.position])
		default:
			lost++
		}
	}
	for at, contents := range f.shown {
		if stored[at] != contents {
			f.faults.add(
				"a read shows %q at %v, where the database has %q",
				contents,
				at,
				stored[at],
			)
		}
	}
	for _, v := range views {
		want := map[int64]string{}
		for at, contents := range stored {
			if at.room == v.room {
				want[at.seq] = contents
			}
		}
		v.compare(want)
	}
	f.t.Logf("%d acknowledged, %d lost, %d subscribers, %d Resyncs, %d subscribed again",
		len(f.acked), lost, len(views), f.resyncs, f.reopened)
	if f.opened < 2*failoverNodes {
		f.faults.add("lists of rooms have begun %d times on %d nodes", f.opened, failoverNodes)
	}
	if !f.synchronous && lost == 0 {
		f.faults.add("the asynchronous standby lost nothing: this proves nothing")
	}
}

// messages returns the messages of the surviving database.
func (f *failover) messages() map[position]string {
	db, err := sql.Open("postgres", f.standby.URL())
	if err != nil {
		f.t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.QueryContext(f.t.Context(), "SELECT room_id, seq, contents FROM messages")
	if err != nil {
		f.t.Fatal(err)
	}
	defer rows.Close()
	stored := map[position]string{}
	for rows.Next() {
		var at position
		var contents string
		if err := rows.Scan(&at.room, &at.seq, &contents); err != nil {
			f.t.Fatal(err)
		}
		stored[at] = contents
	}
	if err := rows.Err(); err != nil {
		f.t.Fatal(err)
	}
	return stored
}

// view is what a subscriber knows of a room.
type view struct {
	*failover

	name, room string
	// reader reads the room from the node that the subscriber is connected to.
	reader *client

	// The rest is guarded by failover.mu.
	at   int64
	rows map[int64]string
}

func (v *view) reached() int64 {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.at
}

// add applies a message. The seqs of a room have no gaps, as its only events are messages.
func (v *view) add(seq int64, contents string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if seq != v.at+1 {
		v.faults.add("%s: %d follows %d without Resync", v.name, seq, v.at)
	}
	if before, ok := v.rows[seq]; ok && before != contents {
		v.faults.add("%s: %d was %q and is %q", v.name, seq, before, contents)
	}
	v.at, v.rows[seq] = seq, contents
}

// reload reads the room in place of what was known. The view continues behind seq, or behind the
// newest message if that is negative.
func (v *view) reload(ctx context.Context, seq int64) error {
	rows := map[int64]string{}
	var before *string
	head := int64(-1)
	for more := true; more; {
		var found struct {
			RoomInfo struct {
				Seq      int64
				Messages struct {
					Nodes    []shownMessage
					PageInfo struct {
						HasPreviousPage bool
						StartCursor     *string
					}
				}
			}
		}
		_, err := v.reader.retry(ctx, interruption{}, `query($room: ID!, $before: String) {
			roomInfo(roomId: $room) { seq messages(last: 100, before: $before) {
				nodes { seq contents } pageInfo { hasPreviousPage startCursor } } } }`,
			vars{"room": v.room, "before": before}, &found)
		if err != nil {
			return err
		}
		if head < 0 {
			head = found.RoomInfo.Seq
		}
		for _, m := range found.RoomInfo.Messages.Nodes {
			rows[m.Seq] = m.Contents
		}
		page := found.RoomInfo.Messages.PageInfo
		before, more = page.StartCursor, page.HasPreviousPage
	}
	if seq < 0 {
		seq = head
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.at, v.rows = seq, rows
	return nil
}

// compare compares what is known at the end with the messages of the room.
func (v *view) compare(want map[int64]string) {
	if maps.Equal(v.rows, want) {
		return
	}
	missing, wrong := 0, 0
	for seq, contents := range want {
		if v.rows[seq] == "" {
			missing++
		} else if v.rows[seq] != contents {
			wrong++
		}
	}
	v.faults.add("%s ends with %d messages of %d: %d are missing, %d are others",
		v.name, len(v.rows), len(want), missing, wrong)
}

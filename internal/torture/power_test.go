//go:build unix

package torture_test

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"parley/internal/store"
)

const (
	// The numbers of power cuts, writers, subscribers of each room, and rooms.
	powerCuts, powerWriters, powerReaders, powerRooms = 3, 8, 3, 2
	// powerOn is the longest time between a start and the snapshot of the disk, and between the
	// snapshot and the power cut.
	powerOn = 600 * time.Millisecond
	// inFlight is how long responses that the server sent before a stop may take to arrive.
	inFlight = 200 * time.Millisecond
)

// TestPowerCut simulates power cuts of a server on SQLite under writes. A disk guarantees only synced
// data, so the test kills the server and replaces its files by an earlier snapshot:
//
//   - With normal the snapshot is older than the kill. Messages acknowledged after the snapshot may be
//     lost, earlier ones may not. No stream continues past a loss without Resync, and no (room, seq)
//     ever identifies two messages.
//   - With full the snapshot is taken at the kill, and the write-ahead log is truncated at random
//     after the last commit that a client knows of. Nothing may be lost.
func TestPowerCut(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	for _, synchronous := range []store.Synchronous{store.SynchronousNormal, store.SynchronousFull} {
		t.Run(string(synchronous), func(t *testing.T) {
			t.Parallel()
			p := &power{
				synchronous: synchronous, path: filepath.Join(t.TempDir(), "parley.db"),
				observed: map[position]string{}, acknowledged: map[string]ack{}, faults: &faults{},
				rng: rand.New(rand.NewPCG(rand.Uint64(), 0)),
			}
			p.play(t)
		})
	}
}

// position is the position of an event.
type position struct {
	room string
	seq  int64
}

// ack is the acknowledgement of a message.
type ack struct {
	position
	at time.Time
}

// outage is a power cut. With normal, messages acknowledged between the two times may be lost.
type outage struct{ left, cut time.Time }

// power is the state of the test: the server, and everything that clients know from it.
type power struct {
	synchronous store.Synchronous
	path        string
	server      *server
	rng         *rand.Rand
	rooms       []string

	mu sync.Mutex
	// observed has the key of the message at each position, and acknowledged the messages by key.
	observed     map[position]string
	acknowledged map[string]ack
	// synced is the largest size of the write-ahead log when a client received something.
	synced  int64
	outages []outage
	resyncs int
	faults  *faults
}

func (p *power) play(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), testTimeout)
	defer cancel()
	ctx, abort := context.WithCancelCause(ctx)
	defer abort(nil)
	p.server = newServer(t, settings{
		DatabaseURL: "sqlite:" + p.path, Nodes: true, Synchronous: string(p.synchronous),
	}, abort)
	err := p.server.start(ctx)
	if err == nil {
		err = p.populate(ctx)
	}
	if err != nil {
		t.Fatal(err)
	}

	reading, cancelSubscribers := context.WithCancel(ctx)
	var readers, writers sync.WaitGroup
	var all []*reader
	for i := range powerReaders * powerRooms {
		r := &reader{
			power:  p,
			room:   p.rooms[i%powerRooms],
			client: p.client(t, fmt.Sprintf("reader-%d", i)),
		}
		all = append(all, r)
		readers.Go(func() { r.run(reading) })
	}
	stop := make(chan struct{})
	for i := range powerWriters {
		c := p.client(t, fmt.Sprintf("writer-%d", i))
		writers.Go(func() { p.write(ctx, c, i, stop) })
	}
	for range powerCuts {
		if err = p.cut(ctx); err != nil {
			break
		}
	}
	pause(ctx, powerOn)
	close(stop)
	writers.Wait()
	if err == nil {
		err = p.catchUp(ctx, all)
	}
	cancelSubscribers()
	readers.Wait()
	if stopped := p.server.stop(); err == nil {
		err = stopped
	}
	if err != nil {
		t.Fatal(errors.Join(err, context.Cause(ctx)))
	}
	lost, gone := p.check(t)
	t.Logf(
		"%s: %d power cuts, %d acknowledged, %d of them lost in a power cut, %d lost otherwise, %d resyncs, %d positions known",
		p.synchronous,
		len(p.outages),
		len(p.acknowledged),
		gone,
		lost,
		p.resyncs,
		len(p.observed),
	)
	if p.synchronous == store.SynchronousNormal && (gone == 0 || p.resyncs == 0) ||
		len(p.acknowledged) == 0 {
		t.Error("no power cut lost anything, or nothing was acknowledged: this proves nothing")
	}
	for _, fault := range p.faults.first {
		t.Error(fault)
	}
}

func (p *power) client(t *testing.T, name string) *client {
	token, err := token(name)
	if err != nil {
		t.Fatal(err)
	}
	return &client{url: p.server.url(), http: p.server.http, token: token}
}

// populate creates the rooms, with all users as members.
func (p *power) populate(ctx context.Context) error {
	var names []string
	for i := range powerWriters {
		names = append(names, fmt.Sprintf("writer-%d", i))
	}
	for i := range powerReaders * powerRooms {
		names = append(names, fmt.Sprintf("reader-%d", i))
	}
	var founder client
	for i, name := range names {
		token, err := token(name)
		if err != nil {
			return err
		}
		c := client{url: p.server.url(), http: p.server.http, token: token}
		if i == 0 {
			founder = c
		}
		var me any
		if err := c.do(ctx, `{ me { id } }`, nil, &me); err != nil {
			return err
		}
	}
	for range powerRooms {
		var made struct {
			CreateRoom struct{ Room struct{ ID string } }
		}
		err := founder.do(ctx, `mutation($ids: [ID!]!) { createRoom(input: {memberIds: $ids}) {
			room { id } } }`, vars{"ids": names[1:]}, &made)
		if err != nil {
			return err
		}
		p.rooms = append(p.rooms, made.CreateRoom.Room.ID)
	}
	return nil
}

// write sends messages until stop is closed. It retries each until it is acknowledged.
func (p *power) write(ctx context.Context, c *client, writer int, stop <-chan struct{}) {
	for n := 0; ; n++ {
		select {
		case <-stop:
			return
		default:
		}
		room, key := p.rooms[n%powerRooms], fmt.Sprintf("%d of writer %d", n, writer)
		for {
			var sent struct {
				SendMessage struct{ Message struct{ Seq int64 } }
			}
			err := c.do(ctx, `mutation($room: ID!, $key: String!) {
				sendMessage(input: {roomId: $room, contents: $key, idempotencyKey: $key}) { message { seq } } }`,
				vars{"room": room, "key": key}, &sent)
			if err == nil {
				at := position{room, sent.SendMessage.Message.Seq}
				p.observe(at, key)
				p.mu.Lock()
				p.acknowledged[key] = ack{at, time.Now()}
				p.mu.Unlock()
				break
			}
			if !retriable(err) || !pause(ctx, 10*time.Millisecond) {
				p.faults.add("%s is refused: %v", key, err)
				return
			}
		}
		pause(ctx, 2*time.Millisecond)
	}
}

// observe records that a client received what is at a position. That must never change.
func (p *power) observe(at position, what string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if before, ok := p.observed[at]; ok && before != what {
		p.faults.add("room %s had %q at %d, and then %q", at.room, before, at.seq, what)
	}
	p.observed[at] = what
	if info, err := os.Stat(p.path + "-wal"); err == nil {
		p.synced = max(p.synced, info.Size())
	}
}

// cut lets the server run for a while and simulates a power cut.
func (p *power) cut(ctx context.Context) error {
	pause(ctx, powerOn/2+rand.N(powerOn/2))
	left := time.Now()
	files, err := p.files(0)
	if err != nil {
		return err
	}
	full := p.synchronous == store.SynchronousFull
	if !full {
		pause(ctx, powerOn/2+rand.N(powerOn/2))
	} else if files, err = p.files(inFlight); err != nil {
		return err
	}
	p.server.kill()
	pause(ctx, inFlight)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.outages = append(p.outages, outage{left, time.Now()})
	if wal := int64(len(files["-wal"])); full && wal > p.synced {
		files["-wal"] = files["-wal"][:p.synced+p.rng.Int64N(wal-p.synced)]
	}
	p.synced = 0
	for _, end := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(p.path + end); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if data, ok := files[end]; ok {
			if err := os.WriteFile(p.path+end, data, 0o600); err != nil {
				return err
			}
		}
	}
	return p.server.start(ctx)
}

// files returns a snapshot of the database and its write-ahead log. It stops the server for the
// duration stopFor while it reads them. Unless stopFor is zero the server stays stopped.
func (p *power) files(stopFor time.Duration) (map[string][]byte, error) {
	process := p.server.process
	if err := process.Signal(syscall.SIGSTOP); err != nil {
		return nil, err
	}
	time.Sleep(stopFor)
	files := map[string][]byte{}
	for _, end := range []string{"", "-wal"} {
		data, err := os.ReadFile(p.path + end)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		files[end] = data
	}
	if stopFor > 0 {
		return files, nil
	}
	return files, process.Signal(syscall.SIGCONT)
}

// reader subscribes to a room, and resumes after the last seq.
type reader struct {
	*power
	client *client
	room   string
	// at is the last seq, guarded by power.mu.
	at int64
}

func (r *reader) run(ctx context.Context) {
	for ctx.Err() == nil {
		_ = r.follow(ctx) // the connection breaks at each power cut
		pause(ctx, 10*time.Millisecond)
	}
}

// follow reads an event stream to its end.
func (r *reader) follow(ctx context.Context) error {
	body, err := json.Marshal(vars{
		"query": `subscription($room: ID!, $after: Int) { roomEvents(roomId: $room, after: $after) {
			__typename seq ... on MessageAdded { message { contents } } } }`,
		"variables": vars{"room": r.room, "after": r.reached()},
	})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(
		ctx,
		http.MethodPost,
		r.client.url+"/graphql",
		bytes.NewReader(body),
	)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "text/event-stream")
	req.Header.Set("Authorization", "Bearer "+r.client.token)
	res, err := r.client.http.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	for lines.Scan() {
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok || data == "" {
			continue
		}
		var message struct {
			Data struct {
				RoomEvents struct {
					Typename string `json:"__typename"`
					Seq      int64
					Message  struct{ Contents string }
				}
			}
			Errors []replyError
		}
		if err := json.Unmarshal([]byte(data), &message); err != nil {
			return err
		}
		if len(message.Errors) > 0 {
			return errors.New(message.Errors[0].Message)
		}
		e := message.Data.RoomEvents
		r.record(e.Typename, e.Seq, e.Message.Contents)
	}
	return lines.Err()
}

func (r *reader) reached() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.at
}

// record accepts an event, which must be the next one or a Resync.
func (r *reader) record(kind string, seq int64, contents string) {
	switch kind {
	case "StreamOpened":
		return
	case "MessageAdded":
		r.observe(position{r.room, seq}, contents)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case kind == "Resync":
		r.resyncs++
	case seq != r.at+1:
		r.faults.add("room %s: %d follows %d without Resync", r.room, seq, r.at)
	}
	r.at = seq
}

// catchUp waits until all readers have reached the seq of their rooms.
func (p *power) catchUp(ctx context.Context, readers []*reader) error {
	for _, r := range readers {
		for {
			var found struct{ RoomInfo struct{ Seq int64 } }
			err := r.client.do(
				ctx,
				`query($room: ID!) { roomInfo(roomId: $room) { seq } }`,
				vars{"room": r.room},
				&found,
			)
			if err != nil {
				return err
			}
			if r.reached() == found.RoomInfo.Seq {
				break
			}
			if !pause(ctx, 20*time.Millisecond) {
				return fmt.Errorf(
					"a reader is at %d, and its room at %d",
					r.reached(),
					found.RoomInfo.Seq,
				)
			}
		}
	}
	return nil
}

// check compares the acknowledged messages with the database at the end. explained counts missing
// messages that the power cuts explain, lost counts the others.
func (p *power) check(t *testing.T) (lost, explained int) {
	db, err := sql.Open("sqlite", "file:"+p.path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.QueryContext(t.Context(), "SELECT room_id, seq, idempotency_key FROM messages")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	stored := map[string]position{}
	for rows.Next() {
		var at position
		var key string
		if err := rows.Scan(&at.room, &at.seq, &key); err != nil {
			t.Fatal(err)
		}
		if before, ok := stored[key]; ok {
			p.faults.add("%s is at %v and at %v", key, before, at)
		}
		stored[key] = at
		if what, ok := p.observed[at]; ok && what != key {
			p.faults.add("clients received %q at %v, and the database has %s there", what, at, key)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	for key, ack := range p.acknowledged {
		switch {
		case stored[key] == ack.position:
		case p.synchronous == store.SynchronousNormal && p.explainedByOutage(ack.at):
			explained++
		default:
			lost++
			p.faults.add("%s was acknowledged at %v, and is at %v", key, ack.position, stored[key])
		}
	}
	return lost, explained
}

// explainedByOutage reports whether a power cut explains the loss of a message acknowledged at a time.
func (p *power) explainedByOutage(at time.Time) bool {
	for _, o := range p.outages {
		if at.After(o.left) && at.Before(o.cut) {
			return true
		}
	}
	return false
}

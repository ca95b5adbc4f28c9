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
	// powerCuts is how often the power is cut, powerWriters how many write, and powerReaders how
	// many follow each of the powerRooms.
	powerCuts, powerWriters, powerReaders, powerRooms = 3, 8, 3, 2
	// powerOn is how long the power is on, at most, before the moment that the disk goes back to,
	// and behind it.
	powerOn = 600 * time.Millisecond
	// inFlight is how long answers that a stopped server has sent may take to their clients.
	inFlight = 200 * time.Millisecond
)

// TestPowerCut cuts the power of a server on SQLite while it is written to. Of a disk nothing is
// sure but what was synced, so the files of an earlier moment take the place of those that the
// killed server has left:
//
//   - with normal those of a moment shortly before. What was acknowledged since then is gone, but
//     nothing that was acknowledged earlier, and everybody is told: no stream goes on past what it has
//     missed without Resync, and no (room, seq) ever names two things.
//   - with full those of the last moment, where the write-ahead log may lack a part of what follows
//     the last commit that anybody was told of. Nothing is lost.
func TestPowerCut(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	for _, synchronous := range []store.Synchronous{store.SynchronousNormal, store.SynchronousFull} {
		t.Run(string(synchronous), func(t *testing.T) {
			t.Parallel()
			p := &power{
				synchronous: synchronous, path: filepath.Join(t.TempDir(), "parley.db"),
				told: map[place]string{}, acknowledged: map[string]ack{}, faults: &faults{},
				rng: rand.New(rand.NewPCG(rand.Uint64(), 0)),
			}
			p.play(t)
		})
	}
}

// place is where an event stands.
type place struct {
	room string
	seq  int64
}

// ack is a message that was acknowledged.
type ack struct {
	place
	at time.Time
}

// outage is a power cut: what was acknowledged between the two moments may be lost with normal.
type outage struct{ left, cut time.Time }

// power is a server whose power is cut, and everything that anybody was told by it.
type power struct {
	synchronous store.Synchronous
	path        string
	server      *server
	rng         *rand.Rand
	rooms       []string

	mu sync.Mutex
	// told is what each place was said to be, and acknowledged the messages, by key.
	told         map[place]string
	acknowledged map[string]ack
	// synced is how long the write-ahead log was, at most, when anybody was told something.
	synced  int64
	outages []outage
	resyncs int
	faults  *faults
}

func (p *power) play(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
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

	reading, hangUp := context.WithCancel(ctx)
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
	hangUp()
	readers.Wait()
	if stopped := p.server.stop(); err == nil {
		err = stopped
	}
	if err != nil {
		t.Fatal(errors.Join(err, context.Cause(ctx)))
	}
	lost, gone := p.judge(t)
	t.Logf(
		"%s: %d power cuts, %d acknowledged, %d of them gone with the power, %d lost, %d resyncs, %d places told",
		p.synchronous,
		len(p.outages),
		len(p.acknowledged),
		gone,
		lost,
		p.resyncs,
		len(p.told),
	)
	if p.synchronous == store.SynchronousNormal && (gone == 0 || p.resyncs == 0) ||
		len(p.acknowledged) == 0 {
		t.Error("which proves nothing")
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

// populate makes the rooms, with everybody in them.
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
		if err := c.ask(ctx, `{ me { id } }`, nil, &me); err != nil {
			return err
		}
	}
	for range powerRooms {
		var made struct {
			CreateRoom struct{ Room struct{ ID string } }
		}
		err := founder.ask(ctx, `mutation($ids: [ID!]!) { createRoom(input: {memberIds: $ids}) {
			room { id } } }`, vars{"ids": names[1:]}, &made)
		if err != nil {
			return err
		}
		p.rooms = append(p.rooms, made.CreateRoom.Room.ID)
	}
	return nil
}

// write sends messages until stop is closed. Each is sent until it is acknowledged.
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
			err := c.ask(ctx, `mutation($room: ID!, $key: String!) {
				sendMessage(input: {roomId: $room, contents: $key, idempotencyKey: $key}) { message { seq } } }`,
				vars{"room": room, "key": key}, &sent)
			if err == nil {
				at := place{room, sent.SendMessage.Message.Seq}
				p.tell(at, key)
				p.mu.Lock()
				p.acknowledged[key] = ack{at, time.Now()}
				p.mu.Unlock()
				break
			}
			if !again(err) || !pause(ctx, 10*time.Millisecond) {
				p.faults.add("%s is refused: %v", key, err)
				return
			}
		}
		pause(ctx, 2*time.Millisecond)
	}
}

// tell notes that somebody was told what stands at a place, which must be the same always.
func (p *power) tell(at place, what string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if before, ok := p.told[at]; ok && before != what {
		p.faults.add("room %s had %q at %d, and then %q", at.room, before, at.seq, what)
	}
	p.told[at] = what
	if info, err := os.Stat(p.path + "-wal"); err == nil {
		p.synced = max(p.synced, info.Size())
	}
}

// cut lets the server run for a while and cuts its power.
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

// files returns the database and its write-ahead log as they are at one moment: the server stands
// still meanwhile, and for as long as it is told. With full it is killed without going on.
func (p *power) files(still time.Duration) (map[string][]byte, error) {
	process := p.server.process
	if err := process.Signal(syscall.SIGSTOP); err != nil {
		return nil, err
	}
	time.Sleep(still)
	files := map[string][]byte{}
	for _, end := range []string{"", "-wal"} {
		data, err := os.ReadFile(p.path + end)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		files[end] = data
	}
	if still > 0 {
		return files, nil
	}
	return files, process.Signal(syscall.SIGCONT)
}

// reader follows a room, and comes back from where it stands.
type reader struct {
	*power
	client *client
	room   string
	// at is where it stands. The lock of the power guards it.
	at int64
}

func (r *reader) run(ctx context.Context) {
	for ctx.Err() == nil {
		_ = r.follow(ctx) // it is cut off often
		pause(ctx, 10*time.Millisecond)
	}
}

// follow reads an event stream to its end.
func (r *reader) follow(ctx context.Context) error {
	body, err := json.Marshal(vars{
		"query": `subscription($room: ID!, $after: Int) { roomEvents(roomId: $room, after: $after) {
			__typename seq ... on MessageAdded { message { contents } } } }`,
		"variables": vars{"room": r.room, "after": r.stands()},
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
		r.take(e.Typename, e.Seq, e.Message.Contents)
	}
	return lines.Err()
}

func (r *reader) stands() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.at
}

// take takes an event: the one behind the last, or a Resync.
func (r *reader) take(kind string, seq int64, contents string) {
	switch kind {
	case "StreamOpened":
		return
	case "MessageAdded":
		r.tell(place{r.room, seq}, contents)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case kind == "Resync":
		r.resyncs++
	case seq != r.at+1:
		r.faults.add("room %s: %d comes after %d, without a word", r.room, seq, r.at)
	}
	r.at = seq
}

// catchUp waits until all readers stand where their rooms do.
func (p *power) catchUp(ctx context.Context, readers []*reader) error {
	for _, r := range readers {
		for {
			var found struct{ RoomInfo struct{ Seq int64 } }
			err := r.client.ask(
				ctx,
				`query($room: ID!) { roomInfo(roomId: $room) { seq } }`,
				vars{"room": r.room},
				&found,
			)
			if err != nil {
				return err
			}
			if r.stands() == found.RoomInfo.Seq {
				break
			}
			if !pause(ctx, 20*time.Millisecond) {
				return fmt.Errorf(
					"a reader stands at %d, and its room at %d",
					r.stands(),
					found.RoomInfo.Seq,
				)
			}
		}
	}
	return nil
}

// judge compares what was acknowledged with what the database holds in the end. gone are those that
// the power cuts may have taken, lost are others.
func (p *power) judge(t *testing.T) (lost, gone int) {
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
	there := map[string]place{}
	for rows.Next() {
		var at place
		var key string
		if err := rows.Scan(&at.room, &at.seq, &key); err != nil {
			t.Fatal(err)
		}
		if before, ok := there[key]; ok {
			p.faults.add("%s is at %v and at %v", key, before, at)
		}
		there[key] = at
		if what, ok := p.told[at]; ok && what != key {
			p.faults.add("%q was told of %v, where %s is", what, at, key)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	for key, ack := range p.acknowledged {
		switch {
		case there[key] == ack.place:
		case p.synchronous == store.SynchronousNormal && p.during(ack.at):
			gone++
		default:
			lost++
			p.faults.add("%s was acknowledged at %v, and is at %v", key, ack.place, there[key])
		}
	}
	return lost, gone
}

// during reports whether a power cut may have taken what was acknowledged at a time.
func (p *power) during(at time.Time) bool {
	for _, o := range p.outages {
		if at.After(o.left) && at.Before(o.cut) {
			return true
		}
	}
	return false
}

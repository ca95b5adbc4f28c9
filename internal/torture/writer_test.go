package torture_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

const (
	sendMessage = `mutation($input: SendMessageInput!) { sendMessage(input: $input) { message { id seq idempotencyKey createdAt } } }`
	editMessage = `mutation($id: ID!, $contents: String!) { editMessage(messageId: $id, contents: $contents) { message { contents } } }`
	deleteIt    = `mutation($id: ID!) { deleteMessage(messageId: $id) { message { contents deletedAt } } }`
	react       = `mutation($id: ID!, $on: Boolean!) { react(messageId: $id, emoji: "👍", on: $on) { message { viewerReactions } } }`
)

// writer sends messages and changes them. It does one thing after the other and insists on an
// answer to each, so that it knows what must have become of them.
type writer struct {
	client
	name  string
	rng   *rand.Rand
	rooms []*ledger
	rest  time.Duration // between two requests, on average
	// slowness is how many times as long it rests at the moment.
	slowness *atomic.Int64
	killed   *atomic.Int64 // when the server was killed last, in nanoseconds since 1970
	faults   *faults

	took time.Duration // the last message that was new, from the last try to the answer
	sent []*sent
	last map[*ledger]int64 // the seq it was told last, by room
	tally
}

// tally counts what a writer has lived through.
type tally struct {
	acknowledged int // messages
	// recovered counts those that a try had made of which the writer heard nothing, since the
	// server was killed or there was a mishap: a later try found them made. revived counts those of
	// them that were made before a kill and found after it.
	recovered, revived int
}

// run writes until stop is closed.
func (w *writer) run(ctx context.Context, stop <-chan struct{}) {
	w.last = make(map[*ledger]int64)
	for {
		select {
		case <-stop:
			return
		case <-time.After(time.Duration(w.rng.Int64N(2*w.slowness.Load()*int64(w.rest) + 1))):
		}
		if err := w.step(ctx); err != nil {
			w.faults.add("%s: %v", w.name, err)
			if ctx.Err() != nil {
				return
			}
		}
	}
}

// step does one thing.
func (w *writer) step(ctx context.Context) error {
	luck := w.rng.IntN(100)
	if luck < 65 || len(w.sent) == 0 {
		return w.send(ctx)
	}
	m := w.sent[w.rng.IntN(len(w.sent))]
	switch {
	case luck < 70:
		return w.sendAgain(ctx, m)
	case m.deleted:
		return w.send(ctx)
	case luck < 82:
		return w.edit(ctx, m)
	case luck < 94:
		return w.react(ctx, m)
	default:
		return w.delete(ctx, m)
	}
}

// send sends a new message, one in ten twice at the same time.
func (w *writer) send(ctx context.Context) error {
	n := w.acknowledged
	m := &sent{
		room: w.rooms[w.rng.IntN(len(w.rooms))], author: w.name,
		key:      fmt.Sprintf("%s-%d-%x", w.name, n, w.rng.Uint64()),
		original: fmt.Sprintf("message %d of %s", n, w.name), changes: make(map[string]int),
	}
	m.contents = m.original
	var twin answer
	var twinErr error
	var wg sync.WaitGroup
	twice := w.rng.IntN(10) == 0
	if twice {
		wg.Go(func() { twin, twinErr = w.ask(ctx, mishap{}, m) })
	}
	one, err := w.ask(ctx, w.mishap(), m)
	wg.Wait()
	switch {
	case err != nil:
		return fmt.Errorf("send %s: %w", m.key, err)
	case twinErr != nil:
		return fmt.Errorf("send %s at the same time: %w", m.key, twinErr)
	case twice && (one.ID != twin.ID || one.Seq != twin.Seq):
		w.faults.add(
			"%s: %s sent twice at the same time is %s at %d and %s at %d",
			w.name,
			m.key,
			one.ID,
			one.Seq,
			twin.ID,
			twin.Seq,
		)
	}
	if one.Seq <= w.last[m.room] {
		w.faults.add(
			"%s: %s is at %d, and the message sent before it at %d",
			w.name,
			m.key,
			one.Seq,
			w.last[m.room],
		)
	}
	if !twice && one.CreatedAt.Before(one.lastTry) {
		w.recovered++
		if killed := time.Unix(
			0,
			w.killed.Load(),
		); one.CreatedAt.Before(killed) &&
			killed.Before(one.lastTry) {
			w.revived++
		}
	}
	w.took = one.took
	w.acknowledged++
	w.last[m.room] = one.Seq
	m.id, m.seq = one.ID, one.Seq
	w.sent = append(w.sent, m)
	m.room.acknowledge(m)
	return nil
}

// answer is what the server says of a message sent.
type answer struct {
	ID             string
	Seq            int64
	IdempotencyKey string
	CreatedAt      time.Time

	lastTry time.Time     // when the one that was answered began
	took    time.Duration // to answer that
}

func (w *writer) ask(ctx context.Context, accident mishap, m *sent) (answer, error) {
	var result struct{ SendMessage struct{ Message answer } }
	last, err := w.insist(ctx, accident, sendMessage, vars{"input": vars{
		"roomId": m.room.roomID, "contents": m.original, "idempotencyKey": m.key,
	}}, &result)
	a := result.SendMessage.Message
	a.lastTry, a.took = last, time.Since(last)
	if err == nil && a.IdempotencyKey != m.key {
		w.faults.add("%s: sent %s and was told of %q", w.name, m.key, a.IdempotencyKey)
	}
	return a, err
}

// sendAgain sends a message that has been acknowledged, maybe by a server since killed, edited or
// deleted: nothing comes of it.
func (w *writer) sendAgain(ctx context.Context, m *sent) error {
	a, err := w.ask(ctx, w.mishap(), m)
	if err != nil {
		return fmt.Errorf("send %s again: %w", m.key, err)
	}
	if a.ID != m.id || a.Seq != m.seq {
		w.faults.add(
			"%s: %s was %s at %d, and sent again it is %s at %d",
			w.name,
			m.key,
			m.id,
			m.seq,
			a.ID,
			a.Seq,
		)
	}
	return nil
}

func (w *writer) edit(ctx context.Context, m *sent) error {
	contents := fmt.Sprintf("%s, edited %d times", m.original, m.changes["MessageEdited"]+1)
	return w.change(
		ctx,
		m,
		"MessageEdited",
		editMessage,
		vars{"id": m.id, "contents": contents},
		func() { m.contents = contents },
	)
}

func (w *writer) react(ctx context.Context, m *sent) error {
	return w.change(
		ctx,
		m,
		"ReactionsChanged",
		react,
		vars{"id": m.id, "on": !m.reacted},
		func() { m.reacted = !m.reacted },
	)
}

func (w *writer) delete(ctx context.Context, m *sent) error {
	return w.change(
		ctx,
		m,
		"MessageDeleted",
		deleteIt,
		vars{"id": m.id},
		func() { m.deleted, m.contents, m.reacted = true, "", false },
	)
}

// change makes a change that, however often it is tried, is made once, and is an event of the kind.
func (w *writer) change(
	ctx context.Context,
	m *sent,
	kind, mutation string,
	variables vars,
	changed func(),
) error {
	var ignored map[string]any
	if _, err := w.insist(ctx, w.mishap(), mutation, variables, &ignored); err != nil {
		return fmt.Errorf("%s of %s: %w", kind, m.key, err)
	}
	m.changes[kind]++
	changed()
	return nil
}

// mishap is what happens to a request now and then: its writer hangs up after about as long as the
// last answer took, so that some are carried out by then and some are not; or the answer gets lost.
func (w *writer) mishap() mishap {
	switch w.rng.IntN(20) {
	case 0:
		return mishap{hangUp: 1 + time.Duration(w.rng.Int64N(2*int64(w.took)+1))}
	case 1:
		return mishap{deaf: true}
	default:
		return mishap{}
	}
}

// kinds lists the kinds of its changes, in a fixed order.
func (m *sent) kinds() []string { return slices.Sorted(maps.Keys(m.changes)) }

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
	sendMessage   = `mutation($input: SendMessageInput!) { sendMessage(input: $input) { message { id seq idempotencyKey createdAt } } }`
	editMessage   = `mutation($id: ID!, $contents: String!) { editMessage(messageId: $id, contents: $contents) { message { contents } } }`
	deleteMessage = `mutation($id: ID!) { deleteMessage(messageId: $id) { message { contents deletedAt } } }`
	react         = `mutation($id: ID!, $on: Boolean!) { react(messageId: $id, emoji: "👍", on: $on) { message { viewerReactions } } }`
)

// writer sends messages and changes them. It retries each request until it has a response before it
// starts the next one, so it knows the state of its messages.
type writer struct {
	client
	name      string
	rng       *rand.Rand
	rooms     []*history
	meanPause time.Duration // between two requests, on average
	// pauseFactor is the current factor of meanPause.
	pauseFactor *atomic.Int64
	killed      *atomic.Int64 // the last kill of the server, in nanoseconds since 1970
	faults      *faults

	lastLatency time.Duration // by the last attempt of the last new message
	sent        []*sent
	last        map[*history]int64 // the last acknowledged seq, by room
	writerStats
}

// writerStats counts the results of a writer.
type writerStats struct {
	acknowledged int // messages
	// recovered counts messages created by an attempt without a response and acknowledged by a later
	// attempt. recoveredAfterKill counts those with a kill of the server in between.
	recovered, recoveredAfterKill int
}

// run writes until stop is closed.
func (w *writer) run(ctx context.Context, stop <-chan struct{}) {
	w.last = make(map[*history]int64)
	for {
		select {
		case <-stop:
			return
		case <-time.After(time.Duration(w.rng.Int64N(2*w.pauseFactor.Load()*int64(w.meanPause) + 1))):
		}
		if err := w.step(ctx); err != nil {
			w.faults.add("%s: %v", w.name, err)
			if ctx.Err() != nil {
				return
			}
		}
	}
}

// step performs one action.
func (w *writer) step(ctx context.Context) error {
	draw := w.rng.IntN(100)
	if draw < 65 || len(w.sent) == 0 {
		return w.send(ctx)
	}
	m := w.sent[w.rng.IntN(len(w.sent))]
	switch {
	case draw < 70:
		return w.sendAgain(ctx, m)
	case m.deleted:
		return w.send(ctx)
	case draw < 82:
		return w.edit(ctx, m)
	case draw < 94:
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
	var duplicate sendResult
	var duplicateErr error
	var wg sync.WaitGroup
	twice := w.rng.IntN(10) == 0
	if twice {
		wg.Go(func() { duplicate, duplicateErr = w.request(ctx, interruption{}, m) })
	}
	one, err := w.request(ctx, w.interruption(), m)
	wg.Wait()
	switch {
	case err != nil:
		return fmt.Errorf("send %s: %w", m.key, err)
	case duplicateErr != nil:
		return fmt.Errorf("send %s at the same time: %w", m.key, duplicateErr)
	case twice && (one.ID != duplicate.ID || one.Seq != duplicate.Seq):
		w.faults.add(
			"%s: %s sent twice at the same time is %s at %d and %s at %d",
			w.name,
			m.key,
			one.ID,
			one.Seq,
			duplicate.ID,
			duplicate.Seq,
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
	if !twice && one.CreatedAt.Before(one.lastAttempt) {
		w.recovered++
		if killed := time.Unix(
			0,
			w.killed.Load(),
		); one.CreatedAt.Before(killed) &&
			killed.Before(one.lastAttempt) {
			w.recoveredAfterKill++
		}
	}
	w.lastLatency = one.latency
	w.acknowledged++
	w.last[m.room] = one.Seq
	m.id, m.seq = one.ID, one.Seq
	w.sent = append(w.sent, m)
	m.room.acknowledge(m)
	return nil
}

// sendResult is the response to a message.
type sendResult struct {
	ID             string
	Seq            int64
	IdempotencyKey string
	CreatedAt      time.Time

	lastAttempt time.Time     // the start of the attempt that has the response
	latency     time.Duration // by that attempt
}

func (w *writer) request(ctx context.Context, fault interruption, m *sent) (sendResult, error) {
	var result struct{ SendMessage struct{ Message sendResult } }
	last, err := w.retry(ctx, fault, sendMessage, vars{"input": vars{
		"roomId": m.room.roomID, "contents": m.original, "idempotencyKey": m.key,
	}}, &result)
	a := result.SendMessage.Message
	a.lastAttempt, a.latency = last, time.Since(last)
	if err == nil && a.IdempotencyKey != m.key {
		w.faults.add("%s: sent %s, and the response has %q", w.name, m.key, a.IdempotencyKey)
	}
	return a, err
}

// sendAgain sends an acknowledged message again, which must change nothing. The message may have been
// edited or deleted, and the server killed, since.
func (w *writer) sendAgain(ctx context.Context, m *sent) error {
	a, err := w.request(ctx, w.interruption(), m)
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
		deleteMessage,
		vars{"id": m.id},
		func() { m.deleted, m.contents, m.reacted = true, "", false },
	)
}

// change makes a change of which all attempts together must produce one event of the kind.
func (w *writer) change(
	ctx context.Context,
	m *sent,
	kind, mutation string,
	variables vars,
	changed func(),
) error {
	var ignored map[string]any
	if _, err := w.retry(ctx, w.interruption(), mutation, variables, &ignored); err != nil {
		return fmt.Errorf("%s of %s: %w", kind, m.key, err)
	}
	m.changes[kind]++
	changed()
	return nil
}

// interruption returns the interruption of the next request: usually none. Some writers close the
// connection after about the last response time, when the server may have executed the request or
// not. Some lose the response.
func (w *writer) interruption() interruption {
	switch w.rng.IntN(20) {
	case 0:
		return interruption{abortAfter: 1 + time.Duration(w.rng.Int64N(2*int64(w.lastLatency)+1))}
	case 1:
		return interruption{lost: true}
	default:
		return interruption{}
	}
}

// kinds returns the kinds of its changes in a fixed order.
func (m *sent) kinds() []string { return slices.Sorted(maps.Keys(m.changes)) }

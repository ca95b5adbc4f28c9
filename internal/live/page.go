package live

import (
	"context"
	"errors"
	"fmt"
	"time"

	"parley/internal/limit"
	"parley/internal/panics"
)

const (
	// pageSize is how many events a page of history has, and pageBytes how many bytes of payloads
	// it may have before it is cut short. pageStep is how many events are rendered at most before
	// the bytes are looked at.
	pageSize  = 64
	pageBytes = 256 << 10
	pageStep  = 8
	// maxSharedPageBytes is how many bytes a page may have that is kept for others. An event that
	// is larger than a page is one by itself.
	maxSharedPageBytes = 4 * pageBytes
	// pageTTL is how long a page is kept for others who need the same: the many screens that come
	// back together after a restart.
	pageTTL = 2 * time.Second
	// maxCatchUps is how many pages a node renders at once.
	maxCatchUps = 4
)

// page is a part of a room's history, rendered: there when done is closed.
type page struct {
	done   chan struct{}
	frames []Frame
	err    error
}

// page returns frames behind seq, at least one. Pages begin at fixed seqs, so that subscribers
// can share them.
func (c *cohort) page(ctx context.Context, seq int64) ([]Frame, error) {
	start := seq / pageSize * pageSize
	p, created := c.openPage(start)
	if created {
		c.fillPage(p, start)
	}
	if p != nil {
		select {
		case <-p.done:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if panics.Is(p.err) {
			return nil, p.err // the same events would panic again
		}
		if n := len(p.frames); p.err == nil && n > 0 && p.frames[n-1].Event.Position() > seq {
			return p.frames[seq-start:], nil
		}
	}
	// The buffer begins behind the start of the page, or the log grew after the page was read, or
	// there is no memory for pages: read exactly the missing events.
	frames, err := c.renderHistory(ctx, seq, func(int64) {})
	if err == nil && len(frames) == 0 {
		err = fmt.Errorf("%w: nothing after %d", ErrStopped, seq)
	}
	return frames, err
}

// openPage returns the page behind start, and whether it is the caller's to make; nil where the
// node has no room for it.
func (c *cohort) openPage(start int64) (p *page, created bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if p := c.pages[start]; p != nil {
		return p, false
	}
	if c.tail.hub.bufferedBytes.Load() > nodeBytes {
		return nil, false
	}
	if c.pages == nil {
		c.pages = make(map[int64]*page)
	}
	p = &page{done: make(chan struct{})}
	c.pages[start] = p
	return p, true
}

// fillPage fills a page. Other subscribers wait for it, so it does not end with the context of its
// maker.
func (c *cohort) fillPage(p *page, start int64) {
	defer close(p.done)
	c.tail.hub.pages.Add(1)
	hub := c.tail.hub
	var size int64
	p.err = hub.opts.Panics.Run(hub.ctx, panics.Event, func() (err error) {
		p.frames, err = c.renderHistory(hub.ctx, start, func(bytes int64) {
			hub.bufferedBytes.Add(bytes)
			size += bytes
		})
		return err
	})
	if p.err != nil && !errors.Is(p.err, ErrPruned) {
		hub.bufferedBytes.Add(-size)
		c.closePage(p, start) // the next one tries again
		return
	}
	release := func() {
		hub.bufferedBytes.Add(-size)
		c.closePage(p, start)
	}
	if size > maxSharedPageBytes ||
		hub.bufferedBytes.Load() > nodeBytes { // only those that wait for it already get it
		release()
		return
	}
	time.AfterFunc(pageTTL, hub.opts.Panics.Wrap(hub.ctx, panics.Event, release, nil))
}

// closePage keeps a page no longer for others. There may be a newer one in its place.
func (c *cohort) closePage(p *page, start int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pages[start] == p {
		delete(c.pages, start)
	}
}

// renderHistory reads and renders a page of the log behind seq, or as much of it as fits, and
// calls keep with the bytes as they come.
func (c *cohort) renderHistory(
	ctx context.Context,
	seq int64,
	addBytes func(bytes int64),
) (frames []Frame, err error) {
	hub := c.tail.hub
	owner := c.owner()
	if owner == "" {
		owner = "\x00" + c.tail.topic.room.String() // no user has NUL in their id
	}
	slot, err := hub.catchUps.Acquire(ctx, limit.Owner{User: owner}, 1)
	if err != nil {
		return nil, err
	}
	defer slot.Release()
	events, err := hub.read(ctx, c.tail.topic.room, seq, pageSize)
	if err != nil {
		return nil, err
	}
	partial := len(events) == pageSize
	size, step := 0, 1 // the first may be a page by itself
	for len(events) > 0 && size <= pageBytes {
		n := min(step, len(events))
		rendered, err := c.renderFrames(ctx, events[:n], events[n:], partial)
		if err != nil {
			return nil, err
		}
		frames = append(frames, rendered...)
		bytes := 0
		for _, f := range rendered {
			bytes += len(f.Payload)
		}
		addBytes(int64(bytes))
		size += bytes
		events = events[n:]
		if bytes <= n*pageBytes/pageSize { // their part
			step = min(2*step, pageStep)
		} else {
			step = 1
		}
	}
	return frames, nil
}

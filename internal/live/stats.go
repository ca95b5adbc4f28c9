package live

// Stats is what a hub does, and has done since it began.
type Stats struct {
	// Topics are the topics with subscribers, Cohorts the groups that share executions, Subscribers
	// their members, Lists the subscribers to lists of rooms, and Sessions those to all rooms of a
	// user, whose rooms are Subscribers.
	Topics, Cohorts, Subscribers, Lists, Sessions int64
	// BufferedBytes is the size of the payloads that are kept for late subscribers.
	BufferedBytes int64
	// Executions are events that were rendered, once for a cohort; Deliveries the payloads sent to
	// subscribers, and Bytes their size.
	Executions, Deliveries, Bytes int64
	// Pages are pages of history that were rendered for subscribers that catch up. Refusals is how
	// often a sink could not take a payload at once.
	Pages, Refusals int64
	// HeadPolls is how often the heads of the rooms were polled. Reads is how often the log of a
	// room was read for new events, which publications make unnecessary, and Undecoded how many
	// publications could not be decoded.
	HeadPolls, Reads, Undecoded int64
}

// Stats returns what the hub does.
func (h *Hub) Stats() Stats {
	s := Stats{
		BufferedBytes: h.bufferedBytes.Load(),
		Executions:    h.executions.Load(),
		Deliveries:    h.deliveries.Load(),
		Bytes:         h.bytes.Load(),
		Pages:         h.pages.Load(),
		Refusals:      h.refusals.Load(),
		HeadPolls:     h.polls.Load(), Reads: h.reads.Load(), Undecoded: h.undecoded.Load(),
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	s.Topics = int64(len(h.tails))
	for _, t := range h.tails {
		s.Cohorts += int64(len(t.cohorts))
		for _, c := range t.cohorts {
			s.Subscribers += c.subscribers()
		}
	}
	for _, lists := range h.listsByUser {
		s.Lists += int64(len(lists))
	}
	for _, sessions := range h.sessions {
		s.Sessions += int64(len(sessions))
	}
	return s
}

// subscribers counts the cohort's subscribers.
func (c *cohort) subscribers() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return int64(c.ring.readers)
}

// countDelivered counts frames that n subscribers have received.
func (h *Hub) countDelivered(frames []Frame, n int) {
	if n == 0 {
		return
	}
	size := 0
	for _, f := range frames {
		size += len(f.Payload)
	}
	h.deliveries.Add(int64(n * len(frames)))
	h.bytes.Add(int64(n * size))
}

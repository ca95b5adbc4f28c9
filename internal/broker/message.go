package broker

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/uuid"
)

// version is that of the messages.
const version = 1

// message is what nodes send to each other: hints, or with none of them a heartbeat.
type message struct {
	Version int `json:"v"`
	// Node is who sends it, and Count the number of this message among its own; of a heartbeat the
	// number before.
	Node  string `json:"n"`
	Count int64  `json:"c"`
	// Look says that there is more than can be told: look yourself.
	Look  bool   `json:"l,omitempty"`
	Hints []note `json:"h,omitempty"`
}

// note is a hint in a message.
type note struct {
	Room    uuid.UUID `json:"r"`
	Seq     int64     `json:"s,omitempty"`
	Users   []string  `json:"u,omitempty"`
	Created bool      `json:"c,omitempty"`
	Public  bool      `json:"p,omitempty"`
}

func (n note) hint() Hint { return Hint(n) }

func (m message) encode() []byte {
	m.Version = version
	data, err := json.Marshal(m)
	if err != nil {
		panic(err) // what it is made of always encodes
	}
	return data
}

func decode(data []byte) (message, error) {
	var m message
	if err := json.Unmarshal(data, &m); err != nil {
		return m, fmt.Errorf("decode a message: %w", err)
	}
	if m.Version != version {
		return m, fmt.Errorf("decode a message: it is of version %d, not %d", m.Version, version)
	}
	if m.Node == "" || m.Count < 0 {
		return m, errors.New("decode a message: it does not say whose it is")
	}
	return m, nil
}

// envelope is more than all of a message but its hints takes, and listed what a hint takes beside
// its people.
const (
	envelope = 120
	listed   = 120
)

// messages puts hints into messages of at most a size. Of a hint that is too large for one, its
// people are told in several; a room that has come into being with more people than fit is not told
// of, but to be looked for.
func messages(node string, hints []Hint, largest int) (all []message) {
	current := message{Node: node}
	size := envelope
	add := func(n note, bytes int) {
		if size+bytes > largest && len(current.Hints) > 0 {
			all = append(all, current)
			current, size = message{Node: node}, envelope
		}
		current.Hints = append(current.Hints, n)
		size += bytes
	}
	for _, h := range hints {
		part, bytes := note{Room: h.Room, Seq: h.Seq, Created: h.Created, Public: h.Public}, listed
		whole := true
		for _, user := range h.Users {
			quoted := len(message{Node: user}.encode()) // more than it takes
			if bytes+quoted > largest-envelope {
				part.Created = false // nobody hears of half of a room's people
				add(part, bytes)
				part, bytes, whole = note{Room: h.Room, Seq: h.Seq}, listed, false
			}
			part.Users = append(part.Users, user)
			bytes += quoted
		}
		part.Created = part.Created && whole
		add(part, bytes)
		current.Look = current.Look || h.Created && !whole
	}
	if len(current.Hints) > 0 {
		all = append(all, current)
	}
	return all
}

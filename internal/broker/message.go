package broker

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/uuid"
)

// version is that of the messages.
const version = 2

// message is what nodes send to each other: publications, or with none of them a heartbeat.
type message struct {
	Version int `json:"v"`
	// Node is the sender, and Count the number of this message among its own; of a heartbeat the
	// number before.
	Node  string `json:"n"`
	Count int64  `json:"c"`
	// Incomplete says that there were publications that do not fit into messages.
	Incomplete   bool              `json:"i,omitempty"`
	Publications []publicationNote `json:"p,omitempty"`
}

// publicationNote is a publication in a message.
type publicationNote struct {
	Room    uuid.UUID `json:"r"`
	Seq     int64     `json:"s,omitempty"`
	Users   []string  `json:"u,omitempty"`
	Created bool      `json:"c,omitempty"`
	Public  bool      `json:"p,omitempty"`
	// First and Commit are of a publication with a commit.
	First  int64           `json:"f,omitempty"`
	Commit json.RawMessage `json:"e,omitempty"`
	// Profiles are of a publication of profiles.
	Profiles []ProfileChange `json:"o,omitempty"`
	// Timeline is that of the publication.
	Timeline string `json:"t,omitempty"`
}

func (n publicationNote) publication() Publication {
	p := Publication{
		Room: n.Room, Seq: n.Seq, Users: n.Users, Created: n.Created, Public: n.Public,
		Profiles: n.Profiles, Timeline: n.Timeline,
	}
	if n.Commit != nil {
		p.Commit = &Encoded{first: n.First, JSON: n.Commit}
	}
	return p
}

func (m message) encode() []byte {
	m.Version = version
	data, err := json.Marshal(m)
	if err != nil {
		panic(err) // its types always encode
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
		return m, errors.New("decode a message: it does not name its node")
	}
	return m, nil
}

const (
	// envelope is an upper bound of the size of a message without its publications, and noteBytes one of
	// a publication without its users and its commit.
	envelope  = 120
	noteBytes = 190
	// maxCommitBytes is the size of the largest commit that is sent to other nodes.
	maxCommitBytes = 32 << 10
)

// packer puts publications into messages of at most a size.
type packer struct {
	node     string
	maxBytes int
	full     []message
	current  message
	size     int
}

// messages puts publications into messages of at most a size. The users of a publication that is
// too large for one message are named in several; a new room with more users than fit is not
// published, and the message is marked as incomplete. A commit that does not fit is left out.
func messages(node string, publications []Publication, maxBytes int) []message {
	p := packer{node: node, maxBytes: maxBytes, current: message{Node: node}, size: envelope}
	for _, publication := range publications {
		p.pack(publication)
	}
	if len(p.current.Publications) > 0 {
		p.full = append(p.full, p.current)
	}
	return p.full
}

func (p *packer) pack(publication Publication) {
	if len(publication.Profiles) > 0 {
		p.packProfiles(publication)
		return
	}
	part := publicationNote{
		Room: publication.Room, Seq: publication.Seq,
		Created: publication.Created, Public: publication.Public, Timeline: publication.Timeline,
	}
	bytes := noteBytes
	if publication.Commit != nil {
		room := p.maxBytes - envelope - noteBytes
		if publication.Created { // its users come first
			for _, user := range publication.Users {
				room -= quoted(user)
			}
		}
		commit, err := publication.Commit.Encode()
		if err == nil && len(commit) <= min(maxCommitBytes, room) {
			part.First, part.Commit = publication.Commit.First(), commit
			bytes += len(commit)
		}
	}
	whole := true
	for _, user := range publication.Users {
		size := quoted(user)
		if bytes+size > p.maxBytes-envelope {
			part.Created = false // a new room is published with all of its users, or not at all
			p.add(part, bytes)
			part, bytes, whole = publicationNote{
				Room:     publication.Room,
				Seq:      publication.Seq,
				Timeline: publication.Timeline,
			}, noteBytes, false
		}
		part.Users = append(part.Users, user)
		bytes += size
	}
	part.Created = part.Created && whole
	p.add(part, bytes)
	p.current.Incomplete = p.current.Incomplete || publication.Created && !whole
}

// quoted returns an upper bound of the bytes that a user takes in a message.
func quoted(user string) int { return len(message{Node: user}.encode()) }

// packProfiles leaves out changes that do not fit: nodes read them when they need a newer version.
func (p *packer) packProfiles(publication Publication) {
	profiles, err := json.Marshal(publication.Profiles)
	if size := noteBytes + len(profiles); err == nil && size <= p.maxBytes-envelope {
		p.add(publicationNote{Profiles: publication.Profiles, Timeline: publication.Timeline}, size)
	}
}

func (p *packer) add(n publicationNote, bytes int) {
	if p.size+bytes > p.maxBytes && len(p.current.Publications) > 0 {
		p.full = append(p.full, p.current)
		p.current, p.size = message{Node: p.node}, envelope
	}
	p.current.Publications = append(p.current.Publications, n)
	p.size += bytes
}

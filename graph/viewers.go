package graph

import (
	"slices"
	"sync"

	"parley/internal/live"
)

// maxPeers is for how many users what they have for themselves is loaded together, when an event is
// shown to each of them in a response of their own.
const maxPeers = 1000

// topicViewers records which users follow each topic in responses of their own. The zero value is
// empty. It is safe for concurrent use.
type topicViewers struct {
	mu     sync.Mutex
	topics map[live.Topic]*viewerList
}

// viewerList are the users that follow a topic, each once, and how often each does.
type viewerList struct {
	users  []string
	counts map[string]int
}

// add adds a user to a topic's, until remove is called.
func (v *topicViewers) add(topic live.Topic, user string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	list := v.topics[topic]
	if list == nil {
		list = &viewerList{counts: make(map[string]int)}
		if v.topics == nil {
			v.topics = make(map[live.Topic]*viewerList)
		}
		v.topics[topic] = list
	}
	if list.counts[user]++; list.counts[user] == 1 {
		list.users = append(list.users, user)
	}
}

// remove undoes an add.
func (v *topicViewers) remove(topic live.Topic, user string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	list := v.topics[topic]
	if list.counts[user]--; list.counts[user] > 0 {
		return
	}
	delete(list.counts, user)
	list.users = slices.DeleteFunc(list.users, func(other string) bool { return other == user })
	if len(list.users) == 0 {
		delete(v.topics, topic)
	}
}

// peers returns a part of a topic's users, the user among them unless they have left.
func (v *topicViewers) peers(topic live.Topic, user string) []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	list := v.topics[topic]
	if list == nil {
		return nil
	}
	start := max(0, slices.Index(list.users, user)) / maxPeers * maxPeers
	return slices.Clone(list.users[start:min(start+maxPeers, len(list.users))])
}

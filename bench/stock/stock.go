// Package stock implements the live messages of a room with gqlgen alone: a channel per subscriber,
// and an execution per subscriber and event. All data is in memory, so a nested field costs no
// statement.
package stock

//go:generate go run github.com/99designs/gqlgen generate

import (
	"context"
	"net/http"
	"strconv"
	"sync"

	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/99designs/gqlgen/graphql/handler/transport"
	"github.com/vektah/gqlparser/v2/ast"
)

// backlog is the number of messages that may wait for one subscriber. The subscriber loses further
// messages, as in gqlgen's own example of a chat.
const backlog = 256

// Rooms are the source of messages and the root of the resolvers.
type Rooms struct {
	author User

	mu    sync.Mutex
	seq   int64
	rooms map[string]map[chan *Message]struct{}
}

// New returns rooms in which one user sends all messages.
func New(author User) *Rooms {
	return &Rooms{author: author, rooms: make(map[string]map[chan *Message]struct{})}
}

// Handler serves subscriptions with gqlgen's own transport.
func (r *Rooms) Handler() http.Handler {
	s := handler.New(NewExecutableSchema(Config{Resolvers: r}))
	s.SetQueryCache(lru.New[*ast.QueryDocument](1000))
	s.AddTransport(transport.Websocket{})
	return s
}

// Send sends a message to all subscribers of a room.
func (r *Rooms) Send(room, contents string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seq++
	m := &Message{
		ID:       room + "." + strconv.FormatInt(r.seq, 10),
		Seq:      r.seq,
		Contents: contents,
		From:     &r.author,
		Room:     &Room{ID: room},
	}
	for subscriber := range r.rooms[room] {
		select {
		case subscriber <- m:
		default:
		}
	}
}

// Subscription implements [ResolverRoot].
func (r *Rooms) Subscription() SubscriptionResolver { return subscriptionResolver{r} }

// Message implements [ResolverRoot].
func (r *Rooms) Message() MessageResolver { return messageResolver{r} }

// Query implements [ResolverRoot].
func (r *Rooms) Query() QueryResolver { return queryResolver{} }

type queryResolver struct{}

func (queryResolver) Ok(context.Context) (bool, error) { return true, nil }

type subscriptionResolver struct{ rooms *Rooms }

func (s subscriptionResolver) MessageAdded(
	ctx context.Context,
	roomID string,
) (<-chan *Message, error) {
	r := s.rooms
	messages := make(chan *Message, backlog)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.rooms[roomID] == nil {
		r.rooms[roomID] = make(map[chan *Message]struct{})
	}
	r.rooms[roomID][messages] = struct{}{}
	context.AfterFunc(ctx, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.rooms[roomID], messages)
		close(messages)
	})
	return messages, nil
}

type messageResolver struct{ rooms *Rooms }

func (m messageResolver) From(context.Context, *Message) (*User, error) {
	return &m.rooms.author, nil
}

func (m messageResolver) Room(_ context.Context, message *Message) (*Room, error) {
	return &Room{ID: message.Room.ID, Name: "Room " + message.Room.ID}, nil
}

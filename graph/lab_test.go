package graph_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/ast"

	"parley/ent"
	"parley/ent/member"
	"parley/ent/message"
	"parley/ent/room"
	"parley/graph"
	"parley/graph/guard"
	"parley/internal/auth"
	"parley/internal/chat"
	"parley/internal/chat/keyattempts"
	"parley/internal/chat/profiles"
	"parley/internal/chat/roomlog"
	"parley/internal/panics"
	"parley/internal/store"
	"parley/internal/testkit/opgen"
)

// lab is the domain on a database with random data, and the GraphQL server over it.
type lab struct {
	*graph.Server
	chat *chat.Chat
	log  *roomlog.Log
	data *labData
}

// labData names what is in a lab's database.
type labData struct {
	users, rooms, messages []string
	// cursors are known cursors by their first byte, which tells their lists apart.
	cursors map[byte][]string
}

// openLab opens the database that url names.
func openLab(tb testing.TB, url string, data *labData) *lab {
	tb.Helper()
	return openObserved(tb, url, data, slog.New(slog.DiscardHandler), nil)
}

// openObserved is openLab with a logger, and a function that is called for each statement.
func openObserved(
	tb testing.TB,
	url string,
	data *labData,
	logger *slog.Logger,
	observe func(context.Context, string),
) *lab {
	tb.Helper()
	db, err := store.Open(
		context.Background(),
		url,
		store.Options{Logger: logger, Observe: observe},
	)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := db.Close(); err != nil {
			tb.Error(err)
		}
	})
	client := ent.NewClient(ent.Driver(db.Driver()))
	domain, err := chat.New(client,
		profiles.NewUsers(db.Dialect(), nil), droppingBroker{}, chat.Options{
			Dialect: db.Dialect(), Searches: 4, KeyAttempts: keyattempts.Default(),
		})
	if err != nil {
		tb.Fatal(err)
	}
	server := graph.New(domain, nil, graph.Options{
		Introspection: true,
		Limits:        guard.Limits{Depth: 1000, Cost: 1 << 30, Aliases: 1000},
		Logger:        logger,
		Panics:        panics.NewGuard(logger),
	})
	return &lab{Server: server, chat: domain, log: roomlog.New(client, db.Dialect()), data: data}
}

// The users of a lab by what they are. There are others.
const (
	labOwner, labMember, labAdmin, labOutsider = "owner", "member", "admin", "outsider"
)

// labViewers are the users who ask; "" is anonymous. Some ask more often.
var labViewers = []string{
	labOwner, labOwner, labOwner, labMember, labMember, labOutsider, labAdmin, "ann", "",
}

func as(ctx context.Context, user string) context.Context {
	if user == "" {
		return ctx
	}
	return auth.NewContext(ctx, auth.Identity{ID: user, Name: user, Admin: user == labAdmin})
}

// filled fills the database with random data, and returns the lab.
func (l *lab) filled(tb testing.TB, seed uint64) *lab {
	tb.Helper()
	f := &filler{tb: tb, lab: l, rng: rand.New(rand.NewPCG(seed, 1))}
	l.data = &labData{cursors: map[byte][]string{}}
	f.addUsers()
	f.addFriends()
	for i := range 14 {
		f.addRoom(i)
	}
	f.findCursors()
	return l
}

// filler fills a lab. What the domain refuses is left out.
type filler struct {
	tb  testing.TB
	lab *lab
	rng *rand.Rand
	// messages are those of the room that is filled.
	messages []roomlog.MessageID
}

func (f *filler) must(err error) bool {
	f.tb.Helper()
	var refused *chat.Error
	if err != nil && (!errors.As(err, &refused) || refused.Code == chat.Internal) {
		f.tb.Fatal(err)
	}
	return err == nil
}

func (f *filler) chance(p float64) bool { return f.rng.Float64() < p }

func (f *filler) any(of []string) string { return of[f.rng.IntN(len(of))] }

func (f *filler) some(of []string, most int) []string {
	var list []string
	for range f.rng.IntN(most + 1) {
		list = append(list, f.any(of))
	}
	return list
}

// line is a text for a name.
func (f *filler) line() string {
	return f.any([]string{"hello", "<b>\"quoted\"</b> & \\", "zürich 😀", "words to find", "red"})
}

// text is one for a message.
func (f *filler) text() string {
	return f.any([]string{f.line(), "a\nb\t\u2028\u2029\u007f", "𝔘\u200d'`"})
}

func (f *filler) addUsers() {
	f.lab.data.users = []string{
		labOwner,
		labMember,
		labAdmin,
		labOutsider,
		"ann",
		"bob",
		"cem",
		"dee",
		"eve",
	}
	for _, id := range f.lab.data.users {
		f.must(f.lab.chat.EnsureUser(f.tb.Context(), id, id, ""))
		status, name := f.text(), f.line()
		_, err := f.lab.chat.UpdateProfile(f.tb.Context(), chat.Viewer{ID: id}, chat.ProfileInput{
			Status: &status, Twitter: &chat.SocialProfileInput{Username: &name},
		})
		f.must(err)
	}
}

func (f *filler) addRoom(i int) {
	ctx, domain := f.tb.Context(), f.lab.chat
	others := f.lab.data.users[4:]
	owner := chat.Viewer{ID: labOwner}
	if i%4 == 3 {
		owner.ID = f.any(others)
	}
	access := []room.AccessType{
		room.AccessTypePUBLIC, room.AccessTypePRIVATE, room.AccessTypeFRIEND,
	}[i%3]
	in := chat.CreateRoomInput{
		Name: f.line(), Description: f.text(), AccessType: &access, MemberIds: f.some(others, 5),
		Tags: f.some([]string{"red", "green", "blue"}, 3), Exclusive: i%5 == 4,
	}
	if f.chance(0.7) {
		in.MemberIds = append(in.MemberIds, labMember)
	}
	if f.chance(0.3) {
		in.OpenseaCollection = &chat.OpenseaCollectionInput{
			Name:  f.line(),
			Cover: "https://c",
			Slug:  "s",
		}
	}
	var made *ent.Room
	var err error
	if i%6 == 5 {
		in.MemberIds = []string{[]string{labMember, "ann", labOutsider}[i%3]}
		made, err = domain.DirectRoom(ctx, owner, in.MemberIds[0])
	} else {
		made, err = domain.CreateRoom(ctx, owner, in)
	}
	if !f.must(err) {
		return
	}
	f.lab.data.rooms = append(f.lab.data.rooms, made.ID.String())
	f.messages = nil
	for range f.rng.IntN(24) {
		f.addMessage(made.ID, append(in.MemberIds, owner.ID))
	}
	for _, user := range f.some(others, 2) {
		_, _, err := domain.RemoveMember(ctx, owner, made.ID, user, f.chance(0.8))
		f.must(err)
	}
	for _, user := range f.some(others, 2) {
		_, _, err := domain.AddMembers(ctx, owner, made.ID, []string{user})
		f.must(err)
	}
	_, _, err = domain.SetMemberRole(ctx, owner, made.ID, f.any(others), member.RoleMODERATOR)
	f.must(err)
	name := f.line()
	_, err = domain.UpdateRoom(ctx, owner, chat.UpdateRoomInput{RoomID: made.ID, Name: &name})
	f.must(err)
	_, err = domain.MarkRead(ctx, chat.Viewer{ID: labMember}, made.ID, int64(f.rng.IntN(20)))
	f.must(err)
}

func (f *filler) addMessage(in uuid.UUID, members []string) {
	ctx, domain, data := f.tb.Context(), f.lab.chat, f.lab.data
	input := chat.SendMessageInput{
		RoomID: in, Contents: f.text(), Type: message.TypeTEXT, MentionIds: f.some(members, 2),
	}
	if f.chance(0.2) {
		input.Type, input.Contents = message.TypeCARD, `{"a": 1}`
	}
	if f.chance(0.2) {
		input.OpenseaItem = &chat.OpenseaItemInput{ContractAddress: "0x1", Name: f.line()}
	}
	for _, named := range []**roomlog.MessageID{&input.ReplyToID, &input.ThreadID} {
		if len(f.messages) > 0 && f.chance(0.4) {
			id := f.messages[f.rng.IntN(min(4, len(f.messages)))] // some have threads
			*named = &id
		}
	}
	author := chat.Viewer{ID: f.any(members)}
	sent, err := domain.SendMessage(ctx, author, input)
	if !f.must(err) {
		return
	}
	id := roomlog.MessageID{Room: in, Seq: sent.Seq}
	data.messages, f.messages = append(data.messages, id.String()), append(f.messages, id)
	for _, user := range f.some(members, 3) {
		_, err := domain.React(
			ctx,
			chat.Viewer{ID: user},
			id,
			f.any([]string{"👍", "❤", "x"}),
			f.chance(0.9),
		)
		f.must(err)
	}
	if f.chance(0.15) {
		_, err := domain.EditMessage(ctx, author, id, f.text())
		f.must(err)
	}
	if f.chance(0.15) {
		_, err := domain.DeleteMessage(ctx, author, id)
		f.must(err)
	}
}

// addFriends makes friends of most, which lets them add one another to rooms, and requests.
func (f *filler) addFriends() {
	ctx, domain, users := f.tb.Context(), f.lab.chat, f.lab.data.users
	for i, a := range users {
		for _, b := range users[i+1:] {
			if a == labOutsider || b == labOutsider || f.chance(0.1) {
				continue
			}
			_, err := domain.RequestFriend(ctx, chat.Viewer{ID: a}, b)
			f.must(err)
			if f.chance(0.9) {
				_, err := domain.AnswerFriendRequest(ctx, chat.Viewer{ID: b}, a, f.chance(0.9))
				f.must(err)
			}
		}
	}
	for _, user := range users[:3] {
		_, err := domain.RequestFriend(ctx, chat.Viewer{ID: labOutsider}, user)
		f.must(err)
	}
}

// findCursors reads lists of all kinds for the cursors in them.
func (f *filler) findCursors() {
	const query = `{
		myRooms { edges { cursor node {
			members { edges { cursor } } bans { edges { cursor } } messages { edges { cursor } }
		} } }
		rooms { edges { cursor } }
		friends { edges { cursor } }
		friendRequests { edges { cursor } }
	}`
	seen := map[string]bool{}
	for _, user := range f.lab.data.users {
		ctx := as(f.tb.Context(), user)
		op := f.lab.prepared(ctx, f.tb, opgen.Operation{Query: query})
		response := f.lab.Execute(ctx, graph.ByGqlgen, op)
		if len(response.Errors) > 0 {
			f.tb.Fatal(response.Errors)
		}
		parse(f.tb, response.Data).walk(func(n *tree) {
			cursor, ok := n.leaf.(string)
			if !ok || n.name != "cursor" || seen[cursor] {
				return
			}
			seen[cursor] = true
			raw, err := base64.RawURLEncoding.DecodeString(cursor)
			if err != nil {
				f.tb.Fatal(err)
			}
			f.lab.data.cursors[raw[0]] = append(f.lab.data.cursors[raw[0]], cursor)
		})
	}
	for _, kind := range []byte("armgbfq") {
		if len(f.lab.data.cursors[kind]) < 2 {
			f.tb.Fatalf("there are no cursors %q", kind)
		}
	}
}

// prepared returns an operation that passes validation.
func (l *lab) prepared(
	ctx context.Context, tb testing.TB, o opgen.Operation,
) *graphql.OperationContext {
	tb.Helper()
	op, errs := l.prepare(ctx, tb, o)
	if errs != nil {
		tb.Fatalf("%v\n%s\n%s", errs, o.Query, o.Variables)
	}
	return op
}

func (l *lab) prepare(
	ctx context.Context, tb testing.TB, o opgen.Operation,
) (*graphql.OperationContext, error) {
	tb.Helper()
	variables := map[string]json.RawMessage{}
	if len(o.Variables) > 0 {
		if err := json.Unmarshal(o.Variables, &variables); err != nil {
			tb.Fatal(err)
		}
	}
	params := &graphql.RawParams{
		Query: o.Query, OperationName: o.OperationName, Variables: map[string]any{},
	}
	for name, value := range variables {
		params.Variables[name] = value
	}
	op, errs := l.Prepare(graphql.StartOperationTrace(ctx), params)
	if len(errs) > 0 {
		return nil, errs
	}
	return op, nil
}

// generator returns random operations whose arguments name what is in the lab, and sometimes what
// is not.
func (l *lab) generator(rng *rand.Rand, schema *ast.Schema, opts opgen.Options) *opgen.Generator {
	opts.MaxDepth, opts.MaxFields = 8, 40
	opts.Value = func(in opgen.Input) (any, bool) { return l.data.value(rng, in) }
	return opgen.New(schema, rng, opts)
}

// value is a value for an argument or input field.
func (d *labData) value(rng *rand.Rand, in opgen.Input) (any, bool) {
	one := func(of []string) (any, bool) {
		if rng.IntN(15) == 0 {
			return "nothing", true
		}
		return of[rng.IntN(len(of))], true
	}
	if in.Type.Elem != nil {
		return nil, false
	}
	switch in.Name {
	case "roomId":
		if rng.IntN(20) == 0 {
			return "01890000-0000-7000-8000-000000000000", true
		}
		return one(d.rooms)
	case "id":
		return one([][]string{d.rooms, d.messages, d.users}[rng.IntN(3)])
	case "rooms":
		return one(d.rooms)
	case "userId", "userIds", "memberIds", "mentionIds":
		return one(d.users)
	case "messageId", "replyToId", "threadId":
		return one(d.messages)
	case "first", "last":
		if rng.IntN(12) == 0 {
			return []int{0, -1, 1000}[rng.IntN(3)], true
		}
		return 1 + rng.IntN(6), true
	case "seq", "afterSeq", "beforeSeq":
		return rng.IntN(31) - 1, true
	case "after", "before":
		switch in.Type.Name() {
		case "Int":
			return rng.IntN(20), true
		case "RoomPosition":
			return nil, false
		}
		return d.cursor(rng, in.Parent), true
	case "emoji":
		return one([]string{"👍", "❤", "x", ""})
	case "search":
		return one([]string{"hello", "zürich", "find words", "red", ""})
	case "tag":
		return one([]string{"red", "green", "blue"})
	default:
		return nil, false
	}
}

// cursor is a cursor for a list, sometimes one of another, or none.
func (d *labData) cursor(rng *rand.Rand, of string) string {
	kind, ok := map[string]byte{
		"Query.myRooms": 'a', "Query.rooms": 'r', "Room.members": 'm', "Room.bans": 'b',
		"Query.friends": 'f', "Query.friendRequests": 'q',
	}[of]
	if !ok {
		kind = 'g' // the messages of a room or thread
	}
	switch rng.IntN(12) {
	case 0:
		return strconv.Itoa(rng.IntN(10))
	case 1:
		kind = "armgbfq"[rng.IntN(7)]
	}
	return d.cursors[kind][rng.IntN(len(d.cursors[kind]))]
}

func (l *lab) String() string {
	return fmt.Sprintf(
		"%d users, %d rooms, %d messages",
		len(l.data.users),
		len(l.data.rooms),
		len(l.data.messages),
	)
}

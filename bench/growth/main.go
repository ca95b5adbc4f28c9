// Command growth measures how the cost of operations grows with the data. It sends the same requests
// to the same server over data of one size and of ten times that size, and in a room of 10,000
// members. It starts its own PostgreSQL and prints a table of medians of sequential requests over
// HTTP.
//
//	go run ./bench/growth [-users 10000] [-requests 300]
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"text/tabwriter"
	"time"

	"parley/internal/app"
	"parley/internal/auth"
	"parley/internal/config"
	"parley/internal/store"
	"parley/internal/store/storetest"
)

const secret = "for measurements on this machine only"

func main() {
	users := flag.Int(
		"users",
		10_000,
		"number of users of the smaller data set; 10,000 of them are in the large room",
	)
	requests := flag.Int("requests", 300, "number of requests of each operation")
	flag.Parse()
	//nolint:forbidigo // main's own
	if err := run(
		context.Background(),
		*users,
		*requests,
	); err != nil {
		fmt.Fprintln(os.Stderr, "growth:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, users, requests int) (err error) {
	pg, err := storetest.StartPostgres(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pg.Stop(ctx)) }()
	var columns []column
	for _, n := range []int{users, 10 * users} {
		c, err := measure(ctx, pg, n, requests)
		if err != nil {
			return err
		}
		columns = append(columns, c)
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintf(
		w,
		"operation\t%d users\tstatements\t%d users\tstatements\tratio\t\n",
		users,
		10*users,
	)
	for i, op := range columns[0] {
		other := columns[1][i]
		_, _ = fmt.Fprintf(
			w,
			"%s\t%.2f ms\t%.1f\t%.2f ms\t%.1f\t× %.2f\t\n",
			op.name,
			op.median,
			op.statements,
			other.median,
			other.statements,
			other.median/op.median,
		)
	}
	return w.Flush()
}

// column has the measurements over data of one size.
type column []figure

type figure struct {
	name               string
	median, statements float64
}

// measure seeds a database and requests each operation.
func measure(
	ctx context.Context,
	pg *storetest.Postgres,
	users, requests int,
) (_ column, err error) {
	url, err := pg.Migrated(ctx)
	if err != nil {
		return nil, err
	}
	if err := seed(ctx, url, users); err != nil {
		return nil, fmt.Errorf("seed: %w", err)
	}
	cfg := config.Defaults().WithoutRates() // all requests come from one address
	cfg.DatabaseURL, cfg.JWTSecret = config.Secret(url), secret
	var statements atomic.Int64
	node, err := app.New(
		ctx,
		cfg,
		slog.New(slog.DiscardHandler),
		app.Options{Observe: func(context.Context, string) { statements.Add(1) }},
	)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, node.Close()) }()
	server := httptest.NewServer(node.Handler())
	defer server.Close()
	issuer, err := auth.NewIssuer(auth.Config{Secret: []byte(secret)})
	if err != nil {
		return nil, err
	}
	//nolint:gosec // nothing is secret
	a := &requester{
		url:    server.URL + "/graphql",
		http:   server.Client(),
		issuer: issuer,
		users:  users,
		rooms:  users / 5,
		random: rand.New(rand.NewPCG(1, 2)),
	}
	var c column
	for _, op := range operations() {
		var took []time.Duration
		before := statements.Load()
		for i := range requests {
			body, user := op.request(a, i)
			begun := time.Now()
			if err := a.post(ctx, user, body); err != nil {
				return nil, fmt.Errorf("%s: %w", op.name, err)
			}
			took = append(took, time.Since(begun))
		}
		slices.Sort(took)
		c = append(
			c,
			figure{
				op.name,
				float64(took[len(took)/2].Microseconds()) / 1000,
				float64(statements.Load()-before) / float64(requests),
			},
		)
	}
	return c, nil
}

// seed creates the data: rooms with 2 to 50 members, messages, and a room of up to 10,000 members.
func seed(ctx context.Context, url string, users int) (err error) {
	db, err := store.Open(ctx, url, store.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	driver := db.Driver()
	exec := func(query string, args ...any) {
		if err == nil {
			err = driver.Exec(ctx, query, args, nil)
		}
	}
	exec(
		`INSERT INTO users (id, nick_name, created_at) SELECT 'p' || i, 'person ' || i, now() FROM generate_series(0, $1::int - 1) i`,
		users,
	)
	// Room i has 2 + (i mod 49) members: users from i * 7 on, each the third after the one before.
	exec(
		`INSERT INTO rooms (id, name, access_type, key, search_text, creator_id, owner_id, member_count, seq, message_count, latest_seq,
	created_at, updated_at, event_at)
SELECT md5('r' || i)::uuid, 'room ' || i, 'PUBLIC', 'k', 'room ' || i || ' ' || md5(i::text), 'p' || (i * 7 % $1), 'p' || (i * 7 % $1), 2 + i % 49, 40, 40, 40,
	now() - i * interval '1 second', now() - i * interval '1 second', now() - i * interval '1 second'
FROM generate_series(0, $1::int / 5 - 1) i`,
		users,
	)
	exec(`INSERT INTO members (id, room_id, user_id, role, joined_at, own_sent)
SELECT md5('m' || i || '-' || k)::uuid, md5('r' || i)::uuid, 'p' || ((i * 7 + k * 3) % $1), CASE WHEN k = 0 THEN 'OWNER' ELSE 'MEMBER' END,
	now() - i * interval '1 second', CASE WHEN k < 2 THEN 20 ELSE 0 END
FROM generate_series(0, $1::int / 5 - 1) i, generate_series(0, 1 + i % 49) k`, users)
	exec(
		`INSERT INTO messages (room_id, seq, ordinal, own_ordinal, author_id, type, contents, mentions, created_at)
SELECT md5('r' || i)::uuid, s, s, (s + 1) / 2, 'p' || ((i * 7 + (s % 2) * 3) % $1), 'TEXT', 'message ' || s, '[]', now() - i * interval '1 second'
FROM generate_series(0, $1::int / 5 - 1) i, generate_series(1, 40) s`,
		users,
	)
	exec(
		`INSERT INTO rooms (id, name, access_type, key, search_text, creator_id, owner_id, member_count, created_at, updated_at, event_at)
SELECT md5('large')::uuid, 'large', 'PUBLIC', 'k', 'large', 'p0', 'p0', least($1::int, 10000), now(), now(), now()`,
		users,
	)
	exec(`INSERT INTO members (id, room_id, user_id, role, joined_at)
SELECT md5('large' || i)::uuid, md5('large')::uuid, 'p' || i, CASE WHEN i = 0 THEN 'OWNER' ELSE 'MEMBER' END, now() + i * interval '1 microsecond'
FROM generate_series(0, least($1::int, 10000) - 1) i`, users)
	exec(`ANALYZE`)
	return err
}

// requester sends the same requests for the same data in every run.
type requester struct {
	url          string
	http         *http.Client
	issuer       *auth.Issuer
	users, rooms int
	random       *rand.Rand
}

func (a *requester) post(ctx context.Context, user string, body []byte) error {
	token, _, err := a.issuer.Issue(user, "", time.Now())
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, a.url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+token)
	res, err := a.http.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }() // already read
	response, err := io.ReadAll(res.Body)
	if err == nil && bytes.Contains(response, []byte(`"errors":`)) {
		return fmt.Errorf("%s", response)
	}
	return err
}

// operation is an operation to measure: request returns a request and the id of its sender.
type operation struct {
	name    string
	request func(a *requester, i int) (body []byte, user string)
}

func operations() []operation {
	type vars = map[string]any
	request := func(query string, v vars) []byte {
		body, err := json.Marshal(vars{"query": query, "variables": v})
		if err != nil {
			panic(err) // strings always marshal
		}
		return body
	}
	room := func(a *requester) (n int, id string) {
		n = a.random.IntN(a.rooms)
		return n, idOf(fmt.Sprint("r", n))
	}
	owner := func(a *requester, n int) string { return fmt.Sprint("p", n*7%a.users) }
	large := idOf("large")
	anyUser := func(a *requester) string { return fmt.Sprint("p", a.random.IntN(a.users)) }
	inRoom := func(name, query string) operation {
		return operation{name, func(a *requester, _ int) ([]byte, string) {
			n, id := room(a)
			return request(query, vars{"room": id}), owner(a, n)
		}}
	}
	inLarge := func(name, query string) operation {
		return operation{name, func(a *requester, _ int) ([]byte, string) {
			return request(
					query,
					vars{"room": large},
				), fmt.Sprint(
					"p",
					a.random.IntN(10_000)%a.users,
				)
		}}
	}
	const (
		info     = `query($room: ID!) { roomInfo(roomId: $room) { name memberCount creator { nickName } members(first: 100) { nodes { id nickName } } } }`
		messages = `query($room: ID!) { roomInfo(roomId: $room) { unreadCount messages(last: 50) { nodes { contents from { nickName } } } } }`
		send     = `mutation($room: ID!) { sendMessage(input: { roomId: $room, contents: "hello" }) { message { id from { nickName } } } }`
		read     = `mutation($room: ID!) { markRead(roomId: $room, seq: 1000000) { room { unreadCount } } }`
	)
	return []operation{
		inRoom("roomInfo, 100 members", info),
		inRoom("50 messages with authors", messages),
		{"chat list of 20", func(a *requester, _ int) ([]byte, string) {
			return request(
					`{ myRooms { nodes { name members(first: 10) { nodes { nickName } } unreadCount latestMessage { contents from { nickName } } } } }`,
					nil,
				), anyUser(
					a,
				)
		}},
		{
			"myRoomIds",
			func(a *requester, _ int) ([]byte, string) { return request(`{ myRoomIds }`, nil), anyUser(a) },
		},
		{"rooms to join", func(a *requester, _ int) ([]byte, string) {
			return request(`{ rooms { nodes { name memberCount } } }`, nil), anyUser(a)
		}},
		{"rooms to join, by a word", func(a *requester, i int) ([]byte, string) {
			return request(
					`query($search: String) { rooms(search: $search) { nodes { name } } }`,
					vars{"search": fmt.Sprintf("%03x", i)},
				), anyUser(
					a,
				)
		}},
		inRoom("sendMessage", send),
		inRoom("markRead", read),
		{"createRoom with 5 members", func(a *requester, i int) ([]byte, string) {
			var ids []string
			for k := range 5 {
				ids = append(ids, fmt.Sprint("p", (i*11+k*13)%a.users))
			}
			return request(
					`mutation($ids: [ID!]!) { createRoom(input: { memberIds: $ids }) { room { id } } }`,
					vars{"ids": ids},
				), anyUser(
					a,
				)
		}},
		inLarge("large: roomInfo, 100 members", info),
		inLarge("large: sendMessage", send),
		inLarge("large: 50 messages with authors", messages),
		inLarge("large: markRead", read),
		{"large: make a moderator and back", func(_ *requester, i int) ([]byte, string) {
			return request(`mutation($room: ID!, $user: ID!) {
				a: setMemberRole(roomId: $room, userId: $user, role: MODERATOR) { room { id } }
				b: setMemberRole(roomId: $room, userId: $user, role: MEMBER) { room { id } } }`,
				vars{"room": large, "user": fmt.Sprint("p", 1+i)}), "p0"
		}},
	}
}

// idOf returns the id that the seed assigns: the md5 of a name.
func idOf(name string) string {
	sum := fmt.Sprintf("%x", md5Of(name))
	return strings.Join([]string{sum[:8], sum[8:12], sum[12:16], sum[16:20], sum[20:]}, "-")
}

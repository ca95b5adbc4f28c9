package compat_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"parley/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// response is the body of every response.
type response struct {
	status int
	header http.Header
	Msg    string
	Code   int
	Data   any
}

// caller is a user with a plain HTTP client.
type caller struct {
	t     *testing.T
	url   string
	token string
	// gql is the GraphQL client of the same user.
	gql *testkit.Client
}

func as(t *testing.T, s *testkit.Server, id string) caller {
	t.Helper()
	return caller{t, s.URL, s.Token(id), s.As(id)}
}

// call sends a request; body is JSON if it begins with a brace, otherwise a form.
func (p caller) call(method, path, body string, header ...string) response {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), method, p.url+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	if p.token != "" {
		r.Header.Set("Authorization", "Bearer "+p.token)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if strings.HasPrefix(body, "{") {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
	}
	res, err := new(http.Client).Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	a := response{status: res.StatusCode, header: res.Header}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&a); err != nil {
		p.t.Fatalf("%s %s: %s: %v", method, path, raw, err)
	}
	return a
}

// ok sends a request that succeeds and returns the data.
func (p caller) ok(method, path, body string) any {
	p.t.Helper()
	a := p.call(method, path, body)
	if a.status != http.StatusOK || a.Code != 0 || a.Msg != "ok" {
		p.t.Fatalf("%s %s: %+v", method, path, a)
	}
	return a.Data
}

// object returns a member of JSON objects.
func object(t *testing.T, v any) map[string]any {
	t.Helper()
	o, ok := v.(map[string]any)
	if !ok {
		t.Fatalf("got %v, want an object", v)
	}
	return o
}

func list(t *testing.T, v any) []any {
	t.Helper()
	l, ok := v.([]any)
	if !ok {
		t.Fatalf("got %v, want a list", v)
	}
	return l
}

// shape returns the names and types of the members of v, and of the first element of a list.
func shape(v any) string {
	switch v := v.(type) {
	case map[string]any:
		var members []string
		for _, name := range slices.Sorted(maps.Keys(v)) {
			members = append(members, name+" "+shape(v[name]))
		}
		return "{" + strings.Join(members, ", ") + "}"
	case []any:
		if len(v) == 0 {
			return "[]"
		}
		return "[" + shape(v[0]) + "]"
	case string:
		return "string"
	case json.Number:
		if strings.ContainsAny(v.String(), ".e") {
			return "fraction"
		}
		return "int"
	case bool:
		return "bool"
	default:
		return fmt.Sprint(v)
	}
}

// The shapes of the examples in the documentation of the older interfaces.
const (
	fullUser = "{created_at int, discord_avatar string, discord_username string, ens_name string, eth_wallet_address string, " +
		"facebook_avatar string, facebook_username string, instagram_avatar string, instagram_username string, nick_name string, " +
		"opensea_avatar string, opensea_username string, status string, twitter_avatar string, twitter_username string, user_id string}"
	listedUser = "{created_at int, discord_username string, ens_name string, eth_wallet_address string, facebook_avatar string, " +
		"facebook_username string, instagram_avatar string, instagram_username string, nick_name string, opensea_username string, " +
		"status string, twitter_username string, user_id string}"
	info = "{created_at int, creator " + fullUser + ", creator_id string, description string, is_1v1 bool, is_opensea_coll bool, " +
		"members [" + fullUser + "], name string, opensea_coll_cover string, opensea_coll_name string, opensea_coll_slug string, room_id string}"
	latest = "{at_user_ids [], belong_to_thread_id string, created_at int, from_uid string, id string, is_thread bool, " +
		"msg_contents string, msg_type string, opensea_item_contract_address string, opensea_item_image_url string, " +
		"opensea_item_name string, reply_to_msg_id string, to_room_id string}"
	listed = "{created_at int, creator " + listedUser + ", creator_id string, description string, is_1v1 bool, is_opensea_coll bool, " +
		"latest_msg " + latest + ", members [" + listedUser + "], name string, room_id string}"
)

// TestPythonClient makes the calls of the Python client.
func TestPythonClient(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		ann := as(t, s, "ann")
		as(t, s, "bob")
		before := time.Now()
		id, ok := ann.ok("POST", "/rooms", `{"user_ids": ["bob"]}`).(string)
		if !ok {
			t.Fatal("no id")
		}
		if rooms := list(t, ann.ok("GET", "/my_rooms", "")); len(rooms) != 1 || rooms[0] != id {
			t.Errorf("my rooms: %v", rooms)
		}
		room := object(t, ann.ok("GET", "/rooms/"+id, ""))
		if got := shape(room); got != info {
			t.Errorf("got  %s\nwant %s", got, info)
		}
		if room["is_1v1"] != true || room["creator_id"] != "ann" || room["room_id"] != id ||
			room["is_opensea_coll"] != false ||
			object(t, room["creator"])["user_id"] != "ann" ||
			object(t, list(t, room["members"])[1])["user_id"] != "bob" {
			t.Errorf("room: %v", room)
		}
		for _, of := range []map[string]any{room, object(t, room["creator"])} {
			at, err := strconv.ParseInt(fmt.Sprint(of["created_at"]), 10, 64)
			if made := time.Unix(
				0,
				at,
			); err != nil || made.Before(before.Add(-time.Minute)) ||
				made.After(time.Now().Add(time.Second)) {
				t.Errorf("created at %v: %v", of["created_at"], err)
			}
		}
		if got := ann.gql.Do(`query($id: ID!) { roomInfo(roomId: $id) { accessType memberCount } }`, testkit.Vars{"id": id}).
			String(); got != "map[roomInfo:map[accessType:PRIVATE memberCount:2]]" {
			t.Errorf("the same room in GraphQL: %s", got)
		}
		form := url.Values{"user_ids": {"bob", "ann", "bob"}}.Encode()
		if again, ok := ann.ok("POST", "/rooms", form).(string); !ok || again == id {
			t.Errorf("a room by form: %v", again)
		}
	})
}

func TestOpenseaRoom(t *testing.T) {
	s := testkit.Start(t, "sqlite3")
	ann := as(t, s, "ann")
	id := ann.gql.Do(`mutation { createRoom(input: { openseaCollection: { name: "Apes", cover: "https://x/y.png", slug: "apes" } }) { room { id } } }`, nil).
		Str("createRoom.room.id")
	room := object(t, ann.ok("GET", "/rooms/"+id, ""))
	if room["is_opensea_coll"] != true || room["opensea_coll_name"] != "Apes" ||
		room["opensea_coll_cover"] != "https://x/y.png" ||
		room["opensea_coll_slug"] != "apes" ||
		room["is_1v1"] != false {
		t.Errorf("room: %v", room)
	}
}

func TestMyChats(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		ann := as(t, s, "ann")
		as(t, s, "bob")
		var ids []string
		for range 5 {
			id, _ := ann.ok("POST", "/rooms", `{"user_ids":["bob"]}`).(string)
			ids = append([]string{id}, ids...)
		}
		say := func(room, more string) string {
			return ann.gql.Do(`mutation($room: ID!) { sendMessage(input: { roomId: $room, contents: "Hi" `+more+` }) { message { id } } }`,
				testkit.Vars{"room": room}).
				Str("sendMessage.message.id")
		}
		first := say(ids[3], "")
		page := list(t, ann.ok("POST", "/my_chats", `{"page": 1, "size": 2}`))
		if len(page) != 2 {
			t.Fatalf("%d rooms", len(page))
		}
		active := object(t, page[0])
		if got := shape(active); got != listed {
			t.Errorf("got  %s\nwant %s", got, listed)
		}
		message := object(t, active["latest_msg"])
		if active["room_id"] != ids[3] || message["id"] != first || message["msg_type"] != "text" ||
			message["msg_contents"] != "Hi" ||
			message["from_uid"] != "ann" ||
			message["to_room_id"] != ids[3] ||
			message["is_thread"] != false {
			t.Errorf("latest active: %v", active)
		}
		if quiet := object(t, page[1]); quiet["latest_msg"] != nil || quiet["room_id"] != ids[0] {
			t.Errorf("no message was sent there: %v", quiet)
		}

		say(
			ids[3],
			`, replyToId: "`+first+`", mentionIds: ["bob"], openseaItem: { contractAddress: "0x1", tokenId: "7", name: "Ape", description: "", imageUrl: "https://x/y.png" }`,
		)
		message = object(
			t,
			object(t, list(t, ann.ok("POST", "/my_chats", "page=1&size=1"))[0])["latest_msg"],
		)
		if message["reply_to_msg_id"] != first || len(list(t, message["at_user_ids"])) != 1 ||
			message["opensea_item_name"] != "Ape" ||
			message["opensea_item_contract_address"] != "0x1" ||
			message["opensea_item_image_url"] != "https://x/y.png" {
			t.Errorf("a reply: %v", message)
		}
		say(ids[3], `, threadId: "`+first+`"`)
		message = object(
			t,
			object(t, list(t, ann.ok("POST", "/my_chats", "page=1&size=1"))[0])["latest_msg"],
		)
		if message["belong_to_thread_id"] != first {
			t.Errorf("in a thread: %v", message)
		}

		// All pages together contain all rooms, in the order of /my_rooms.
		var got []any
		for page := 1; page < 5; page++ {
			for _, room := range list(t, ann.ok("POST", "/my_chats", fmt.Sprintf(`{"page": %d, "size": 2}`, page))) {
				got = append(got, object(t, room)["room_id"])
			}
		}
		if want := list(t, ann.ok("GET", "/my_rooms", "")); !slices.Equal(got, want) {
			t.Errorf("pages: %v, ids: %v", got, want)
		}
		for _, beyond := range []string{"page=4&size=2", "page=9223372036854775807&size=100"} {
			if rooms := list(t, ann.ok("POST", "/my_chats", beyond)); len(rooms) != 0 {
				t.Errorf("%s: %d rooms", beyond, len(rooms))
			}
		}
		// The number of statements does not depend on the number of rooms.
		cost := func(size int) int {
			return len(
				s.Statements(
					func() { ann.ok("POST", "/my_chats", fmt.Sprintf("page=1&size=%d", size)) },
				),
			)
		}
		if one, all := cost(1), cost(5); one != all || all > 6 {
			t.Errorf("%d statements for one room, %d for five", one, all)
		}
	})
}

// TestManyMembers lists more members than a page has.
func TestManyMembers(t *testing.T) {
	s := testkit.Start(t, "sqlite3")
	ann := as(t, s, "ann")
	var people, inputs []string
	for i := range 150 {
		people = append(people, fmt.Sprintf("p%03d", i))
		inputs = append(inputs, fmt.Sprintf(`{ id: "p%03d", profile: {} }`, i))
	}
	admin := s.With(
		s.Sign(
			map[string]any{"sub": "app", "admin": true, "exp": time.Now().Add(time.Hour).Unix()},
		),
	)
	admin.Do(
		`mutation { upsertUsers(users: [`+strings.Join(inputs[:100], " ")+`]) { __typename } }`,
		nil,
	)
	admin.Do(
		`mutation { upsertUsers(users: [`+strings.Join(inputs[100:], " ")+`]) { __typename } }`,
		nil,
	)
	body, err := json.Marshal(map[string]any{"user_ids": people})
	if err != nil {
		t.Fatal(err)
	}
	id, _ := ann.ok("POST", "/rooms", string(body)).(string)
	if members := list(
		t,
		object(t, ann.ok("GET", "/rooms/"+id, ""))["members"],
	); len(
		members,
	) != 151 {
		t.Errorf("%d members", len(members))
	}
}

func TestRefused(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		ann, bob := as(t, s, "ann"), as(t, s, "bob")
		hidden, _ := bob.ok("POST", "/rooms", `{"user_ids":["bob"]}`).(string)
		stranger, forged := caller{t: t, url: s.URL}, caller{t: t, url: s.URL, token: "forged"}
		expired := caller{
			t:     t,
			url:   s.URL,
			token: s.Sign(map[string]any{"sub": "ann", "exp": time.Now().Add(-time.Hour).Unix()}),
		}
		for name, test := range map[string]struct {
			who                caller
			method, path, body string
			status, code       int
			says               string
		}{
			"without a token":       {stranger, "GET", "/my_rooms", "", 401, 40100, "token"},
			"chats without a token": {stranger, "POST", "/my_chats", "page=1&size=1", 401, 40100, "token"},
			"forged token":          {forged, "GET", "/my_rooms", "", 401, 40100, ""},
			"expired token":         {expired, "GET", "/my_rooms", "", 401, 40100, ""},
			"wrong method":          {ann, "POST", "/my_rooms", "", 405, 40500, "GET"},
			"wrong method for chat": {ann, "GET", "/my_chats", "", 405, 40500, "POST"},
			"no page":               {ann, "POST", "/my_chats", `{"size": 1}`, 400, 40000, "page is missing"},
			"no size":               {ann, "POST", "/my_chats", "page=1", 400, 40000, "size is missing"},
			"page 0":                {ann, "POST", "/my_chats", `{"page": 0, "size": 1}`, 400, 40000, "page must be"},
			"negative page":         {ann, "POST", "/my_chats", "page=-1&size=1", 400, 40000, "page must be"},
			"page of text":          {ann, "POST", "/my_chats", `{"page": "1", "size": 1}`, 400, 40000, "page must be"},
			"half a page":           {ann, "POST", "/my_chats", `{"page": 1.5, "size": 1}`, 400, 40000, "page must be"},
			"page null":             {ann, "POST", "/my_chats", `{"page": null, "size": 1}`, 400, 40000, "page is missing"},
			"size too large":        {ann, "POST", "/my_chats", `{"page": 1, "size": 101}`, 400, 40000, "1 to 100"},
			"huge page":             {ann, "POST", "/my_chats", `{"page": 99999999999999999999, "size": 1}`, 400, 40000, "page must be"},
			"no JSON":               {ann, "POST", "/my_chats", `{page: 1}`, 400, 40000, "body"},
			"two objects":           {ann, "POST", "/my_chats", `{"page": 1, "size": 1}{}`, 400, 40000, "body"},
			"a brace too many":      {ann, "POST", "/rooms", `{"user_ids": ["bob"]}}`, 400, 40000, "body"},
			"no room at all":        {ann, "GET", "/rooms/", "", 404, 40400, ""},
			"body too large":        {ann, "POST", "/my_chats", `{"page": "` + strings.Repeat("x", 2<<20) + `"}`, 413, 41300, "body"},
			"empty user_ids":        {ann, "POST", "/rooms", `{"user_ids": []}`, 400, 40000, "user_ids"},
			"without user_ids":      {ann, "POST", "/rooms", `{}`, 400, 40000, "user_ids"},
			"named by number":       {ann, "POST", "/rooms", `{"user_ids": [1]}`, 400, 40000, "user_ids"},
			"unknown people":        {ann, "POST", "/rooms", `{"user_ids": ["bob", "nobody"]}`, 400, 40001, ""},
			"an id too long":        {ann, "POST", "/rooms", `{"user_ids": ["` + strings.Repeat("x", 129) + `"]}`, 400, 40000, "user_ids"},
			"a hidden room":         {ann, "GET", "/rooms/" + hidden, "", 404, 40400, ""},
			"no such room":          {ann, "GET", "/rooms/nonsense", "", 404, 40400, ""},
			"room in capitals":      {bob, "GET", "/rooms/" + strings.ToUpper(hidden), "", 404, 40400, ""},
		} {
			a := test.who.call(test.method, test.path, test.body)
			if a.status != test.status || a.Code != test.code ||
				!strings.Contains(a.Msg, test.says) ||
				a.Msg == "" {
				t.Errorf(
					"%s: %d, %d, %q; want %d, %d, %q",
					name,
					a.status,
					a.Code,
					a.Msg,
					test.status,
					test.code,
					test.says,
				)
			}
			if empty, isList := a.Data.([]any); test.path == "/my_rooms" &&
				(!isList || len(empty) != 0) ||
				test.path != "/my_rooms" && a.Data != nil {
				t.Errorf("%s: data is %v", name, a.Data)
			}
			if test.status == http.StatusMethodNotAllowed && a.header.Get("Allow") == "" {
				t.Errorf("%s: no Allow", name)
			}
		}
		if a := ann.call(
			"POST",
			"/my_chats",
			`{"page":1,"size":1}`,
			"Content-Type: text/plain",
		); a.Code != 40000 ||
			!strings.Contains(a.Msg, "Content-Type") {
			t.Errorf("plain text: %+v", a)
		}
		if rooms := list(t, ann.ok("GET", "/my_rooms", "")); len(rooms) != 0 {
			t.Errorf("a room was created: %v", rooms)
		}
	})
}

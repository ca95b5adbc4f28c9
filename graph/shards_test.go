package graph_test

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"parley/internal/app"
	"parley/internal/testkit"
)

// Where each table would be on a database whose tables are spread over shards: what belongs to a
// room with that room, by this column, a copy of what all need everywhere, and what is a person's
// with the person (docs/operations.md).
var (
	byRoom = map[string]string{
		"rooms":             "id",
		"members":           "room_id",
		"messages":          "room_id",
		"room_events":       "room_id",
		"reactions":         "room_id",
		"room_tags":         "room_id",
		"bans":              "room_id",
		"ended_memberships": "room_id",
	}
	everywhere = []string{"users", "profile_versions"}
	byPerson   = map[string]string{
		"friendships":   "user_id",
		"seats":         "user_id",
		"direct_rooms":  "lower_id",
		"room_requests": "user_id",
	}
)

// plan is a node of what PostgreSQL says that it would do.
type plan struct {
	NodeType string `json:"Node Type"`
	Relation string `json:"Relation Name"`
	Alias    string
	Plans    []plan
	Output   []string
	Subplan  string `json:"Subplan Name"`

	IndexCond   string `json:"Index Cond"`
	RecheckCond string `json:"Recheck Cond"`
	HashCond    string `json:"Hash Cond"`
	MergeCond   string `json:"Merge Cond"`
	JoinFilter  string `json:"Join Filter"`
	Filter      string
}

// walk calls f for a plan and all that is below it.
func (p plan) walk(f func(plan)) {
	f(p)
	for _, below := range p.Plans {
		below.walk(f)
	}
}

// conditions are all that a statement asks of rows.
func (p plan) conditions() string {
	var all strings.Builder
	p.walk(func(n plan) {
		for _, c := range []string{n.IndexCond, n.RecheckCond, n.HashCond, n.MergeCond, n.JoinFilter, n.Filter} {
			all.WriteString(c + "\n")
		}
	})
	// Where a subquery is hashed, it is by all that it returns: EXISTS with conditions that are
	// equalities.
	hashed := all.String()
	p.walk(func(n plan) {
		if n.Subplan != "" && strings.Contains(hashed, "hashed "+n.Subplan) {
			for _, column := range n.Output {
				all.WriteString(column + " = \n")
			}
		}
	})
	return all.String()
}

// scattered says what keeps a statement from running on the shards of the rooms that it names: a
// part of a room that is looked for in all of them, or a room's part and a person's in one.
func (p plan) scattered() string {
	conditions := p.conditions()
	var rooms, people []string
	var wide string
	named := func(n plan, key string) bool {
		column := regexp.QuoteMeta(n.Alias + "." + key)
		// PostgreSQL shows the COLLATE and the casts of texts.
		return regexp.MustCompile(`(\b` + column + `\)?(::text)? = )|( = \(?` + column + `\b)`).
			MatchString(conditions)
	}
	p.walk(func(n plan) {
		key, roomy := byRoom[n.Relation]
		person, personal := byPerson[n.Relation]
		switch {
		case personal:
			people = append(people, n.Relation)
			if n.NodeType != "ModifyTable" && !named(n, person) {
				wide = n.Relation + " are looked for in all shards"
			}
		case n.Relation != "" && !roomy && !slices.Contains(everywhere, n.Relation):
			wide = "the plan does not name the shard of " + n.Relation
		case roomy && n.NodeType != "ModifyTable": // what is changed is what is scanned below, and what is inserted says its room
			rooms = append(rooms, n.Relation)
			if !named(n, key) {
				wide = n.Relation + " are looked for in all shards"
			}
		}
	})
	if len(rooms) > 0 && len(people) > 0 {
		return fmt.Sprintf("%v and %v are in one statement", rooms, people)
	}
	return wide
}

// explainer asks PostgreSQL how it runs statements.
type explainer struct {
	t    *testing.T
	conn *sql.Conn
	seen map[string]string
}

func newExplainer(t *testing.T, url string) *explainer {
	t.Helper()
	db, err := sql.Open("postgres", url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if _, err := conn.ExecContext(
		t.Context(),
		"SET plan_cache_mode = force_generic_plan",
	); err != nil {
		t.Fatal(err)
	}
	return &explainer{t: t, conn: conn, seen: map[string]string{}}
}

// scattered is [plan.scattered] of a statement.
func (e *explainer) scattered(statement string) string {
	e.t.Helper()
	if why, ok := e.seen[statement]; ok {
		return why
	}
	last := 0
	for _, parameter := range regexp.MustCompile(`\$(\d+)`).FindAllStringSubmatch(statement, -1) {
		n, err := strconv.Atoi(parameter[1])
		if err != nil {
			e.t.Fatal(err)
		}
		last = max(last, n)
	}
	name := fmt.Sprintf("statement_%d", len(e.seen))
	if _, err := e.conn.ExecContext(e.t.Context(), "PREPARE "+name+" AS "+statement); err != nil {
		e.t.Fatalf("%s: %v", statement, err)
	}
	execute := "EXPLAIN (FORMAT JSON, VERBOSE) EXECUTE " + name
	if last > 0 {
		execute += "(" + strings.TrimSuffix(strings.Repeat("NULL, ", last), ", ") + ")"
	}
	var text []byte
	if err := e.conn.QueryRowContext(e.t.Context(), execute).Scan(&text); err != nil {
		e.t.Fatalf("%s: %v", statement, err)
	}
	var plans []struct{ Plan plan }
	if err := json.Unmarshal(text, &plans); err != nil {
		e.t.Fatal(err)
	}
	if e.seen[statement] = plans[0].Plan.scattered(); e.seen[statement] == "" {
		e.seen[statement] = correlated(statement)
	}
	return e.seen[statement]
}

// correlated returns a subquery of a statement about one room whose table is found by a column of
// another table, and not by a parameter: engines that distribute tables do not derive its shard. A
// statement about many rooms, which are a list, is not examined.
func correlated(statement string) string {
	if regexp.MustCompile(`= ANY\(|\bunnest\(|_to_recordset\(`).MatchString(statement) {
		return ""
	}
	table := regexp.MustCompile(`(?i)\b(?:FROM|JOIN)\s+"?(\w+)"?(?:\s+(?:AS\s+)?"?(\w+)"?)?`)
	for _, query := range subqueries(statement) {
		for _, found := range table.FindAllStringSubmatch(query, -1) {
			name, alias := found[1], found[2]
			key, roomy := byRoom[name]
			if !roomy {
				continue
			}
			qualifier := `(?:"?` + name + `"?\.)?`
			if alias != "" && !strings.EqualFold(alias, "where") &&
				!strings.EqualFold(alias, "join") {
				qualifier = `(?:"?(?:` + alias + `|` + name + `)"?\.)?`
			}
			parameter := `(?:^|[\s(])` + qualifier + `"?` + key + `"? (?:= \$\d|IN \(\$)`
			if !regexp.MustCompile(parameter).MatchString(query) {
				return name + " are found by another table in a subquery"
			}
		}
	}
	return ""
}

// subqueries returns the subqueries of a statement, each without those in it.
func subqueries(statement string) (found []string) {
	var open []int // the beginnings of those that are open, -1 for other parentheses
	var texts []string
	for i, c := range statement {
		switch c {
		case '(':
			begins := regexp.MustCompile(`(?i)^\(\s*SELECT\b`).MatchString(statement[i:])
			open = append(open, -1)
			if begins {
				open[len(open)-1] = len(texts)
				texts = append(texts, "")
			}
		case ')':
			if len(open) > 0 {
				open = open[:len(open)-1]
			}
		}
		for _, query := range slices.Backward(open) { // the innermost subquery
			if query >= 0 {
				texts[query] += string(c)
				break
			}
		}
	}
	return texts
}

// session are what a statement must not need of the connection that it runs on, or a pooler could
// not give it another.
var session = regexp.MustCompile(
	`(?i)\b(SET|LISTEN|UNLISTEN|PREPARE|DECLARE|FETCH|TEMP|TEMPORARY|LOCK TABLE|pg_advisory\w*|lastval|currval)\b`,
)

// TestShards: frequent operations on one room run on the shard of that room, and nothing but
// looking for a person's rooms goes everywhere; no statement needs anything of its session.
func TestShards(t *testing.T) {
	t.Parallel()
	url := testkit.MigratedPostgresURL(t)
	s := testkit.StartApp(t, url, app.Options{PollInterval: time.Hour})
	e := newExplainer(t, url)
	alice, bob := s.As("alice"), s.As("bob")
	bob.Do(`{ me { id } }`, nil)
	room := makeRoom(alice, testkit.Vars{"name": "open"})
	hall := alice.Do(`mutation { createRoom(input: { name: "hall", accessType: PUBLIC }) { room { id } } }`, nil).
		Str("createRoom.room.id")
	sent := sendText(alice, room, "first").Str("id")
	vars := testkit.Vars{"room": room, "hall": hall, "sent": sent}
	mutate := func(text string) func() {
		return func() { alice.Do("mutation "+text, vars) }
	}
	query := func(text string) func() {
		return func() { alice.Do("query "+text, vars) }
	}
	for _, hot := range []struct {
		name string
		do   func()
		// wide are the statements that may go everywhere.
		wide int
	}{
		{"roomInfo", query(`($room: ID!) { roomInfo(roomId: $room) { name tags unreadCount lastReadSeq viewerRole creator { nickName }
			members(first: 50) { totalCount nodes { nickName } } latestMessage { contents from { nickName } } } }`), 0},
		{"messages", query(`($room: ID!) { roomInfo(roomId: $room) { messages(last: 50) { nodes { seq contents replyCount replyTo { contents }
			from { nickName } mentions { id } reactions { emoji count } viewerReactions } } } }`), 0},
		{"a message", query(`($sent: ID!) { node(id: $sent) { ... on Message { contents from { nickName } } } }`), 0},
		{"sendMessage", mutate(`($room: ID!) { sendMessage(input: { roomId: $room, contents: "x", idempotencyKey: "k" }) { message { seq from { nickName } } } }`), 0},
		{"a reply", mutate(`($room: ID!, $sent: ID!) { sendMessage(input: { roomId: $room, contents: "x", replyToId: $sent, mentionIds: ["alice"] }) { message { seq } } }`), 0},
		{"editMessage", mutate(`($sent: ID!) { editMessage(messageId: $sent, contents: "y") { message { seq } } }`), 0},
		{"react", mutate(`($sent: ID!) { react(messageId: $sent, emoji: "👍") { message { reactions { emoji } } } }`), 0},
		{"markRead", mutate(`($room: ID!) { markRead(roomId: $room, seq: 1) { room { unreadCount } } }`), 0},
		{"deleteMessage", mutate(`($sent: ID!) { deleteMessage(messageId: $sent) { message { seq } } }`), 0},
		{"joinRoom", func() {
			bob.Do(`mutation($hall: ID!) { joinRoom(roomId: $hall) { room { id } } }`, testkit.Vars{"hall": hall})
		}, 0},
		{"leaveRoom", func() {
			bob.Do(`mutation($hall: ID!) { leaveRoom(roomId: $hall) { roomId } }`, testkit.Vars{"hall": hall})
		}, 0},
		{"messageAdded", func() {
			stream := alice.Subscribe(`subscription($room: ID!) { messageAdded(roomId: $room, after: 0) { seq contents from { nickName } } }`, vars)
			for seq := sendText(alice, room, "live").Int("seq"); stream.Next().Int("messageAdded.seq") < seq; {
			}
			stream.Close()
		}, 0},
		{"direct room", func() {
			made := alice.Do(`mutation { directRoom(userId: "bob") { room { id } } }`, nil).Str("directRoom.room.id")
			alice.Do(`mutation($room: ID!) { leaveRoom(roomId: $room) { roomId } }`, testkit.Vars{"room": made})
		}, 0},
		{"roomEvents", func() {
			stream := alice.Subscribe(`subscription($room: ID!) { roomEvents(roomId: $room) {
				__typename ... on StreamOpened { room { name } messages(last: 50) { nodes { contents } } } } }`, vars)
			stream.Next()
			stream.Close()
		}, 0},
		{"createRoom", mutate(`{ createRoom(input: { memberIds: ["bob"] }) { room { id } } }`), 0},
		{"myRooms", query(`{ myRooms(first: 20) { nodes { name unreadCount members(first: 10) { nodes { nickName } } creator { nickName } latestMessage { contents } } } }`), 1},
		{"myRoomIds", query(`{ myRoomIds }`), 1},
	} {
		statements := s.Statements(hot.do)
		if len(statements) == 0 && hot.name != "markRead" {
			t.Errorf("%s: nothing was asked of the database", hot.name)
		}
		wide := 0
		for _, statement := range statements {
			if word := session.FindString(withoutUpdate(statement)); word != "" {
				t.Errorf("%s needs a session for %s:\n%s", hot.name, word, statement)
			}
			if why := e.scattered(statement); why != "" {
				if wide++; wide > hot.wide {
					t.Errorf("%s: %s:\n%s", hot.name, why, statement)
				}
			}
		}
	}
}

// withoutUpdate is a statement without the SET of its UPDATEs, which is another.
func withoutUpdate(statement string) string {
	return regexp.MustCompile(`(?i)(UPDATE\s+\S+(\s+(AS\s+)?\w+)?|DO UPDATE)\s+SET\b`).
		ReplaceAllString(statement, "$1")
}

// TestShardsAreSeen: the test above sees what it is to see.
func TestShardsAreSeen(t *testing.T) {
	t.Parallel()
	e := newExplainer(t, testkit.MigratedPostgresURL(t))
	for statement, scattered := range map[string]bool{
		`SELECT 1 FROM members m WHERE m.user_id = $1`:                                                 true,
		`SELECT 1 FROM members WHERE room_id = ANY($1::uuid[])`:                                        false,
		`SELECT 1 FROM members m JOIN rooms r ON r.id = m.room_id WHERE m.room_id = $1`:                false,
		`SELECT 1 FROM members m JOIN messages r ON r.author_id = m.user_id WHERE m.room_id = $1`:      true,
		`SELECT 1 FROM rooms r JOIN seats s ON s.room_id = r.id WHERE r.id = $1`:                       true,
		`SELECT 1 FROM messages m JOIN users u ON u.id = m.author_id WHERE m.room_id = $1`:             false,
		`UPDATE members SET own_sent = 0 WHERE user_id = $1`:                                           true,
		`UPDATE members SET own_sent = 0 WHERE user_id = $1 AND room_id = $2`:                          false,
		`SELECT 1 FROM rooms r WHERE r.id = $1 AND EXISTS (SELECT 1 FROM bans b WHERE b.user_id = $2)`: true,

		`SELECT EXISTS (SELECT 1 FROM bans b WHERE b.room_id = r.id) FROM rooms r WHERE r.id = $1`:                        true,
		`SELECT EXISTS (SELECT 1 FROM bans b WHERE b.room_id = $1) FROM rooms r WHERE r.id = $1`:                          false,
		`SELECT 1 FROM rooms r WHERE r.id = $1 AND EXISTS (SELECT 1 FROM members m WHERE m.room_id = r.id)`:               true,
		`SELECT 1 FROM rooms r WHERE r.id = $1 AND r.id IN (SELECT m.room_id FROM members m WHERE m.room_id IN ($1, $2))`: false,
		`DELETE FROM direct_rooms WHERE room_id = $1`:                                                                     true,
		`DELETE FROM direct_rooms WHERE lower_id = $1 AND higher_id = $2`:                                                 false,
	} {
		if why := e.scattered(statement); (why != "") != scattered {
			t.Errorf("%s: %q", statement, why)
		}
	}
	for statement, needs := range map[string]bool{
		"SELECT pg_advisory_xact_lock(1)": true, "SET search_path = x": true, "UPDATE rooms r SET seq = 1": false,
		"UPDATE rooms SET seq = 1": false, "INSERT INTO x ON CONFLICT DO UPDATE SET y = 1": false, "CREATE TEMP TABLE x ()": true,
	} {
		if session.MatchString(withoutUpdate(statement)) != needs {
			t.Errorf("%s: needs a session: %v", statement, !needs)
		}
	}
}

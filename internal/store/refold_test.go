package store_test

import (
	"fmt"
	"testing"
	"time"

	"parley/internal/store"
)

// TestRefold: texts that a previous version has folded, and pictures that it has accepted, are corrected.
func TestRefold(t *testing.T) {
	t.Parallel()
	const room = "01890a5d-ac96-774b-bcce-b302099a8057"
	for name, newURL := range databases() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := newURL(t)
			db := open(t, url, store.Options{}.UpTo(20261130024447))
			exec := func(statement string, args ...any) {
				t.Helper()
				mustExec(t, db.Driver(), statement, args...)
			}
			at := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
			exec(
				`INSERT INTO users (id, nick_name, avatar, twitter_avatar, created_at) VALUES ('ada', 'Ada', 'javascript:alert(1)', 'HTTPS://a.example/p', $1),
				('bob', 'Bob', 'http://b.example/p', 'data:x', $1)`,
				at,
			)
			exec(
				`INSERT INTO rooms (id, name, description, access_type, opensea_cover, "key", search_text, creator_id, owner_id, created_at, updated_at, event_at)
				VALUES ($1, 'ΟΔΥΣΣΕΥΣ', 'Straße', 'PUBLIC', 'javascript:0', 'k', 'as before', 'ada', 'ada', $2, $2, $2)`,
				room,
				at,
			)
			exec("UPDATE rooms SET search_text = $1", "οδυσσευσ\nstraße\nλογος\n x ")
			exec(
				"INSERT INTO room_tags (room_id, position, tag, folded) VALUES ($1, 0, 'ΛΟΓΟΣ', 'λογοσ'), ($1, 1, ' x ', ' x '), ($1, 2, 'Plain', 'plain')",
				room,
			)
			exec("UPDATE room_tags SET folded = 'λογος' WHERE position = 0")
			for seq, picture := range []string{"", "https://c.example/p", "javascript:1"} {
				item := fmt.Sprintf(`{"contractAddress":"0x1","imageUrl":%q}`, picture)
				exec(
					`INSERT INTO messages (room_id, seq, author_id, type, contents, ordinal, own_ordinal, opensea_item, created_at)
					VALUES ($1, $2, 'ada', 'TEXT', 'x', 1, 1, $3, $4)`,
					room,
					seq,
					item,
					at,
				)
			}

			open(t, url, store.Options{})
			for query, want := range map[string]string{
				"SELECT search_text FROM rooms":                                                                             "οδυσσευσ\nstrasse\nλογοσ\n x \nplain",
				"SELECT folded FROM room_tags WHERE position = 0":                                                           "λογοσ",
				"SELECT folded FROM room_tags WHERE position = 1":                                                           "x",
				"SELECT tag FROM room_tags WHERE position = 1":                                                              " x ",
				"SELECT avatar || twitter_avatar FROM users WHERE id = 'ada'":                                               "HTTPS://a.example/p",
				"SELECT avatar || twitter_avatar FROM users WHERE id = 'bob'":                                               "http://b.example/p",
				"SELECT opensea_cover FROM rooms":                                                                           "",
				"SELECT CAST(count(*) AS text) FROM messages WHERE CAST(opensea_item AS text) LIKE '%https://c.example/p%'": "1",
				"SELECT CAST(count(*) AS text) FROM messages WHERE CAST(opensea_item AS text) LIKE '%javascript%'":          "0",
				"SELECT CAST(count(*) AS text) FROM users WHERE changed = (SELECT value FROM clocks WHERE id = 'people')":   "2",
				// Changes under the former clock are older than the first version of shard 0.
				"SELECT CAST(count(*) AS text) FROM users WHERE changed >= (SELECT version FROM profile_versions WHERE shard = 0)": "0",
				"SELECT CAST(count(*) AS text) FROM profile_versions WHERE shard > 0 AND version = (shard << 48) + 1":              "15",
			} {
				if got := mustValue[string](t, db.Driver(), query); got != want {
					t.Errorf("%s: %q, want %q", query, got, want)
				}
			}

			// A previous version also writes for a while, during a rolling upgrade.
			exec("UPDATE room_tags SET folded = 'λογος' WHERE position = 0")
			open(t, url, store.Options{})
			if got := mustValue[string](
				t,
				db.Driver(),
				"SELECT folded FROM room_tags WHERE position = 0",
			); got != "λογοσ" {
				t.Errorf("the concurrent write: %q", got)
			}
			exec("UPDATE room_tags SET folded = 'λογος' WHERE position = 0")
			exec(
				"UPDATE goose_db_version SET tstamp = $1 WHERE version_id = 20261130024500",
				at.AddDate(-1, 0, 0),
			)
			open(t, url, store.Options{})
			if got := mustValue[string](
				t,
				db.Driver(),
				"SELECT folded FROM room_tags WHERE position = 0",
			); got != "λογος" {
				t.Errorf("folded again after a year: %q", got)
			}
		})
	}
}

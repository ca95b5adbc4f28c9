// Package profiles caches users, and versions their profiles, so that no reader is shown an older
// profile than before: not on another node, either.
package profiles

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"entgo.io/ent/dialect"

	"parley/internal/broker"
	"parley/internal/store"
)

const (
	// Shards is the number of shards of users whose profiles are versioned together.
	Shards = 16
	// shardBits is where the shard begins in a stored version: below it are the shard's own
	// versions, so that users.changed selects the changes of one shard by a range of its index.
	shardBits = 48
)

// ShardOf returns the shard of a user: the FNV-1a hash of the id. All nodes must agree on it.
func ShardOf(userID string) int {
	hash := uint32(2166136261)
	for i := range len(userID) {
		hash = (hash ^ uint32(userID[i])) * 16777619
	}
	return int(hash % Shards)
}

// storedVersion returns a version of a shard as the database stores it.
func storedVersion(shard int, version int64) int64 {
	return int64(shard)<<shardBits | version
}

// splitVersion returns the shard and the version that the database stores as one number.
func splitVersion(stored int64) (shard int, version int64) {
	shard = int(stored >> shardBits)
	return shard, stored - storedVersion(shard, 0)
}

// Version is a version of all profiles. A transaction that changes a profile raises the
// version of the user's shard and keeps it locked until it commits. A statement that reads the
// profile version therefore sees every change up to it.
//
// Versions of different shards have no order: profile versions compare as vectors. The zero value
// is unknown, and older than all others. A shard that is 0 is unknown.
type Version [Shards]int64 //nolint:recvcheck // Scan changes it, all else copies it

// Merge returns the profile version that has the newer of both versions for each shard.
func (v Version) Merge(other Version) Version {
	for shard := range v {
		v[shard] = max(v[shard], other[shard])
	}
	return v
}

// AtLeast reports whether v is as new as other, or newer, in each shard.
func (v Version) AtLeast(other Version) bool { return v.Merge(other) == v }

// atLeastFor is AtLeast in the shards of users.
func (v Version) atLeastFor(userIDs []string, other Version) bool {
	return v.AtLeast(other) || !slices.ContainsFunc(userIDs, func(id string) bool {
		shard := ShardOf(id)
		return v[shard] < other[shard]
	})
}

// knownFor reports whether v is known in the shards of users.
func (v Version) knownFor(userIDs []string) bool {
	return !slices.Contains(v[:], 0) ||
		!slices.ContainsFunc(userIDs, func(id string) bool { return v[ShardOf(id)] == 0 })
}

// ReadVersion is an SQL expression for the profile version at the moment of its statement.
// It does not sort the shards, since a stored version contains its shard.
const ReadVersion = `(SELECT string_agg(CAST(version AS text), ',') FROM profile_versions)`

// Scan implements [sql.Scanner] for the column of ReadVersion. NULL changes nothing.
func (v *Version) Scan(src any) error {
	if src == nil {
		return nil
	}
	text, ok := src.(string)
	if !ok {
		return fmt.Errorf("read a profile version: it is a %T", src)
	}
	for number := range strings.SplitSeq(text, ",") {
		stored, err := strconv.ParseInt(number, 10, 64)
		shard, version := splitVersion(stored)
		if err != nil || shard < 0 || shard >= Shards {
			return fmt.Errorf("read a profile version: it has %q", number)
		}
		v[shard] = version
	}
	return nil
}

// ReadNow reads the present profile version.
func ReadNow(ctx context.Context, q store.Querier) (v Version, err error) {
	err = store.Each(ctx, q, func(rows *sql.Rows) error { return rows.Scan(&v) },
		`SELECT `+ReadVersion)
	if err != nil {
		return v, fmt.Errorf("read the profile version: %w", err)
	}
	return v, nil
}

// Transaction is a transaction that changes profiles.
type Transaction interface {
	store.Querier
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// Bump raises the versions of the shards of users whose profiles a transaction has changed, in ent's
// dialect of the name. It returns the changes, which are published after the commit. It comes last:
// from here on other changes in these shards wait for the commit.
func Bump(
	ctx context.Context, t Transaction, name string, userIDs []string,
) (changes []broker.ProfileChange, err error) {
	if len(userIDs) == 0 {
		return nil, nil
	}
	type changed struct {
		ID    string `json:"id"`
		Shard int    `json:"shard"`
	}
	users := make([]changed, len(userIDs))
	byShard := make(map[int][]string)
	for i, id := range userIDs {
		shard := ShardOf(id)
		users[i] = changed{id, shard}
		byShard[shard] = append(byShard[shard], id)
	}
	document, err := json.Marshal(users)
	if err != nil {
		panic(err) // texts and numbers always encode
	}
	bump := bumpOnSQLite
	if name == dialect.Postgres {
		bump = bumpOnPostgres
	}
	err = store.Each(ctx, t, func(rows *sql.Rows) error {
		var stored int64
		if err := rows.Scan(&stored); err != nil {
			return err
		}
		shard, version := splitVersion(stored)
		changes = append(changes, broker.ProfileChange{
			Shard: shard, From: version - 1, To: version, UserIDs: byShard[shard],
		})
		return nil
	}, bump, string(document))
	if err == nil && name != dialect.Postgres {
		_, err = t.ExecContext(ctx, noteOnSQLite, string(document))
	}
	if err != nil {
		return nil, fmt.Errorf("raise the profile versions of %d users: %w", len(userIDs), err)
	}
	return changes, nil
}

// The statements of Bump take users and their shards as a JSON document. They lock
// shards in their order; the caller has locked the users.
const (
	bumpOnPostgres = `WITH changed AS MATERIALIZED (
	SELECT * FROM jsonb_to_recordset($1::jsonb) AS u (id text, shard bigint)
), locked AS MATERIALIZED (
	SELECT shard FROM profile_versions WHERE shard IN (SELECT shard FROM changed)
	ORDER BY shard FOR NO KEY UPDATE
), raised AS (
	UPDATE profile_versions v SET version = v.version + 1 FROM locked WHERE v.shard = locked.shard
	RETURNING v.shard, v.version
), noted AS (
	UPDATE users u SET changed = raised.version
	FROM changed JOIN raised ON raised.shard = changed.shard WHERE u.id = changed.id
)
SELECT version FROM raised`

	bumpOnSQLite = `UPDATE profile_versions SET version = version + 1
WHERE shard IN (SELECT value ->> 'shard' FROM json_each($1)) RETURNING version`
	noteOnSQLite = `UPDATE users SET changed = v.version
FROM json_each($1) u JOIN profile_versions v ON v.shard = u.value ->> 'shard'
WHERE users.id = u.value ->> 'id'`
)

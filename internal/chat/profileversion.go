package chat

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
)

const (
	// profileShards is the number of shards of users whose profiles are versioned together.
	profileShards = 16
	// profileShardBits is where the shard begins in a stored version: below it are the shard's own
	// versions, so that users.changed selects the changes of one shard by a range of its index.
	profileShardBits = 48
)

// profileShard returns the shard of a user: the FNV-1a hash of the id. All nodes must agree on it.
func profileShard(userID string) int {
	hash := uint32(2166136261)
	for i := range len(userID) {
		hash = (hash ^ uint32(userID[i])) * 16777619
	}
	return int(hash % profileShards)
}

// storedVersion returns a version of a shard as the database stores it.
func storedVersion(shard int, version int64) int64 {
	return int64(shard)<<profileShardBits | version
}

// splitVersion returns the shard and the version that the database stores as one number.
func splitVersion(stored int64) (shard int, version int64) {
	shard = int(stored >> profileShardBits)
	return shard, stored - storedVersion(shard, 0)
}

// ProfileVersion is a version of all profiles. A transaction that changes a profile raises the
// version of the user's shard and keeps it locked until it commits. A statement that reads the
// profile version therefore sees every change up to it.
//
// Versions of different shards have no order: profile versions compare as vectors. The zero value
// is unknown, and older than all others. A shard that is 0 is unknown.
type ProfileVersion [profileShards]int64 //nolint:recvcheck // Scan changes it, all else copies it

// Merge returns the profile version that has the newer of both versions for each shard.
func (v ProfileVersion) Merge(other ProfileVersion) ProfileVersion {
	for shard := range v {
		v[shard] = max(v[shard], other[shard])
	}
	return v
}

// AtLeast reports whether v is as new as other, or newer, in each shard.
func (v ProfileVersion) AtLeast(other ProfileVersion) bool { return v.Merge(other) == v }

// atLeastFor is AtLeast in the shards of users.
func (v ProfileVersion) atLeastFor(userIDs []string, other ProfileVersion) bool {
	return v.AtLeast(other) || !slices.ContainsFunc(userIDs, func(id string) bool {
		shard := profileShard(id)
		return v[shard] < other[shard]
	})
}

// knownFor reports whether v is known in the shards of users.
func (v ProfileVersion) knownFor(userIDs []string) bool {
	return !slices.Contains(v[:], 0) ||
		!slices.ContainsFunc(userIDs, func(id string) bool { return v[profileShard(id)] == 0 })
}

// readProfileVersion is an SQL expression for the profile version at the moment of its statement.
// It does not sort the shards, since a stored version contains its shard.
const readProfileVersion = `(SELECT string_agg(CAST(version AS text), ',') FROM profile_versions)`

// Scan implements [sql.Scanner] for the column of readProfileVersion. NULL changes nothing.
func (v *ProfileVersion) Scan(src any) error {
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
		if err != nil || shard < 0 || shard >= profileShards {
			return fmt.Errorf("read a profile version: it has %q", number)
		}
		v[shard] = version
	}
	return nil
}

// profileVersion reads the profile version.
func (c *Chat) profileVersion(ctx context.Context) (v ProfileVersion, err error) {
	err = each(ctx, c.db, func(rows *sql.Rows) error { return rows.Scan(&v) },
		`SELECT `+readProfileVersion)
	if err != nil {
		return v, fmt.Errorf("read the profile version: %w", err)
	}
	return v, nil
}

// bumpProfileVersions raises the versions of the shards of users whose profiles this transaction
// has changed. It comes last: from here on other changes in these shards wait for the commit.
func (t *tx) bumpProfileVersions(ctx context.Context, userIDs []string) error {
	if len(userIDs) == 0 {
		return nil
	}
	type changed struct {
		ID    string `json:"id"`
		Shard int    `json:"shard"`
	}
	users := make([]changed, len(userIDs))
	byShard := make(map[int][]string)
	for i, id := range userIDs {
		shard := profileShard(id)
		users[i] = changed{id, shard}
		byShard[shard] = append(byShard[shard], id)
	}
	document, err := json.Marshal(users)
	if err != nil {
		panic(err) // texts and numbers always encode
	}
	var changes []broker.ProfileChange
	bump := bumpOnSQLite
	if t.dialect == dialect.Postgres {
		bump = bumpOnPostgres
	}
	err = each(ctx, t, func(rows *sql.Rows) error {
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
	if err == nil && t.dialect != dialect.Postgres {
		_, err = t.ExecContext(ctx, noteOnSQLite, string(document))
	}
	if err != nil {
		return fmt.Errorf("raise the profile versions of %d users: %w", len(userIDs), err)
	}
	t.publish(broker.Publication{Profiles: changes})
	return nil
}

// The statements of bumpProfileVersions take users and their shards as a JSON document. They lock
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

// ApplyProfiles applies profile changes that have been committed, on this node or another, to the
// cache of users. They may come in any order, more than once, or not at all: then the cache finds
// the changes in the database when a newer profile version is asked for. It is safe for concurrent
// use.
func (c *Chat) ApplyProfiles(changes []broker.ProfileChange) {
	for _, change := range changes {
		if change.Shard >= 0 && change.Shard < profileShards {
			c.users.apply(change)
		}
	}
}

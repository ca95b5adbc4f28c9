package graph

import (
	"context"
	"math"

	"github.com/99designs/gqlgen/complexity"
	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"parley/internal/chat"
)

const (
	// Texts may have six bytes a character in JSON (\u003c). Of the others no value is taken to have more than a unit.
	charBytes = 6
	unit      = 64
	// making is how many times an answer is there while it is made: what it is made of, the answer as it grows, and as it is
	// sent.
	making = 3
	// lightest is what an answer may weigh of which nobody needs to know: thousands of them can be in flight.
	lightest = 1 << 20
)

// texts are how many characters the schema's longer texts may have, by their fields' names.
var texts = map[string]int{ //nolint:gochecknoglobals // never changed
	"contents": chat.MaxContents, "description": chat.MaxDescription, "tags": chat.MaxTags * chat.MaxTag,
	"status": chat.MaxAddress, "avatar": chat.MaxAddress, "cover": chat.MaxAddress, "imageUrl": chat.MaxAddress,
	"name": chat.MaxName, "nickName": chat.MaxName, "username": chat.MaxName, "slug": chat.MaxName, "ensName": chat.MaxName,
	"ethWalletAddress": chat.MaxName, "contractAddress": chat.MaxName, "tokenId": chat.MaxName,
	"idempotencyKey": chat.MaxIdempotencyKey,
	"roomIds":        chat.MaxLeft * (chat.MaxID + 3),
	"id":             chat.MaxID, "userId": chat.MaxID, "memberId": chat.MaxID,
	"cursor": chat.MaxID, "startCursor": chat.MaxID, "endCursor": chat.MaxID, // with somebody's id in them
	"emoji": chat.MaxEmoji, "viewerReactions": chat.MaxEmojis * (chat.MaxEmoji + 1), // all of a message's
	"myRoomIds": likelyRooms * (len(`"00000000-0000-0000-0000-000000000000",`) + charBytes - 1) / charBytes,
}

// likelyRooms is in how many rooms somebody is taken to be who asks for all of them. There is no bound.
const likelyRooms = 5000

// shortAlias is how long an alias may be beside a value in one unit.
const shortAlias = 24

// bytesOf is a schema in which fields cost what they may have of bytes, in units.
type bytesOf struct {
	graphql.ExecutableSchema
	// alias is what the longest alias of the operation may take beyond a field's own unit. It is counted for each field, as if all
	// had it: it is mostly nothing, and else at most two.
	alias int
}

// Complexity is [graphql.ExecutableSchema]'s. It counts all the reactions that there may be, where cost counts those that are likely.
// Of mentions it counts the likely number, too: with all of them a page of messages as chats show it, with mentions' names and what
// was replied to, would be above a person's part, and only one could be made at a time on a node.
func (s bytesOf) Complexity(ctx context.Context, typeName, field string, child int, args map[string]any) (int, bool) {
	if n := texts[field]; n > 0 && child == 0 {
		return (n*charBytes+unit-1)/unit + s.alias, true
	}
	if typeName == "Message" && field == "reactions" {
		return pageCost(child, new(chat.MaxEmojis), 0) + s.alias, true
	}
	n, counted := s.ExecutableSchema.Complexity(ctx, typeName, field, child, args)
	if !counted {
		n = 1 + min(child, math.MaxInt32)
	}
	return n + s.alias, true
}

// weigh returns how much memory the answer to an operation may take while it is made, in bytes, or 0 where that is little. Its
// cost must have been found to be within the limits, and alias is the length of its longest alias.
func (l *Limits) weigh(ctx context.Context, op *ast.OperationDefinition, vars map[string]any, alias int) int64 {
	schema := bytesOf{l.schema, (max(alias-shortAlias, 0) + unit - 1) / unit}
	bytes := making * unit * int64(complexity.Calculate(ctx, schema, op, vars))
	if bytes <= lightest {
		return 0
	}
	return bytes
}

// weightKey is where an operation's weight is, if it has some.
const weightKey = "Weight"

func setWeight(op *graphql.OperationContext, bytes int64) {
	if bytes > 0 {
		op.Stats.SetExtension(weightKey, bytes)
	}
}

// Weight is how much memory the answer to an operation may take while it is made, in bytes, or 0 where that is little. The
// operation is one that has been found to be within the limits.
func Weight(op *graphql.OperationContext) int64 {
	bytes, _ := op.Stats.GetExtension(weightKey).(int64)
	return bytes
}

package graph

import (
	"context"

	"github.com/99designs/gqlgen/complexity"
	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
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
	"contents": 16_000, "description": 2000, "status": 2000, "avatar": 2000, "cover": 2000, "imageUrl": 2000, "tags": 1000,
	"name": 200, "nickName": 200, "username": 200, "slug": 200, "ensName": 200, "ethWalletAddress": 200, "contractAddress": 200,
	"tokenId": 200, "idempotencyKey": 200, "id": 128, "userId": 128, "memberId": 128,
	"cursor": 128, "startCursor": 128, "endCursor": 128, // with somebody's id in them
	"emoji": 32, "viewerReactions": 50 * 33, // all of a message's
	"myRoomIds": 10_000, // who is in thousands of rooms
}

// bytesOf is a schema in which fields cost what they may have of bytes, in units.
type bytesOf struct{ graphql.ExecutableSchema }

// Complexity is [graphql.ExecutableSchema]'s.
func (s bytesOf) Complexity(ctx context.Context, typeName, field string, child int, args map[string]any) (int, bool) {
	if n := texts[field]; n > 0 && child == 0 {
		return (n*charBytes + unit - 1) / unit, true
	}
	return s.ExecutableSchema.Complexity(ctx, typeName, field, child, args)
}

// weigh returns how much memory the answer to an operation may take while it is made, in bytes, or 0 where that is little. Its
// cost must have been found to be within the limits.
func (l *Limits) weigh(ctx context.Context, op *ast.OperationDefinition, vars map[string]any) int64 {
	bytes := making * unit * int64(complexity.Calculate(ctx, bytesOf{l.schema}, op, vars))
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

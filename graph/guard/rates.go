package guard

import (
	"context"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"parley/internal/auth"
	"parley/internal/chat"
	"parley/internal/limit"
)

// rates limits how often users send operations, and how much their queries cost together. The
// application's own back end is exempt.
type rates struct{ limiters limit.RateLimiters }

// parseFraction is how many bytes of a document that is not cached cost as much as one value:
// parsing and validating 64 KiB takes some 7 ms.
const parseFraction = 4

// document charges the parsing and validation of a document, also of one that is then refused. It
// returns RATE_LIMITED if its user has to wait.
func (r rates) document(ctx context.Context, text string) *gqlerror.Error {
	identity, _ := auth.FromContext(ctx)
	if identity.Admin {
		return nil
	}
	return rateLimitError(r.limiters.Queries.Take(ctx, identity.ID, 1+len(text)/parseFraction),
		"Too many new documents in a short time. Try again later.")
}

// operation charges an operation within the limits, a query by its cost. It returns RATE_LIMITED if
// its user has to wait.
func (r rates) operation(
	ctx context.Context, op *graphql.OperationContext, cost int,
) *gqlerror.Error {
	identity, _ := auth.FromContext(ctx)
	if identity.Admin {
		return nil
	}
	switch op.Operation.Operation {
	case ast.Mutation:
		return r.mutation(ctx, identity.ID, op)
	case ast.Subscription:
		return rateLimitError(r.limiters.Subscriptions.Take(ctx, identity.ID, 1),
			"Too many new subscriptions. Try again later.")
	default:
		return rateLimitError(r.limiters.Queries.Take(ctx, identity.ID, max(1, cost)),
			"Your queries ask for too much in a short time. Try again later.")
	}
}

// mutation counts the changes of each field of a mutation, and each signIn once more, for the user
// that it signs in.
func (r rates) mutation(
	ctx context.Context, user string, op *graphql.OperationContext,
) *gqlerror.Error {
	if r.limiters.Mutations == nil && r.limiters.SignIns == nil {
		return nil
	}
	fields := graphql.CollectFields(op, op.Operation.SelectionSet, []string{"Mutation"})
	total := 0
	for _, field := range fields {
		total += countChanges(field.Field, op.Variables)
	}
	total = max(1, total)
	if wait := r.limiters.Mutations.Take(ctx, user, total); wait > 0 {
		return rateLimitError(wait, "Too many changes. Try again later.")
	}
	for _, field := range fields {
		if field.Name != "signIn" {
			continue
		}
		named, _ := field.ArgumentMap(op.Variables)["userId"].(string)
		if wait := r.limiters.SignIns.Take(ctx, strings.Clone(named), 1); wait > 0 {
			r.limiters.Mutations.Refund(ctx, user, total)
			return rateLimitError(wait, "Too many sign-ins. Try again later.")
		}
	}
	return nil
}

// changeBytes is how much text one change may store: each further part counts as another change.
const changeBytes = 8 << 10

// countChanges returns how many changes a field of a mutation counts: one, and one for each user
// that it makes a member, for each further room that it leaves, and for each further part of a text
// that it stores.
func countChanges(field *ast.Field, vars map[string]any) int {
	switch field.Name {
	case "createRoom":
		input, _ := field.ArgumentMap(vars)["input"].(map[string]any)
		return 1 + count(input["memberIds"])
	case "addMembers":
		return 1 + count(field.ArgumentMap(vars)["userIds"])
	case "directRoom":
		return 2
	case "leaveRooms":
		return max(1, count(field.ArgumentMap(vars)["roomIds"]))
	case "sendMessage":
		input, _ := field.ArgumentMap(vars)["input"].(map[string]any)
		return parts(input["contents"])
	case "editMessage":
		return parts(field.ArgumentMap(vars)["contents"])
	default:
		return 1
	}
}

// count returns how many values a list has; a value alone stands for a list of one.
func count(value any) int {
	list, ok := value.([]any)
	switch {
	case ok:
		return len(list)
	case value == nil:
		return 0
	default:
		return 1
	}
}

// parts returns in how many parts of changeBytes a text is stored, at least one.
func parts(value any) int {
	text, _ := value.(string)
	return max(1, (len(text)+changeBytes-1)/changeBytes)
}

// rateLimitError returns RATE_LIMITED if there is a time to wait.
func rateLimitError(wait time.Duration, message string) *gqlerror.Error {
	if wait <= 0 {
		return nil
	}
	err := refusal(string(chat.RateLimited), "%s", message)
	err.Extensions["retryAfterMs"] = wait.Milliseconds()
	return err
}

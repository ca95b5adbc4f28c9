package graph

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"

	"parley/internal/chat"
)

// maxSubscriptionVariables bounds the variables of a subscription, in bytes of JSON: they stay in
// memory as long as the subscription.
const maxSubscriptionVariables = 8 << 10

// isPosition reports whether an argument of a subscription says where or in which rooms it begins, and
// not what it shows.
func isPosition(argument string) bool { return argument == "after" || argument == "rooms" }

// groupKey returns a key that is equal for subscriptions that share one execution: the SHA-256 of the
// document, the operation's name and its variables, without the root field's `after` and `rooms`; and
// of the viewer, where the response depends on them. Larger variables than maxSubscriptionVariables
// are BAD_USER_INPUT.
func groupKey(op *graphql.OperationContext, v chat.Viewer, perViewer bool) (string, error) {
	document, variables := withoutPositions(op)
	coerced, err := json.Marshal(variables)
	if err != nil {
		return "", fmt.Errorf("encode the variables: %w", err)
	}
	if len(coerced) > maxSubscriptionVariables {
		return "", &chat.Error{
			Code:  chat.BadUserInput,
			Field: "variables",
			Message: fmt.Sprintf(
				"The variables of a subscription may take at most %d bytes of JSON.",
				maxSubscriptionVariables,
			),
		}
	}
	key := sha256.New()
	fmt.Fprintf(key, "%s\x00%s\x00%s", document, op.OperationName, coerced)
	if perViewer {
		fmt.Fprintf(key, "\x00%s\x00%t", v.ID, v.Admin)
	}
	return string(key.Sum(nil)), nil
}

// withoutPositions returns the text of an operation's document and its variables, without the
// positions of its root field. The text does not define the variables: their values say all. A
// variable stays if something else uses it, or a string looks as if it did.
func withoutPositions(op *graphql.OperationContext) (text []byte, variables map[string]any) {
	doc, operation := *op.Doc, *op.Operation
	operation.VariableDefinitions = nil
	doc.Operations = ast.OperationList{&operation}
	if root, ok := op.Operation.SelectionSet[0].(*ast.Field); ok {
		field := *root
		field.Arguments = slices.DeleteFunc(slices.Clone(root.Arguments),
			func(a *ast.Argument) bool { return isPosition(a.Name) })
		operation.SelectionSet = append(ast.SelectionSet{&field}, operation.SelectionSet[1:]...)
	}
	var out bytes.Buffer
	formatter.NewFormatter(&out, formatter.WithIndent("")).FormatQueryDocument(&doc)
	variables = map[string]any{}
	for _, name := range regexp.MustCompile(`\$(\w+)`).FindAllSubmatch(out.Bytes(), -1) {
		if value, given := op.Variables[string(name[1])]; given {
			variables[string(name[1])] = value
		}
	}
	return out.Bytes(), variables
}

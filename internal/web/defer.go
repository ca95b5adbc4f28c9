package web

import (
	"context"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// noDefer rejects @defer. gqlgen's validator accepts it, but no transport here can deliver deferred
// parts.
type noDefer struct{}

var _ interface {
	graphql.HandlerExtension
	graphql.OperationContextMutator
} = noDefer{}

func (noDefer) ExtensionName() string { return "NoDefer" }

func (noDefer) Validate(graphql.ExecutableSchema) error { return nil }

func (noDefer) MutateOperationContext(
	_ context.Context,
	operation *graphql.OperationContext,
) *gqlerror.Error {
	if !strings.Contains(operation.RawQuery, "defer") { // the usual case: do not walk the document
		return nil
	}
	deferred := defers(operation.Operation.SelectionSet)
	for _, fragment := range operation.Doc.Fragments {
		deferred = deferred || defers(fragment.SelectionSet)
	}
	if !deferred {
		return nil
	}
	return &gqlerror.Error{
		Message:    "@defer is not supported.",
		Extensions: map[string]any{"code": codeValidationFailed},
	}
}

// defers reports whether selections use @defer. It does not follow fragment spreads.
func defers(selections ast.SelectionSet) bool {
	for _, selection := range selections {
		switch s := selection.(type) {
		case *ast.Field:
			if defers(s.SelectionSet) {
				return true
			}
		case *ast.InlineFragment:
			if s.Directives.ForName("defer") != nil || defers(s.SelectionSet) {
				return true
			}
		case *ast.FragmentSpread:
			if s.Directives.ForName("defer") != nil {
				return true
			}
		}
	}
	return false
}

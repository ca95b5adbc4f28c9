package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"parley/internal/chat"
)

// noIntrospection refuses operations that ask for the schema. __typename is no such question.
type noIntrospection struct{}

var _ interface {
	graphql.HandlerExtension
	graphql.OperationContextMutator
} = noIntrospection{}

// ExtensionName names the extension.
func (noIntrospection) ExtensionName() string { return "NoIntrospection" }

// Validate has nothing to look at in the schema.
func (noIntrospection) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationContext refuses an operation one of whose root fields is __schema or __type: validation has refused
// them anywhere else.
func (noIntrospection) MutateOperationContext(_ context.Context, op *graphql.OperationContext) *gqlerror.Error {
	if !asksForSchema(op.Operation.SelectionSet, map[string]bool{}) {
		return nil
	}
	return &gqlerror.Error{
		Message:    "Introspection is off: PARLEY_INTROSPECTION=on turns it on. The schema is at /schema.graphql.",
		Extensions: map[string]any{"code": string(chat.Forbidden)},
	}
}

func asksForSchema(set ast.SelectionSet, seen map[string]bool) bool {
	for _, s := range set {
		found := false
		switch s := s.(type) {
		case *ast.Field:
			found = s.Name == "__schema" || s.Name == "__type"
		case *ast.InlineFragment:
			found = asksForSchema(s.SelectionSet, seen)
		case *ast.FragmentSpread:
			if !seen[s.Name] {
				seen[s.Name] = true
				found = asksForSchema(s.Definition.SelectionSet, seen)
			}
		}
		if found {
			return true
		}
	}
	return false
}

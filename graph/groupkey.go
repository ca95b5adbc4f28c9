package graph

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"

	"parley/internal/chat"
)

// viewerDirective marks fields whose value depends on who asks.
const viewerDirective = "viewer"

// dependsOnViewer tells whether a field marked @viewer is among those that an operation selects.
func dependsOnViewer(op *graphql.OperationContext) bool {
	return selectsMarked(
		op.Operation.SelectionSet,
		op.Variables,
		make(map[*ast.FragmentDefinition]bool),
	)
}

func selectsMarked(
	set ast.SelectionSet,
	variables map[string]any,
	seen map[*ast.FragmentDefinition]bool,
) bool {
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			if skipped(s.Directives, variables) {
				continue
			}
			if s.Definition != nil && s.Definition.Directives.ForName(viewerDirective) != nil {
				return true
			}
			if selectsMarked(s.SelectionSet, variables, seen) {
				return true
			}
		case *ast.InlineFragment:
			if !skipped(s.Directives, variables) && selectsMarked(s.SelectionSet, variables, seen) {
				return true
			}
		case *ast.FragmentSpread:
			if skipped(s.Directives, variables) || seen[s.Definition] {
				continue
			}
			seen[s.Definition] = true
			if selectsMarked(s.Definition.SelectionSet, variables, seen) {
				return true
			}
		}
	}
	return false
}

// skipped resolves @skip and @include.
func skipped(directives ast.DirectiveList, variables map[string]any) bool {
	is := func(name string) (value, given bool) {
		d := directives.ForName(name)
		if d == nil {
			return false, false
		}
		value, _ = d.ArgumentMap(variables)["if"].(bool)
		return value, true
	}
	if skip, given := is("skip"); given && skip {
		return true
	}
	include, given := is("include")
	return given && !include
}

// maxSubscriptionVariables bounds the variables of a subscription, in bytes of JSON: they stay in
// memory as long as the subscription.
const maxSubscriptionVariables = 8 << 10

// ask returns a key that is equal for subscriptions that share one execution: the SHA-256 of the
// document, the operation's name and its variables, without the root field's `after`; and of the
// viewer, where the response depends on who asks. Larger variables than maxSubscriptionVariables
// are BAD_USER_INPUT.
func ask(op *graphql.OperationContext, v chat.Viewer, perViewer bool) (string, error) {
	doc := *op.Doc
	variables := maps.Clone(op.Variables)
	if root, ok := op.Operation.SelectionSet[0].(*ast.Field); ok {
		if after := root.Arguments.ForName("after"); after != nil {
			stripped := *op.Operation
			stripped.SelectionSet = append(
				ast.SelectionSet{withoutArgument(root, "after")},
				op.Operation.SelectionSet[1:]...)
			doc.Operations = ast.OperationList{&stripped}
			if after.Value.Kind == ast.Variable && !uses(&doc, after.Value.Raw) {
				delete(variables, after.Value.Raw)
			}
		}
	}
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
	formatter.NewFormatter(key, formatter.WithIndent("")).FormatQueryDocument(&doc)
	fmt.Fprintf(key, "\x00%s\x00%s", op.OperationName, coerced)
	if perViewer {
		fmt.Fprintf(key, "\x00%s\x00%t", v.ID, v.Admin)
	}
	return string(key.Sum(nil)), nil
}

func withoutArgument(f *ast.Field, name string) *ast.Field {
	out := *f
	out.Arguments = nil
	for _, a := range f.Arguments {
		if a.Name != name {
			out.Arguments = append(out.Arguments, a)
		}
	}
	return &out
}

// uses tells whether a document uses a variable anywhere; its definition is no use.
func uses(doc *ast.QueryDocument, variable string) bool {
	for _, op := range doc.Operations {
		if setUses(op.SelectionSet, variable) || directivesUse(op.Directives, variable) {
			return true
		}
	}
	for _, f := range doc.Fragments {
		if setUses(f.SelectionSet, variable) || directivesUse(f.Directives, variable) {
			return true
		}
	}
	return false
}

func setUses(set ast.SelectionSet, variable string) bool {
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			if argumentsUse(s.Arguments, variable) || directivesUse(s.Directives, variable) ||
				setUses(s.SelectionSet, variable) {
				return true
			}
		case *ast.InlineFragment:
			if directivesUse(s.Directives, variable) || setUses(s.SelectionSet, variable) {
				return true
			}
		case *ast.FragmentSpread:
			if directivesUse(s.Directives, variable) {
				return true
			}
		}
	}
	return false
}

func directivesUse(directives ast.DirectiveList, variable string) bool {
	for _, d := range directives {
		if argumentsUse(d.Arguments, variable) {
			return true
		}
	}
	return false
}

func argumentsUse(arguments ast.ArgumentList, variable string) bool {
	for _, a := range arguments {
		if valueUses(a.Value, variable) {
			return true
		}
	}
	return false
}

func valueUses(v *ast.Value, variable string) bool {
	if v.Kind == ast.Variable && v.Raw == variable {
		return true
	}
	for _, child := range v.Children {
		if valueUses(child.Value, variable) {
			return true
		}
	}
	return false
}

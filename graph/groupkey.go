package graph

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"

	"parley/graph/exec"
	"parley/internal/chat"
)

// viewerDirective marks fields whose value depends on the viewer.
const viewerDirective = "viewer"

// dependsOnViewer reports whether an operation selects a field marked @viewer.
func dependsOnViewer(op *graphql.OperationContext) bool {
	entered := map[*ast.FragmentDefinition]bool{}
	return selectsMarked(op.Operation.SelectionSet, op.Variables, entered)
}

func selectsMarked(
	set ast.SelectionSet, variables map[string]any, entered map[*ast.FragmentDefinition]bool,
) bool {
	return slices.ContainsFunc(set, func(s ast.Selection) bool {
		switch s := s.(type) {
		case *ast.Field:
			return !exec.Skips(s.Directives, variables) &&
				(s.Definition != nil && s.Definition.Directives.ForName(viewerDirective) != nil ||
					selectsMarked(s.SelectionSet, variables, entered))
		case *ast.InlineFragment:
			return !exec.Skips(s.Directives, variables) &&
				selectsMarked(s.SelectionSet, variables, entered)
		case *ast.FragmentSpread:
			if exec.Skips(s.Directives, variables) || entered[s.Definition] {
				return false
			}
			entered[s.Definition] = true
			return selectsMarked(s.Definition.SelectionSet, variables, entered)
		default:
			return false
		}
	})
}

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
	doc, variables := withoutPositions(op)
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
	formatter.NewFormatter(key, formatter.WithIndent("")).FormatQueryDocument(doc)
	fmt.Fprintf(key, "\x00%s\x00%s", op.OperationName, coerced)
	if perViewer {
		fmt.Fprintf(key, "\x00%s\x00%t", v.ID, v.Admin)
	}
	return string(key.Sum(nil)), nil
}

// withoutPositions returns the document and the variables of an operation without the positions of its
// root field. A variable stays if something else uses it.
func withoutPositions(op *graphql.OperationContext) (*ast.QueryDocument, map[string]any) {
	doc, variables := *op.Doc, maps.Clone(op.Variables)
	root, ok := op.Operation.SelectionSet[0].(*ast.Field)
	if !ok {
		return &doc, variables
	}
	field, operation := *root, *op.Operation
	field.Arguments = slices.DeleteFunc(slices.Clone(root.Arguments),
		func(a *ast.Argument) bool { return isPosition(a.Name) })
	operation.SelectionSet = append(ast.SelectionSet{&field}, op.Operation.SelectionSet[1:]...)
	doc.Operations = ast.OperationList{&operation}
	for _, a := range root.Arguments {
		for variable := range variables {
			if isPosition(a.Name) && valueUses(a.Value, variable) && !uses(&doc, variable) {
				delete(variables, variable)
			}
		}
	}
	return &doc, variables
}

// uses reports whether a document uses a variable anywhere; its definition is no use.
func uses(doc *ast.QueryDocument, variable string) bool {
	return slices.ContainsFunc(doc.Operations, func(op *ast.OperationDefinition) bool {
		return setUses(op.SelectionSet, variable) || directivesUse(op.Directives, variable)
	}) || slices.ContainsFunc(doc.Fragments, func(f *ast.FragmentDefinition) bool {
		return setUses(f.SelectionSet, variable) || directivesUse(f.Directives, variable)
	})
}

func setUses(set ast.SelectionSet, variable string) bool {
	return slices.ContainsFunc(set, func(s ast.Selection) bool {
		switch s := s.(type) {
		case *ast.Field:
			return argumentsUse(s.Arguments, variable) || directivesUse(s.Directives, variable) ||
				setUses(s.SelectionSet, variable)
		case *ast.InlineFragment:
			return directivesUse(s.Directives, variable) || setUses(s.SelectionSet, variable)
		case *ast.FragmentSpread:
			return directivesUse(s.Directives, variable)
		default:
			return false
		}
	})
}

func directivesUse(directives ast.DirectiveList, variable string) bool {
	return slices.ContainsFunc(directives, func(d *ast.Directive) bool {
		return argumentsUse(d.Arguments, variable)
	})
}

func argumentsUse(arguments ast.ArgumentList, variable string) bool {
	return slices.ContainsFunc(arguments, func(a *ast.Argument) bool {
		return valueUses(a.Value, variable)
	})
}

func valueUses(v *ast.Value, variable string) bool {
	return v.Kind == ast.Variable && v.Raw == variable ||
		slices.ContainsFunc(v.Children, func(child *ast.ChildValue) bool {
			return valueUses(child.Value, variable)
		})
}

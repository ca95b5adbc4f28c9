package graph_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"parley/graph"
	"parley/internal/testkit/golden"
)

// TestSchemaPage: docs/schema.md describes the schema.
func TestSchemaPage(t *testing.T) {
	schema := gqlparser.MustLoadSchema(&ast.Source{Name: "schema.graphql", Input: graph.SDL()})
	page := schemaPage(schema)
	golden.Check(t, "../docs/schema.md", page, "scripts/generate")
}

// schemaPage returns a schema as a page: first the operations, then the types by name.
func schemaPage(schema *ast.Schema) string {
	var b strings.Builder
	b.WriteString(`# Schema

This page is generated from the schema, which the server returns at ` + "`/schema.graphql`" + `. The schema grows, but nothing in it is renamed,
retyped or removed. A field marked ` + "`@viewer`" + ` depends on the viewer: see [streams](streams.md#shared-executions). A field marked
` + "`@semanticNonNull`" + ` is null only together with an error: see [types](frontends.md#types).
[Limits](limits.md#cost) explains the costs.
`)
	operations := []*ast.Definition{schema.Query, schema.Mutation, schema.Subscription}
	var types []*ast.Definition
	for _, def := range schema.Types {
		if !def.BuiltIn && !slices.Contains(operations, def) {
			types = append(types, def)
		}
	}
	slices.SortFunc(types, func(a, b *ast.Definition) int { return cmp.Compare(a.Name, b.Name) })
	for _, def := range append(operations, types...) {
		kind := strings.ToLower(strings.ReplaceAll(string(def.Kind), "_", " "))
		if slices.Contains(operations, def) {
			kind = "operations"
		}
		fmt.Fprintf(&b, "\n## %s\n\n", def.Name)
		fmt.Fprintf(&b, "*%s*", kind)
		for _, name := range def.Interfaces {
			fmt.Fprintf(&b, ", implements %s", link(schema, name))
		}
		if def.Description != "" {
			fmt.Fprintf(&b, ". %s", cell(def.Description))
		}
		b.WriteString("\n\n")
		switch {
		case len(def.EnumValues) > 0:
			b.WriteString("| value | meaning |\n|---|---|\n")
			for _, value := range def.EnumValues {
				fmt.Fprintf(&b, "| `%s` | %s |\n", value.Name, cell(value.Description))
			}
		case len(def.Fields) > 0:
			b.WriteString("| field | type | meaning |\n|---|---|---|\n")
			for _, field := range def.Fields {
				if !strings.HasPrefix(field.Name, "__") {
					fieldRow(&b, schema, field)
				}
			}
		}
	}
	return b.String()
}

func fieldRow(b *strings.Builder, schema *ast.Schema, field *ast.FieldDefinition) {
	fmt.Fprintf(b, "| `%s`", field.Name)
	for _, argument := range field.Arguments {
		fmt.Fprintf(b, "<br>&nbsp;&nbsp;`%s:` %s", argument.Name, typeOf(schema, argument.Type))
		if argument.DefaultValue != nil {
			fmt.Fprintf(b, " = `%s`", argument.DefaultValue)
		}
	}
	fmt.Fprintf(b, " | %s", typeOf(schema, field.Type))
	if field.DefaultValue != nil {
		fmt.Fprintf(b, " = `%s`", field.DefaultValue)
	}
	if field.Directives.ForName("viewer") != nil {
		b.WriteString(" `@viewer`")
	}
	if field.Directives.ForName("semanticNonNull") != nil {
		b.WriteString(" `@semanticNonNull`")
	}
	fmt.Fprintf(b, " | %s |\n", cell(field.Description))
}

// typeOf returns a type with a link to its description.
func typeOf(schema *ast.Schema, t *ast.Type) string {
	required := ""
	if t.NonNull {
		required = "!"
	}
	if t.Elem != nil {
		return "\\[" + typeOf(schema, t.Elem) + "\\]" + required
	}
	return link(schema, t.NamedType) + required
}

func link(schema *ast.Schema, name string) string {
	if schema.Types[name].BuiltIn {
		return name
	}
	return fmt.Sprintf("[%s](#%s)", name, strings.ToLower(name))
}

// cell returns a description on one line.
func cell(text string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(text), " "), "|", "\\|")
}

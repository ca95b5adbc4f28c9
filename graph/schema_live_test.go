package graph_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"parley/internal/config"
	"parley/internal/testkit"
)

// TestIntrospectedSchema: introspection of a server describes schema.graphql, whole.
func TestIntrospectedSchema(t *testing.T) {
	text, err := os.ReadFile("../schema.graphql")
	if err != nil {
		t.Fatal(err)
	}
	schema := gqlparser.MustLoadSchema(&ast.Source{Name: "schema.graphql", Input: string(text)})
	s := testkit.Start(t, "sqlite3", func(cfg *config.Config) { cfg.Introspection = "on" })
	var live introspected
	s.With("").Do(introspectionQuery(), nil).Decode(&live)
	written, served := linesOf(schema), live.lines()
	if len(written) < 500 {
		t.Fatalf("schema.graphql has only %d parts", len(written))
	}
	if diff := cmp.Diff(written, served); diff != "" {
		t.Errorf("schema.graphql (-) and introspection (+) differ:\n%s", diff)
	}
	for _, root := range []*ast.Definition{schema.Query, schema.Mutation, schema.Subscription} {
		if root.Description == "" {
			t.Errorf("%s has no description", root.Name)
		}
	}
}

// TestDeferIsUnknown: @defer is refused as any directive that the schema does not have.
func TestDeferIsUnknown(t *testing.T) {
	s := testkit.Start(t, "sqlite3")
	for _, query := range []string{
		`{ ... @defer { me { id } } }`,
		`{ me { ...F @defer } } fragment F on User { id }`,
	} {
		e := s.With("").Refused("GRAPHQL_VALIDATION_FAILED", query, nil)
		if !strings.Contains(e.Message, `Unknown directive "@defer"`) || len(e.Locations) == 0 {
			t.Errorf("%s: %q at %v", query, e.Message, e.Locations)
		}
	}
}

// introspectionQuery returns the query that tools send, with every option.
func introspectionQuery() string {
	typeRef := "kind name"
	for range 9 {
		typeRef = "kind name ofType { " + typeRef + " }"
	}
	return `query IntrospectionQuery { __schema {
		description queryType { name } mutationType { name } subscriptionType { name }
		types { ...FullType }
		directives {
			name description isRepeatable locations args(includeDeprecated: true) { ...InputValue }
		}
	} }
	fragment FullType on __Type {
		kind name description specifiedByURL isOneOf
		fields(includeDeprecated: true) {
			name description args(includeDeprecated: true) { ...InputValue } type { ...TypeRef }
			isDeprecated deprecationReason
		}
		inputFields(includeDeprecated: true) { ...InputValue }
		interfaces { ...TypeRef }
		enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason }
		possibleTypes { ...TypeRef }
	}
	fragment InputValue on __InputValue {
		name description type { ...TypeRef } defaultValue isDeprecated deprecationReason
	}
	fragment TypeRef on __Type { ` + typeRef + ` }`
}

// introspected is the response to introspectionQuery.
type introspected struct {
	Schema struct {
		Types []struct {
			Kind, Name, Description, SpecifiedByURL string
			IsOneOf                                 bool
			Fields                                  []part
			InputFields                             []part
			EnumValues                              []part
			Interfaces, PossibleTypes               []typeRef
		}
		Directives []struct {
			Name, Description string
			IsRepeatable      bool
			Locations         []string
			Args              []part
		}
	} `json:"__schema"`
}

// part is a field, an argument, an input field or an enum value.
type part struct {
	Name, Description, DeprecationReason string
	IsDeprecated                         bool
	Type                                 typeRef
	DefaultValue                         *string
	Args                                 []part
}

type typeRef struct {
	Kind, Name string
	OfType     *typeRef
}

func (r typeRef) String() string {
	switch r.Kind {
	case "NON_NULL":
		return r.OfType.String() + "!"
	case "LIST":
		return "[" + r.OfType.String() + "]"
	default:
		return r.Name
	}
}

// The functions below write a schema as sorted lines, one for each type, member, argument and
// directive: what it is, and after a # its description.

// specified lists the directives that each GraphQL service has.
var specified = []string{"skip", "include", "deprecated", "specifiedBy", "oneOf"}

func (in *introspected) lines() (lines []string) {
	for _, def := range in.Schema.Types {
		if strings.HasPrefix(def.Name, "__") || gqlparser.MustLoadSchema().Types[def.Name] != nil {
			continue
		}
		lines = append(lines, typeLine(def.Kind, def.Name, def.SpecifiedByURL, def.IsOneOf,
			names(def.Interfaces), names(def.PossibleTypes), def.Description))
		for _, f := range slices.Concat(def.Fields, def.InputFields, def.EnumValues) {
			lines = append(lines, f.lines(def.Name+".")...)
		}
	}
	for _, d := range in.Schema.Directives {
		if slices.Contains(specified, d.Name) {
			continue
		}
		lines = append(lines, directiveLine(d.Name, d.IsRepeatable, d.Locations, d.Description))
		for _, argument := range d.Args {
			lines = append(lines, argument.lines("@"+d.Name+".")...)
		}
	}
	slices.Sort(lines)
	return lines
}

func (m part) lines(prefix string) []string {
	lines := []string{
		memberLine(prefix+m.Name, m.Type.String(), m.DefaultValue, m.IsDeprecated,
			m.DeprecationReason, m.Description),
	}
	for _, argument := range m.Args {
		lines = append(lines, argument.lines(prefix+m.Name+".")...)
	}
	return lines
}

func linesOf(schema *ast.Schema) (lines []string) {
	for _, def := range schema.Types {
		if def.BuiltIn {
			continue
		}
		url := ""
		if specifiedBy := def.Directives.ForName("specifiedBy"); specifiedBy != nil {
			url = specifiedBy.Arguments.ForName("url").Value.Raw
		}
		var possible []string
		if def.IsAbstractType() {
			for _, object := range schema.GetPossibleTypes(def) {
				possible = append(possible, object.Name)
			}
		}
		lines = append(lines, typeLine(string(def.Kind), def.Name, url,
			def.Directives.ForName("oneOf") != nil, def.Interfaces, possible, def.Description))
		for _, f := range def.Fields {
			if strings.HasPrefix(f.Name, "__") {
				continue
			}
			name := def.Name + "." + f.Name
			lines = append(lines,
				definitionLine(name, f.Type.String(), f.DefaultValue, f.Directives, f.Description))
			lines = append(lines, argumentLines(name+".", f.Arguments)...)
		}
		for _, v := range def.EnumValues {
			lines = append(lines,
				definitionLine(def.Name+"."+v.Name, "", nil, v.Directives, v.Description))
		}
	}
	for _, d := range schema.Directives {
		if d.Position.Src.BuiltIn {
			continue
		}
		var locations []string
		for _, location := range d.Locations {
			locations = append(locations, string(location))
		}
		lines = append(lines, directiveLine(d.Name, d.IsRepeatable, locations, d.Description))
		lines = append(lines, argumentLines("@"+d.Name+".", d.Arguments)...)
	}
	slices.Sort(lines)
	return lines
}

func argumentLines(prefix string, arguments ast.ArgumentDefinitionList) (lines []string) {
	for _, a := range arguments {
		lines = append(lines, definitionLine(
			prefix+a.Name, a.Type.String(), a.DefaultValue, a.Directives, a.Description))
	}
	return lines
}

func definitionLine(
	name, of string, value *ast.Value, directives ast.DirectiveList, description string,
) string {
	var text *string
	if value != nil {
		text = new(value.String())
	}
	deprecated, reason := directives.ForName("deprecated"), ""
	if deprecated != nil {
		reason = "No longer supported"
		if given := deprecated.Arguments.ForName("reason"); given != nil {
			reason = given.Value.Raw
		}
	}
	return memberLine(name, of, text, deprecated != nil, reason, description)
}

func typeLine(
	kind, name, url string, oneOf bool, interfaces, possible []string, description string,
) string {
	return fmt.Sprintf("%s %s url=%s oneOf=%t implements=%v possible=%v # %s", name, kind, url,
		oneOf, sorted(interfaces), sorted(possible), description)
}

func memberLine(
	name, of string, value *string, deprecated bool, reason, description string,
) string {
	given := ""
	if value != nil {
		given = " = " + *value
	}
	return fmt.Sprintf("%s: %s%s deprecated=%t (%s) # %s",
		name, of, given, deprecated, reason, description)
}

func directiveLine(name string, repeatable bool, locations []string, description string) string {
	return fmt.Sprintf(
		"@%s repeatable=%t on %v # %s",
		name,
		repeatable,
		sorted(locations),
		description,
	)
}

func names(refs []typeRef) (list []string) {
	for _, ref := range refs {
		list = append(list, ref.String())
	}
	return list
}

func sorted(list []string) []string {
	list = slices.Clone(list)
	slices.Sort(list)
	return list
}

package exec

import (
	"slices"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
)

// compiler turns selections into completers.
type compiler struct {
	// variables decide about @skip and @include.
	variables map[string]any
	mutation  bool
	// path leads to the field that is compiled, by the names of the response.
	path ast.Path
	// marks are the directives that the schema has on the fields that are selected.
	marks map[string]bool
	// needsGqlgen: the operation selects something that only gqlgen can execute.
	needsGqlgen bool
	// arguments check the arguments of the fields, if those have some.
	arguments []func(r *run, check ArgumentsCheck) error
}

// selected is a field of the response: what it is, and all that is selected below it.
type selected struct {
	field *ast.Field
	sets  []ast.SelectionSet
	path  ast.Path
}

// selections are all that is selected below the field, as one set.
func (s *selected) selections() ast.SelectionSet {
	if len(s.sets) == 1 {
		return s.sets[0]
	}
	return slices.Concat(s.sets...)
}

// collect returns the fields that sets select of objects of the type, in the order of the response
// (GraphQL specification, CollectFields).
func (c *compiler) collect(name string, interfaces []string, sets []ast.SelectionSet) []*selected {
	var fields []*selected
	for _, set := range sets {
		fields = c.collectSet(name, interfaces, set, fields)
	}
	return fields
}

func (c *compiler) collectSet(
	name string, interfaces []string, set ast.SelectionSet, fields []*selected,
) []*selected {
	applies := func(on string) bool {
		return on == "" || on == name || slices.Contains(interfaces, on)
	}
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			if skips(s.Directives, c.variables) {
				continue
			}
			if s.Definition != nil {
				for _, d := range s.Definition.Directives {
					c.marks[d.Name] = true
				}
			}
			named := func(f *selected) bool { return f.field.Alias == s.Alias }
			at := slices.IndexFunc(fields, named)
			if at < 0 {
				at = len(fields)
				path := append(slices.Clip(c.path), ast.PathName(s.Alias))
				fields = append(fields, &selected{field: s, path: path})
			}
			if len(s.SelectionSet) > 0 {
				fields[at].sets = append(fields[at].sets, s.SelectionSet)
			}
		case *ast.InlineFragment:
			if applies(s.TypeCondition) && !skips(s.Directives, c.variables) {
				fields = c.collectSet(name, interfaces, s.SelectionSet, fields)
			}
		case *ast.FragmentSpread:
			if applies(s.Definition.TypeCondition) && !skips(s.Directives, c.variables) {
				fields = c.collectSet(name, interfaces, s.Definition.SelectionSet, fields)
			}
		}
	}
	return fields
}

// skips reports whether @skip or @include leave a selection out. Their conditions have been
// coerced: they are booleans.
func skips(directives ast.DirectiveList, variables map[string]any) bool {
	for _, d := range directives {
		if d.Name != "skip" && d.Name != "include" {
			continue
		}
		condition, _ := d.ArgumentMap(variables)["if"].(bool)
		if condition == (d.Name == "skip") {
			return true
		}
	}
	return false
}

// Conditions returns the names of the variables that decide which fields an operation selects: a
// plan is good for all requests in which they are equal.
func Conditions(op *ast.OperationDefinition) []string {
	var names []string
	entered := map[*ast.FragmentDefinition]bool{}
	note := func(directives ast.DirectiveList) {
		for _, d := range directives {
			for _, a := range d.Arguments {
				if a.Value.Kind == ast.Variable && !slices.Contains(names, a.Value.Raw) {
					names = append(names, a.Value.Raw)
				}
			}
		}
	}
	var walk func(ast.SelectionSet)
	walk = func(set ast.SelectionSet) {
		for _, s := range set {
			switch s := s.(type) {
			case *ast.Field:
				note(s.Directives)
				walk(s.SelectionSet)
			case *ast.InlineFragment:
				note(s.Directives)
				walk(s.SelectionSet)
			case *ast.FragmentSpread:
				note(s.Directives)
				if !entered[s.Definition] {
					entered[s.Definition] = true
					walk(s.Definition.SelectionSet)
				}
			}
		}
	}
	walk(op.SelectionSet)
	return names
}

// Object is a type of the schema whose objects are of Go type T.
type Object[T any] struct {
	Name       string
	Interfaces []string
	Fields     map[string]Field[T]
}

// part is a field of a compiled selection.
type part[T any] struct {
	prefix []byte // the brace or comma, and the key
	name   string
	plain  func(b []byte, obj T) []byte
	// resolve is set for fields that are not plain.
	resolve func(r *run, objs []T) encoder
}

// compile returns what resolves and writes all that sets select of objects of the type.
func (o *Object[T]) compile(c *compiler, sets []ast.SelectionSet) completer[T] {
	fields := c.collect(o.Name, o.Interfaces, sets)
	parts := make([]part[T], len(fields))
	resolved := 0
	for i, f := range fields {
		before := byte(',')
		if i == 0 {
			before = '{'
		}
		parts[i].prefix, parts[i].name = appendKey([]byte{before}, f.field.Alias), f.field.Alias
		field, ok := o.Fields[f.field.Name]
		switch {
		case f.field.Name == "__typename":
			name := strconv.AppendQuote(nil, o.Name)
			parts[i].plain = func(b []byte, _ T) []byte { return append(b, name...) }
		case !ok: // __schema and __type
			c.needsGqlgen = true
		case field.plain != nil:
			parts[i].plain = field.plain
		default:
			before := c.path
			c.path = f.path
			parts[i].resolve = field.compile(c, f)
			c.path = before
			resolved++
		}
	}
	return func(r *run, objs []T) encoder {
		if len(objs) == 0 {
			return nil
		}
		encoders := make([]encoder, len(parts))
		if resolved > 0 {
			for k := range parts {
				if parts[k].resolve != nil {
					encoders[k] = parts[k].resolve(r, objs)
				}
			}
		}
		return func(w *writer, i int) bool {
			for k := range parts {
				p := &parts[k]
				w.b = append(w.b, p.prefix...)
				encode := encoders[k]
				if encode == nil {
					w.b = p.plain(w.b, objs[i])
					continue
				}
				w.push(p.name)
				ok := encode(w, i)
				w.pop()
				if !ok {
					return false
				}
			}
			if len(parts) == 0 {
				w.b = append(w.b, '{')
			}
			w.b = append(w.b, '}')
			return true
		}
	}
}

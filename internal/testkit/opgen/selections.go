package opgen

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// part is what an operation or a fragment uses.
type part struct {
	variables []*definition
	spreads   []*fragment
}

// fragment is a named fragment. It spreads only those before it.
type fragment struct {
	part
	name, on, body         string
	shape                  shape
	fields, aliases, depth int
}

func (f *fragment) write() string {
	return "fragment " + f.name + " on " + f.on + " " + f.body
}

// selections returns a selection set of a composite type, at a depth of fields. It adds to within
// what the selection gives.
func (d *document) selections(parent *ast.Definition, within shape, depth int) string {
	if d.err("empty selection") {
		return "{ }"
	}
	d.depth = max(d.depth, depth)
	var parts []string
	for range 1 + d.rng.IntN(4) {
		if len(parts) > 0 && d.fields <= 0 {
			break
		}
		if s := d.selection(parent, within, depth); s != "" {
			parts = append(parts, s)
		}
	}
	if len(parts) == 0 {
		parts = append(parts, d.typename(within, parent))
	}
	return "{ " + strings.Join(parts, d.separator()) + " }"
}

// separator separates selections with what GraphQL ignores.
func (d *document) separator() string {
	if d.chance(0.9) {
		return " "
	}
	return pick(d.rng, []string{", ", "\n", "\r\n", " # a } comment\n", "\t", " ,, ", "\ufeff "})
}

func (d *document) typename(within shape, parent *ast.Definition) string {
	d.fields--
	n := namesake{parent, "__typename", "String!", true}
	s := within["__typename"]
	if s == nil {
		s = &slot{}
		within["__typename"] = s
	}
	s.fields = append(s.fields, n)
	return "__typename"
}

// selection returns one selection; "" if it found none.
func (d *document) selection(parent *ast.Definition, within shape, depth int) string {
	switch wrong := d.wrongSelection(parent, within); {
	case wrong != "":
		return wrong
	case d.chance(0.05):
		return d.typename(within, parent)
	case d.chance(d.inlines(parent)):
		return d.inline(parent, within, depth)
	case d.chance(0.15):
		return d.spread(parent, within, depth)
	}
	var fields []*ast.FieldDefinition
	for _, f := range d.selectable(parent) {
		if d.isLeaf(f.Type) || depth < d.opts.MaxDepth && d.fields > 0 {
			fields = append(fields, f)
		}
	}
	if len(fields) == 0 {
		return ""
	}
	return d.field(
		parent,
		rare(
			d.Generator,
			fields,
			func(f *ast.FieldDefinition) string { return parent.Name + "." + f.Name },
		),
		within,
		depth,
	)
}

// wrongSelection returns a selection that is wrong; "" if no mistake is to be made.
func (d *document) wrongSelection(parent *ast.Definition, within shape) string {
	switch {
	case d.pending == "":
		return ""
	case d.err("unknown selection"):
		return pick(
			d.rng,
			[]string{
				"nothing",
				"__schema { queryType { name } }",
				"__type",
				"x: __nothing",
				"ID",
				"nothing { id }",
			},
		)
	case d.err("conflict"):
		names := slices.Sorted(maps.Keys(within))
		if len(names) == 0 {
			return ""
		}
		return pick(d.rng, names) + ": " + d.anyField(parent)
	case d.err("impossible fragment"):
		return "... on " + pick(d.rng, d.composites) + " { __typename }"
	case d.err("leaf fragment"):
		return "... on " + pick(d.rng, d.leaves) + " { __typename }"
	case d.err("unknown fragment type"):
		return "... on Nothing { __typename }"
	case d.err("unknown fragment"):
		return "...Unknown"
	}
	return ""
}

// anyField returns a field of a type as it can be written without arguments.
func (d *document) anyField(parent *ast.Definition) string {
	f := pick(d.rng, d.selectable(parent))
	if d.isLeaf(f.Type) {
		return f.Name
	}
	return f.Name + " { __typename }"
}

// field returns a selection of a field; "" if there is no name for it.
func (d *document) field(
	parent *ast.Definition,
	f *ast.FieldDefinition,
	within shape,
	depth int,
) string {
	defined, used := d.variables, d.part.variables
	call := f.Name + d.arguments(parent.Name+"."+f.Name, f.Arguments)
	n := namesake{parent, call, f.Type.String(), d.isLeaf(f.Type)}
	name := f.Name
	taken := within[name]
	switch clash := taken != nil && !taken.takes(n); {
	case clash && d.err("conflict"):
	case clash && d.aliases <= 0:
		d.variables, d.part.variables = defined, used
		return ""
	case clash || d.aliases > 0 && d.chance(0.15):
		name = d.alias(within, n)
	}
	d.fields--
	s := within[name]
	if s == nil {
		s = &slot{}
		within[name] = s
	}
	s.fields = append(s.fields, n)
	written := call
	if name != f.Name {
		d.aliases--
		written = name + ": " + call
	}
	written += d.directives()
	switch {
	case n.leaf && d.err("leaf selection"):
		return written + " { __typename }"
	case !n.leaf && d.err("no selection"):
		return written
	case n.leaf:
		return written
	}
	if s.sub == nil {
		s.sub = shape{}
	}
	next := depth + 1
	if strings.HasPrefix(f.Name, "__") {
		next = max(next, d.opts.MaxDepth-2) // introspection has a limit of its own
	}
	return written + " " + d.selections(d.schema.Types[f.Type.Name()], s.sub, next)
}

// alias returns a name by which a field can be in a shape.
func (d *document) alias(within shape, n namesake) string {
	candidate := pick(d.rng, []string{"a", "b", "name", "id", "node", "on", "true", "query"})
	for i := 0; ; i++ {
		if s := within[candidate]; s == nil || s.takes(n) {
			return candidate
		}
		candidate = fmt.Sprintf("a%d", i)
	}
}

// arguments returns the arguments of a field or directive, in parentheses.
func (d *document) arguments(parent string, definitions ast.ArgumentDefinitionList) string {
	var written []string
	for _, a := range definitions {
		required := a.Type.NonNull && a.DefaultValue == nil
		key := parent + "(" + a.Name + ")"
		switch {
		case required && d.err("missing argument"):
			continue
		case !required && d.chance(0.6) && d.chosen[key] > 0:
			continue
		}
		d.chosen[key]++
		in := Input{Parent: parent, Name: a.Name, Type: a.Type}
		written = append(written, a.Name+": "+d.input(in, a.DefaultValue != nil, 0).literal())
	}
	switch {
	case d.err("unknown argument"):
		written = append(written, "nothing: 1")
	case len(written) > 0 && d.err("duplicate argument"):
		written = append(written, written[0])
	case d.err("no arguments"):
		return "()"
	}
	if len(written) == 0 {
		return ""
	}
	d.rng.Shuffle(len(written), func(i, j int) { written[i], written[j] = written[j], written[i] })
	return "(" + strings.Join(written, ", ") + ")"
}

// directives returns the directives of a selection; mostly none.
func (d *document) directives() string {
	switch {
	case d.pending == "":
	case d.err("unknown directive"):
		return pick(
			d.rng,
			[]string{
				" @nothing",
				" @viewer",
				" @deprecated",
				" @Include(if: true)",
				" @oneOf",
				` @specifiedBy(url: "x")`,
			},
		)
	case d.err("repeated directive"):
		return pick(
			d.rng,
			[]string{
				" @skip(if: false) @skip(if: false)",
				" @include(if: true) @skip(if: false) @include(if: true)",
			},
		)
	case d.err("directive arguments"):
		return pick(
			d.rng,
			[]string{
				" @skip",
				" @include()",
				" @skip(unless: true)",
				" @skip(if: true, if: true)",
				" @include(if: true, x: 1)",
			},
		)
	}
	if !d.chance(0.15) {
		return ""
	}
	name := pick(d.rng, []string{"skip", "include"})
	written := " @" + name + d.arguments("@"+name, d.schema.Directives[name].Arguments)
	if d.chance(0.1) {
		other := map[string]string{"skip": "include", "include": "skip"}[name]
		written += " @" + other + d.arguments("@"+other, d.schema.Directives[other].Arguments)
	}
	return written
}

// inlines is how often a selection is an inline fragment.
func (d *document) inlines(parent *ast.Definition) float64 {
	if parent.IsAbstractType() {
		return 0.5
	}
	return 0.12
}

// inline returns an inline fragment.
func (d *document) inline(parent *ast.Definition, within shape, depth int) string {
	if d.nested++; d.nested > 4 {
		d.nested--
		return ""
	}
	defer func() { d.nested-- }()
	on, def := "", parent
	if d.chance(0.8) {
		def = d.schema.Types[rare(d.Generator, d.related(parent), func(name string) string { return "... on " + name })]
		on = " on " + def.Name
	}
	return "..." + on + d.directives() + " " + d.selections(def, within, depth)
}

// spread returns a spread of a named fragment that fits; "" if there is none.
func (d *document) spread(parent *ast.Definition, within shape, depth int) string {
	for _, i := range d.rng.Perm(len(d.fragments)) {
		f := d.fragments[i]
		if f.fields > d.fields || f.aliases > d.aliases || depth+f.depth > d.opts.MaxDepth ||
			!d.overlap(parent, d.schema.Types[f.on]) {
			continue
		}
		if !within.takes(f.shape) && !d.err("conflict") {
			continue
		}
		within.merge(f.shape)
		d.fields -= f.fields
		d.aliases -= f.aliases
		d.depth = max(d.depth, depth+f.depth)
		d.part.spreads = append(d.part.spreads, f)
		return "..." + f.name + d.directives()
	}
	return ""
}

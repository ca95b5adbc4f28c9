package opgen

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// document is a document while it is generated.
type document struct {
	*Generator
	// fields and aliases are how many there may be still.
	fields, aliases int
	// depth is the deepest selection of the part being generated, nested how many inline fragments
	// it is in.
	depth, nested int
	// pending is a mistake to make, and made those that were made.
	pending   string
	made      []string
	variables []*definition
	fragments []*fragment
	part      *part
}

// operation is an operation of the document.
type operation struct {
	part
	kind ast.Operation
	name string
	body string
}

// generate returns the whole request.
func (d *document) generate() Operation {
	d.generateFragments()
	operations := []*operation{d.operation(0)}
	if d.chance(0.1) {
		operations = append(operations, d.operation(1))
	}
	selected := d.name(operations)

	var written []string
	for _, o := range operations {
		written = append(written, d.write(o))
	}
	for _, f := range d.reached(operations) {
		written = append(written, f.write())
	}
	written = d.wrongDocument(written, operations, &selected)
	if d.chance(0.2) { // fragments may come first
		d.rng.Shuffle(
			len(written),
			func(i, j int) { written[i], written[j] = written[j], written[i] },
		)
	}
	query := strings.Join(written, "\n")
	if d.err("tokens") {
		query = d.edit(query)
	}
	return Operation{
		Query:         query,
		OperationName: selected,
		Variables:     d.encodeVariables(),
		Mistakes:      d.made,
	}
}

// generateFragments makes named fragments for the operations to spread.
func (d *document) generateFragments() {
	fields, aliases := d.fields, d.aliases
	for i := range d.rng.IntN(4) {
		f := &fragment{name: fmt.Sprintf("F%d", i), shape: shape{}}
		f.on = rare(
			d.Generator,
			d.composites,
			func(name string) string { return "fragment on " + name },
		)
		if i == 0 && d.err("fragment name") {
			f.name = pick(d.rng, []string{"on", "true", "fragment"})
		}
		d.part, d.depth = &f.part, 0
		d.fields, d.aliases = fields/3, aliases/3
		root := d.schema.Types[f.on] == d.schema.Subscription
		if root {
			d.depth = 1
			f.body = "{ " + d.subscriptionField(f.shape) + " }"
		} else {
			f.body = d.selections(d.schema.Types[f.on], f.shape, 0)
		}
		f.fields, f.aliases, f.depth = fields/3-d.fields, aliases/3-d.aliases, d.depth
		d.fragments = append(d.fragments, f)
	}
	d.fields, d.aliases = fields, aliases
}

// operation generates an operation.
func (d *document) operation(i int) *operation {
	o := &operation{kind: pick(d.rng, d.opts.Kinds), name: fmt.Sprintf("Op%d", i)}
	d.part, d.depth = &o.part, 0
	if o.kind == ast.Subscription {
		o.body = d.subscription()
		return o
	}
	root := d.schema.Query
	if o.kind == ast.Mutation {
		root = d.schema.Mutation
	}
	o.body = d.selections(root, shape{}, 0)
	return o
}

// subscription returns the selection of a subscription: one field, which may be selected more than
// once.
func (d *document) subscription() string {
	within := shape{}
	for _, f := range d.fragments {
		if d.schema.Types[f.on] == d.schema.Subscription && f.fields <= d.fields && d.chance(0.5) {
			d.fields -= f.fields
			d.part.spreads = append(d.part.spreads, f)
			return "{ ..." + f.name + " }"
		}
	}
	field := d.subscriptionField(within)
	switch {
	case d.err("two roots"):
		field += " " + pick(
			d.rng,
			[]string{field, "other: ", "other: "},
		) + d.subscriptionField(
			shape{},
		)
	case d.err("introspection root"):
		field = pick(
			d.rng,
			[]string{
				"__typename",
				"a: __typename",
				field + " __typename",
				"__schema { queryType { name } }",
			},
		)
	case d.err("directive on root"):
		directive := pick(
			d.rng,
			[]string{
				" @skip(if: true)",
				" @include(if: true)",
				" @skip(if: false)",
				" @include(if: false)",
			},
		)
		return "{ ..." + directive + " { " + field + " } }"
	case d.chance(0.1):
		return "{ ... on Subscription { " + field + " } ... { " + field + " } }"
	}
	return "{ " + field + " }"
}

// subscriptionField returns the field of a subscription, without directives.
func (d *document) subscriptionField(within shape) string {
	root := d.schema.Subscription
	f := rare(
		d.Generator,
		d.selectable(root),
		func(f *ast.FieldDefinition) string { return root.Name + "." + f.Name },
	)
	call := f.Name + d.arguments(root.Name+"."+f.Name, f.Arguments)
	d.fields--
	sub := shape{}
	within[f.Name] = &slot{fields: []namesake{{root, call, f.Type.String(), false}}, sub: sub}
	if d.isLeaf(f.Type) {
		return call
	}
	return call + " " + d.selections(d.schema.Types[f.Type.Name()], sub, 1)
}

// name names the operations and returns the name of the one to execute.
func (d *document) name(operations []*operation) string {
	if len(operations) == 1 && d.chance(0.5) {
		operations[0].name = ""
		if d.err("operation name") {
			return "Op0"
		}
		return ""
	}
	if d.err("operation name") {
		return pick(d.rng, []string{"", "Other", "op0", "F0", "Op0 "})
	}
	if len(operations) == 1 && d.chance(0.5) {
		return ""
	}
	return pick(d.rng, operations).name
}

// reached returns the fragments that the operations spread, also by way of others.
func (d *document) reached(operations []*operation) []*fragment {
	var reached []*fragment
	var visit func(p *part)
	visit = func(p *part) {
		for _, f := range p.spreads {
			if !slices.Contains(reached, f) {
				reached = append(reached, f)
				visit(&f.part)
			}
		}
	}
	for _, o := range operations {
		visit(&o.part)
	}
	return reached
}

// write returns an operation with the definitions of the variables that it uses.
func (d *document) write(o *operation) string {
	var definitions []string
	for _, v := range d.used(o) {
		definitions = append(definitions, v.write())
	}
	switch {
	case len(definitions) > 0 && d.err("duplicate variable"):
		definitions = append(definitions, definitions[0])
	case d.err("unused variable"):
		definitions = append(
			definitions,
			pick(d.rng, []string{"$unused: Int", "$unused: Boolean = false", "$unused: String!"}),
		)
	}
	directives := ""
	if d.err("directive place") {
		directives = pick(
			d.rng,
			[]string{" @skip(if: false)", " @include(if: true)", " @viewer", " @nothing"},
		)
	}
	if o.kind == ast.Query && o.name == "" && len(definitions) == 0 && directives == "" &&
		d.chance(0.5) {
		return o.body
	}
	head := string(o.kind)
	if o.name != "" {
		head += " " + o.name
	}
	if len(definitions) > 0 {
		head += "(" + strings.Join(definitions, ", ") + ")"
	}
	return head + directives + " " + o.body
}

// used returns the variables that an operation uses, in the order in which they are defined.
func (d *document) used(o *operation) []*definition {
	uses := slices.Clone(o.variables)
	for _, f := range d.reached([]*operation{o}) {
		uses = append(uses, f.variables...)
	}
	var used []*definition
	for _, v := range d.variables {
		if slices.Contains(uses, v) {
			used = append(used, v)
		}
	}
	return used
}

// wrongDocument makes mistakes in a document's definitions.
func (d *document) wrongDocument(
	written []string,
	operations []*operation,
	selected *string,
) []string {
	fragments := written[len(operations):]
	switch {
	case d.err("two anonymous"):
		return append(written, "{ __typename }")
	case d.err("duplicate operation"):
		name := operations[0].name
		if name == "" {
			name, *selected = "Twice", "Twice"
			written = append(written, "query Twice { __typename }")
		}
		return append(written, "query "+name+" { __typename }")
	case d.err("no operation"):
		return append(fragments, "fragment Lone on Query { __typename }")
	case d.err("type definition"):
		return append(written, pick(d.rng, []string{
			"type X { a: Int }",
			"scalar X",
			"extend type Query { a: Int }",
			"schema { query: Query }",
			"directive @x on FIELD",
		}))
	case d.err("unused fragment"):
		return append(written, "fragment Unused on Query { __typename }")
	case d.err("fragment cycle"):
		at := strings.LastIndexByte(written[0], '}')
		written[0] = written[0][:at] + pick(d.rng, []string{" ...Cycle }", " }"})
		return append(
			written,
			"fragment Cycle on Query { ...Circle }",
			"fragment Circle on Query { __typename ...Cycle }",
		)
	case len(fragments) > 0 && d.err("duplicate fragment"):
		return append(written, fragments[0])
	case len(fragments) > 0 && d.err("fragment variables"):
		last := len(written) - 1
		written[last] = strings.Replace(written[last], " on ", "($x: Int) on ", 1)
	case len(fragments) > 0 && d.err("directive place"):
		last := len(written) - 1
		written[last] = strings.Replace(written[last], " {", " @skip(if: false) {", 1)
	}
	return written
}

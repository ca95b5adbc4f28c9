package opgen

import (
	"fmt"
	"slices"
	"strings"
)

// definition is a variable of the document. All operations that use it define it in the same way.
type definition struct {
	name, typ string
	otherwise *value // its default
	given     *value // nil: left out
	suffix    string // after the default
	place     string // where it was used first
}

// write returns the definition as it is in a document.
func (v *definition) write() string {
	s := "$" + v.name + ": " + v.typ
	if v.otherwise != nil {
		s += " = " + v.otherwise.literal()
	}
	return s + v.suffix
}

// variable returns the use of a variable in a place, and defines it unless there is one that fits.
func (d *document) variable(in Input, hasDefault bool) *value {
	if fits := d.fitting(in); fits != nil && d.chance(0.4) {
		return d.use(fits)
	}
	v := &definition{name: fmt.Sprintf("v%d", len(d.variables)), place: in.Parent + " " + in.Name}
	t := *in.Type
	required := t.NonNull // the value must not be null
	mayMiss := false
	switch {
	case d.err("nullable variable"):
		t.NonNull = false
	case d.err("null variable"):
		t.NonNull = false
		v.given = null()
	case t.NonNull && hasDefault && d.chance(0.3):
		t.NonNull, mayMiss = false, true
	case t.NonNull && d.chance(0.2):
		t.NonNull = false
		v.otherwise, mayMiss = d.constant(in, true), true
	case !t.NonNull && d.chance(0.2):
		t.NonNull, required = true, true
	case !t.NonNull:
		mayMiss = true
	}
	if v.otherwise == nil && d.chance(0.15) {
		v.otherwise, mayMiss = d.constant(in, required), true
	}
	d.wrongDefinition(v, in, &t)
	if v.typ == "" {
		v.typ = t.String()
	}
	switch {
	case v.given != nil:
	case mayMiss && d.chance(0.3):
	case d.err("missing variable"):
	case required:
		v.given = d.constant(in, true)
	default:
		v.given = d.constant(in, false)
	}
	d.variables = append(d.variables, v)
	return d.use(v)
}

// constant returns a value without variables.
func (d *document) constant(in Input, required bool) *value {
	t := *in.Type
	t.NonNull = required
	in.Type = &t
	return d.value(in, false, 1)
}

// fitting returns a variable that has been defined and is right for a place; nil if there is none.
func (d *document) fitting(in Input) *definition {
	t := in.Type
	name := strings.TrimSuffix(t.String(), "!")
	supplied := false
	if d.opts.Value != nil {
		_, supplied = d.opts.Value(in)
	}
	var fit []*definition
	for _, v := range d.variables {
		if supplied && v.place != in.Parent+" "+in.Name {
			continue
		}
		if v.typ == name+"!" || !t.NonNull && v.typ == name {
			fit = append(fit, v)
		}
	}
	if len(fit) == 0 {
		return nil
	}
	return pick(d.rng, fit)
}

func (d *document) use(v *definition) *value {
	if !slices.Contains(d.part.variables, v) {
		d.part.variables = append(d.part.variables, v)
	}
	return &value{kind: variable, text: v.name}
}

// encodeVariables returns the variables as a JSON object.
func (d *document) encodeVariables() []byte {
	var members []string
	for _, v := range d.variables {
		if v.given != nil {
			members = append(members, jsonString(v.name)+":"+v.given.encoded())
		}
	}
	if d.err("undeclared value") {
		members = append(members, `"undeclared":`+pick(d.rng, oddValues(false)).encoded())
	}
	return []byte("{" + strings.Join(members, ",") + "}")
}

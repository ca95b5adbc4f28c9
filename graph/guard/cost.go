package guard

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// maxListSize bounds the values of slicing arguments: no page and no list of arguments may be
// longer, and the domain refuses those that are.
const maxListSize = 1000

// fieldCost is what the schema declares about a field for the cost of an operation.
type fieldCost struct {
	// field is counted once for each time that the field is resolved, element once for each value
	// that it returns.
	field, element float64
	// arguments are the costs of arguments, wherever they are written.
	arguments map[string]float64
	// listSize is nil for a field without @listSize.
	listSize *listSize
	// sized: the field's length is given by the field that returned its object.
	sized bool
	// bytes is what one value may take of a response in JSON, without its fields, and longest the
	// length of a list where the response may have more elements than the cost counts.
	bytes   float64
	longest float64
}

// listSize is the directive @listSize.
type listSize struct {
	assumed int
	slicing []string
	fields  []string
}

// fieldKey names a field.
type fieldKey struct{ object, field string }

// costs are the costs of all fields of a schema.
type costs struct {
	schema *ast.Schema
	fields map[fieldKey]*fieldCost
}

// newCosts reads the costs that a schema declares by @cost and @listSize. It returns an error for
// directives that are not supported or name what does not exist.
func newCosts(schema *ast.Schema) (*costs, error) {
	c := &costs{schema: schema, fields: map[fieldKey]*fieldCost{}}
	for _, object := range schema.Types {
		for _, f := range object.Fields {
			cost, err := c.declared(f)
			if err != nil {
				return nil, fmt.Errorf("%s.%s: %w", object.Name, f.Name, err)
			}
			c.fields[fieldKey{object.Name, f.Name}] = cost
		}
	}
	for _, object := range schema.Types {
		for _, f := range object.Fields {
			if size := c.fields[fieldKey{object.Name, f.Name}].listSize; size != nil {
				for _, name := range size.fields {
					sized := c.fields[fieldKey{f.Type.Name(), name}]
					if sized == nil {
						return nil, fmt.Errorf("%s.%s: %s has no field %s",
							object.Name, f.Name, f.Type.Name(), name)
					}
					sized.sized = true
				}
			}
		}
	}
	return c, nil
}

// declared reads the directives of a field.
func (c *costs) declared(f *ast.FieldDefinition) (*fieldCost, error) {
	cost := &fieldCost{bytes: unit}
	def := c.schema.Types[f.Type.Name()]
	if def == nil {
		return cost, nil
	}
	if def.Kind == ast.Scalar || def.Kind == ast.Enum {
		cost.field = 1
		cost.bytes += float64(charBytes * lengths[f.Name])
	} else {
		cost.element = 1
	}
	cost.longest = float64(longest[f.Name])
	var err error
	if cost.element, err = weight(def.Directives, cost.element); err != nil {
		return nil, err
	}
	if cost.field, err = weight(f.Directives, cost.field); err != nil {
		return nil, err
	}
	for _, argument := range f.Arguments {
		w, err := weight(argument.Directives, 0)
		if err != nil {
			return nil, err
		}
		if w > 0 {
			if cost.arguments == nil {
				cost.arguments = map[string]float64{}
			}
			cost.arguments[argument.Name] = w
		}
	}
	cost.listSize, err = listSizeOf(f)
	return cost, err
}

// weight returns the weight of @cost among directives, or otherwise.
func weight(directives ast.DirectiveList, otherwise float64) (float64, error) {
	d := directives.ForName("cost")
	if d == nil {
		return otherwise, nil
	}
	text, _ := d.ArgumentMap(nil)["weight"].(string)
	w, err := strconv.ParseFloat(text, 64)
	if err != nil || !(w >= 0 && w <= 1e6) {
		return 0, fmt.Errorf("the weight %q is not a number from 0 to 1,000,000", text)
	}
	return w, nil
}

func listSizeOf(f *ast.FieldDefinition) (*listSize, error) {
	d := f.Directives.ForName("listSize")
	if d == nil {
		return nil, nil //nolint:nilnil // the field has none
	}
	arguments := d.ArgumentMap(nil)
	if one, _ := arguments["requireOneSlicingArgument"].(bool); one {
		return nil, fmt.Errorf("requireOneSlicingArgument is not supported: set it to false")
	}
	assumed, _ := arguments["assumedSize"].(int64)
	size := &listSize{
		assumed: int(assumed), slicing: texts(arguments["slicingArguments"]),
		fields: texts(arguments["sizedFields"]),
	}
	for _, name := range size.slicing {
		if f.Arguments.ForName(name) == nil {
			return nil, fmt.Errorf("it has no argument %s", name)
		}
	}
	return size, nil
}

// texts returns a list of texts.
func texts(value any) (list []string) {
	values, _ := value.([]any)
	for _, v := range values {
		text, _ := v.(string)
		list = append(list, text)
	}
	return list
}

// measure is the size of a part of an operation.
type measure struct {
	// fields is how many fields are compiled: see fieldCounter.
	fields int
	// aliases and depth count and nest the fields; a fragment counts each time it is used.
	aliases, depth int
	// alias is the length of the longest alias.
	alias int
	// cost and bytes are the cost and the largest response. perElement are those of the fields
	// whose length the field above gives, for one element.
	cost, bytes float64
	perElement  struct{ cost, bytes float64 }
	// schema is how many values of the schema introspection fields return.
	schema float64
}

func (m *measure) add(part measure) {
	m.aliases = min(m.aliases+part.aliases, math.MaxInt32)
	m.depth = max(m.depth, part.depth)
	m.alias = max(m.alias, part.alias)
	m.cost += part.cost
	m.bytes += part.bytes
	m.perElement.cost += part.perElement.cost
	m.perElement.bytes += part.perElement.bytes
	m.schema += part.schema
}

// measureEvent is measure without the fields of StreamOpened, the first of a subscription's events.
func (c *costs) measureEvent(op *ast.OperationDefinition, variables map[string]any) measure {
	m := measurer{
		costs: c, variables: variables, fragments: map[*ast.FragmentDefinition]measure{},
		schema: introspection{schema: c.schema, off: true}, without: "StreamOpened",
	}
	return m.selections(op.SelectionSet)
}

// measurer measures an operation in one walk, each fragment once. A field that @skip or @include
// leave out counts like any other.
type measurer struct {
	costs     *costs
	variables map[string]any
	fragments map[*ast.FragmentDefinition]measure
	// sizes are the variables that sizes of lists depend on, in the order of the walk.
	sizes []string
	// schema counts the values that introspection fields return.
	schema introspection
	// without is the object type whose fields do not count.
	without string
}

// measure returns the size of an operation with these variables, and the names of those that it
// depends on. Without introspects the values of introspection fields are not counted exactly.
func (c *costs) measure(
	op *ast.OperationDefinition, variables map[string]any, introspects bool,
) (measure, []string) {
	m := measurer{
		costs: c, variables: variables, fragments: map[*ast.FragmentDefinition]measure{},
		schema: introspection{schema: c.schema, off: !introspects},
	}
	size := m.selections(op.SelectionSet)
	return size, m.sizes
}

func (m *measurer) selections(set ast.SelectionSet) measure {
	var total measure
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			total.add(m.field(s))
		case *ast.InlineFragment:
			total.add(m.selections(s.SelectionSet))
		case *ast.FragmentSpread:
			part, known := m.fragments[s.Definition]
			if !known {
				part = m.selections(s.Definition.SelectionSet) // validation has refused cycles
				m.fragments[s.Definition] = part
			}
			total.add(part)
		}
	}
	return total
}

func (m *measurer) field(f *ast.Field) measure {
	if f.ObjectDefinition.Name == m.without {
		return measure{}
	}
	size := m.selections(f.SelectionSet)
	size.depth++
	key := 0.0
	if f.Alias != f.Name {
		size.aliases++
		size.alias = max(size.alias, len(f.Alias))
		key = float64(max(0, len(f.Alias)-shortAlias))
	}
	if strings.HasPrefix(f.Name, "__") {
		size.depth, size.cost, size.bytes = 0, 1, unit+key
		size.schema = m.schema.field(f)
		return size
	}
	declared := m.costs.fields[fieldKey{f.ObjectDefinition.Name, f.Name}]
	below := size.perElement
	size.perElement.cost, size.perElement.bytes = 0, 0

	elements, longest := 1.0, 1.0 // values that the field returns
	if list := declared.listSize; list != nil {
		n := m.length(f, list)
		if len(list.fields) > 0 {
			// The server loads a page even if the operation selects nothing of its elements.
			size.cost += n * max(below.cost, 1)
			size.bytes += n * max(below.bytes, unit)
		} else {
			elements, longest = n, max(n, declared.longest)
		}
	}
	own := declared.field
	for _, argument := range f.Arguments {
		own += declared.arguments[argument.Name] // whatever its value
	}
	cost := elements * (declared.element + size.cost)
	bytes := longest * (declared.bytes + size.bytes)
	size.cost, size.bytes = own, key
	if declared.sized {
		size.perElement.cost, size.perElement.bytes = cost, bytes
	} else {
		size.cost, size.bytes = own+cost, key+bytes
	}
	return size
}

// length is how long a list may be: the largest of its slicing arguments, or the assumed size. It
// is at least 1.
func (m *measurer) length(f *ast.Field, list *listSize) float64 {
	largest, given := 0, false
	for _, name := range list.slicing {
		if n, ok := m.slicing(f, name); ok {
			largest, given = max(largest, min(n, maxListSize)), true
		}
	}
	if !given {
		largest = list.assumed
	}
	return float64(max(largest, 1))
}

// slicing returns the value of a slicing argument: a number, or the length of a list.
func (m *measurer) slicing(f *ast.Field, name string) (n int, given bool) {
	if argument := f.Arguments.ForName(name); argument != nil {
		if argument.Value.Kind != ast.Variable {
			return literal(argument.Value)
		}
		if !slices.Contains(m.sizes, argument.Value.Raw) {
			m.sizes = append(m.sizes, argument.Value.Raw)
		}
		if value, ok := m.variables[argument.Value.Raw]; ok {
			return number(value)
		}
	}
	if def := f.Definition.Arguments.ForName(name); def != nil && def.DefaultValue != nil {
		return literal(def.DefaultValue)
	}
	return 0, false
}

func literal(v *ast.Value) (n int, given bool) {
	switch v.Kind {
	case ast.NullValue:
		return 0, false
	case ast.ListValue:
		return len(v.Children), true
	case ast.IntValue:
		n, err := strconv.Atoi(v.Raw)
		if err != nil {
			n = maxListSize
		}
		return n, true
	default: // a single value stands for a list of one
		return 1, true
	}
}

// number is the value of a variable as a slicing argument.
func number(value any) (n int, given bool) {
	switch value := value.(type) {
	case nil:
		return 0, false
	case int64:
		return int(value), true
	case []any:
		return len(value), true
	default:
		return 1, true
	}
}

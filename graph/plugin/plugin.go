// Package plugin extends gqlgen: it writes the tables by which graph/exec executes the schema, from
// the schema and the Go types that gqlgen.yml binds it to. A field that is bound to a struct's
// field or method needs no code by hand.
package plugin

import (
	_ "embed"
	"fmt"
	"go/constant"
	"go/types"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/codegen"
	"github.com/99designs/gqlgen/codegen/config"
	"github.com/99designs/gqlgen/codegen/templates"
	gqlplugin "github.com/99designs/gqlgen/plugin"
	"github.com/vektah/gqlparser/v2/ast"
)

//go:embed tables.gotpl
var tables string

// New returns a plugin that writes to file, which belongs to the package that gqlgen generates.
func New(file string) gqlplugin.Plugin { return &generator{file: file} }

type generator struct{ file string }

var _ gqlplugin.CodeGenerator = (*generator)(nil)

// Name is [plugin.Plugin]'s.
func (g *generator) Name() string { return "exec" }

// GenerateCode writes the tables.
func (g *generator) GenerateCode(data *codegen.Data) error {
	file, err := filepath.Abs(g.file)
	if err != nil {
		return fmt.Errorf("find the file of the tables: %w", err)
	}
	build := &build{Data: data}
	for _, object := range data.Objects {
		if strings.HasPrefix(object.Name, "__") || object.Root {
			continue
		}
		build.Types = append(build.Types, object)
	}
	return templates.Render(templates.Options{
		PackageName:     data.Config.Exec.Package,
		Filename:        file,
		Data:            build,
		Template:        tables,
		GeneratedHeader: true,
		Packages:        data.Config.Packages,
	})
}

// build is what the template sees.
type build struct {
	*codegen.Data
	// Types are the objects but for the roots.
	Types []*codegen.Object
}

// Table names the variable of a type's table.
func (b *build) Table(name string) string { return "t." + templates.ToGoPrivate(name) }

// Abstracts are the interfaces and unions that have implementors.
func (b *build) Abstracts() []*codegen.Interface {
	var list []*codegen.Interface
	for _, name := range sortedNames(b.Interfaces) {
		list = append(list, b.Interfaces[name])
	}
	return list
}

// Cases are the names of the objects that an interface or union can be, each once: gqlgen has those
// that implement the Go interface by value twice.
func (b *build) Cases(of *codegen.Interface) []string {
	var names []string
	for _, implementor := range of.Implementors {
		if !slices.Contains(names, implementor.Name) {
			names = append(names, implementor.Name)
		}
	}
	return names
}

// RootObjects are the query and the mutation object.
func (b *build) RootObjects() []*codegen.Object {
	return []*codegen.Object{b.QueryRoot, b.MutationRoot}
}

// Fields are the fields of an object that clients can select.
func (b *build) Fields(object *codegen.Object) []*codegen.Field {
	var list []*codegen.Field
	for _, f := range object.Fields {
		if !f.IsReserved() {
			list = append(list, f)
		}
	}
	return list
}

// Nullable reports whether a field may be null.
func (b *build) Nullable(f *codegen.Field) bool { return !f.TypeReference.GQL.NonNull }

// Args is the function that reads a field's arguments.
func (b *build) Args(f *codegen.Field) string {
	if len(f.Args) == 0 {
		return "nil"
	}
	return "ec." + f.ArgsFunc()
}

// Value is the Go expression of a field that is no resolver.
func (b *build) Value(f *codegen.Field) (string, error) {
	switch {
	case f.IsVariable():
		return "obj." + f.GoFieldName, nil
	case f.IsMethod() && f.NoErr && !f.MethodHasContext && len(f.Args) == 0:
		return "obj." + f.GoFieldName + "()", nil
	default:
		return "", fmt.Errorf(
			"%s.%s is bound to what the tables do not know: make it a resolver",
			f.Object.Name,
			f.Name,
		)
	}
}

// Plain is the expression that appends a field as JSON; "" for a field that can fail or has
// selections.
func (b *build) Plain(f *codegen.Field) (string, error) {
	ref := f.TypeReference
	if f.IsResolver || ref.GQL.Elem != nil || !leaf(ref.Definition) {
		return "", nil
	}
	value, err := b.Value(f)
	if err != nil {
		return "", err
	}
	if ref.IsPtr() {
		if ref.GQL.NonNull {
			return "", nil
		}
		return fmt.Sprintf("exec.Or(%s)(b, %s)", b.write(ref.Elem()), value), nil
	}
	return fmt.Sprintf("%s(b, %s)", b.write(ref), value), nil
}

// Go is the type of the values that complete a reference: objects are completed by pointer.
func (b *build) Go(ref *config.TypeReference) string {
	if b.byValue(ref) {
		return "*" + templates.CurrentImports.LookupType(ref.GO)
	}
	return templates.CurrentImports.LookupType(ref.GO)
}

// byValue reports whether a reference is an object that Go has as a struct and not as a pointer.
func (b *build) byValue(ref *config.TypeReference) bool {
	return ref.GQL.Elem == nil && ref.Definition.Kind == ast.Object && !config.IsNilable(ref.GO)
}

// Address is "&" where a field's value is completed by its address.
func (b *build) Address(f *codegen.Field) string {
	if b.byValue(f.TypeReference) {
		return "&"
	}
	return ""
}

// Type is the expression that completes values of a reference.
func (b *build) Type(ref *config.TypeReference) string {
	var inner string
	switch {
	case ref.GQL.Elem != nil && b.byValue(ref.Elem()):
		inner = fmt.Sprintf("exec.Pointers(exec.List(%s))", b.Type(ref.Elem()))
	case ref.GQL.Elem != nil:
		inner = fmt.Sprintf("exec.List(%s)", b.Type(ref.Elem()))
	case leaf(ref.Definition) && ref.IsPtr():
		inner = fmt.Sprintf("exec.Leaf(exec.Or(%s))", b.write(ref.Elem()))
		if !ref.GQL.NonNull {
			return inner
		}
	case leaf(ref.Definition):
		return fmt.Sprintf("exec.Leaf(%s)", b.write(ref))
	default:
		inner = b.Table(ref.Definition.Name) + ".Of()"
	}
	wrap := "Required"
	if !ref.GQL.NonNull {
		wrap = "Nullable"
	}
	goType := templates.CurrentImports.LookupType(ref.GO)
	switch ref.GO.Underlying().(type) {
	case *types.Pointer:
		return fmt.Sprintf("exec.%s(exec.NoPointer, %s)", wrap, inner)
	case *types.Interface:
		return fmt.Sprintf("exec.%s(func(v %s) bool { return v == nil }, %s)", wrap, goType, inner)
	case *types.Slice:
		if wrap == "Required" { // Go's nil is an empty list here, as gqlgen has it
			return inner
		}
		return fmt.Sprintf("exec.Nullable(exec.NoSlice, %s)", inner)
	default:
		if wrap == "Required" {
			return inner
		}
		return fmt.Sprintf("exec.Nullable(exec.Never, %s)", inner)
	}
}

func leaf(def *ast.Definition) bool { return def.Kind == ast.Scalar || def.Kind == ast.Enum }

// write is the function that appends a scalar or enum as JSON.
func (b *build) write(ref *config.TypeReference) string {
	goType := templates.CurrentImports.LookupType(ref.GO)
	switch ref.GO.String() {
	case "time.Time":
		return "exec.Time"
	case "github.com/google/uuid.UUID":
		return "exec.UUID"
	}
	if basic, ok := ref.GO.Underlying().(*types.Basic); ok && sameNames(ref) {
		switch {
		case basic.Info()&types.IsString != 0:
			return "exec.String[" + goType + "]"
		case basic.Info()&types.IsInteger != 0 && ref.Definition.Kind == ast.Scalar:
			return "exec.Int[" + goType + "]"
		case basic.Info()&types.IsBoolean != 0:
			return "exec.Bool"
		}
	}
	if ref.Marshaler != nil && ref.CastType == nil {
		return fmt.Sprintf(
			"exec.Marshaled(%s)",
			templates.CurrentImports.Lookup(ref.Marshaler.Pkg().Path())+"."+ref.Marshaler.Name(),
		)
	}
	return fmt.Sprintf("exec.Marshaled(func(v %s) graphql.Marshaler { return v })", goType)
}

// sameNames reports whether the values of an enum are the schema's names in Go, too.
func sameNames(ref *config.TypeReference) bool {
	for _, value := range ref.EnumValues {
		c, ok := value.Object.(*types.Const)
		if !ok || c.Val().Kind() != constant.String ||
			constant.StringVal(c.Val()) != value.Definition.Name {
			return false
		}
	}
	return true
}

func sortedNames[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

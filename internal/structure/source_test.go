package structure

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// module is the path of the module in imports.
const module = "parley"

// source is a Go file of the repository that is not a test.
type source struct {
	// name is its path below the top of the repository.
	name      string
	lines     int
	generated bool
	// imports are the folders of the repository whose packages it imports.
	imports []string
}

// sources returns the repository's Go files that are not tests.
func sources(t *testing.T) (files []source) {
	t.Helper()
	root := os.DirFS("../..")
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			hidden := strings.HasPrefix(d.Name(), ".") && name != "."
			if hidden || slices.Contains([]string{"node_modules", "testdata", "bin"}, d.Name()) {
				return fs.SkipDir
			}
			if _, err := fs.Stat(root, path.Join(name, "go.mod")); err == nil && name != "." {
				return fs.SkipDir // a module of its own
			}
			return nil
		}
		if path.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		text, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		parsed, err := parser.ParseFile(
			token.NewFileSet(), name, text, parser.ImportsOnly|parser.ParseComments)
		if err != nil {
			return err
		}
		file := source{
			name:      name,
			lines:     strings.Count(string(text), "\n"),
			generated: ast.IsGenerated(parsed),
		}
		for _, i := range parsed.Imports {
			imported, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				return err
			}
			if folder, ok := strings.CutPrefix(imported, module+"/"); ok {
				file.imports = append(file.imports, folder)
			}
		}
		files = append(files, file)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

package structure

import (
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
)

// TestNpmFolders: Dependabot updates each folder with packages of npm, and Go ignores their files.
func TestNpmFolders(t *testing.T) {
	t.Parallel()
	root := os.DirFS("../..")
	read := func(name string) string {
		text, err := fs.ReadFile(root, name)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	module := read("go.mod")
	_, npm, _ := strings.Cut(read(".github/dependabot.yml"), "package-ecosystem: npm")
	_, list, _ := strings.Cut(npm, "directories: [")
	list, _, _ = strings.Cut(list, "]")
	updated := strings.Split(list, ", ")
	found := 0
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.Name() == "node_modules" || d.Name() == "bin" || d.Name() == ".git":
			if d.IsDir() {
				return fs.SkipDir
			}
		case d.Name() == "package-lock.json":
			found++
			folder := path.Dir(name)
			if !slices.Contains(updated, "/"+folder) {
				t.Errorf(".github/dependabot.yml does not update /%s", folder)
			}
			if !strings.Contains(module, "\t./"+folder+"/node_modules\n") {
				t.Errorf("go.mod does not ignore ./%s/node_modules", folder)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if found != len(updated) {
		t.Errorf("Dependabot updates %d folders of %d", len(updated), found)
	}
}

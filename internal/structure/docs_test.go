package structure

import (
	"io/fs"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"
)

// TestDocumentedFiles: the files that documents name, as in (`internal/live`, tail.go), exist.
func TestDocumentedFiles(t *testing.T) {
	root := os.DirFS("../..")
	reference := regexp.MustCompile("`([a-z]+(?:/[a-z]+)*)`, ([a-z_]+\\.go)")
	found := 0
	err := fs.WalkDir(root, "docs", func(name string, _ fs.DirEntry, err error) error {
		if err != nil || path.Ext(name) != ".md" {
			return err
		}
		text, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		lines := strings.Join(strings.Fields(string(text)), " ")
		for _, names := range reference.FindAllStringSubmatch(lines, -1) {
			found++
			if _, err := fs.Stat(root, path.Join(names[1], names[2])); err != nil {
				t.Errorf("%s names %s: %v", name, names[0], err)
			}
		}
		return nil
	})
	if err != nil || found == 0 {
		t.Errorf("%d names: %v", found, err)
	}
}

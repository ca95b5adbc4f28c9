package structure

import (
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// drawing is what docs/architecture.md says.
type drawing struct {
	// packages are the folders that are drawn, with those that each imports.
	packages map[string][]string
	// foundation are the folders that all others may import: arrows to them are not drawn.
	foundation []string
	// tools are the folders that are no part of the server: what they import is not drawn.
	tools []string
}

const page = "../../docs/architecture.md"

func readDrawing(t *testing.T) drawing {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "```mermaid\n")
	chart, rest, ok := strings.Cut(rest, "```")
	if !ok {
		t.Fatalf("%s has no drawing", page)
	}
	d := drawing{packages: map[string][]string{}}
	node := regexp.MustCompile(`^(\w+)\["(\S+)<br>[^"]+"\](?: --> ([\w &]+))?$`)
	folders, arrows, group := map[string]string{}, map[string]string{}, ""
	for line := range strings.Lines(chart) {
		switch line = strings.TrimSpace(line); {
		case line == "" || strings.HasPrefix(line, "flowchart "):
		case line == "end":
			group = ""
		case strings.HasPrefix(line, "subgraph "):
			group = strings.Fields(line)[1]
		default:
			parts := node.FindStringSubmatch(line)
			if parts == nil {
				t.Fatalf("%s: cannot read %q", page, line)
			}
			id, folder := parts[1], parts[2]
			if folders[id] != "" || d.packages[folder] != nil {
				t.Errorf("%s: %s is drawn twice", page, folder)
			}
			folders[id], arrows[folder] = folder, parts[3]
			d.packages[folder] = []string{}
			if group == "foundation" {
				d.foundation = append(d.foundation, folder)
			}
		}
	}
	for folder, ids := range arrows {
		for id := range strings.FieldsFuncSeq(ids, func(r rune) bool { return r == ' ' || r == '&' }) {
			if folders[id] == "" {
				t.Errorf("%s: the arrow from %s to %s leads nowhere", page, folder, id)
			}
			d.packages[folder] = append(d.packages[folder], folders[id])
		}
	}
	for _, row := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\|").FindAllStringSubmatch(rest, -1) {
		d.tools = append(d.tools, row[1])
	}
	return d
}

// drawnAs returns the folder among names that stands for a folder: itself, or one above it of whose
// folders none is drawn.
func drawnAs(names []string, folder string) (string, bool) {
	for above := folder; above != "."; above = path.Dir(above) {
		if !slices.Contains(names, above) {
			continue
		}
		divided := slices.ContainsFunc(names, func(name string) bool {
			return strings.HasPrefix(name, above+"/")
		})
		return above, above == folder || !divided
	}
	return folder, folder == "." && slices.Contains(names, folder)
}

// TestDrawing compares the packages and their imports with the drawing of docs/architecture.md.
func TestDrawing(t *testing.T) {
	d := readDrawing(t)
	names := slices.Concat(slices.Collect(maps.Keys(d.packages)), d.tools)
	unused := map[string]bool{} // drawn folders and arrows
	for folder, imports := range d.packages {
		unused[folder] = true
		for _, imported := range imports {
			unused[folder+" → "+imported] = true
		}
	}
	for _, tool := range d.tools {
		unused[tool] = true
	}
	reported := map[string]bool{}
	report := func(what, how string) {
		if !reported[what] {
			reported[what] = true
			t.Errorf("%s %s", what, how)
		}
	}
	for _, file := range sources(t) {
		from, ok := drawnAs(names, path.Dir(file.name))
		if !ok {
			report(path.Dir(file.name), "is not drawn: add a line to docs/architecture.md")
			continue
		}
		delete(unused, from)
		if slices.Contains(d.tools, from) {
			continue
		}
		for _, imported := range file.imports {
			to, ok := drawnAs(names, imported)
			if !ok {
				continue // reported for its own files
			}
			arrow := from + " → " + to
			delete(unused, arrow)
			drawn := slices.Contains(d.packages[from], to) ||
				slices.Contains(d.foundation, to) && !slices.Contains(d.foundation, from)
			if to != from && !drawn {
				report(arrow, "is an import that is not drawn in docs/architecture.md")
			}
		}
	}
	for what := range unused {
		t.Errorf("%s is drawn in docs/architecture.md, and is not there", what)
	}
}

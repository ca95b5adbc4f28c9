package structure

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestUseCasesListErrorCodes: the doc comment of each use case of package chat that can fail lists
// the codes of its errors, as "Returns CODE if …", or says that they have none. The codes exist.
func TestUseCasesListErrorCodes(t *testing.T) {
	names, err := filepath.Glob("../chat/*.go")
	if err != nil {
		t.Fatal(err)
	}
	codes := make(map[string]bool)
	var useCases []*ast.FuncDecl
	for _, name := range names {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ValueSpec:
				if kind, ok := n.Type.(*ast.Ident); ok && kind.Name == "Code" &&
					len(n.Values) == 1 {
					codes[strings.Trim(n.Values[0].(*ast.BasicLit).Value, `"`)] = true //nolint:errcheck // a constant
				}
			case *ast.FuncDecl:
				if isUseCase(n) {
					useCases = append(useCases, n)
				}
			}
			return true
		})
	}
	if len(codes) < 10 || len(useCases) < 30 {
		t.Fatalf("package chat has %d error codes and %d use cases", len(codes), len(useCases))
	}
	listed := regexp.MustCompile(`\bReturns ([A-Z]+(?:_[A-Z]+)*)\b`)
	code := regexp.MustCompile(`\b[A-Z]+(?:_[A-Z]+)+\b`)
	for _, f := range useCases {
		doc := strings.Join(strings.Fields(f.Doc.Text()), " ")
		first := listed.FindStringSubmatch(doc)
		lists := first != nil && codes[first[1]]
		if !lists && !strings.Contains(doc, "Its errors have no code.") {
			t.Errorf("the comment of chat.Chat.%s lists no error codes", f.Name.Name)
		}
		for _, named := range code.FindAllString(doc, -1) {
			if !codes[named] {
				t.Errorf(
					"the comment of chat.Chat.%s names %s, which is no code",
					f.Name.Name,
					named,
				)
			}
		}
	}
}

// isUseCase reports whether a function is an exported method of Chat that returns an error.
func isUseCase(f *ast.FuncDecl) bool {
	if f.Recv == nil || !f.Name.IsExported() || f.Type.Results == nil {
		return false
	}
	receiver, ok := f.Recv.List[0].Type.(*ast.StarExpr)
	if !ok {
		return false
	}
	name, _ := receiver.X.(*ast.Ident)
	results := f.Type.Results.List
	last, _ := results[len(results)-1].Type.(*ast.Ident)
	return name != nil && name.Name == "Chat" && last != nil && last.Name == "error"
}

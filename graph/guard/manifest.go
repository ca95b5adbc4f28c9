package guard

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"parley/internal/rawjson"
)

const (
	// manifestBytes and manifestDocuments bound a manifest: all of it stays parsed in memory, at
	// some twenty times its length.
	manifestBytes     = 8 << 20
	manifestDocuments = 5000
	// manifestErrors is how many of its errors are reported at once.
	manifestErrors = 10
	// apolloManifest is the format that Apollo's manifests say they have.
	apolloManifest = "apollo-persisted-query-manifest"
)

// Manifest is a list of the documents that a server executes, with their ids. The frontends' build
// writes it. Except for the cache of variants it never changes; it is safe for concurrent use.
type Manifest struct {
	// ids are the documents by the ids that the manifest gives.
	ids map[string]*Document
	// byText, byHash and byNormalForm are the documents by their texts, the SHA-256 of these in
	// hexadecimal, and their normal forms.
	byText, byHash, byNormalForm map[string]*Document
	// variants caches documents by the SHA-256 of the texts that clients have sent, where these
	// differ from the manifest's.
	variants *lru.Cache[string, *Document]
}

// ReadManifest reads a manifest in one of the forms that clients' tools write, in JSON: an object
// of texts by their ids (graphql-codegen, Relay), or Apollo's. Its error names the entries that are
// invalid by the schema.
func ReadManifest(schema *ast.Schema, from io.Reader) (*Manifest, error) {
	data, err := io.ReadAll(io.LimitReader(from, manifestBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read the manifest: %w", err)
	}
	if len(data) > manifestBytes {
		return nil, fmt.Errorf("the manifest is larger than %d MiB", manifestBytes>>20)
	}
	entries, err := entriesOf(rawjson.TrimBOM(data))
	if err != nil {
		return nil, err
	}
	switch {
	case len(entries) == 0:
		return nil, errors.New("the manifest lists no document: nothing would be answered")
	case len(entries) > manifestDocuments:
		return nil, fmt.Errorf("the manifest lists %d documents; at most %d are allowed",
			len(entries), manifestDocuments)
	}
	spellings, err := lru.New[string, *Document](manifestDocuments)
	if err != nil {
		return nil, fmt.Errorf("make the cache of spellings: %w", err)
	}
	m := &Manifest{
		ids: map[string]*Document{}, byText: map[string]*Document{}, byHash: map[string]*Document{},
		byNormalForm: map[string]*Document{}, variants: spellings,
	}
	var wrong []error
	for _, e := range entries {
		if err := m.add(schema, e); err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %w", e.name, err))
		}
	}
	if more := len(wrong) - manifestErrors; more > 0 {
		wrong = append(wrong[:manifestErrors], fmt.Errorf("and %d more", more))
	}
	return m, errors.Join(wrong...)
}

// entry is one document of a manifest; name is what errors call it.
type entry struct{ name, id, text string }

// entriesOf returns the entries in the order of the file, which is also that of the errors.
func entriesOf(data []byte) ([]entry, error) {
	if !utf8.Valid(data) {
		return nil, errors.New("the manifest is not UTF-8")
	}
	var whole json.RawMessage
	if err := json.Unmarshal(data, &whole); err != nil {
		if syntax := (*json.SyntaxError)(nil); errors.As(err, &syntax) {
			line := 1 + bytes.Count(data[:syntax.Offset], []byte("\n"))
			return nil, fmt.Errorf("the manifest is not valid JSON (line %d): %w", line, err)
		}
		return nil, fmt.Errorf("the manifest is not valid JSON: %w", err)
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	if begin, err := decoder.Token(); err != nil || begin != json.Delim('{') {
		return nil, errUnknownForm
	}
	var entries []entry
	for decoder.More() {
		key, err := decoder.Token()
		if err != nil {
			return nil, fmt.Errorf("read the manifest: %w", err)
		}
		id, _ := key.(string) // as every key is
		var value any
		if err := decoder.Decode(&value); err != nil {
			return nil, fmt.Errorf("read the manifest: %w", err)
		}
		text, isText := value.(string)
		if !isText || id == "format" {
			return apolloEntries(data)
		}
		entries = append(entries, entry{name: fmt.Sprintf("document %q", id), id: id, text: text})
	}
	return entries, nil
}

var errUnknownForm = errors.New("the manifest has none of the forms that are known: an object of " +
	"documents by their ids, as graphql-codegen and Relay write it, or Apollo's, with " +
	`"format": "` + apolloManifest + `" and "version": 1`)

func apolloEntries(data []byte) ([]entry, error) {
	var manifest struct {
		Format     string
		Version    int
		Operations []struct{ ID, Name, Body string }
	}
	err := json.Unmarshal(data, &manifest)
	if err != nil || manifest.Format != apolloManifest || manifest.Version != 1 {
		return nil, errUnknownForm
	}
	var entries []entry
	for i, operation := range manifest.Operations {
		name := fmt.Sprintf("operation %d (%s, id %q)",
			i+1, cmp.Or(operation.Name, "without a name"), operation.ID)
		entries = append(entries, entry{name: name, id: operation.ID, text: operation.Body})
	}
	return entries, nil
}

// add adds an entry that the server can execute.
func (m *Manifest) add(schema *ast.Schema, e entry) error {
	if e.id == "" {
		return errors.New("it has no id")
	}
	if there, taken := m.ids[e.id]; taken {
		if there.text != e.text {
			return errors.New("its id stands for another document, too")
		}
		return nil
	}
	if there, known := m.byText[e.text]; known { // under another id
		m.ids[e.id] = there
		return nil
	}
	parsed, err := Parse(e.text, maxTokens)
	if err != nil {
		return located(err)
	}
	form := normalForm(parsed)
	if refused := tooExpensive(parsed); refused != nil {
		return located(refused)
	}
	d, errs := Validate(schema, e.text, parsed, false)
	if len(errs) > 0 {
		return located(errs[0])
	}
	m.ids[e.id], m.byText[d.text], m.byHash[sumOf(d.text)] = d, d, d
	if m.byNormalForm[form] == nil {
		m.byNormalForm[form] = d
	}
	return nil
}

// located returns a parser's or a validator's error with its position, for a terminal.
func located(err error) error {
	var e *gqlerror.Error
	if !errors.As(err, &e) || len(e.Locations) == 0 {
		return err
	}
	return fmt.Errorf(
		"line %d, column %d: %s",
		e.Locations[0].Line,
		e.Locations[0].Column,
		e.Message,
	)
}

// findByID returns the document of an id: one of the manifest's ids, or the SHA-256 of the
// document, bare or as in GraphQL over HTTP, appendix Persisted Documents ("sha256:…"). It returns
// nil for an unknown id.
func (m *Manifest) findByID(id string) *Document {
	if d := m.ids[id]; d != nil {
		return d
	}
	sum := strings.TrimPrefix(id, "sha256:")
	if d := m.byHash[sum]; d != nil {
		return d
	}
	d, _ := m.variants.Get(sum)
	return d
}

// findByText returns the manifest's document that has the same normal form as text, or nil: client
// libraries print the same document in different ways.
func (m *Manifest) findByText(text string) *Document {
	if d := m.byText[text]; d != nil {
		return d
	}
	sum := sumOf(text)
	if d, known := m.variants.Get(sum); known {
		return d
	}
	parsed, err := Parse(text, maxTokens)
	if err != nil {
		return nil
	}
	d := m.byNormalForm[normalForm(parsed)]
	if d != nil {
		m.variants.Add(sum, d)
	}
	return d
}

// Size is how many documents there are.
func (m *Manifest) Size() int { return len(m.byText) }

// validated is a manifest as a cache of validated documents.
type validated struct{ *Manifest }

// Get is [graphql.Cache]'s.
func (v validated) Get(_ context.Context, text string) (*Document, bool) {
	d, ok := v.byText[text]
	return d, ok
}

// Add is [graphql.Cache]'s. It is not called, since [Manifest.resolve] lets no other text through.
func (validated) Add(context.Context, string, *Document) {}

// normalForm is a document without what has no meaning: spaces, commas, comments, and the order of
// its definitions. Losing more does no harm: the server always executes the manifest's text.
func normalForm(doc *ast.QueryDocument) string {
	sorted := *doc
	sorted.Operations = slices.SortedStableFunc(slices.Values(doc.Operations),
		func(a, b *ast.OperationDefinition) int { return cmp.Compare(a.Name, b.Name) })
	sorted.Fragments = slices.SortedStableFunc(slices.Values(doc.Fragments),
		func(a, b *ast.FragmentDefinition) int { return cmp.Compare(a.Name, b.Name) })
	var form strings.Builder
	formatter.NewFormatter(&form, formatter.WithIndent(""), formatter.WithoutDescription()).
		FormatQueryDocument(&sorted)
	return form.String()
}

func sumOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

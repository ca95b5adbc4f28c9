package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"parley/internal/chat"
)

// trusted decides which documents are answered. Every transport makes its operations by way of it, before anything else
// looks at them. With a manifest it lets that one's documents through and nothing else, in the manifest's own text whatever
// the client has written; without, it only refuses ids.
type trusted struct {
	manifest *Manifest // nil: every document is answered
}

var _ interface {
	graphql.HandlerExtension
	graphql.OperationParameterMutator
} = trusted{}

// ExtensionName names the extension.
func (trusted) ExtensionName() string { return "Trusted" }

// Validate has nothing to look at in the schema: the manifest's documents fit it.
func (trusted) Validate(graphql.ExecutableSchema) error { return nil }

// documentID is the member of a request's extensions in which the transports leave the id of a document, by whatever name
// the client has sent it.
const documentID = "documentId"

// MutateOperationParameters puts the manifest's text of a document into params.
func (t trusted) MutateOperationParameters(_ context.Context, params *graphql.RawParams) *gqlerror.Error {
	if t.manifest == nil {
		if params.Query == "" && params.Extensions[documentID] != nil && params.Extensions["persistedQuery"] == nil {
			return coded(persistedNotSupported, "This server has no manifest of trusted documents, and so knows no ids: send the query.")
		}
		return nil
	}
	d, refused := t.find(params)
	if refused != nil {
		return refused
	}
	params.Query = d.text
	return nil
}

// find returns the document that is asked for. A known id is what counts, also beside a query: some libraries send both, and
// some tools write documents into the manifest otherwise than libraries print them. Without one, the query is looked for.
func (t trusted) find(params *graphql.RawParams) (*document, *gqlerror.Error) {
	id, given := params.Extensions[documentID].(string)
	unknown := "No trusted document has this id."
	d := t.manifest.named(id)
	if persisted, _ := params.Extensions["persistedQuery"].(map[string]any); d == nil && persisted != nil {
		id, given = persisted["sha256Hash"].(string)
		unknown = "PersistedQueryNotFound" // by these words urql knows it
		d = t.manifest.named(id)
	}
	if d == nil && params.Query != "" {
		d = t.manifest.written(params.Query)
	}
	switch {
	case d != nil:
		return d, nil
	case params.Query != "":
		return nil, coded(notTrusted, "The server answers trusted documents only, and this is none of them.")
	case !given:
		return nil, coded(string(chat.BadUserInput), "extensions.persistedQuery must have the sha256Hash of a document.")
	default:
		return nil, coded(persistedNotFound, unknown)
	}
}

func coded(code, message string) *gqlerror.Error {
	return &gqlerror.Error{Message: message, Extensions: map[string]any{"code": code}}
}

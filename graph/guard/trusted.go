package guard

import (
	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"parley/internal/chat"
)

// documentID is the member of a request's extensions in which the transports leave the id of a
// document, by whatever name the client has sent it.
const documentID = "documentId"

// resolve puts the manifest's text of the requested document into params, whatever the client has
// written, or refuses the request. A nil manifest trusts every document and only refuses ids.
func (m *Manifest) resolve(params *graphql.RawParams) *gqlerror.Error {
	if m == nil {
		id, hash := params.Extensions[documentID], params.Extensions["persistedQuery"]
		if params.Query == "" && id != nil && hash == nil {
			return refusal(
				persistedNotSupported,
				"The server has no manifest of trusted documents, and "+
					"so knows no ids: send the query.",
			)
		}
		return nil
	}
	d, refused := m.find(params)
	if refused != nil {
		return refused
	}
	params.Query = d.text
	return nil
}

// find returns the requested document. A known id decides, also beside a query: some libraries
// send both, and some tools write documents into the manifest in another form than libraries print
// them. Without a known id the query decides.
func (m *Manifest) find(params *graphql.RawParams) (*Document, *gqlerror.Error) {
	id, given := params.Extensions[documentID].(string)
	unknown := "No trusted document has this id."
	d := m.findByID(id)
	persisted, _ := params.Extensions["persistedQuery"].(map[string]any)
	if d == nil && persisted != nil {
		id, given = persisted["sha256Hash"].(string)
		unknown = "PersistedQueryNotFound" // urql knows the error by this message
		d = m.findByID(id)
	}
	if d == nil && params.Query != "" {
		d = m.findByText(params.Query)
	}
	switch {
	case d != nil:
		return d, nil
	case params.Query != "":
		return nil, refusal(notTrusted,
			"The server answers trusted documents only, and this is none of them.")
	case !given:
		return nil, refusal(string(chat.BadUserInput),
			"extensions.persistedQuery must have the sha256Hash of a document.")
	default:
		return nil, refusal(persistedNotFound, "%s", unknown)
	}
}

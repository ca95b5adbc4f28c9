package store

// The parts of an SQL expression: what is before the author of a message, between the author and the
// idempotency key, and after the key. PostgreSQL's unique index finds both by it: by 15 bytes of their
// SHA-256, so that no client can make two keys with the same hash. It is spelled as PostgreSQL shows it.
const (
	KeyHashAuthor = `substr(sha256((replace((((`
	KeyHashKey    = `)::text || chr(31)) || (`
	KeyHashEnd    = `)::text), '\'::text, '\\'::text))::bytea), 1, 15)`

	// KeyHash is the expression of the columns of messages.
	KeyHash = KeyHashAuthor + "author_id" + KeyHashKey + "idempotency_key" + KeyHashEnd
)

package guard

import "parley/internal/chat"

const (
	// charBytes is what a character may take in JSON, as in \u003c.
	charBytes = 6
	// unit is what a value may take in JSON with its key, in bytes, without the characters of a
	// text.
	unit = 64
	// shortAlias is the length of an alias that fits into a unit beside a value.
	shortAlias = 24
)

// lengths are the most characters that a text of the schema may have, by the names of fields. For
// a list of texts it is the length of one. A text that is not listed fits into a unit.
var lengths = map[string]int{ //nolint:gochecknoglobals // never changed
	"contents": chat.MaxContents, "description": chat.MaxDescription, "tags": chat.MaxTag,
	"status": chat.MaxAddress, "avatar": chat.MaxAddress, "imageUrl": chat.MaxAddress,
	"name": chat.MaxName, "nickName": chat.MaxName, "username": chat.MaxName,
	"slug": chat.MaxName, "ensName": chat.MaxName, "ethWalletAddress": chat.MaxName,
	"contractAddress": chat.MaxName, "tokenId": chat.MaxName, "cover": chat.MaxAddress,
	"idempotencyKey": chat.MaxIdempotencyKey,
	"id":             chat.MaxID, "userId": chat.MaxID, "memberId": chat.MaxID,
	"roomIds": chat.MaxID,
	// Cursors contain the id of a user.
	"cursor": chat.MaxID, "startCursor": chat.MaxID, "endCursor": chat.MaxID,
	"emoji": chat.MaxEmoji, "viewerReactions": chat.MaxEmoji,
}

// longest are the lengths of lists of which @listSize declares a usual length, where a response
// reserves memory for the largest. Of mentions it reserves the usual number: with all of them a
// page of messages, as chats show it, would exceed a user's quota, and a node could compute only
// one at a time.
var longest = map[string]int{ //nolint:gochecknoglobals // never changed
	"reactions": chat.MaxEmojis,
}

package chat

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"parley/ent"
	"parley/ent/member"
	"parley/ent/message"
	"parley/internal/chat/profiles"
	"parley/internal/chat/retry"
	"parley/internal/store"
	"parley/internal/text"
)

// MaxContents is the most characters that a message may have.
const MaxContents = 16_000

// SendMessageInput is a message to send.
type SendMessageInput struct {
	RoomID         uuid.UUID
	Contents       string
	Type           message.Type
	ReplyToID      *MessageID
	ThreadID       *MessageID
	MentionIds     []string
	OpenseaItem    *OpenseaItemInput
	IdempotencyKey *string
}

// OpenseaItemInput is the NFT that a message is to show.
type OpenseaItemInput struct {
	ContractAddress string
	TokenID         string
	Name            string
	Description     string
	ImageURL        string
}

// check accepts the input and returns it as it will be carried out: people once each.
func (in SendMessageInput) check() (SendMessageInput, error) {
	if in.Type == "" { // null, which means the default
		in.Type = message.TypeTEXT
	}
	err := errors.Join(
		checkContents(in.Type, in.Contents),
		checkOptional("idempotencyKey", in.IdempotencyKey, keyRule()),
	)
	if o := in.OpenseaItem; o != nil {
		err = errors.Join(err,
			checkText("openseaItem.contractAddress", o.ContractAddress, requiredName()),
			checkText("openseaItem.tokenId", o.TokenID, nameRule()),
			checkText("openseaItem.name", o.Name, nameRule()),
			checkText("openseaItem.description", o.Description, descriptionRule()),
			checkText("openseaItem.imageUrl", o.ImageURL, pictureRule()),
		)
	}
	if err != nil {
		return in, err
	}
	if in.ReplyToID != nil && in.ReplyToID.Room != in.RoomID {
		return in, badInput("replyToId", "replyToId is not a message of this room.")
	}
	if in.ThreadID != nil && in.ThreadID.Room != in.RoomID {
		return in, badInput("threadId", "threadId is not a message of this room.")
	}
	in.MentionIds, err = checkIDs("mentionIds", in.MentionIds, maxMentions, "")
	return in, err
}

// checkContents accepts the contents of a message of the type.
func checkContents(kind message.Type, contents string) error {
	if err := checkText(
		"contents",
		contents,
		text.Rule{Kind: text.Prose, Least: 1, Most: MaxContents},
	); err != nil {
		return err
	}
	if kind == message.TypeCARD && !json.Valid([]byte(contents)) {
		return badInput("contents", "The contents of a CARD must be a JSON document.")
	}
	return nil
}

// Sent is a message that was sent.
type Sent struct {
	*ent.Message
	// Profiles is the profile version then; unknown if the statement has not read it.
	Profiles profiles.Version
}

// SendMessage adds a message to a room that the viewer is in, or returns the one that the same
// request has added before, as it is now.
func (c *Chat) SendMessage(ctx context.Context, v Viewer, in SendMessageInput) (Sent, error) {
	in, err := in.check()
	if err != nil {
		return Sent{}, err
	}
	again := retry.Once
	if in.IdempotencyKey != nil {
		again = retry.Idempotent
	}
	sent, err := Sent{}, errAlone
	if in.plain() {
		sent, err = c.sendTogether(ctx, v, in)
	}
	if errors.Is(err, errAlone) {
		err = c.tx(ctx, again, func(t *tx) (err error) {
			sent = Sent{}
			sent.Message, err = t.sendOne(ctx, v, in)
			return err
		})
	}
	if err != nil {
		return Sent{}, fmt.Errorf("send to room %s: %w", in.RoomID, err)
	}
	return sent, nil
}

// sentBefore returns the message that the same request has added before; nil where it is new.
func (h *held) sentBefore(
	ctx context.Context,
	v Viewer,
	in SendMessageInput,
) (*ent.Message, error) {
	if in.IdempotencyKey == nil {
		return nil, nil
	}
	m, err := h.tx.Message.Query().
		Where(message.RoomID(h.ID), message.AuthorID(v.ID), message.IdempotencyKey(*in.IdempotencyKey)).
		Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("find the message sent before: %w", err)
	}
	if !bytes.Equal(requestHash(in), m.RequestHash) {
		return nil, &Error{
			Code:    IdempotencyConflict,
			Message: "This idempotencyKey has been used for another message.",
		}
	}
	return m, nil
}

// checkReferences accepts the messages and users that a message refers to, and counts it in its
// thread.
func (h *held) checkReferences(ctx context.Context, in SendMessageInput) error {
	if err := h.checkMentions(ctx, in.MentionIds); err != nil {
		return err
	}
	if in.ReplyToID != nil {
		if _, err := h.message(ctx, *in.ReplyToID, "replyToId"); err != nil {
			return err
		}
	}
	if in.ThreadID == nil {
		return nil
	}
	root, err := h.message(ctx, *in.ThreadID, "threadId")
	if err != nil {
		return err
	}
	if root.ThreadSeq != nil {
		return badInput(
			"threadId", "threadId is in a thread itself: threads have one level.")
	}
	err = h.tx.Message.Update().
		Where(message.RoomID(h.ID), message.ID(root.ID)).AddReplyCount(1).Exec(ctx)
	if err != nil {
		return fmt.Errorf("count the replies to %s: %w", in.ThreadID, err)
	}
	return nil
}

// checkMentions accepts people who are in the room.
func (h *held) checkMentions(ctx context.Context, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	var inside []string
	err := h.tx.Member.Query().Where(member.RoomID(h.ID), member.UserIDIn(store.Padded(ids)...)).
		Select(member.FieldUserID).Scan(ctx, &inside)
	if err != nil {
		return fmt.Errorf("look up %d people in room %s: %w", len(ids), h.ID, err)
	}
	outsiders := slices.DeleteFunc(
		slices.Clone(ids),
		func(id string) bool { return slices.Contains(inside, id) },
	)
	if len(outsiders) > 0 {
		return &Error{
			Code:    BadUserInput,
			Field:   "mentionIds",
			IDs:     outsiders,
			Message: "Only members of the room can be mentioned.",
		}
	}
	return nil
}

// message returns a message of the room that an argument names.
func (h *held) message(ctx context.Context, id MessageID, field string) (*ent.Message, error) {
	m, err := h.tx.Message.Query().Where(message.RoomID(h.ID), message.Seq(id.Seq)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, badInput(field, field+" is not a message of this room.")
	}
	if err != nil {
		return nil, fmt.Errorf("get message %s: %w", id, err)
	}
	return m, nil
}

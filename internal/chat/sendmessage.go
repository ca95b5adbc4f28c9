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
	"parley/ent/schema"
	"parley/internal/broker"
	"parley/internal/chat/policy"
	"parley/internal/chat/profiles"
	"parley/internal/chat/requesthash"
	"parley/internal/chat/roomlog"
	"parley/internal/chat/write"
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
	ReplyToID      *roomlog.MessageID
	ThreadID       *roomlog.MessageID
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
		"contents", contents, text.Rule{Kind: text.Prose, Least: 1, Most: MaxContents},
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
	// Profiles is the profile version at that time; unknown if the statement does not read it.
	Profiles profiles.Version
}

// SendMessage adds a message to a room that the viewer is in, or returns the message that the same
// request has added before, as it is now.
//
// Returns BAD_USER_INPUT if the input is not valid, NOT_FOUND if the viewer may not see the room,
// FORBIDDEN if they are not a member, and IDEMPOTENCY_CONFLICT if the key was used for another
// message.
func (c *Chat) SendMessage(ctx context.Context, v Viewer, in SendMessageInput) (Sent, error) {
	in, err := in.check()
	if err != nil {
		return Sent{}, err
	}
	retries := retryPolicyOf(in.IdempotencyKey)
	sent, err := Sent{}, errNotBatchable
	if in.isBatchable() {
		sent, err = c.sendInBatch(ctx, v, in)
	}
	if errors.Is(err, errNotBatchable) {
		err = c.writes.Tx(ctx, retries, func(t *write.Tx) (err error) {
			sent = Sent{}
			sent.Message, err = sendInTransaction(ctx, t, v, in)
			return err
		})
	}
	if err != nil {
		return Sent{}, fmt.Errorf("send to room %s: %w", in.RoomID, err)
	}
	return sent, nil
}

// earlierMessage returns the message that the same request has added before; nil if there is none.
func earlierMessage(
	ctx context.Context, r *write.Room, v Viewer, in SendMessageInput,
) (*ent.Message, error) {
	if in.IdempotencyKey == nil {
		return nil, nil
	}
	m, err := r.MessageByKey(ctx, v.ID, *in.IdempotencyKey)
	if m == nil || err != nil {
		return nil, err
	}
	if !bytes.Equal(requesthash.Of(in), m.RequestHash) {
		return nil, &Error{
			Code:    IdempotencyConflict,
			Message: "This idempotencyKey has been used for another message.",
		}
	}
	return m, nil
}

// checkReferences accepts the messages and users that a message refers to, and counts it in its
// thread.
func checkReferences(ctx context.Context, r *write.Room, in SendMessageInput) error {
	if err := checkMentions(ctx, r, in.MentionIds); err != nil {
		return err
	}
	if in.ReplyToID != nil {
		if _, err := namedMessage(ctx, r, *in.ReplyToID, "replyToId"); err != nil {
			return err
		}
	}
	if in.ThreadID == nil {
		return nil
	}
	root, err := namedMessage(ctx, r, *in.ThreadID, "threadId")
	if err != nil {
		return err
	}
	if root.ThreadSeq != nil {
		return badInput("threadId", "threadId is in a thread itself: threads have one level.")
	}
	err = r.Tx.Message.Update().
		Where(message.RoomID(r.ID), message.Seq(root.Seq)).AddReplyCount(1).Exec(ctx)
	if err != nil {
		return fmt.Errorf("count the replies to %s: %w", in.ThreadID, err)
	}
	return nil
}

// checkMentions accepts people who are in the room.
func checkMentions(ctx context.Context, r *write.Room, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	var inside []string
	err := r.Tx.Member.Query().Where(member.RoomID(r.ID), member.UserIDIn(store.Padded(ids)...)).
		Select(member.FieldUserID).Scan(ctx, &inside)
	if err != nil {
		return fmt.Errorf("look up %d users in room %s: %w", len(ids), r.ID, err)
	}
	outsiders := slices.DeleteFunc(
		slices.Clone(ids), func(id string) bool { return slices.Contains(inside, id) },
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

// namedMessage returns a message of the room that an argument names.
func namedMessage(
	ctx context.Context, r *write.Room, id roomlog.MessageID, field string,
) (*ent.Message, error) {
	m, err := r.Tx.Message.Query().Where(message.RoomID(r.ID), message.Seq(id.Seq)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, badInput(field, "%s is not a message of this room.", field)
	}
	if err != nil {
		return nil, fmt.Errorf("get message %s: %w", id, err)
	}
	return m, nil
}

// newMessage returns the message to insert for the input.
func (in SendMessageInput) newMessage(v Viewer, rules int64) *write.Message {
	m := &ent.Message{
		RoomID: in.RoomID, AuthorID: v.ID, Type: in.Type, Contents: in.Contents,
		Mentions: in.MentionIds, IdempotencyKey: in.IdempotencyKey,
		OpenseaItem: (*schema.OpenseaItem)(in.OpenseaItem),
	}
	if m.Mentions == nil {
		m.Mentions = []string{}
	}
	if in.ReplyToID != nil {
		m.ReplyToSeq = &in.ReplyToID.Seq
	}
	if in.ThreadID != nil {
		m.ThreadSeq = &in.ThreadID.Seq
	}
	if in.IdempotencyKey != nil {
		m.RequestHash = requesthash.Of(in)
	}
	return &write.Message{Message: m, PolicyVersion: rules}
}

// errNotBatchable says that a message must be sent in a transaction of its own.
var errNotBatchable = errors.New("the message cannot be sent in a batch")

// isBatchable reports whether a message can be sent in a batch: it refers to nothing that
// has to be looked up.
func (in SendMessageInput) isBatchable() bool {
	return in.ReplyToID == nil && in.ThreadID == nil && len(in.MentionIds) == 0
}

// sendInBatch sends a message together with those that others send at the moment. It returns
// errNotBatchable, and has done nothing, if that is not possible.
func (c *Chat) sendInBatch(ctx context.Context, v Viewer, in SendMessageInput) (Sent, error) {
	rules, err := c.authorizeWriter(ctx, v, in.RoomID)
	if err != nil {
		return Sent{}, err
	}
	m := in.newMessage(v, rules)
	inserted, err := c.newMessages.Insert(ctx, m)
	switch {
	case err != nil:
		return Sent{}, err
	case !inserted:
		c.writers.Remove(writer{v.ID, in.RoomID, c.history.Generation()})
		return Sent{}, errNotBatchable
	}
	return Sent{m.Message, m.Profiles}, nil
}

// sendInTransaction sends a message, or returns the one that the same request has sent before.
func sendInTransaction(
	ctx context.Context, t *write.Tx, v Viewer, in SendMessageInput,
) (*ent.Message, error) {
	r, _, err := authorize(ctx, t, v, in.RoomID, policy.Write)
	if err != nil {
		return nil, err
	}
	if sent, err := earlierMessage(ctx, r, v, in); sent != nil || err != nil {
		// The publication of the first request may have been lost with its response.
		t.Publish(broker.Publication{Room: r.ID, Seq: r.Seq})
		return sent, err
	}
	if err := checkReferences(ctx, r, in); err != nil {
		return nil, err
	}
	m := in.newMessage(v, r.PolicyVersion)
	err = t.InsertMessages(ctx, []*write.Message{m})
	if err == nil && !m.Inserted {
		err = errors.New("the room is locked, and yet a message was not inserted")
	}
	if err != nil {
		return nil, err
	}
	return m.Message, nil
}

// writer is a user who may write in a room, in a generation of the database.
type writer struct {
	user       string
	room       uuid.UUID
	generation int64
}

// authorizeWriter returns the rules of a room under which the viewer may write in it, or an error if
// they may not.
func (c *Chat) authorizeWriter(
	ctx context.Context, v Viewer, id uuid.UUID,
) (rules int64, err error) {
	key := writer{v.ID, id, c.history.Generation()}
	if rules, ok := c.writers.Get(key); ok {
		return rules, nil
	}
	at, found, err := c.WriterOf(ctx, v.ID, id)
	switch {
	case err != nil:
		return 0, fmt.Errorf("find whether %q may write in room %s: %w", v.ID, id, err)
	case !found:
		return 0, errNotBatchable // the transaction finds the reason
	}
	if err := checkAction(policy.Write, &at.Room, policy.OfRole(at.Role)); err != nil {
		return 0, err
	}
	c.writers.Add(key, at.PolicyVersion)
	return at.PolicyVersion, nil
}

package compat

import (
	"context"
	"math"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"parley/ent"
	"parley/ent/room"
	"parley/internal/chat"
	"parley/internal/chat/read"
	"parley/internal/chat/roomlog"
)

const (
	// maxPage is the maximum number of rooms in a page, and the number of members of a room that are
	// read at once.
	maxPage = 100
	// maxMembers is the maximum number of members of one room. Rooms in a list have up to maxPage.
	maxMembers = 1000
)

// profile is a user, with the fields that both descriptions of a room have.
type profile struct {
	UserID            string `json:"user_id"`
	NickName          string `json:"nick_name"`
	Status            string `json:"status"`
	EthWalletAddress  string `json:"eth_wallet_address"`
	EnsName           string `json:"ens_name"`
	TwitterUsername   string `json:"twitter_username"`
	DiscordUsername   string `json:"discord_username"`
	InstagramUsername string `json:"instagram_username"`
	InstagramAvatar   string `json:"instagram_avatar"`
	FacebookUsername  string `json:"facebook_username"`
	FacebookAvatar    string `json:"facebook_avatar"`
	OpenseaUsername   string `json:"opensea_username"`
	CreatedAt         int64  `json:"created_at"` // nanoseconds since 1970, as all times here
}

// fullProfile is a user in the description of one room.
type fullProfile struct {
	profile
	TwitterAvatar string `json:"twitter_avatar"`
	DiscordAvatar string `json:"discord_avatar"`
	OpenseaAvatar string `json:"opensea_avatar"`
}

// roomBase has the fields that both descriptions of a room have; P describes their users.
type roomBase[P textual] struct {
	RoomID        string `json:"room_id"`
	Name          string `json:"name"`
	Description   string `json:"description"`
	CreatorID     string `json:"creator_id"`
	Creator       P      `json:"creator"`
	Members       []P    `json:"members"`
	Is1v1         bool   `json:"is_1v1"` // there are exactly two members
	IsOpenseaColl bool   `json:"is_opensea_coll"`
	CreatedAt     int64  `json:"created_at"`
}

// roomInfo describes one room.
type roomInfo struct {
	roomBase[fullProfile]
	OpenseaCollName  string `json:"opensea_coll_name"`
	OpenseaCollCover string `json:"opensea_coll_cover"`
	OpenseaCollSlug  string `json:"opensea_coll_slug"`
}

// chatRoom describes a room in a list.
type chatRoom struct {
	roomBase[profile]
	LatestMsg *latestMsg `json:"latest_msg"` // null without messages
}

// latestMsg is a message.
type latestMsg struct {
	ID                         string   `json:"id"`
	MsgType                    string   `json:"msg_type"` // text or card
	MsgContents                string   `json:"msg_contents"`
	FromUID                    string   `json:"from_uid"`
	ToRoomID                   string   `json:"to_room_id"`
	ReplyToMsgID               string   `json:"reply_to_msg_id"`
	IsThread                   bool     `json:"is_thread"` // it has replies in a thread
	BelongToThreadID           string   `json:"belong_to_thread_id"`
	AtUserIDs                  []string `json:"at_user_ids"`
	OpenseaItemContractAddress string   `json:"opensea_item_contract_address"`
	OpenseaItemName            string   `json:"opensea_item_name"`
	OpenseaItemImageURL        string   `json:"opensea_item_image_url"`
	CreatedAt                  int64    `json:"created_at"`
}

// room returns the description of one room.
func (a *API) room(r *http.Request, v chat.Viewer) (any, error) {
	ctx := r.Context()
	id, err := uuid.Parse(r.PathValue("room_id"))
	if err != nil || id.String() != r.PathValue("room_id") {
		id = uuid.Nil // NOT_FOUND, like an unknown id
	}
	found, err := a.chat.Room(ctx, v, id)
	if err != nil {
		return nil, err
	}
	var ids []string
	var after *read.Position
	for more := true; more && len(ids) < maxMembers; {
		pages, err := a.chat.Members(ctx, []uuid.UUID{id}, maxPage, after)
		if err != nil {
			return nil, err
		}
		page := pages[id]
		for _, m := range page.Items {
			ids = append(ids, m.UserID)
			after = &read.Position{At: m.JoinedAt, ID: m.ID}
		}
		more = page.More
	}
	users, err := a.chat.Users(ctx, append(ids, found.CreatorID))
	if err != nil {
		return nil, err
	}
	info := roomInfo{
		roomBase:        describe(found.Room, ids, users, newFullProfile),
		OpenseaCollName: found.OpenseaName, OpenseaCollCover: found.OpenseaCover,
	}
	if found.OpenseaSlug != nil {
		info.OpenseaCollSlug = *found.OpenseaSlug
	}
	return info, nil
}

// myChats returns a page of the viewer's rooms, the one with the latest activity first.
func (a *API) myChats(r *http.Request, v chat.Viewer) (any, error) {
	ctx := r.Context()
	in, err := readInput(r)
	if err != nil {
		return nil, err
	}
	page, err := in.number("page", math.MaxInt)
	if err != nil {
		return nil, err
	}
	size, err := in.number("size", maxPage)
	if err != nil {
		return nil, err
	}
	all, err := a.chat.MyRoomIDs(ctx, v)
	if err != nil {
		return nil, err
	}
	if page-1 > len(all)/size { // without overflow
		return chatRooms{}, nil
	}
	from := min((page-1)*size, len(all))
	return a.describeAll(ctx, all[from:min(from+size, len(all))])
}

// describeAll returns the descriptions of rooms of the viewer. The number of SQL statements does not
// depend on the number of rooms.
func (a *API) describeAll(ctx context.Context, ids []uuid.UUID) (chatRooms, error) {
	described := chatRooms{}
	if len(ids) == 0 {
		return described, nil
	}
	rooms, err := a.chat.RoomsByID(ctx, ids)
	if err != nil {
		return nil, err
	}
	members, err := a.chat.Members(ctx, ids, maxPage, nil)
	if err != nil {
		return nil, err
	}
	var users []string
	var latest []roomlog.MessageID
	byRoom := make(map[uuid.UUID][]string, len(ids))
	for id, r := range rooms {
		for _, m := range members[id].Items {
			byRoom[id] = append(byRoom[id], m.UserID)
		}
		users = append(append(users, byRoom[id]...), r.CreatorID)
		if r.LatestSeq > 0 {
			latest = append(latest, roomlog.MessageID{Room: id, Seq: r.LatestSeq})
		}
	}
	profiles, err := a.chat.Users(ctx, distinct(users))
	if err != nil {
		return nil, err
	}
	messages := map[roomlog.MessageID]*ent.Message{}
	if len(latest) > 0 {
		if messages, err = a.chat.MessagesByID(ctx, latest); err != nil {
			return nil, err
		}
	}
	for _, id := range ids {
		r := rooms[id]
		if r == nil || r.DeletedAt != nil {
			continue // it was deleted after the ids were read
		}
		described = append(described, chatRoom{
			roomBase:  describe(r, byRoom[id], profiles, newProfile),
			LatestMsg: newLatestMsg(messages[roomlog.MessageID{Room: id, Seq: r.LatestSeq}]),
		})
	}
	return described, nil
}

func describe[P textual](
	r *ent.Room,
	members []string,
	users map[string]*ent.User,
	as func(*ent.User) P,
) roomBase[P] {
	b := roomBase[P]{
		RoomID:        r.ID.String(),
		Name:          r.Name,
		Description:   r.Description,
		CreatorID:     r.CreatorID,
		Creator:       as(users[r.CreatorID]),
		Members:       []P{},
		Is1v1:         r.MemberCount == 2,
		IsOpenseaColl: r.OpenseaSlug != nil,
		CreatedAt:     nanoseconds(r.CreatedAt),
	}
	for _, id := range members {
		b.Members = append(b.Members, as(users[id]))
	}
	return b
}

func newProfile(u *ent.User) profile {
	if u == nil {
		return profile{}
	}
	return profile{
		UserID: u.ID, NickName: u.NickName, Status: u.Status,
		EthWalletAddress: u.EthWalletAddress, EnsName: u.EnsName,
		TwitterUsername: u.TwitterUsername, DiscordUsername: u.DiscordUsername,
		InstagramUsername: u.InstagramUsername, InstagramAvatar: u.InstagramAvatar,
		FacebookUsername: u.FacebookUsername, FacebookAvatar: u.FacebookAvatar,
		OpenseaUsername: u.OpenseaUsername, CreatedAt: nanoseconds(u.CreatedAt),
	}
}

func newFullProfile(u *ent.User) fullProfile {
	if u == nil {
		return fullProfile{}
	}
	return fullProfile{
		profile:       newProfile(u),
		TwitterAvatar: u.TwitterAvatar,
		DiscordAvatar: u.DiscordAvatar,
		OpenseaAvatar: u.OpenseaAvatar,
	}
}

func newLatestMsg(m *ent.Message) *latestMsg {
	if m == nil {
		return nil
	}
	named := func(seq *int64) string {
		if seq == nil {
			return ""
		}
		return roomlog.MessageID{Room: m.RoomID, Seq: *seq}.String()
	}
	msg := &latestMsg{
		ID:               named(&m.Seq),
		MsgType:          strings.ToLower(string(m.Type)),
		MsgContents:      m.Contents,
		FromUID:          m.AuthorID,
		ToRoomID:         m.RoomID.String(),
		ReplyToMsgID:     named(m.ReplyToSeq),
		IsThread:         m.ReplyCount > 0,
		BelongToThreadID: named(m.ThreadSeq),
		AtUserIDs:        append([]string{}, m.Mentions...),
		CreatedAt:        nanoseconds(m.CreatedAt),
	}
	if item := m.OpenseaItem; item != nil {
		msg.OpenseaItemContractAddress, msg.OpenseaItemName, msg.OpenseaItemImageURL = item.ContractAddress, item.Name, item.ImageURL
	}
	return msg
}

func nanoseconds(t time.Time) int64 { return t.UnixNano() }

func private() *room.AccessType {
	access := room.AccessTypePRIVATE
	return &access
}

// distinct returns ids without duplicates.
func distinct(ids []string) (once []string) {
	seen := make(map[string]bool, len(ids))
	for _, id := range ids {
		if !seen[id] {
			seen[id] = true
			once = append(once, id)
		}
	}
	return once
}

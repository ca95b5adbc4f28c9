package graph

import (
	"parley/ent"
	"parley/graph/bulk"
	"parley/graph/model"
)

func userInBulk() map[string]bulk.Field[*ent.User] {
	profile := &bulk.Object[model.SocialProfile]{Name: "SocialProfile", Fields: map[string]bulk.Field[model.SocialProfile]{
		"username": text(func(p model.SocialProfile) string { return p.Username }),
		"avatar":   text(func(p model.SocialProfile) string { return p.Avatar }),
	}}
	on := func(of func(*ent.User) model.SocialProfile) bulk.Field[*ent.User] { return bulk.Part(profile, of) }
	return map[string]bulk.Field[*ent.User]{
		"id":               text(func(u *ent.User) string { return u.ID }),
		"nickName":         text(func(u *ent.User) string { return u.NickName }),
		"avatar":           text(func(u *ent.User) string { return u.Avatar }),
		"status":           text(func(u *ent.User) string { return u.Status }),
		"ethWalletAddress": text(func(u *ent.User) string { return u.EthWalletAddress }),
		"ensName":          text(func(u *ent.User) string { return u.EnsName }),
		"twitter": on(func(u *ent.User) model.SocialProfile {
			return model.SocialProfile{Username: u.TwitterUsername, Avatar: u.TwitterAvatar}
		}),
		"discord": on(func(u *ent.User) model.SocialProfile {
			return model.SocialProfile{Username: u.DiscordUsername, Avatar: u.DiscordAvatar}
		}),
		"instagram": on(func(u *ent.User) model.SocialProfile {
			return model.SocialProfile{Username: u.InstagramUsername, Avatar: u.InstagramAvatar}
		}),
		"facebook": on(func(u *ent.User) model.SocialProfile {
			return model.SocialProfile{Username: u.FacebookUsername, Avatar: u.FacebookAvatar}
		}),
		"opensea": on(func(u *ent.User) model.SocialProfile {
			return model.SocialProfile{Username: u.OpenseaUsername, Avatar: u.OpenseaAvatar}
		}),
		"createdAt": bulk.Value(func(b []byte, u *ent.User) []byte { return bulk.Time(b, u.CreatedAt) }),
	}
}

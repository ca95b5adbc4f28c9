-- +goose Up
SET LOCAL lock_timeout = '5s';
-- Texts were folded in another way before this version: the program folds them again before it applies this file.
-- Addresses of pictures are of the web only. Others are cleared; the clock tells the caches of users.
UPDATE "clocks" SET "value" = "value" + 1 WHERE "id" = 'people';
UPDATE "users" SET "changed" = (SELECT "value" FROM "clocks" WHERE "id" = 'people'),
  "avatar" = CASE WHEN "avatar" <> '' AND lower("avatar") NOT LIKE 'http://_%' AND lower("avatar") NOT LIKE 'https://_%' THEN '' ELSE "avatar" END,
  "twitter_avatar" = CASE WHEN "twitter_avatar" <> '' AND lower("twitter_avatar") NOT LIKE 'http://_%' AND lower("twitter_avatar") NOT LIKE 'https://_%' THEN '' ELSE "twitter_avatar" END,
  "discord_avatar" = CASE WHEN "discord_avatar" <> '' AND lower("discord_avatar") NOT LIKE 'http://_%' AND lower("discord_avatar") NOT LIKE 'https://_%' THEN '' ELSE "discord_avatar" END,
  "instagram_avatar" = CASE WHEN "instagram_avatar" <> '' AND lower("instagram_avatar") NOT LIKE 'http://_%' AND lower("instagram_avatar") NOT LIKE 'https://_%' THEN '' ELSE "instagram_avatar" END,
  "facebook_avatar" = CASE WHEN "facebook_avatar" <> '' AND lower("facebook_avatar") NOT LIKE 'http://_%' AND lower("facebook_avatar") NOT LIKE 'https://_%' THEN '' ELSE "facebook_avatar" END,
  "opensea_avatar" = CASE WHEN "opensea_avatar" <> '' AND lower("opensea_avatar") NOT LIKE 'http://_%' AND lower("opensea_avatar") NOT LIKE 'https://_%' THEN '' ELSE "opensea_avatar" END
WHERE "avatar" <> '' AND lower("avatar") NOT LIKE 'http://_%' AND lower("avatar") NOT LIKE 'https://_%'
  OR "twitter_avatar" <> '' AND lower("twitter_avatar") NOT LIKE 'http://_%' AND lower("twitter_avatar") NOT LIKE 'https://_%'
  OR "discord_avatar" <> '' AND lower("discord_avatar") NOT LIKE 'http://_%' AND lower("discord_avatar") NOT LIKE 'https://_%'
  OR "instagram_avatar" <> '' AND lower("instagram_avatar") NOT LIKE 'http://_%' AND lower("instagram_avatar") NOT LIKE 'https://_%'
  OR "facebook_avatar" <> '' AND lower("facebook_avatar") NOT LIKE 'http://_%' AND lower("facebook_avatar") NOT LIKE 'https://_%'
  OR "opensea_avatar" <> '' AND lower("opensea_avatar") NOT LIKE 'http://_%' AND lower("opensea_avatar") NOT LIKE 'https://_%';
UPDATE "rooms" SET "opensea_cover" = '' WHERE "opensea_cover" <> '' AND lower("opensea_cover") NOT LIKE 'http://_%' AND lower("opensea_cover") NOT LIKE 'https://_%';
UPDATE "messages" SET "opensea_item" = jsonb_set("opensea_item", '{imageUrl}', '""')
WHERE "opensea_item" IS NOT NULL AND ("opensea_item" ->> 'imageUrl') <> '' AND lower(("opensea_item" ->> 'imageUrl')) NOT LIKE 'http://_%' AND lower(("opensea_item" ->> 'imageUrl')) NOT LIKE 'https://_%';

-- +goose Down
-- What was cleared is gone.
SELECT 1;

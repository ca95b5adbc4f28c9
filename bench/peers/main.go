// Command peers writes the target that the load generator of a comparison asks Parley with: the
// same operations on the same data as the other servers, in Parley's words, each with the token of
// somebody who may.
//
//	peers -url http://127.0.0.1:8080 -name parley -fixtures DIR -senders FILE -out DIR
//
// Senders has a line "room person" for each of the rooms that are written to, and then some of one
// room, which is written to by all of them. It needs PARLEY_JWT_SECRET. It also copies the data to
// another database:
//
//	peers -copy FROM -to TO
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"parley/internal/auth"
)

func main() {
	from := flag.String("copy", "", "the URL of a database to copy")
	to := flag.String("to", "", "the URL of a new database to copy it to")
	name := flag.String("name", "parley", "what to call the target")
	url := flag.String("url", "http://127.0.0.1:8080", "the server")
	fixtures := flag.String(
		"fixtures",
		"",
		"the folder with users20.txt, users.txt, rooms.txt and bigroom.txt",
	)
	senders := flag.String("senders", "", "the file of rooms and who writes to them")
	out := flag.String("out", "", "the folder to write to")
	flag.Parse()
	do := func() error { return write(*name, *url, *fixtures, *senders, *out) }
	if *from != "" {
		do = func() error { return copyDatabase(context.Background(), *from, *to) } //nolint:forbidigo // main's own
	}
	if err := do(); err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
}

func write(name, url, fixtures, senders, out string) error {
	issuer, err := auth.NewIssuer(auth.Config{Secret: []byte(os.Getenv("PARLEY_JWT_SECRET"))})
	if err != nil {
		return fmt.Errorf("make tokens: %w", err)
	}
	tokens := func(people []string) ([]string, error) {
		made := make([]string, len(people))
		for i, id := range people {
			if made[i], _, err = issuer.Issue(id, "", time.Now()); err != nil {
				return nil, fmt.Errorf("a token for %s: %w", id, err)
			}
		}
		return made, nil
	}
	lists := map[string][]string{}
	for _, name := range []string{"users20", "users", "rooms", "bigroom"} {
		if lists[name], err = lines(filepath.Join(fixtures, name+".txt")); err != nil {
			return err
		}
	}
	pairs, err := lines(senders)
	if err != nil {
		return err
	}
	var writers, hot []string
	for _, pair := range pairs {
		room, person, _ := strings.Cut(pair, " ")
		if room == lists["bigroom"][0] {
			hot = append(hot, person)
			continue
		}
		lists["writtenrooms"], writers = append(
			lists["writtenrooms"],
			room,
		), append(
			writers,
			person,
		)
	}
	if lists["tokens20"], err = tokens(lists["users20"]); err != nil {
		return err
	}
	if lists["writers"], err = tokens(writers); err != nil {
		return err
	}
	if lists["hotwriters"], err = tokens(hot); err != nil {
		return err
	}
	files := map[string]string{}
	for name, list := range lists {
		files[name] = filepath.Join(out, name+".txt")
		if err := os.WriteFile(
			files[name],
			[]byte(strings.Join(list, "\n")+"\n"),
			0o600,
		); err != nil {
			return err
		}
	}
	target, err := json.MarshalIndent(targetOf(name, url, files), "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(out, name+".json"), target, 0o600)
}

func lines(file string) ([]string, error) {
	text, err := os.ReadFile(file)
	return strings.Split(strings.TrimSpace(string(text)), "\n"), err
}

type object = map[string]any

func targetOf(name, url string, fixtures map[string]string) object {
	const people = `nodes { id nickName twitter { username } }`
	return object{
		"name":     name,
		"url":      url + "/graphql",
		"wsUrl":    strings.Replace(url, "http", "ws", 1) + "/graphql",
		"headers":  object{"Authorization": "Bearer {{tokens20}}"},
		"fixtures": fixtures,
		"ops": object{
			"roomInfo": object{
				"query":     `query roomInfo($roomId: ID!) { roomInfo(roomId: $roomId) { id name description createdAt creator { id nickName } members(first: 100) { ` + people + ` } } }`,
				"variables": object{"roomId": "{{rooms}}"},
				"expect":    []string{`"roomInfo":{"id":"{{rooms}}"`, `"username":"tw_`},
			},
			"myChats": object{
				"query": `query myChats { myRooms(first: 20) { nodes { id name description createdAt creator { id nickName } members(first: 10) { ` + people + ` } unreadCount latestMessage { id contents from { id } createdAt } } } }`,
				"expect": []string{
					`"myRooms":{"nodes":[{"id":"`,
					`"latestMessage":{"id":"`,
					`"username":"tw_`,
				},
				"minBytes": 12000,
			},
			"createRoom": object{
				"query": `mutation createRoom($input: CreateRoomInput!) { createRoom(input: $input) { room { id name createdAt } } }`,
				"variables": object{"input": object{
					"name":        "load {{i}}",
					"description": "made by the load generator",
					"tags":        []string{"a", "b"},
					"memberIds":   "{{users*5}}",
				}},
				"expect": []string{`"room":{"id":"`, `"name":"load {{i}}"`},
			},
			"sendMessage": send("{{writtenrooms}}", "{{writers}}"),
			"sendHot":     send("{{bigroom}}", "{{hotwriters}}"),
		},
	}
}

func send(room, writer string) object {
	return object{
		"query":     `mutation sendMessage($roomId: ID!, $contents: String!) { sendMessage(input: { roomId: $roomId, contents: $contents }) { message { id contents from { id } createdAt } } }`,
		"variables": object{"roomId": room, "contents": "{{msg}}"},
		"headers":   object{"Authorization": "Bearer " + writer},
		"expect":    []string{`"message":{"id":"`, `"contents":"{{msg}}"`},
	}
}

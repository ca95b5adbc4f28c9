// Command peers writes the target that the load generator of a comparison asks Parley with: the same operations on the same
// data as the other servers, in Parley's words, each with the token of somebody who may.
//
//	peers -url http://127.0.0.1:8080 -fixtures DIR -senders FILE -out DIR
//
// Senders has a line "room person" for each of the rooms that are written to. It needs PARLEY_JWT_SECRET.
package main

import (
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
	url := flag.String("url", "http://127.0.0.1:8080", "the server")
	fixtures := flag.String("fixtures", "", "the folder with users20.txt, users.txt, rooms.txt and bigroom.txt")
	senders := flag.String("senders", "", "the file of rooms and who writes to them")
	out := flag.String("out", "", "the folder to write to")
	flag.Parse()
	if err := write(*url, *fixtures, *senders, *out); err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
}

func write(url, fixtures, senders, out string) error {
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
	var writers []string
	for _, pair := range pairs {
		room, person, _ := strings.Cut(pair, " ")
		lists["writtenrooms"], writers = append(lists["writtenrooms"], room), append(writers, person)
	}
	if lists["tokens20"], err = tokens(lists["users20"]); err != nil {
		return err
	}
	if lists["writers"], err = tokens(writers); err != nil {
		return err
	}
	files := map[string]string{}
	for name, list := range lists {
		files[name] = filepath.Join(out, name+".txt")
		if err := os.WriteFile(files[name], []byte(strings.Join(list, "\n")+"\n"), 0o600); err != nil {
			return err
		}
	}
	target, err := json.MarshalIndent(targetOf(url, files), "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(out, "parley.json"), target, 0o600)
}

func lines(file string) ([]string, error) {
	text, err := os.ReadFile(file)
	return strings.Split(strings.TrimSpace(string(text)), "\n"), err
}

type object = map[string]any

func targetOf(url string, fixtures map[string]string) object {
	const people = `nodes { id nickName twitter { username } }`
	return object{
		"name": "parley", "url": url + "/graphql", "wsUrl": strings.Replace(url, "http", "ws", 1) + "/graphql",
		"headers": object{"Authorization": "Bearer {{tokens20}}"}, "fixtures": fixtures,
		"ops": object{
			"roomInfo": object{
				"query":     `query roomInfo($roomId: ID!) { roomInfo(roomId: $roomId) { id name description createdAt creator { id nickName } members(first: 100) { ` + people + ` } } }`,
				"variables": object{"roomId": "{{rooms}}"},
				"expect":    []string{`"roomInfo":{"id":"{{rooms}}"`, `"username":"tw_`},
			},
			"myChats": object{
				"query":    `query myChats { myRooms(first: 20) { nodes { id name description createdAt creator { id nickName } members(first: 10) { ` + people + ` } unreadCount latestMessage { id contents from { id } createdAt } } } }`,
				"expect":   []string{`"myRooms":{"nodes":[{"id":"`, `"latestMessage":{"id":"`, `"username":"tw_`},
				"minBytes": 12000,
			},
			"createRoom": object{
				"query": `mutation createRoom($input: CreateRoomInput!) { createRoom(input: $input) { room { id name createdAt } } }`,
				"variables": object{"input": object{
					"name": "load {{i}}", "description": "made by the load generator", "tags": []string{"a", "b"}, "memberIds": "{{users*5}}",
				}},
				"expect": []string{`"room":{"id":"`, `"name":"load {{i}}"`},
			},
			"sendMessage": object{
				"query":     `mutation sendMessage($roomId: ID!, $contents: String!) { sendMessage(input: { roomId: $roomId, contents: $contents }) { message { id contents from { id } createdAt } } }`,
				"variables": object{"roomId": "{{writtenrooms}}", "contents": "{{msg}}"},
				"headers":   object{"Authorization": "Bearer {{writers}}"},
				"expect":    []string{`"message":{"id":"`, `"contents":"{{msg}}"`},
			},
		},
	}
}

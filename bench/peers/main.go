// Command peers writes the target file of Parley for the load generator of a comparison: the same
// operations on the same data as for the other servers, in Parley's schema, each with the token of an
// authorized user.
//
//	peers -url http://127.0.0.1:8080 -name parley -fixtures DIR -senders FILE -out DIR
//
// Senders has a line "room user" for each room that receives messages, and then lines of one room, to
// which all of its users send. It needs PARLEY_JWT_SECRET.
//
// For deliveries it writes one target with a subscriber in each of many rooms (NAME-many.json) and
// one with all subscribers in one room (NAME-one.json):
//
//	peers -url … -name parley -readers FILE -loader USER -crowd FILE -out DIR
//
// Readers has a line "room user" for each room, whose messages the loader sends, and crowd the line
// "room user" for each subscriber of the one room. It also copies the data to another database:
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
	senders := flag.String("senders", "", "the file of rooms and their senders")
	readers := flag.String("readers", "", "the file of rooms and their subscribers")
	loader := flag.String("loader", "", "the user who sends to the rooms of readers")
	crowd := flag.String("crowd", "", "the file of the subscribers of one room")
	out := flag.String("out", "", "the folder to write to")
	flag.Parse()
	do := func() error { return write(*name, *url, *fixtures, *senders, *out) }
	if *readers != "" {
		do = func() error { return writeLive(*name, *url, *readers, *loader, *crowd, *out) }
	}
	if *from != "" {
		do = func() error { return copyDatabase(context.Background(), *from, *to) } //nolint:forbidigo // main's own
	}
	if err := do(); err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
}

func write(name, url, fixtures, senders, out string) error {
	lists := map[string][]string{}
	var err error
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
		room, user, _ := strings.Cut(pair, " ")
		if room == lists["bigroom"][0] {
			hot = append(hot, user)
			continue
		}
		lists["writtenrooms"] = append(lists["writtenrooms"], room)
		writers = append(writers, user)
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
	files, err := writeLists(out, lists)
	if err != nil {
		return err
	}
	return writeTarget(out, name, url, targetOf(files))
}

// writeLive writes the targets for deliveries.
func writeLive(name, url, readers, loader, crowd, out string) error {
	for kind, file := range map[string]string{"many": readers, "one": crowd} {
		pairs, err := lines(file)
		if err != nil {
			return err
		}
		var rooms, users []string
		for _, pair := range pairs {
			room, user, _ := strings.Cut(pair, " ")
			rooms, users = append(rooms, room), append(users, user)
		}
		lists := map[string][]string{kind + "rooms": rooms}
		if lists[kind+"readers"], err = tokens(users); err != nil {
			return err
		}
		sender := "{{" + kind + "readers}}"
		if kind == "many" {
			sender = "{{loader}}"
			if lists["loader"], err = tokens([]string{loader}); err != nil {
				return err
			}
		}
		files, err := writeLists(out, lists)
		if err != nil {
			return err
		}
		target := object{
			"fixtures":       files,
			"headers":        object{"Authorization": "Bearer " + sender},
			"connectionInit": object{"authorization": "Bearer {{" + kind + "readers}}"},
			"ops":            object{"sendMessage": send("{{room}}", sender)},
			"fanout": object{
				"query":     `subscription messageAdded($roomId: ID!) { messageAdded(roomId: $roomId) { id contents from { id } createdAt } }`,
				"variables": object{"roomId": "{{room}}"},
				"rooms":     kind + "rooms",
				"bigRoom":   kind + "rooms",
				"send":      "sendMessage",
			},
		}
		if err := writeTarget(out, name+"-"+kind, url, target); err != nil {
			return err
		}
	}
	return nil
}

// tokens returns a token for each user.
func tokens(users []string) ([]string, error) {
	issuer, err := auth.NewIssuer(auth.Config{Secret: []byte(os.Getenv("PARLEY_JWT_SECRET"))})
	if err != nil {
		return nil, fmt.Errorf("make tokens: %w", err)
	}
	created := make([]string, len(users))
	for i, id := range users {
		if created[i], _, err = issuer.Issue(id, "", time.Now()); err != nil {
			return nil, fmt.Errorf("a token for %s: %w", id, err)
		}
	}
	return created, nil
}

// writeLists writes each list to a file of one value a line, and returns the files' names.
func writeLists(out string, lists map[string][]string) (files map[string]string, err error) {
	files = map[string]string{}
	for name, list := range lists {
		files[name] = filepath.Join(out, name+".txt")
		text := strings.Join(list, "\n") + "\n"
		if err := os.WriteFile(files[name], []byte(text), 0o600); err != nil {
			return nil, err
		}
	}
	return files, nil
}

func writeTarget(out, name, url string, target object) error {
	target["name"], target["url"] = name, url+"/graphql"
	target["wsUrl"] = strings.Replace(url, "http", "ws", 1) + "/graphql"
	data, err := json.MarshalIndent(target, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(out, name+".json"), data, 0o600)
}

func lines(file string) ([]string, error) {
	text, err := os.ReadFile(file)
	return strings.Split(strings.TrimSpace(string(text)), "\n"), err
}

type object = map[string]any

func targetOf(fixtures map[string]string) object {
	const people = `nodes { id nickName twitter { username } }`
	return object{
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

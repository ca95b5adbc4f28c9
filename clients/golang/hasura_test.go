package clients_test

import (
	"encoding/json"
	"net/http"
	"testing"

	graphql "github.com/hasura/go-graphql-client"
)

// CreateRoomInput has the type's name in the schema, which the client writes into the document.
type CreateRoomInput struct {
	Name string `json:"name"`
}

// SendMessageInput is like CreateRoomInput.
type SendMessageInput struct {
	RoomID   graphql.ID `json:"roomId"`
	Contents string     `json:"contents"`
}

// TestHasuraClient runs hasura/go-graphql-client with both of its subprotocols.
func TestHasuraClient(t *testing.T) {
	server := fromEnvironment(t)
	for _, protocol := range []graphql.SubscriptionProtocolType{
		graphql.GraphQLWS, graphql.SubscriptionsTransportWS,
	} {
		t.Run(string(protocol), func(t *testing.T) {
			ctx := t.Context()
			client := graphql.NewClient(server.http, &http.Client{Transport: server})
			var created struct {
				CreateRoom struct {
					Room struct{ ID graphql.ID }
				} `graphql:"createRoom(input: $input)"`
			}
			input := map[string]any{"input": CreateRoomInput{Name: "hasura"}}
			if err := client.Mutate(ctx, &created, input); err != nil {
				t.Fatal(err)
			}
			room := created.CreateRoom.Room.ID

			socket := graphql.NewSubscriptionClient(server.ws).WithProtocol(protocol).
				WithConnectionParams(map[string]any{"authorization": server.token})
			contents, failed := make(chan string, 10), make(chan error, 10)
			var follow struct {
				MessageAdded struct{ Contents string } `graphql:"messageAdded(roomId: $room, after: 0)"`
			}
			_, err := socket.Subscribe(&follow, map[string]any{"room": room},
				func(message []byte, err error) error {
					if err != nil {
						failed <- err
						return err
					}
					var event struct {
						MessageAdded struct{ Contents string }
					}
					if err := json.Unmarshal(message, &event); err != nil {
						return err
					}
					contents <- event.MessageAdded.Contents
					return nil
				})
			if err != nil {
				t.Fatal(err)
			}
			go func() { failed <- socket.Run() }()
			defer func() { _ = socket.Close() }()

			var sent struct {
				SendMessage struct {
					Message struct{ Seq int }
				} `graphql:"sendMessage(input: $input)"`
			}
			message := map[string]any{"input": SendMessageInput{RoomID: room, Contents: "hello"}}
			if err := client.Mutate(ctx, &sent, message); err != nil {
				t.Fatal(err)
			}
			select {
			case text := <-contents:
				if text != "hello" {
					t.Errorf("received %q", text)
				}
			case err := <-failed:
				t.Fatal(err)
			case <-ctx.Done():
				t.Fatal(ctx.Err())
			}
		})
	}
}

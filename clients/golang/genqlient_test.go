package clients_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/Khan/genqlient/graphql"
	"github.com/gorilla/websocket"

	"parley/clients/golang/api"
)

// TestGenqlient makes the calls that genqlient generates, without annotations of fields: what is not
// set is sent as null.
func TestGenqlient(t *testing.T) {
	server := fromEnvironment(t)
	ctx, client := t.Context(), graphql.NewClient(server.http, &http.Client{Transport: server})

	name := "genqlient"
	created, err := api.CreateRoom(ctx, client, api.CreateRoomInput{Name: &name})
	if err != nil {
		t.Fatal(err)
	}
	room := created.CreateRoom.Room
	if room.Name != name || len(room.Tags) != 0 || room.MemberCount != 1 {
		t.Errorf("the room is %+v", room)
	}

	socket := graphql.NewClientUsingWebSocket(server.ws, dialer{websocket.DefaultDialer},
		graphql.WithConnectionParams(map[string]any{"authorization": server.token}))
	if _, err := socket.Start(ctx); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = socket.Close() }()
	after := 0
	events, id, err := api.Follow(ctx, socket, room.Id, &after)
	if err != nil {
		t.Fatal(err)
	}

	sent, err := api.SendMessage(ctx, client, api.SendMessageInput{
		RoomId: room.Id, Contents: "hello",
	})
	if err != nil {
		t.Fatal(err)
	}
	if m := sent.SendMessage.Message; m.Type != api.MessageTypeText || m.Contents != "hello" {
		t.Errorf("the message is %+v", m)
	}

	received := ""
	for received == "" {
		select {
		case e := <-events:
			if len(e.Errors) > 0 {
				t.Fatal(e.Errors)
			}
			if added, ok := e.Data.RoomEvents.(*api.FollowRoomEventsMessageAdded); ok {
				received = added.Message.Contents
			}
		case <-ctx.Done():
			t.Fatal(ctx.Err())
		}
	}
	if received != "hello" {
		t.Errorf("received %q", received)
	}
	if err := socket.Unsubscribe(id); err != nil {
		t.Error(err)
	}

	rooms, err := api.MyRooms(ctx, client, nil)
	if err != nil {
		t.Fatal(err)
	}
	if nodes := rooms.MyRooms.Nodes; len(nodes) == 0 || nodes[0].Id != room.Id ||
		nodes[0].CreatedAt.IsZero() {
		t.Errorf("my rooms are %+v", nodes)
	}
	node, err := api.Node(ctx, client, room.Id)
	if err != nil {
		t.Fatal(err)
	}
	found, ok := (*node.Node).(*api.NodeNodeRoom)
	if !ok || found.Name != name {
		t.Errorf("the node is %+v", node.Node)
	}
}

// dialer is a [graphql.Dialer].
type dialer struct{ *websocket.Dialer }

func (d dialer) DialContext(
	ctx context.Context, url string, header http.Header,
) (graphql.WSConn, error) {
	conn, response, err := d.Dialer.DialContext(ctx, url, header)
	if err == nil {
		_ = response.Body.Close()
	}
	return conn, err
}

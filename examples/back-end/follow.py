"""Answers each message of a user in the rooms of "support", once."""
import http.client
import json
import os
import time
import urllib.request

from sign import sign

URL = "http://127.0.0.1:8080/graphql"
BOT = "support"
FILE = "positions.json"  # the seq of the last event handled, by room

EVENTS = """
subscription Events($after: [RoomPosition!]!) {
  myEvents(after: $after) {
    kind
    roomId
    event {
      __typename
      seq
      ... on MessageAdded { message { ...Line } }
      ... on Resync { room { messages(last: 100) { nodes { ...Line } } } }
    }
  }
}
fragment Line on Message { seq contents from { id } }"""

SEND = """
mutation Send($input: SendMessageInput!) {
  sendMessage(input: $input) { message { seq } }
}"""


def call(query, variables, accept="application/json"):
    body = json.dumps({"query": query, "variables": variables}).encode()
    headers = {"Authorization": "Bearer " + sign(BOT), "Content-Type": "application/json", "Accept": accept}
    return urllib.request.urlopen(urllib.request.Request(URL, body, headers), timeout=60)


def checked(result):
    if "errors" in result:
        raise OSError(result["errors"])
    return result["data"]


def handle(room, message):
    """Answers a message. A second call with the same message changes nothing, because of the key."""
    if message["from"]["id"] == BOT:
        return
    answer = {
        "roomId": room,
        "contents": "You wrote: " + message["contents"],
        "idempotencyKey": f"answer-{message['seq']}",
    }
    with call(SEND, {"input": answer}) as response:
        checked(json.load(response))


def follow(positions):
    """Handles the events of one connection."""
    ready = new = False
    after = [{"roomId": room, "seq": seq} for room, seq in positions.items()]
    with call(EVENTS, {"after": after}, accept="text/event-stream") as stream:
        for line in stream:
            if not line.startswith(b"data: {"):
                continue
            item = checked(json.loads(line[len(b"data: "):]))["myEvents"]
            kind, room, event = item["kind"], item["roomId"], item["event"]
            if kind == "READY":
                ready = True
            elif kind == "ENDED":
                positions.pop(room, None)
            elif event["__typename"] == "StreamOpened":
                if room not in positions:
                    positions[room], new = 0, True
            elif event["__typename"] == "Resync":
                for message in event["room"]["messages"]["nodes"]:
                    if message["seq"] > positions.get(room, 0):
                        handle(room, message)
                positions[room] = event["seq"]
            elif event["seq"] > positions[room]:
                if event["__typename"] == "MessageAdded":
                    handle(room, event["message"])
                positions[room] = event["seq"]
            save(positions)
            if ready and new:
                return  # connect again, to read the new rooms from their beginning


def save(positions):
    with open(FILE + ".new", "w") as file:
        json.dump(positions, file)
    os.replace(FILE + ".new", FILE)


def main():
    positions = {}
    if os.path.exists(FILE):
        with open(FILE) as file:
            positions = json.load(file)
    while True:
        try:
            follow(positions)
        except (OSError, ValueError, http.client.HTTPException) as error:  # the connection has failed
            print(error)
        time.sleep(1)


if __name__ == "__main__":
    main()

import { gql, useMutation, useSubscription } from 'urql';

type Message = { id: string; contents: string; from: { nickName: string } };
type Event =
  | { __typename: 'StreamOpened'; seq: number; room: { name: string }; messages: { nodes: Message[] } }
  | { __typename: 'Resync'; seq: number; room: { messages: { nodes: Message[] } } }
  | { __typename: 'MessageAdded'; seq: number; message: Message };
type Screen = { name: string; seq: number; messages: Message[] };

const RoomEvents = gql<{ roomEvents: Event }, { id: string }>`
  subscription RoomEvents($id: ID!) {
    roomEvents(roomId: $id) {
      __typename
      seq
      ... on StreamOpened { room { name } messages(last: 50) { nodes { ...Line } } }
      ... on MessageAdded { message { ...Line } }
      ... on Resync { room { messages(last: 50) { nodes { ...Line } } } }
    }
  }
  fragment Line on Message { id contents from { nickName } }`;

const SendMessage = gql<{}, { input: { roomId: string; contents: string; idempotencyKey: string } }>`
  mutation SendMessage($input: SendMessageInput!) { sendMessage(input: $input) { message { id } } }`;

/** Returns what the screen shows after an event. */
function apply(screen: Screen | undefined, { roomEvents: event }: { roomEvents: Event }): Screen {
  if (event.__typename === 'StreamOpened') {
    return { name: event.room.name, seq: event.seq, messages: event.messages.nodes };
  }
  if (!screen) return screen!;
  if (event.__typename === 'Resync') return { ...screen, seq: event.seq, messages: event.room.messages.nodes };
  if (event.seq <= screen.seq) return screen;
  const { __typename } = event;
  const added = __typename === 'MessageAdded' && !screen.messages.some(({ id }) => id === event.message.id);
  return { ...screen, seq: event.seq, messages: added ? [...screen.messages, event.message] : screen.messages };
}

export function Room({ id }: { id: string }) {
  const [{ data: screen, error }] = useSubscription({ query: RoomEvents, variables: { id } }, apply);
  const [sent, sendMessage] = useMutation(SendMessage);

  function send(form: FormData) {
    const contents = String(form.get('contents'));
    void sendMessage({ input: { roomId: id, contents, idempotencyKey: crypto.randomUUID() } });
  }

  return (
    <main>
      <h2>{screen?.name}</h2>
      {screen?.messages.map((message) => <p key={message.id}><b>{message.from.nickName}</b> {message.contents}</p>)}
      <form action={send}>
        <label>Message <input name="contents" required autoComplete="off" /></label> <button>Send</button>
      </form>
      {(error ?? sent.error) && <p role="alert">{(error ?? sent.error)!.message}</p>}
    </main>
  );
}

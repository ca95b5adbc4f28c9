/** What a person is called; their id where nothing else is known. */
export function nameOf(person: { id: string; nickName: string }): string {
  return person.nickName || person.id;
}

interface Named {
  name: string;
  members?: { nodes?: { id: string; nickName: string }[]; edges?: { node: { id: string; nickName: string } }[] };
}

/** What a room is called: its name, else those who are in it besides me. */
export function roomName(room: Named, me: string): string {
  const members = room.members?.nodes ?? room.members?.edges?.map((edge) => edge.node) ?? [];
  const others = members.filter(({ id }) => id !== me).map(nameOf);
  return room.name || others.join(', ') || 'Only you';
}

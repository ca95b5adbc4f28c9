/** The name of a user, else the id. */
export function nameOf(person: { id: string; nickName: string }): string {
  return person.nickName || person.id;
}

interface Named {
  name: string;
  members?: { nodes?: { id: string; nickName: string }[]; edges?: { node: { id: string; nickName: string } }[] };
}

/** The name of a room, else the names of its other members. */
export function roomName(room: Named, me: string): string {
  const members = room.members?.nodes ?? room.members?.edges?.map((edge) => edge.node) ?? [];
  const others = members.filter(({ id }) => id !== me).map(nameOf);
  return room.name || others.join(', ') || 'Only you';
}

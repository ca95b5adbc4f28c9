import { nameOf } from '../rooms/names';

/** The first letter of a user's name in the user's colour. Pictures would be loaded from other servers. */
export function Avatar({ person }: { person: { id: string; nickName: string } }) {
  const hue = [...person.id].reduce((sum, char) => (sum * 31 + (char.codePointAt(0) ?? 0)) % 9973, 7) % 12;
  return (
    <span className={`avatar hue-${hue}`} aria-hidden="true">
      {[...nameOf(person)][0]?.toUpperCase()}
    </span>
  );
}

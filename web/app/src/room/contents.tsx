import { nameOf } from '../rooms/names';

interface Props {
  text: string;
  mentions: { id: string; nickName: string }[];
  me: string;
}

/** The text of a message, with highlighted mentions. */
export function Contents({ text, mentions, me }: Props) {
  const people = new Map(mentions.map((person) => [`@${nameOf(person)}`, person.id]));
  return (
    <p className="contents">
      {split(text, [...people.keys()]).map((part, index) =>
        people.has(part) ? (
          <mark key={index} data-me={people.get(part) === me || undefined}>
            {part}
          </mark>
        ) : (
          part
        ),
      )}
    </p>
  );
}

function split(text: string, names: string[]): string[] {
  if (names.length === 0) {
    return [text];
  }
  const longestFirst = names.toSorted((a, b) => b.length - a.length).map((name) => name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return text.split(new RegExp(`(${longestFirst.join('|')})`));
}

/** The ids of the members whose @name is in the text. */
export function mentionsIn(text: string, members: readonly { id: string; nickName: string }[]): string[] {
  const named = new Set(split(text, members.map((person) => `@${nameOf(person)}`)));
  return members.filter((person) => named.has(`@${nameOf(person)}`)).map(({ id }) => id);
}

import { useState } from 'react';

/** The text of an input. It survives navigation and a reload. */
export function useDraft(place: string): [string, (text: string) => void] {
  const key = `parley-draft-${place}`;
  const [drafts, setDrafts] = useState<Record<string, string>>({});
  return [
    drafts[key] ?? sessionStorage.getItem(key) ?? '',
    (text) => {
      setDrafts({ ...drafts, [key]: text });
      if (text === '') {
        sessionStorage.removeItem(key);
      } else {
        sessionStorage.setItem(key, text);
      }
    },
  ];
}

import { Store, useStore } from '../store';

const announcement = new Store('');

/** Lets a screen reader read a text after its current one. */
export function announce(text: string): void {
  // Screen readers ignore the same text twice, because nothing changes.
  announcement.set(announcement.get() === text ? `${text}\u00a0` : text);
}

export function Announcer() {
  return (
    <div role="status" className="unseen" data-announcer>
      {useStore(announcement)}
    </div>
  );
}

import { Store, useStore } from '../store';

const announcement = new Store('');

/** Has a screen reader say something, when it has finished what it is saying. */
export function announce(text: string): void {
  // The same text twice would be no change, and not be said.
  announcement.set(announcement.get() === text ? `${text}\u00a0` : text);
}

export function Announcer() {
  return (
    <div role="status" className="unseen" data-announcer>
      {useStore(announcement)}
    </div>
  );
}

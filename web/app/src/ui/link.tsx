import type { ComponentProps, MouseEvent } from 'react';
import { go, pathTo } from '../router';

/** A link to a place in the app. Clicks with a modifier key or the middle button keep the browser's behavior. */
export function Link({ to, ...rest }: { to: string[] } & ComponentProps<'a'>) {
  function follow(event: MouseEvent): void {
    if (!event.metaKey && !event.ctrlKey && !event.shiftKey && event.button === 0) {
      event.preventDefault();
      go(to);
    }
  }
  return <a href={pathTo(...to)} onClick={follow} {...rest} />;
}

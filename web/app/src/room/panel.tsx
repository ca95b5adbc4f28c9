import { type ReactNode, useEffect, useRef } from 'react';

interface Props {
  title: string;
  onClose: () => void;
  children: ReactNode;
}

/** A panel beside the conversation; on a phone, over it. Escape closes it, and the focus returns to its previous place. */
export function Panel({ title, onClose, children }: Props) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    heading.current?.focus();
    return () => {
      if (before instanceof HTMLElement && before.isConnected) {
        before.focus();
        if (document.activeElement !== before) {
          before.closest<HTMLElement>('[tabindex]')?.focus(); // a message's buttons are hidden while it has no focus
        }
      }
    };
  }, []);
  return (
    <aside className="panel" aria-label={title} onKeyDown={(event) => event.key === 'Escape' && !event.defaultPrevented && onClose()}>
      <header className="bar">
        <h2 ref={heading} tabIndex={-1}>
          {title}
        </h2>
        <button className="close" aria-label={`Close ${title}`} onClick={onClose}>
          ×
        </button>
      </header>
      {children}
    </aside>
  );
}

import { type ReactNode, useEffect, useRef } from 'react';

/** A screen with a heading, which takes the focus so that keyboards and screen readers start there. */
export function Page({ title, actions, children }: { title: string; actions?: ReactNode; children: ReactNode }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} – Parley`;
    heading.current?.focus({ preventScroll: true });
  }, [title]);
  return (
    <main className="page">
      <header className="bar">
        {actions}
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
      </header>
      {children}
    </main>
  );
}

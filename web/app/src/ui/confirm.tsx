import { useEffect, useRef } from 'react';

interface Props {
  question: string;
  action: string;
  onAnswer: (yes: boolean) => void;
}

/** Asks before an action that cannot be undone. The dialog element traps the focus and restores it. */
export function Confirm({ question, action, onAnswer }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} aria-labelledby="question" onClose={() => onAnswer(dialog.current?.returnValue === 'yes')}>
      <form method="dialog">
        <p id="question">{question}</p>
        <div className="row">
          <button value="no">Cancel</button>
          <button value="yes" className="danger">
            {action}
          </button>
        </div>
      </form>
    </dialog>
  );
}

import { useEffect, useRef } from 'react';

interface Props {
  question: string;
  action: string;
  onAnswer: (yes: boolean) => void;
}

/** Asks before something that cannot be taken back. The dialog element keeps the focus inside and gives it back. */
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

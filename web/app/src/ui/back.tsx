import { Link } from './link';

/** On a phone, where the list is a screen of its own: the way back to it. */
export function Back() {
  return (
    <Link to={[]} className="back" aria-label="Back to the rooms">
      ←
    </Link>
  );
}

import { Link } from './link';

/** The link back to the list of rooms, on phones. */
export function Back() {
  return (
    <Link to={[]} className="back" aria-label="Back to the rooms">
      ←
    </Link>
  );
}

/** The way to a user: by id, or from the newest decisions. */
import { useRef, useState } from 'preact/hooks';
import { goingTo, isPathSegment, pathTo } from '../state/address.js';
import { useNavigation } from '../state/location.js';
import { useService } from '../state/use-service.js';
import { UserLink } from '../view/link.js';
import { Answer, Card } from '../view/small.js';

/** Code points of an id, twice as many UTF-16 units at most. */
const LONGEST = 256;

export default function Users() {
  const { address, go } = useNavigation();
  const { status } = useService();
  const input = useRef<HTMLInputElement>(null);
  const [wrong, setWrong] = useState('');
  const open = (event: Event) => {
    event.preventDefault();
    const userId = input.current!.value;
    if (isPathSegment(userId)) go(goingTo(address, pathTo('/admin/users/{user_id}', { user_id: userId })));
    else setWrong(`A browser cannot have ${userId} in an address. Ask on the command line: npx tipstream profile ${userId}`);
  };
  return (
    <div class="stack">
      <Card title="Find a user">
        <form class="search" onSubmit={open}>
          <div>
            <label for="user">User id</label>
            <input
              ref={input}
              id="user"
              required
              maxLength={LONGEST}
              autocomplete="off"
              spellcheck={false}
              aria-describedby="user-problem"
            />
          </div>
          <button type="submit">Show</button>
        </form>
        <p id="user-problem" class="problem" role="alert">
          {wrong}
        </p>
      </Card>
      <Card title="Of the newest decisions">
        <Answer of={status}>
          {({ newest_scores: scores }) => {
            const users = [...new Set(scores.map(({ user_id: user }) => user))];
            return users.length === 0 ? (
              <p class="hint">No decision yet.</p>
            ) : (
              <ul class="users">
                {users.map((user) => (
                  <li key={user}>
                    <UserLink userId={user} />
                  </li>
                ))}
              </ul>
            );
          }}
        </Answer>
      </Card>
    </div>
  );
}

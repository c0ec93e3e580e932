/** Asks for the token that the service wants, in place of everything else. */
import { useEffect, useRef, useState } from 'preact/hooks';

/** `asked`: there was none; `refused`: the service did not take the one that there was. */
export type Gate = 'asked' | 'refused';

export interface TokenGateProps {
  readonly gate: Gate;
  readonly onToken: (token: string) => void;
}

export function TokenGate({ gate, onToken }: TokenGateProps) {
  const input = useRef<HTMLInputElement>(null);
  const [wrong, setWrong] = useState(gate === 'refused' ? 'The service did not accept this token.' : '');
  useEffect(() => input.current?.focus(), []);
  const give = (event: Event) => {
    event.preventDefault();
    const given = input.current!.value.trim();
    // Anything else cannot travel in a header, and no service has such a token.
    if (/^[!-~]+$/.test(given)) onToken(given);
    else setWrong('A token consists of visible ASCII characters without spaces.');
  };
  return (
    <main class="gate">
      <form class="card" onSubmit={give}>
        <h1>Token</h1>
        <p>This service was started with a token. It stays in this tab until the tab is closed.</p>
        <label for="token">Token</label>
        <div class="row">
          <input ref={input} id="token" type="password" autocomplete="off" spellcheck={false} required aria-describedby="token-error" />
          <button type="submit">Open</button>
        </div>
        <p id="token-error" class="problem" role="alert">
          {wrong}
        </p>
      </form>
    </main>
  );
}

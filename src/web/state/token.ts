/** The token of this tab. Storage can be switched off; the token then lives as long as the page. */
const KEY = 'tipstream-token';

let current: string | null | undefined;

export function token(): string | null {
  return (current ??= stored());
}

export const hasToken = (): boolean => token() !== null;

export function setToken(given: string | null): void {
  current = given;
  try {
    if (given === null) sessionStorage.removeItem(KEY);
    else sessionStorage.setItem(KEY, given);
  } catch {
    // kept in memory alone
  }
}

function stored(): string | null {
  try {
    return sessionStorage.getItem(KEY);
  } catch {
    return null;
  }
}

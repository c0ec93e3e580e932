/** Calls of the API with the tab's token. A failure is an ApiError with the code that the service gave, or `unreachable`. */
export const apiScript = String.raw`
const TOKEN = 'tipstream-token';
const TIMEOUT_MS = 10000;
let token = read();

/** Storage can be switched off; the token then lives as long as the page. */
function read() {
  try {
    return sessionStorage.getItem(TOKEN);
  } catch {
    return null;
  }
}

export function setToken(given) {
  token = given;
  try {
    if (given === null) sessionStorage.removeItem(TOKEN);
    else sessionStorage.setItem(TOKEN, given);
  } catch {
    // kept in memory alone
  }
}

export const hasToken = () => token !== null;

export class ApiError extends Error {
  constructor(code, message, details) {
    super(message);
    this.code = code;
    this.hint = details?.hint;
    this.owner = details?.owner;
  }
}

export async function get(path) {
  let response;
  try {
    response = await fetch(path, {
      headers: token === null ? {} : { authorization: 'Bearer ' + token },
      cache: 'no-store',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch {
    throw new ApiError('unreachable', 'The service does not answer.');
  }
  let body;
  try {
    body = await response.json();
  } catch {
    throw new ApiError('unreachable', 'The service answered with something that is no JSON (status ' + response.status + ').');
  }
  if (response.ok) return body;
  const { code, message, details } = body?.error ?? {};
  throw new ApiError(code ?? 'internal', message ?? 'The service answered with status ' + response.status + '.', details);
}
`;

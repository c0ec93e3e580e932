/** Addresses of views: a path and a query, which together say all that a view shows. Pure, so that it needs no browser. */

export interface Address {
  /** Percent-encoded, as the location has it. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
}

/** How one looks at things, not what one looks at: kept from view to view. */
const CARRIED = ['refresh', 'time'] as const;

export function parseAddress(pathAndQuery: string): Address {
  const [path = '', ...query] = pathAndQuery.split('?');
  return { path: withoutSlash(path), query: Object.fromEntries(new URLSearchParams(query.join('?'))) };
}

export function formatAddress({ path, query }: Address): string {
  const text = new URLSearchParams(Object.entries(query)).toString();
  return text === '' ? path : `${path}?${text}`;
}

/** The same view with other values; undefined removes one. */
export function withQuery({ path, query }: Address, changes: Readonly<Record<string, string | undefined>>): Address {
  return { path, query: Object.fromEntries(present({ ...query, ...changes })) };
}

/** Another view, looked at in the same way. */
export function goingTo(from: Address, path: string, query: Readonly<Record<string, string | undefined>> = {}): Address {
  const carried = Object.fromEntries(CARRIED.map((name) => [name, from.query[name]]));
  return { path, query: Object.fromEntries(present({ ...query, ...carried })) };
}

/** `/admin/users/{user_id}` against a path: its parameters, decoded; undefined when it is another path. */
export function matchPath(pattern: string, path: string): Readonly<Record<string, string>> | undefined {
  const [wanted, given] = [pattern.split('/'), withoutSlash(path).split('/')];
  if (wanted.length !== given.length) return undefined;
  const parameters: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const name = /^\{(\w+)\}$/.exec(part)?.[1];
    const value = given[index]!;
    if (name === undefined) {
      if (part !== value) return undefined;
      continue;
    }
    const decoded = decode(value);
    if (decoded === undefined || decoded === '') return undefined;
    parameters[name] = decoded;
  }
  return parameters;
}

/** A path with its parameters filled in. A lone surrogate, which no id has, becomes U+FFFD. */
export function pathTo(pattern: string, parameters: Readonly<Record<string, string | number>>): string {
  return pattern.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(wellFormed(String(parameters[name]))));
}

/** Whether it can be in an address as it is: half of a surrogate pair cannot. */
export function isAddressable(text: string): boolean {
  return wellFormed(text) === text;
}

/** Whether it can be a part of a path: browsers take . and .. as steps, however they are encoded. */
export function isPathSegment(text: string): boolean {
  return isAddressable(text) && text !== '' && text !== '.' && text !== '..';
}

function present(query: Readonly<Record<string, string | undefined>>): [string, string][] {
  return Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
}

function withoutSlash(path: string): string {
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function wellFormed(text: string): string {
  return text.replaceAll(/\p{Surrogate}/gu, '\ufffd');
}

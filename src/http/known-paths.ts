/** The paths that there are, and what each takes: for a method that a path does not have (405), and for OPTIONS. */
import type { Route } from './route.js';

export interface KnownPath {
  /** As in OpenAPI: /v1/profiles/{user_id} */
  readonly path: string;
  /** The methods of its routes. */
  readonly own: readonly string[];
  /** With HEAD, where GET is one of them. */
  readonly allowed: readonly string[];
  /** Whether every route of it answers without a token. */
  readonly open: boolean;
}

export class KnownPaths {
  readonly #fixed = new Map<string, KnownPath>();
  readonly #patterns: (readonly [RegExp, KnownPath])[] = [];

  constructor(routes: readonly Route[]) {
    for (const path of new Set(routes.map((route) => route.path))) {
      const there = routes.filter((route) => route.path === path);
      const own: string[] = there.map(({ method }) => method);
      const known = { path, own, allowed: own.includes('GET') ? [...own, 'HEAD'] : own, open: there.every(({ open }) => open === true) };
      if (/[{*]/.test(path)) this.#patterns.push([patternOf(path), known]);
      else this.#fixed.set(path, known);
    }
  }

  /** `path`: as it was asked for, without the query. undefined: there is none. */
  find(path: string): KnownPath | undefined {
    const decoded = decode(path);
    return this.#fixed.get(decoded) ?? this.#patterns.find(([pattern]) => pattern.test(decoded))?.[1];
  }
}

function patternOf(path: string): RegExp {
  const text = path
    .replaceAll(/[.+?^$()|[\]\\]/g, '\\$&')
    .replaceAll(/\{\w+\}/g, '[^/]+')
    .replaceAll('*', '.*');
  return new RegExp(`^${text}$`, 's');
}

/** A slash that is a part of an id stays encoded. */
function decode(path: string): string {
  try {
    return decodeURI(path);
  } catch {
    return path;
  }
}

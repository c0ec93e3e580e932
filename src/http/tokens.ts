/** Tokens of HTTP callers: each has a name, for the log, and a role. Only digests are kept, and every one is compared, in constant time. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { TipstreamError } from '../errors.js';

/** Ascending: each may do what those before it may. */
export const ROLES = ['read', 'operate', 'own'] as const;
export type Role = (typeof ROLES)[number];

export interface Caller {
  /** Of the token; null: there are no tokens, and everybody on the machine may call. */
  readonly name: string | null;
  readonly role: Role;
}

interface Token {
  readonly name: string;
  readonly role: Role;
  readonly digest: Buffer;
}

export const MIN_TOKEN_LENGTH = 16;
const VISIBLE_ASCII = /^[\x21-\x7e]+$/;
const NAME = /^[A-Za-z0-9._-]{1,64}$/;

export function includesRole(role: Role, needed: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(needed);
}

/** Those that may do what `needed` may, as a sentence has them: "operate or own". */
export function rolesFrom(needed: Role): string {
  return ROLES.slice(ROLES.indexOf(needed)).join(' or ');
}

export class Tokens {
  readonly #tokens: readonly Token[];

  private constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  /** One token that may do everything. Throws invalid_argument. */
  static ofOwner(token: string, where = 'the HTTP token'): Tokens {
    checkToken(token, where);
    return new Tokens([{ name: 'own', role: 'own', digest: digestOf(token) }]);
  }

  /**
   * `ROLE NAME TOKEN` a line; blank lines and those that begin with # do not count. Throws invalid_argument, which names the line and
   * never repeats it.
   */
  static parse(text: string, where: string): Tokens {
    const tokens: Token[] = [];
    for (const [at, line] of text
      .replace(/^\ufeff/, '')
      .split(/\r?\n/)
      .entries()) {
      const words = line.trim().split(/\s+/);
      if (words[0] === '' || words[0]!.startsWith('#')) continue;
      const place = `line ${at + 1} of ${where}`;
      const [role, name, token] = words;
      if (words.length !== 3 || !(ROLES as readonly string[]).includes(role!) || !NAME.test(name!))
        throw new TipstreamError('invalid_argument', `${place} is not ROLE NAME TOKEN`, {
          hint: `Write a role (${ROLES.join(', ')}), a name of letters, digits, ".", "_" and "-", and the token, with blanks between them.`,
        });
      checkToken(token!, `the token in ${place}`);
      tokens.push({ name: name!, role: role as Role, digest: digestOf(token!) });
    }
    if (tokens.length === 0)
      throw new TipstreamError('invalid_argument', `${where} has no token`, { hint: 'Write ROLE NAME TOKEN on a line.' });
    return Tokens.#distinct(tokens, where);
  }

  /** With those of the other one. Throws invalid_argument where a name or a token comes twice. */
  and(other: Tokens, where = 'the HTTP tokens'): Tokens {
    return Tokens.#distinct([...this.#tokens, ...other.#tokens], where);
  }

  static #distinct(all: readonly Token[], where: string): Tokens {
    for (const [at, { name, digest }] of all.entries())
      if (all.slice(0, at).some((before) => before.name === name || before.digest.equals(digest)))
        throw new TipstreamError('invalid_argument', `${where}: the name or the token of ${JSON.stringify(name)} comes twice`, {
          hint: 'Give every token a name of its own, so that the log can tell who it was.',
        });
    return new Tokens(all);
  }

  get size(): number {
    return this.#tokens.length;
  }

  /** Whose token it is. Takes as long whichever it is, and when it is none. */
  callerWith(given: string): Caller | undefined {
    const digest = digestOf(given);
    let found: Token | undefined;
    for (const token of this.#tokens) if (timingSafeEqual(token.digest, digest)) found = token;
    return found === undefined ? undefined : { name: found.name, role: found.role };
  }
}

function checkToken(token: string, where: string): void {
  if (!VISIBLE_ASCII.test(token))
    throw new TipstreamError('invalid_argument', `${where} must consist of visible ASCII characters, at least one and no spaces`);
  if (token.length < MIN_TOKEN_LENGTH)
    throw new TipstreamError('invalid_argument', `${where} is shorter than ${MIN_TOKEN_LENGTH} characters`, {
      hint: 'Use a long random text, such as what openssl rand -hex 32 prints.',
    });
}

const digestOf = (text: string): Buffer => createHash('sha256').update(text).digest();

/** The file of --http-tokens: read at the start and again when it changes. A bad one is said loudly, and the last good one stays. */
import { statSync } from 'node:fs';
import type { FastifyBaseLogger } from 'fastify';
import { cannotRead, TipstreamError } from '../errors.js';
import { readNamed } from '../named-file.js';
import { Tokens } from './tokens.js';

const LOOKS_EVERY_MS = 1_000;
const FORBIDDEN_MODE = 0o077;
const HINT = 'It holds a line ROLE NAME TOKEN for each token. Only its owner may read it: chmod 600.';

export interface TokenFileOptions {
  readonly logger?: FastifyBaseLogger | undefined;
  /** Tokens that hold whatever the file says. */
  readonly beside?: Tokens | undefined;
}

export class TokenFile {
  readonly #path: string;
  readonly #logger: FastifyBaseLogger | undefined;
  readonly #beside: Tokens | undefined;
  #tokens: Tokens;
  /** What was looked at last, good or bad. */
  #seen: string;
  #timer: NodeJS.Timeout | undefined;

  private constructor(path: string, { logger, beside }: TokenFileOptions, seen: string, tokens: Tokens) {
    this.#path = path;
    this.#logger = logger;
    this.#beside = beside;
    this.#seen = seen;
    this.#tokens = tokens;
  }

  /** Throws not_found, invalid_argument. */
  static async open(path: string, options: TokenFileOptions = {}): Promise<TokenFile> {
    const seen = identityOf(path);
    return new TokenFile(path, options, seen, await read(path, options.beside));
  }

  get tokens(): Tokens {
    return this.#tokens;
  }

  watch(): void {
    this.#timer ??= setInterval(() => void this.look(), LOOKS_EVERY_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Reads it again where it is another one than when it was looked at last. Never throws. */
  async look(): Promise<void> {
    const found = identityOf(this.#path);
    if (found === this.#seen) return;
    this.#seen = found;
    try {
      this.#tokens = await read(this.#path, this.#beside);
      this.#logger?.info({ file: this.#path, tokens: this.#tokens.size }, 'read the changed file of HTTP tokens');
    } catch (error) {
      const { code, hint } = error as TipstreamError;
      this.#logger?.error(
        { file: this.#path, code, hint },
        `the changed file of HTTP tokens is not used, and those read before stay valid: ${(error as Error).message}`,
      );
    }
  }
}

/** Changes whenever the file does, or is replaced, or another may read it. */
function identityOf(path: string): string {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
    return [dev, ino, size, mtimeNs, ctimeNs].join(':');
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unknown';
  }
}

async function read(path: string, beside: Tokens | undefined): Promise<Tokens> {
  let mode: number;
  try {
    mode = statSync(path).mode & 0o777;
  } catch (error) {
    throw cannotRead(path, error, HINT);
  }
  if ((mode & FORBIDDEN_MODE) !== 0)
    throw new TipstreamError('invalid_argument', `${path} is open to other users of the machine (mode 0${mode.toString(8)})`, {
      hint: `Run chmod 600 ${path}.`,
      details: { file: path },
    });
  const tokens = Tokens.parse((await readNamed(path, { hint: HINT })).toString('utf8'), path);
  return beside === undefined ? tokens : beside.and(tokens, path);
}

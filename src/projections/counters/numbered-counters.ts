/**
 * Counters of the many users that a worker holds in memory. Nearly all of them count the same names, so each name has a number, and a user
 * is one array of numbers and counts: a fifth of the memory of a map, nothing in it for the garbage collector to follow, and it is written
 * and read without looking at a name.
 */
import { CounterMap, type Counters, decodeCounters } from './counters.js';

/** As many names have numbers. Those of features are 43, and the rest are of categories, as they come. */
const MOST_NUMBERED = 128;
const MOST_DIGITS = 15;

/** Shared by the users of a worker. */
export class CounterNumbers {
  readonly #numbers = new Map<string, number>();
  /** number -> name */
  readonly names: string[] = [];
  /** number -> the name as JSON, with a comma behind it. */
  readonly texts: string[] = [];

  constructor(names: Iterable<string>) {
    for (const name of names) this.of(name);
  }

  /** undefined: the name has none, because there are too many. */
  of(name: string): number | undefined {
    const known = this.#numbers.get(name);
    if (known !== undefined || this.names.length === MOST_NUMBERED) return known;
    const number = this.names.push(name) - 1;
    this.#numbers.set(name, number);
    this.texts.push(`${JSON.stringify(name)},`);
    return number;
  }
}

export class NumberedCounters implements Counters {
  readonly #numbers: CounterNumbers;
  /** [number, count, number, count ...] in the order of the numbers. */
  readonly #pairs: number[];
  /** Names without a number. */
  #others: CounterMap | undefined;

  private constructor(numbers: CounterNumbers, pairs: number[], others?: CounterMap) {
    this.#numbers = numbers;
    this.#pairs = pairs;
    this.#others = others;
  }

  static empty(numbers: CounterNumbers): NumberedCounters {
    return new NumberedCounters(numbers, []);
  }

  /** The opposite of `encode`. Throws SyntaxError for what no counters have written. */
  static decode(numbers: CounterNumbers, text: string): NumberedCounters {
    const pairs = pairsIn(text, numbers.texts);
    if (pairs !== undefined) return new NumberedCounters(numbers, pairs);
    const counters = NumberedCounters.empty(numbers);
    for (const [name, count] of decodeCounters(text)) counters.set(name, count);
    return counters;
  }

  get size(): number {
    return this.#pairs.length / 2 + (this.#others?.size ?? 0);
  }

  get(name: string): number | undefined {
    const number = this.#numbers.of(name);
    if (number === undefined) return this.#others?.get(name);
    const at = this.#at(number);
    return this.#pairs[at] === number ? this.#pairs[at + 1] : undefined;
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  set(name: string, count: number): void {
    const number = this.#numbers.of(name);
    if (number === undefined) {
      (this.#others ??= new CounterMap()).set(name, count);
      return;
    }
    const at = this.#at(number);
    if (this.#pairs[at] === number) this.#pairs[at + 1] = count;
    else this.#pairs.splice(at, 0, number, count);
  }

  delete(name: string): boolean {
    const number = this.#numbers.of(name);
    if (number === undefined) return this.#others?.delete(name) ?? false;
    const at = this.#at(number);
    if (this.#pairs[at] !== number) return false;
    this.#pairs.splice(at, 2);
    return true;
  }

  add(name: string, by: number): void {
    const number = this.#numbers.of(name);
    if (number === undefined) {
      (this.#others ??= new CounterMap()).add(name, by);
      return;
    }
    const pairs = this.#pairs;
    const at = this.#at(number);
    if (pairs[at] !== number) {
      if (by !== 0) pairs.splice(at, 0, number, by);
      return;
    }
    const sum = pairs[at + 1]! + by;
    if (sum === 0) pairs.splice(at, 2);
    else pairs[at + 1] = sum;
  }

  copy(): NumberedCounters {
    return new NumberedCounters(this.#numbers, this.#pairs.slice(), this.#others?.copy());
  }

  encode(): string {
    const { texts } = this.#numbers;
    const pairs = this.#pairs;
    let text = '';
    for (let at = 0; at < pairs.length; at += 2) text += (at === 0 ? '' : ',') + texts[pairs[at]!]! + String(pairs[at + 1]!);
    if (this.#others === undefined || this.#others.size === 0) return `[${text}]`;
    return `[${text}${text === '' ? '' : ','}${this.#others.encode().slice(1)}`;
  }

  *[Symbol.iterator](): Generator<[string, number]> {
    const { names } = this.#numbers;
    for (let at = 0; at < this.#pairs.length; at += 2) yield [names[this.#pairs[at]!]!, this.#pairs[at + 1]!];
    if (this.#others !== undefined) yield* this.#others;
  }

  /** Where the number is, or would be. */
  #at(number: number): number {
    const pairs = this.#pairs;
    let at = 0;
    while (at < pairs.length && pairs[at]! < number) at += 2;
    return at;
  }
}

const [START, END, COMMA, MINUS, ZERO, NINE] = [0x5b, 0x5d, 0x2c, 0x2d, 0x30, 0x39];

/** What NumberedCounters with these names have encoded; undefined: something else, whatever it is. */
function pairsIn(text: string, names: readonly string[]): number[] | undefined {
  const pairs: number[] = [];
  if (text === '[]') return pairs;
  let at = 1;
  for (let number = 0; number < names.length; number++) {
    if (!text.startsWith(names[number]!, at)) continue;
    at += names[number]!.length;
    const isNegative = text.charCodeAt(at) === MINUS;
    if (isNegative) at++;
    const from = at;
    let count = 0;
    let code = text.charCodeAt(at);
    for (; code >= ZERO && code <= NINE; code = text.charCodeAt(++at)) count = count * 10 + (code - ZERO);
    const hasLeadingZero = at - from > 1 && text.charCodeAt(from) === ZERO;
    if (at === from || at - from > MOST_DIGITS || hasLeadingZero) return undefined;
    pairs.push(number, isNegative ? -count : count);
    if (code === END && at === text.length - 1 && text.charCodeAt(0) === START) return pairs;
    if (code !== COMMA) return undefined;
    at++;
  }
  return undefined;
}

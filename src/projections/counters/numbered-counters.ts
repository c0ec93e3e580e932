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

  /** undefined: the name has none. */
  known(name: string): number | undefined {
    return this.#numbers.get(name);
  }

  /** Gives the name a number where it has none. undefined: there are too many. */
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

  /** The same counters, numbered. */
  static of(numbers: CounterNumbers, counters: Counters): NumberedCounters {
    if (counters instanceof NumberedCounters && counters.#numbers === numbers) return counters;
    const numbered = NumberedCounters.empty(numbers);
    for (const [name, count] of counters) numbered.set(name, count);
    return numbered;
  }

  /** The opposite of `encode`. Throws SyntaxError for what no counters have written. */
  static decode(numbers: CounterNumbers, text: string): NumberedCounters {
    const pairs = pairsIn(text, numbers.texts);
    if (pairs !== undefined) return new NumberedCounters(numbers, pairs);
    return NumberedCounters.of(numbers, decodeCounters(text));
  }

  get size(): number {
    return this.#pairs.length / 2 + (this.#others?.size ?? 0);
  }

  get(name: string): number | undefined {
    const number = this.#numbers.known(name);
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
    const number = this.#numbers.known(name);
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
    for (let at = 0; at < pairs.length; at += 2) text += (at === 0 ? '' : ',') + texts[pairs[at]!]! + textOf(pairs[at + 1]!);
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

/** As JSON; what is no count was planted, and stays what JSON makes of it. */
function textOf(count: number): string {
  return Number.isSafeInteger(count) ? String(count) : JSON.stringify(count);
}

/** What NumberedCounters with these names have encoded, in whatever order; undefined: something else, whatever it is. */
function pairsIn(text: string, names: readonly string[]): number[] | undefined {
  const pairs: number[] = [];
  if (text === '[]') return pairs;
  if (text.charCodeAt(0) !== START) return undefined;
  let number = -1;
  for (let at = 1; ; at++) {
    // Nearly always they come in the order of their numbers.
    number = nameAt(text, at, names, number + 1, names.length) ?? nameAt(text, at, names, 0, number) ?? names.length;
    if (number === names.length) return undefined;
    at += names[number]!.length;
    const isNegative = text.charCodeAt(at) === MINUS;
    if (isNegative) at++;
    const from = at;
    let count = 0;
    let code = text.charCodeAt(at);
    for (; code >= ZERO && code <= NINE; code = text.charCodeAt(++at)) count = count * 10 + (code - ZERO);
    const hasLeadingZero = at - from > 1 && text.charCodeAt(from) === ZERO;
    if (at === from || at - from > MOST_DIGITS || hasLeadingZero) return undefined;
    if (!insert(pairs, number, isNegative ? -count : count)) return undefined;
    if (code === END) return at === text.length - 1 ? pairs : undefined;
    if (code !== COMMA) return undefined;
  }
}

/** Looks at the last character and at the comma first: many names begin alike, and startsWith is a call. */
function nameAt(text: string, at: number, names: readonly string[], from: number, to: number): number | undefined {
  for (let number = from; number < to; number++) {
    const name = names[number]!;
    const { length } = name;
    if (text.charCodeAt(at + length - 1) !== COMMA || text.charCodeAt(at + length - 3) !== name.charCodeAt(length - 3)) continue;
    if (text.startsWith(name, at)) return number;
  }
  return undefined;
}

/** Where it belongs; false: it is there already. */
function insert(pairs: number[], number: number, count: number): boolean {
  let at = pairs.length;
  while (at > 0 && pairs[at - 2]! >= number) at -= 2;
  if (pairs[at] === number) return false;
  if (at === pairs.length) pairs.push(number, count);
  else pairs.splice(at, 0, number, count);
  return true;
}

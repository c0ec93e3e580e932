/** Numbers and names as lines and tables have them. */

/** `1,204 records`, `1 record` */
export function counted(n: number, one: string, many = `${one}s`): string {
  return `${n.toLocaleString('en')} ${n === 1 ? one : many}`;
}

/** At most so many characters, with three dots where some were left out. */
export function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 3).toWellFormed()}...`;
}

/** At most so many columns of a terminal, with one sign where some were left out. */
export function fitted(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
}

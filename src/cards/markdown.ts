/** Pieces of Markdown that the sections of a card are made of. */

/** A GitHub table; cells are taken as they are. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** Text that somebody else chose, such as a category or a reason: on one line, and without meaning to Markdown or HTML. */
export function plain(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').replace(/[\\`*[\]<>|]/g, '\\$&');
}

/** Four significant digits; a dash for nothing. */
export function shown(value: number | null): string {
  return value === null ? '-' : String(Number(value.toPrecision(4)));
}

export function range({ low, high }: { readonly low: number; readonly high: number }): string {
  return `${shown(low)} to ${shown(high)}`;
}

/** A mean and its interval, to four decimal places. */
export function estimated({ mean, low, high }: { readonly mean: number; readonly low: number; readonly high: number }): string {
  return `${mean.toFixed(4)} (${low.toFixed(4)} to ${high.toFixed(4)})`;
}

/** ISO 8601, to the millisecond; a dash for nothing. */
export function moment(ms: number | null): string {
  return ms === null ? '-' : new Date(ms).toISOString();
}

/** `3 late, 1 lost`, the largest count first; `none` of nothing. */
export function counted(counts: Readonly<Record<string, number>>): string {
  const found = Object.entries(counts)
    .filter(([, count]) => count > 0)
    .sort(([, a], [, b]) => b - a);
  return found.length === 0 ? 'none' : found.map(([name, count]) => `${count} ${plain(name)}`).join(', ');
}

/** How bytes read: as text where they are UTF-8, and in hexadecimal. */

/** Of the hexadecimal digits that the API gives. */
export function bytesOf(hex: string): Uint8Array {
  const bytes = new Uint8Array(hex.length >> 1);
  for (let at = 0; at < bytes.length; at++) bytes[at] = parseInt(hex.slice(2 * at, 2 * at + 2), 16);
  return bytes;
}

/** undefined: they are not UTF-8. A byte order mark stays. */
export function textOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

const IN_A_LINE = 16;

/** Lines of an offset, 16 bytes and what of them is ASCII: those of the first `most` bytes. */
export function hexLines(bytes: Uint8Array, most: number): string {
  const lines: string[] = [];
  for (let at = 0; at < Math.min(bytes.length, most); at += IN_A_LINE) {
    const line = [...bytes.subarray(at, Math.min(at + IN_A_LINE, most))];
    const digits = line.map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    const ascii = line.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('');
    lines.push(`${at.toString(16).padStart(6, '0')}  ${digits.padEnd(IN_A_LINE * 3 - 1)}  ${ascii}`);
  }
  return lines.join('\n');
}

const UNITS = ['bytes', 'KiB', 'MiB'] as const;
const upToOne = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });

export function sizeText(bytes: number): string {
  if (bytes === 1) return '1 byte';
  const unit = bytes < 1_024 ? 0 : bytes < 1_048_576 ? 1 : 2;
  return `${upToOne.format(bytes / 1_024 ** unit)} ${UNITS[unit]}`;
}

/** How the text of an option becomes its value: each refuses what is not one and says what it must be. */
import { z } from 'zod';
import type { FeatureChoice } from './events/feature-choice.js';
import { FEATURE_SETS } from './topics.js';

export const text = z.string().min(1, { error: 'must not be empty' });
export const wholeNumber = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,15}$/, { error: `must be a whole number from ${min} to ${max}` })
    .transform(Number)
    .pipe(
      z
        .number()
        .min(min, { error: `must be at least ${min}` })
        .max(max, { error: `must be at most ${max}` }),
    );
export const fraction = z
  .string()
  .regex(/^\d*\.?\d+$/, { error: 'must be a number from 0 to 1' })
  .transform(Number)
  .pipe(z.number().max(1, { error: 'must be a number from 0 to 1' }));
export const notNegative = z
  .string()
  .regex(/^\d*\.?\d+$/, { error: 'must be a number that is not negative' })
  .transform(Number);
export const yesOrNo = z
  .enum(['true', 'false', '1', '0', 'yes', 'no'], { error: 'must be true or false' })
  .transform((word) => ['true', '1', 'yes'].includes(word));
export const brokerList = text
  .transform((list) =>
    list
      .split(',')
      .map((broker) => broker.trim())
      .filter((broker) => broker !== ''),
  )
  .pipe(
    z
      .array(z.string().regex(/^(\[[0-9a-fA-F:]+\]|[^\s:/]+)(:\d{1,5})?$/, { error: 'must be HOST:PORT,HOST:PORT' }))
      .min(1, { error: 'must name a broker' }),
  )
  .transform((brokers) => brokers.map((broker) => (/:\d+$/.test(broker) ? broker : `${broker}:9092`)));
const DURATION_UNITS_MS = { d: 86_400_000, h: 3_600_000, ms: 1 } as const;
/** The window of profiles, which looks back 30 days, must fit with a day to spare. */
const LEAST_RETENTION_MS = 31 * DURATION_UNITS_MS.d;
const LONGEST_RETENTION_MS = 36_500 * DURATION_UNITS_MS.d;
/** `90d`, `2160h` or whole milliseconds, into milliseconds. */
export const retention = z
  .string()
  .regex(/^\d{1,15}(d|h|ms)?$/, { error: 'must be a duration such as 90d, 2160h or 7776000000 (milliseconds)' })
  .transform((duration) => {
    const [, digits, unit] = /^(\d+)(d|h|ms)?$/.exec(duration)!;
    return Number(digits) * DURATION_UNITS_MS[(unit as keyof typeof DURATION_UNITS_MS | undefined) ?? 'ms'];
  })
  .pipe(
    z
      .number()
      .min(LEAST_RETENTION_MS, { error: 'must be at least 31d: profiles look back 30 days' })
      .max(LONGEST_RETENTION_MS, { error: 'must be at most 36500d' }),
  );
export const headerToken = z.string().regex(/^[\x21-\x7e]+$/, { error: 'must be visible ASCII characters without spaces' });
export const nameList = text
  .transform((list) => list.split(',').map((name) => name.trim()))
  .pipe(z.array(z.string().min(1, { error: 'must be NAME,NAME' })));
const FEATURE_FILE = /\.(json|yaml|yml)$/i;
/** Names of sets, and files of definitions beside them. */
export const featureChoice = nameList.transform((names, context): FeatureChoice => {
  const files = names.filter((name) => FEATURE_FILE.test(name));
  const others = names.filter((name) => !FEATURE_FILE.test(name) && !FEATURE_SETS.some((set) => set === name));
  if (others.length === 0 && names.includes('core'))
    return { sets: FEATURE_SETS.filter((set) => names.includes(set)), files, definitions: [] };
  const sets = FEATURE_SETS.join(', ');
  context.addIssue({
    code: 'custom',
    message: `must be core, or core with others of ${sets} and files in .json, .yaml or .yml: core,./features.json`,
  });
  return z.NEVER;
});
/** Without a slash at its end. */
export const gatewayUrl = z.string().transform((address, context): string => {
  const url = baseUrl(address);
  if (url !== undefined) return url;
  context.addIssue({
    code: 'custom',
    message: 'must be an http or https URL without a user, a query or a fragment, such as https://gateway.example/v1',
  });
  return z.NEVER;
});
/** null: off. Else base URLs without slashes at their ends. */
export const registryUrls = z.string().transform((list, context): readonly string[] | null => {
  if (list === 'off') return null;
  const urls = list.split(',').map((address) => baseUrl(address.trim()));
  if (urls.every((url) => url !== undefined)) return urls;
  context.addIssue({
    code: 'custom',
    message: 'must be http or https URLs without a user, a query or a fragment, such as http://registry.example:8081, or off',
  });
  return z.NEVER;
});
export const registryAuth = z.string().regex(/^[^:\u0000-\u001f]+:[^\u0000-\u001f]*$/, { error: 'must be USER:PASSWORD' });

function baseUrl(address: string): string | undefined {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const isBare = url !== undefined && url.username === '' && url.password === '' && url.search === '' && url.hash === '';
  return isBare && /^https?:$/.test(url.protocol) ? url.href.replace(/\/+$/, '') : undefined;
}
export const topicPrefix = z.string().regex(/^[A-Za-z0-9._-]{0,180}$/, { error: 'must consist of letters, digits, ".", "_" and "-"' });

export interface HttpAddress {
  readonly host: string;
  readonly port: number;
}
/** null: no HTTP (off, or --no-http). Port 0 takes any free one. */
export const httpAddress = z.string().transform((address, context): HttpAddress | null => {
  if (address === 'off' || address === 'false') return null;
  const parts = /^(?:\[([0-9a-fA-F:]+)\]|([^\s:/]+)):(\d{1,5})$/.exec(address);
  if (parts === null || Number(parts[3]) > 65_535) {
    context.addIssue({ code: 'custom', message: 'must be HOST:PORT, such as 127.0.0.1:8080' });
    return z.NEVER;
  }
  return { host: (parts[1] ?? parts[2])!, port: Number(parts[3]) };
});

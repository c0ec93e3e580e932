/** Whether the log answers. */
import { TipstreamError } from '../../../../errors.js';
import type { Config } from '../../../../config.js';
import { placeOf } from '../../../../log/open.js';
import { nextCommand } from '../../../output/next-command.js';
import type { Check } from '../check.js';

export function logCheck(config: Config, answer: { readonly tookMs: number } | { readonly failure: unknown }): Check {
  const where = placeOf(config);
  if ('tookMs' in answer) {
    const tookMs = Math.round(answer.tookMs);
    return { name: 'log', status: 'ok', summary: `${where} answers (${tookMs} ms)`, took_ms: tookMs };
  }
  const { failure } = answer;
  const code = failure instanceof TipstreamError ? failure.code : 'internal';
  if (code === 'no_data')
    return {
      name: 'log',
      status: 'attention',
      summary: `there is no log in ${config.data} yet`,
      next: nextCommand('start', config),
      code,
    };
  const next = config.log === 'kafka' ? { next: `kafka-broker-api-versions --bootstrap-server ${(config.brokers ?? []).join(',')}` } : {};
  const message = failure instanceof Error ? failure.message : String(failure);
  return {
    name: 'log',
    status: 'attention',
    summary: `${message} [${code}]`,
    ...(failure instanceof TipstreamError && failure.hint !== undefined ? { hint: failure.hint } : {}),
    ...next,
    code,
  };
}

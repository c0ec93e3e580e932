/** Calls of the API with the tab's token. A failure is an ApiError. */
import { ApiError, errorIn, parsed } from './api-error.js';
import { token } from './token.js';

const TIMEOUT_MS = 10_000;

/** A text of the API with what it says; the text tells whether anything has changed. */
export interface Answered<T> {
  readonly text: string;
  readonly document: T;
}

export function get<T>(path: string, signal?: AbortSignal): Promise<Answered<T>> {
  return ask<T>('GET', path, signal);
}

/** Says that it is JSON, which a page of another origin may not say without being asked, also where there is no body. */
export function post<T>(path: string, body?: object): Promise<Answered<T>> {
  return ask<T>('POST', path, undefined, body);
}

export function cancel<T>(path: string): Promise<Answered<T>> {
  return ask<T>('DELETE', path);
}

async function ask<T>(method: string, path: string, signal?: AbortSignal, body?: object): Promise<Answered<T>> {
  const given = token();
  let response: Response;
  let text: string;
  try {
    response = await fetch(path, {
      method,
      headers: {
        ...(given === null ? {} : { authorization: `Bearer ${given}` }),
        ...(method === 'POST' ? { 'content-type': 'application/json' } : {}),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      cache: 'no-store',
      signal: AbortSignal.any([AbortSignal.timeout(TIMEOUT_MS), ...(signal === undefined ? [] : [signal])]),
    });
    text = await response.text();
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError('unreachable', 'The service does not answer.', { hint: 'Look whether its process runs, and at its log.' });
  }
  if (!response.ok) throw errorIn(response.status, text);
  const document = parsed(text);
  if (document === undefined) throw errorIn(response.status, text);
  return { text, document: document as T };
}

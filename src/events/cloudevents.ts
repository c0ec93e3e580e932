/**
 * CloudEvents 1.0 around an event, as its Kafka binding has it: structured (one JSON document with the event in `data`) or binary
 * (attributes in `ce_` headers, the event as the value). Only the data reaches the fold; the attributes are checked and dropped.
 */
import { reject, type Rejected } from './rejection.js';

type Headers = readonly (readonly [name: string, value: Buffer | null])[];

/** none: the value is the event. binary: it is too, and its attributes are right. structured: it is a document around the event. */
export type Envelope = 'none' | 'binary' | 'structured';

/** `isDecoded`: the value is JSON now, whatever the content type says that it was. */
export function envelopeOf(headers: Headers, isDecoded = false): Envelope | Rejected {
  let contentType: string | undefined;
  let attributes: Map<string, string> | undefined;
  for (const [name, value] of headers) {
    if (name.startsWith('ce_')) (attributes ??= new Map()).set(name.slice(3), value?.toString() ?? '');
    else if (name.length === 12 && name.toLowerCase() === 'content-type') contentType = value?.toString();
  }
  const mediaType = contentType?.split(';', 1)[0]!.trim().toLowerCase();
  if (mediaType?.startsWith('application/cloudevents')) {
    if (mediaType === 'application/cloudevents+json') return 'structured';
    return reject('bad_envelope', `content-type: a record holds one CloudEvent as application/cloudevents+json, not ${mediaType}`);
  }
  if (attributes === undefined || !attributes.has('specversion')) return 'none';
  return (
    badAttributes((name) => attributes.get(name), 'ce_') ??
    (mediaType === undefined || isDecoded || isJson(mediaType)
      ? 'binary'
      : reject('bad_envelope', `content-type: expected JSON, not ${mediaType}`))
  );
}

/**
 * Whether a JSON body that no header declared is a structured CloudEvent. The names of its attributes have no underscore, so a body
 * with one of our own ids is an event that happens to have a field called specversion.
 */
export function looksStructured(body: object): boolean {
  if (!Object.hasOwn(body, 'specversion')) return false;
  if (Object.hasOwn(body, 'data') || Object.hasOwn(body, 'data_base64')) return true;
  return !Object.hasOwn(body, 'user_id') && !Object.hasOwn(body, 'control_id');
}

/** The event inside a structured CloudEvent: a JSON value, or the bytes that `data_base64` stands for. */
export function dataOf(body: Readonly<Record<string, unknown>>): { readonly json: unknown } | { readonly bytes: Buffer } | Rejected {
  const bad = badAttributes((name) => (Object.hasOwn(body, name) ? body[name] : undefined), '');
  if (bad) return bad;
  const contentType = body.datacontenttype;
  if (contentType != null && !(typeof contentType === 'string' && isJson(contentType.split(';', 1)[0]!.trim().toLowerCase()))) {
    return reject('bad_envelope', 'datacontenttype: expected a JSON media type such as application/json');
  }
  const { data, data_base64: base64 } = body;
  if (base64 == null) return data == null ? reject('bad_envelope', 'data: is missing (expected the event)') : { json: data };
  if (data != null) return reject('bad_envelope', 'data, data_base64: expected one of them, found both');
  if (typeof base64 !== 'string' || !BASE64.test(base64)) return reject('bad_envelope', 'data_base64: expected base64 text');
  return { bytes: Buffer.from(base64, 'base64') };
}

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
const isJson = (mediaType: string): boolean => /^(application|text)\/([\w.-]+\+)?json$/.test(mediaType);

function badAttributes(attribute: (name: string) => unknown, prefix: string): Rejected | undefined {
  const version = attribute('specversion');
  if (typeof version !== 'string' || !/^1\.\d+$/.test(version)) {
    const found = version === undefined ? 'nothing' : JSON.stringify(version).slice(0, 40);
    return reject('bad_envelope', `${prefix}specversion: expected "1.0", found ${found}`);
  }
  for (const name of ['id', 'source', 'type']) {
    const value = attribute(name);
    if (typeof value !== 'string' || value === '')
      return reject('bad_envelope', `${prefix}${name}: a CloudEvent has one, of at least a character`);
  }
  return undefined;
}

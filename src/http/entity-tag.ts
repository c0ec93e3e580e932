/**
 * ETag and If-None-Match: a caller that has the answer already gets 304 in place of it. Tags are weak, because they leave out what says
 * when the answer was made: two answers with one tag say the same.
 */
import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';

const TAG_LENGTH = 22;

/** Of what an answer says. */
export function entityTag(content: unknown): string {
  const hash = createHash('sha256').update(JSON.stringify(content)).digest('base64url');
  return `W/"${hash.slice(0, TAG_LENGTH)}"`;
}

/** Puts the tag on the answer. True: the caller has it, and is to be told so alone. */
export function isKnownToCaller(tag: string, request: FastifyRequest, reply: FastifyReply): boolean {
  void reply.header('etag', tag);
  const { 'if-none-match': known } = request.headers;
  if (known === undefined) return false;
  if (known.trim() === '*') return true;
  const opaque = (each: string): string => each.replace(/^W\//, '');
  return (known.match(/(?:W\/)?"[^"]*"/g) ?? []).some((each) => opaque(each) === opaque(tag));
}

/** For a route's `says`: everything but these fields, which change with every answer. */
export function allBut(...names: readonly string[]): (answer: unknown) => unknown {
  return (answer) => Object.fromEntries(Object.entries(answer as object).filter(([name]) => !names.includes(name)));
}

export const everything = (answer: unknown): unknown => answer;

/** `curl -X QUERY` of a path that there is not was 500 internal, because the framework wants a content-type of that method. */
import { METHODS } from 'node:http';
import { expect, it } from 'vitest';
import { errorAnswer } from '../../src/http/error-answer.js';
import { buildServer } from '../../src/http/server.js';
import { fakeApplication } from '../support/fake-application.js';

const BODIES = [
  {},
  { payload: '{', headers: { 'content-type': 'application/json' } },
  { payload: 'x', headers: { 'content-type': 'text/plain' } },
  { payload: 'x'.repeat(3_000_000), headers: { 'content-type': 'application/json' } },
];

it('404 for every method, with any body or none', async () => {
  const server = buildServer(fakeApplication(), { host: '127.0.0.1' });
  for (const method of METHODS.filter((one) => one !== 'CONNECT')) {
    for (const body of BODIES) {
      const { statusCode } = await server.inject({ method: method as 'GET', url: '/nothing', ...body });
      expect([method, body.headers, statusCode]).toEqual([method, body.headers, 404]);
    }
  }
});

it('what the framework refuses of a request is never internal', () => {
  const refused = Object.assign(new Error("Method 'X' must provide it."), { code: 'FST_ERR_SOMETHING_NEW', statusCode: 400 });
  expect(errorAnswer(refused)).toMatchObject({ status: 400, body: { error: { code: 'invalid_argument' } } });
  const broken = Object.assign(new Error('broken'), { code: 'FST_ERR_SOMETHING_NEW', statusCode: 500 });
  expect(errorAnswer(broken)).toMatchObject({ status: 500, body: { error: { code: 'internal' } } });
});

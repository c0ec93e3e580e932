import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ERROR_KINDS } from '../../src/errors.js';
import { buildServer } from '../../src/http/server.js';
import { Tokens } from '../../src/http/tokens.js';
import * as provenance from '../../src/http/provenance-schemas.js';
import * as schemas from '../../src/http/schemas.js';
import { LEARNING_POLICIES, policyPath } from '../../src/policies/registry.js';
import { TOPIC_NAMES } from '../../src/topics.js';
import {
  LAG,
  NOW_MS,
  PROFILE,
  PROMPTS,
  REBUILD,
  SCORES,
  SCORE_REQUEST,
  STATUS,
  fakeApplication,
  scoreResponse,
} from '../support/fake-application.js';
import { DECISION, DECISIONS, RECORD, provenanceAt } from '../support/fake-provenance.js';

type Json = Record<string, unknown>;
interface Operation {
  operationId: string;
  parameters?: { name: string; in: string; required: boolean; schema: Json }[];
  requestBody?: { content: Json };
  responses: Record<string, { description: string; content: Json }>;
  security: Json[];
  'x-role'?: string;
}
interface Document extends Json {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Json>; securitySchemes?: Json };
}

const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')) as { version: string };

const fetchDocument = async (token?: string) =>
  (
    await buildServer(fakeApplication(), {
      host: '127.0.0.1',
      tokens: token === undefined ? undefined : () => Tokens.ofOwner(token),
    }).inject({
      url: '/openapi.json',
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    })
  ).json<Document>();
const operations = (document: Document) =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );

function* inside(value: unknown): Generator<Json> {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value)) yield value as Json;
  for (const each of Object.values(value)) yield* inside(each);
}

const BEGINNING_JOBS = ['rebuildProfile', 'redriveDeadLetters', 'forgetUser'];

describe('/openapi.json', () => {
  it('is OpenAPI 3.1, has the version of the package and lists every route', async () => {
    const document = await fetchDocument();
    const paths = LEARNING_POLICIES.map(({ name }) => policyPath(name));
    expect(paths).toEqual(expect.arrayContaining(['egreedy/v1', 'egreedy/v2', 'linucb']));
    expect(document).toMatchObject({ openapi: '3.1.0', info: { title: 'tipstream', version } });
    expect(operations(document).map(({ path, method }) => `${method} ${path}`)).toEqual([
      'get /v1/profiles/{user_id}',
      'post /v1/profiles:batch',
      'post /v1/profiles/{user_id}/rebuild',
      'get /v1/rebuilds/{job_id}',
      'delete /v1/rebuilds/{job_id}',
      'post /v1/forgets',
      'get /v1/forgets/{job_id}',
      'get /v1/users/{user_id}/provenance',
      'get /v1/users/{user_id}/decisions',
      'get /v1/users/{user_id}/decisions/{decision_id}',
      'post /v1/events',
      'get /v1/events/{topic}/{partition}/{offset}',
      'get /v1/dead-letters',
      'get /v1/dead-letters/{topic}/{partition}/{offset}',
      'post /v1/dead-letters/redrive',
      'get /v1/dead-letters/redrive/{job_id}',
      'delete /v1/dead-letters/redrive/{job_id}',
      'post /score',
      'post /generate',
      ...paths.map((path) => `post /score/${path}`),
      ...paths.map((path) => `post /reward/${path}`),
      ...paths.map((path) => `get /stats/${path}`),
      'get /v1/policies',
      'post /reset',
      'get /v1/prompts',
      'get /v1/data-quality',
      'get /v1/data-quality/history',
      'get /v1/features',
      'get /v1/lag',
      'get /v1/status',
      'get /v1/audit',
      'get /livez',
      'get /readyz',
      'get /metrics',
      'get /openapi.json',
    ]);
  });

  it('every reference leads somewhere, and no schema brings a dialect or an id of its own', async () => {
    const document = await fetchDocument();
    const references = [...inside(document)].map((each) => each['$ref']).filter((reference) => typeof reference === 'string');
    expect(references.length).toBeGreaterThan(10);
    for (const reference of references)
      expect(document.components.schemas, reference).toHaveProperty([reference.replace('#/components/schemas/', '')]);
    for (const each of inside(document)) expect([each['$schema'], each['$id']]).toEqual([undefined, undefined]);
    for (const name of Object.keys(document.components.schemas)) expect(name).toMatch(/^[A-Za-z0-9._-]+$/);
  });

  it('operations have unique ids, the parameters of their path, descriptions and an error', async () => {
    const all = operations(await fetchDocument());
    expect(new Set(all.map(({ operation }) => operation.operationId)).size).toBe(all.length);
    for (const { path, method, operation } of all) {
      const inPath = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path');
      expect(inPath.map(({ name }) => `{${name}}`)).toEqual(path.match(/\{\w+\}/g) ?? []);
      for (const parameter of operation.parameters ?? [])
        expect(parameter).toMatchObject({ required: parameter.in === 'path', schema: { type: 'string' } });
      for (const response of Object.values(operation.responses)) expect(response.description).not.toBe('');
      expect(operation.responses['default']!.content).toEqual({ 'application/json': { schema: { $ref: '#/components/schemas/Error' } } });
      expect(operation.responses).toHaveProperty(BEGINNING_JOBS.includes(operation.operationId) ? '202' : '200');
      expect(operation.requestBody !== undefined).toBe(method === 'post' && operation.operationId !== 'rebuildProfile');
    }
  });

  it('asks for the token where the server does', async () => {
    expect((await fetchDocument()).components.securitySchemes).toBeUndefined();
    const document = await fetchDocument('secret-and-long-enough');
    expect(document.components.securitySchemes).toEqual({ token: { type: 'http', scheme: 'bearer' } });
    for (const { path, operation } of operations(document))
      expect(operation.security).toEqual(['/livez', '/readyz'].includes(path) ? [] : [{ token: [] }]);
  });

  it('says which role each operation needs', async () => {
    const needed = Object.fromEntries(
      operations(await fetchDocument()).map(({ path, method, operation }) => [`${method} ${path}`, operation['x-role'] ?? null]),
    );
    for (const [operation, role] of Object.entries(needed)) {
      const isOpen = ['get /livez', 'get /readyz'].includes(operation);
      expect([operation, role]).toEqual([
        operation,
        isOpen ? null : operation !== 'get /v1/audit' && /^get |:batch$/.test(operation) ? 'read' : 'operate',
      ]);
    }
  });

  it('has every event, every error code and what a score needs', async () => {
    const { schemas: components } = (await fetchDocument()).components;
    for (const topic of TOPIC_NAMES) if (topic !== 'tip.scored.shadow') expect(components).toHaveProperty([`event.${topic}`]);
    expect(components['Error']).toMatchObject({ properties: { error: { properties: { code: { enum: Object.keys(ERROR_KINDS) } } } } });
    expect(components['ScoreRequest']).toMatchObject({
      type: 'object',
      required: ['user_id', 'candidates'],
      properties: { candidates: { minItems: 1, maxItems: 200 } },
    });
    expect(components['ScoreResponse']!['required']).toContain('recorded');
  });

  it('the answers are what the schemas say', () => {
    expect(schemas.profileSchema.parse(PROFILE)).toEqual(PROFILE);
    expect(schemas.rebuildJobSchema.parse(REBUILD)).toEqual(REBUILD);
    expect(schemas.lagSchema.parse(LAG)).toEqual(LAG);
    for (const [schema, document] of [
      [provenance.recordSchema, RECORD],
      [provenance.provenanceSchema, provenanceAt(NOW_MS, PROFILE.features)],
      [provenance.decisionsSchema, DECISIONS],
      [provenance.decisionSchema, DECISION],
    ] as const)
      expect(schema.parse(document)).toEqual(document);
    expect(schemas.promptsSchema.parse(PROMPTS)).toEqual(PROMPTS);
    expect(schemas.statusSchema.parse({ ...STATUS, now_ms: 0, newest_scores: SCORES })).toEqual({
      ...STATUS,
      now_ms: 0,
      newest_scores: SCORES,
    });
    expect(schemas.scoreResponseSchema.parse(scoreResponse(SCORE_REQUEST))).toEqual(scoreResponse(SCORE_REQUEST));
  });
});

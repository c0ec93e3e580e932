/** /openapi.json: OpenAPI 3.1 from the routes and their zod schemas, the same ones that check requests. */
import { STATUS_CODES } from 'node:http';
import { z } from 'zod';
import { PACKAGE_VERSION } from '../package.js';
import { SCHEMAS } from '../topic-schemas.js';
import { JSON_TYPE, NDJSON_TYPES, roleFor, type Answer, type RequestBody, type Route } from './route.js';
import { deadLetterSchema, deadLettersSchema } from './dead-letters-schemas.js';
import * as provenance from './provenance-schemas.js';
import { profilesRequestSchema, profilesSchema } from './profiles-schemas.js';
import { redriveJobSchema, redriveRequestSchema } from './redrive-schemas.js';
import * as schemas from './schemas.js';

type Json = Readonly<Record<string, unknown>>;

/** Schemas that get a name of their own; the rest is written where it is used. */
const NAMED: Readonly<Record<string, z.ZodType>> = {
  Error: schemas.errorSchema,
  Profile: schemas.profileSchema,
  ProfilesRequest: profilesRequestSchema,
  Profiles: profilesSchema,
  RebuildJob: schemas.rebuildJobSchema,
  Record: provenance.recordSchema,
  Provenance: provenance.provenanceSchema,
  Decisions: provenance.decisionsSchema,
  Decision: provenance.decisionSchema,
  ScoreRequest: schemas.scoreRequestSchema,
  ScoreResponse: schemas.scoreResponseSchema,
  ProduceLine: schemas.produceLineSchema,
  ProduceSummary: schemas.produceSummarySchema,
  ProduceRefusal: schemas.produceRefusalSchema,
  DeadLetters: deadLettersSchema,
  DeadLetter: deadLetterSchema,
  RedriveRequest: redriveRequestSchema,
  RedriveJob: redriveJobSchema,
  Lag: schemas.lagSchema,
  Status: schemas.statusSchema,
  ...Object.fromEntries(Object.entries(SCHEMAS).map(([topic, schema]) => [`event.${topic}`, schema])),
};

const referenceTo = (name: string): string => `#/components/schemas/${name}`;
/** `input`, also for answers: what a reader may rely on, without forbidding what is added later. */
const AS_JSON_SCHEMA = { io: 'input', uri: referenceTo } as const;

export function openApiDocument(routes: readonly Route[], secured: boolean): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const route of routes) (paths[route.path] ??= {})[route.method.toLowerCase()] = operation(route, secured);
  return {
    openapi: '3.1.0',
    info: {
      title: 'tipstream',
      version: PACKAGE_VERSION,
      description:
        'Tip events in; exact 30-day profiles and bandit scores out. Errors are {error: {code, ' +
        'message, details?}} with a code from one closed list. x-role is the least role that a token needs: read, operate or own.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    paths,
    components: {
      schemas: componentSchemas(),
      ...(secured ? { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } } : {}),
    },
  };
}

function operation(route: Route, secured: boolean): Json {
  const parameters = [...parametersOf('path', route.pathParameters), ...parametersOf('query', route.query)];
  return {
    operationId: route.operationId,
    summary: route.summary,
    ...(route.description === undefined ? {} : { description: route.description }),
    ...(route.open === true ? {} : { 'x-role': roleFor(route) }),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(route.body === undefined ? {} : { requestBody: requestBody(route.body) }),
    responses: {
      ...Object.fromEntries(Object.entries(route.answers).map(([status, answer]) => [status, response(Number(status), answer)])),
      ...(route.says === undefined ? {} : { 304: { description: 'What If-None-Match names is still what there is to say.' } }),
      default: response(0, { description: 'An error; its code names the status.', schema: schemas.errorSchema }),
    },
    security: secured && !route.open ? [{ token: [] }] : [],
  };
}

function parametersOf(where: 'path' | 'query', schema: z.ZodObject | undefined): Json[] {
  return Object.entries(schema?.shape ?? {}).map(([name, field]) => {
    const { description, ...rest } = jsonSchema(field as z.ZodType) as { description?: string };
    return { name, in: where, required: where === 'path', ...(description === undefined ? {} : { description }), schema: rest };
  });
}

function requestBody({ kind, schema }: RequestBody): Json {
  const types = kind === 'json' ? [JSON_TYPE] : NDJSON_TYPES;
  return { required: true, content: Object.fromEntries(types.map((type) => [type, { schema: schemaOrReference(schema) }])) };
}

function response(status: number, { description, contentType = JSON_TYPE, schema }: Answer): Json {
  return {
    description: description || STATUS_CODES[status],
    content: { [contentType]: schema === undefined ? {} : { schema: schemaOrReference(schema) } },
  };
}

function schemaOrReference(schema: z.ZodType): Json {
  const name = Object.keys(NAMED).find((candidate) => NAMED[candidate] === schema);
  return name === undefined ? jsonSchema(schema) : { $ref: referenceTo(name) };
}

function jsonSchema(schema: z.ZodType): Json {
  return withoutDialect(z.toJSONSchema(schema, AS_JSON_SCHEMA));
}

function componentSchemas(): Json {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(NAMED)) if (!registry.has(schema)) registry.add(schema, { id });
  const converted = z.toJSONSchema(registry, AS_JSON_SCHEMA).schemas;
  return Object.fromEntries(Object.entries(converted).map(([id, schema]) => [id, withoutDialect(schema)]));
}

/** OpenAPI 3.1 says the dialect once for all, and a component's place is its id. */
function withoutDialect(schema: object): Json {
  const { $schema: _dialect, $id: _id, ...rest } = schema as { $schema?: unknown; $id?: unknown };
  return rest;
}

/** Every route of the API, in the order in which /openapi.json lists them. A new route is a file in routes/ and a line here. */
import { everything } from './entity-tag.js';
import { openApiDocument } from './openapi.js';
import { defineRoute, type Route } from './route.js';
import { auditRoute } from './routes/audit.js';
import { dataQualityHistoryRoute } from './routes/data-quality-history.js';
import { dataQualityRoute } from './routes/data-quality.js';
import { deadLetterRoute, deadLettersRoute } from './routes/dead-letters.js';
import { eventsRoute } from './routes/events.js';
import { featuresRoute } from './routes/features.js';
import { liveRoute, readyRoute } from './routes/health.js';
import { forgetJobRoute, forgetRoute } from './routes/forget.js';
import { generateRoute } from './routes/generate.js';
import { lagRoute } from './routes/lag.js';
import { metricsRoute } from './routes/metrics.js';
import { pageRoutes } from './routes/page.js';
import { policyRoutes } from './routes/policies.js';
import { profileRoute, profilesRoute } from './routes/profile.js';
import { promptsRoute } from './routes/prompts.js';
import { recordRoute } from './routes/record.js';
import { cancelRebuildRoute, rebuildJobRoute, rebuildRoute } from './routes/rebuild.js';
import { redriveJobRoute, redriveRoute, stopRedriveRoute } from './routes/redrive.js';
import { scoreRoute } from './routes/score.js';
import { statusRoute } from './routes/status.js';
import { decisionRoute, decisionsRoute, provenanceRoute } from './routes/user.js';

const DATA_ROUTES: readonly Route[] = [
  profileRoute,
  profilesRoute,
  rebuildRoute,
  rebuildJobRoute,
  cancelRebuildRoute,
  forgetRoute,
  forgetJobRoute,
  provenanceRoute,
  decisionsRoute,
  decisionRoute,
  eventsRoute,
  recordRoute,
  deadLettersRoute,
  deadLetterRoute,
  redriveRoute,
  redriveJobRoute,
  stopRedriveRoute,
  scoreRoute,
  generateRoute,
  ...policyRoutes,
  promptsRoute,
  dataQualityRoute,
  dataQualityHistoryRoute,
  featuresRoute,
  lagRoute,
  statusRoute,
  auditRoute,
  liveRoute,
  readyRoute,
  metricsRoute,
];

/** The routes, the page and the document that describes them; `secured`: whether a token is asked for. */
export function routesOf(secured: boolean): readonly Route[] {
  const openApiRoute = defineRoute({
    method: 'GET',
    path: '/openapi.json',
    operationId: 'getOpenApi',
    summary: 'This document',
    answers: { 200: { description: 'OpenAPI 3.1.' } },
    says: everything,
    // Made when somebody asks: it takes longer than all else that a server does before it answers.
    handle: () => (document ??= openApiDocument(api, secured)),
  });
  const api: readonly Route[] = [...DATA_ROUTES, openApiRoute];
  let document: ReturnType<typeof openApiDocument> | undefined;
  return [...api, ...pageRoutes()];
}

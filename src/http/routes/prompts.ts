/** GET /v1/prompts: what was served with each prompt version, and its reward. */
import { allBut } from '../entity-tag.js';
import { defineRoute } from '../route.js';
import { promptsQuery, promptsSchema } from '../schemas.js';

export const promptsRoute = defineRoute({
  method: 'GET',
  path: '/v1/prompts',
  operationId: 'comparePrompts',
  summary: 'Compare the rewards of decisions under each prompt version',
  description: [
    'A decision counts for the prompt_version of the tip.served event that its reward counts for. Differences ' +
      'say what the prompt does only where chance chose the version.',
    'Counting goes through all decisions, so an answer is used again for a second and for twenty times the time ' +
      'that it took; `counted_at_ms` says when. While the first one takes longer than a few seconds, the answer is not_ready.',
  ].join(' '),
  query: promptsQuery,
  answers: {
    200: {
      description: 'As `tipstream policies prompts --json` prints it, as far as the partitions held by this member go.',
      schema: promptsSchema,
    },
  },
  says: allBut('counted_at_ms'),
  handle: ({ query }, _reply, application) => application.prompts(query.against),
});

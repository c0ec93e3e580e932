/** POST /generate: candidates in, a text about the tip that the live policy chooses out. */
import { callerGone } from '../caller-gone.js';
import { defineRoute } from '../route.js';
import { withTrace } from '../with-trace.js';
import { generateRequestSchema, generateResponseSchema, noQuery } from '../schemas.js';

export const generateRoute = defineRoute({
  method: 'POST',
  path: '/generate',
  operationId: 'generate',
  summary: 'Choose a tip with the live policy, and have its text written',
  description: [
    'Decides as POST /score does, makes a prompt of the profile features and the candidates, and asks the ' +
      'configured OpenAI-compatible gateway. The user_id is not sent to it.',
    'When the gateway fails the decision stands: it is in the details of the error, and asking again with ' +
      'the same decision_id gives the same tip and prompt version.',
  ].join(' '),
  query: noQuery,
  body: { kind: 'json', schema: generateRequestSchema },
  answers: { 200: { description: 'The text.', schema: generateResponseSchema } },
  handle: ({ body }, reply, application) => application.generate(withTrace(body, reply.request), callerGone(reply)),
});

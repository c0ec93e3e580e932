/** GET / and the files it loads. They hold no data, so they are open: the page asks for the token and fetches with it. */
import { PAGE_FILES } from '../../web/files.js';
import { defineRoute, type Route } from '../route.js';

export const pageRoutes: readonly Route[] = PAGE_FILES.map(({ path, contentType, text }) =>
  defineRoute({
    method: 'GET',
    path,
    operationId: `page ${path}`,
    summary: 'A file of the page',
    open: true,
    answers: { 200: { description: 'The file.', contentType } },
    handle: (_input, reply) => {
      void reply.type(contentType);
      return text;
    },
  }),
);

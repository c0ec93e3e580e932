/** The pages. They hold no data, so they are open: a page asks for the token and fetches with it. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { entityTag, isKnownToCaller } from '../entity-tag.js';
import { builtPages, type PageFile, type Pages } from '../pages.js';
import { defineRoute, type Route } from '../route.js';

/** A year: the name of an asset changes with its content. */
const FOR_EVER = 'public, max-age=31536000, immutable';

/** The shell names the assets, so whoever keeps it asks whether it is still the same. */
const ASKED_AGAIN = 'no-cache';

/** Every view has an address, and the shell is at all of them: what it shows is decided in the browser. */
const SHELL_PATHS = ['/', '/admin', '/admin/*'] as const;

/** Routes of the shell and of each asset. Where no pages were built, the addresses of the shell say so. */
export function pageRoutes(read: () => Pages = builtPages): readonly Route[] {
  let pages: Pages | undefined;
  let missing: unknown;
  try {
    pages = read();
  } catch (error) {
    missing = error;
  }
  const shellTag = pages && entityTag(pages.shell.bytes.toString('utf8'));
  const shellRoutes = SHELL_PATHS.map((path) =>
    pageRoute(path, 'text/html', (request, reply) => {
      if (pages === undefined) throw missing;
      void reply.header('cache-control', ASKED_AGAIN);
      return isKnownToCaller(shellTag!, request, reply) ? reply.code(304).send() : send(pages.shell, request, reply);
    }),
  );
  const assetRoutes = (pages?.assets ?? []).map((file) =>
    pageRoute(file.path, file.contentType, (request, reply) => {
      void reply.header('cache-control', FOR_EVER);
      return send(file, request, reply);
    }),
  );
  return [...shellRoutes, ...assetRoutes];
}

function pageRoute(path: string, contentType: string, answer: (request: FastifyRequest, reply: FastifyReply) => unknown): Route {
  return defineRoute({
    method: 'GET',
    path,
    operationId: `page ${path}`,
    summary: 'A file of the pages',
    open: true,
    answers: { 200: { description: 'The file.', contentType } },
    handle: (_input, reply) => answer(reply.request, reply),
  });
}

function send({ contentType, bytes, gzipped }: PageFile, request: FastifyRequest, reply: FastifyReply): Buffer {
  void reply.type(contentType).header('vary', 'accept-encoding');
  if (!takesGzip(request.headers['accept-encoding'])) return bytes;
  void reply.header('content-encoding', 'gzip');
  return gzipped;
}

/** `gzip;q=0` is a no. */
function takesGzip(accepted: string | string[] | undefined): boolean {
  return String(accepted ?? '')
    .split(',')
    .some((each) => /^\s*(?:gzip|\*)\s*(?:;\s*q=(?!0(?:\.0*)?\s*$)|$)/i.test(each));
}

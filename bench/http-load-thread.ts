/** The thread behind http-load.ts. */
import { Agent, request as httpRequest } from 'node:http';
import { parentPort, workerData } from 'node:worker_threads';
import { CANDIDATES, candidatesOf } from './decisions.js';
import { WARM_UP_SECONDS, type HttpLoad } from './http-load.js';
import { atPace } from './pace.js';

const {
  address,
  request,
  users,
  name,
  perSecond,
  seconds,
  path: scorePath = '/score',
  candidates: count = CANDIDATES,
} = workerData as HttpLoad;
/** In one request. */
const PROFILES = 100;
const agent = new Agent({ keepAlive: true, maxSockets: 32 });

function requestOf(index: number): { method: string; path: string; body: string | undefined } {
  const userId = users[(index * 7_919) % users.length]!;
  if (request === 'profile') return { method: 'GET', path: `/v1/profiles/${userId}`, body: undefined };
  if (request === 'profiles') {
    const userIds = Array.from({ length: PROFILES }, (_, i) => users[(index * PROFILES + i) % users.length]!);
    return { method: 'POST', path: '/v1/profiles:batch', body: JSON.stringify({ user_ids: userIds }) };
  }
  const { decision_id: decisionId, ...candidates } = candidatesOf(userId, `${name}-${index}`, Date.now(), count);
  const body = JSON.stringify(request === 'decide' ? { ...candidates, decision_id: decisionId } : candidates);
  return { method: 'POST', path: scorePath, body };
}

function send(index: number): Promise<number> {
  const { method, path, body } = requestOf(index);
  return new Promise((resolve, reject) => {
    const startedMs = performance.now();
    const headers = body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const sent = httpRequest(address + path, { method, agent, headers }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => {
        const tookMs = performance.now() - startedMs;
        if (answer.statusCode === 200) resolve(tookMs);
        else reject(new Error(`${method} ${path} answered ${answer.statusCode}: ${Buffer.concat(chunks).toString().slice(0, 300)}`));
      });
      answer.on('error', reject);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

const latenciesMs: number[] = [];
await atPace({ perSecond, seconds: WARM_UP_SECONDS }, (index) => send(-1 - index + 1_000_000_000));
await atPace({ perSecond, seconds }, async (index) => void latenciesMs.push(await send(index)));
agent.destroy();
parentPort!.postMessage(latenciesMs);

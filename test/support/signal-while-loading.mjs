/** For `node --import`: sends this process SIGNAL when it begins to load the module whose URL ends with WHILE_LOADING. */
import { register } from 'node:module';

const { SIGNAL, WHILE_LOADING } = process.env;
const hook = `
  export function load(url, context, next) {
    if (url.endsWith(${JSON.stringify(WHILE_LOADING)})) process.kill(process.pid, ${JSON.stringify(SIGNAL)});
    return next(url, context);
  }
`;
register(`data:text/javascript,${encodeURIComponent(hook)}`);

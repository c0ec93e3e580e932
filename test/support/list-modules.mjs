/** For `node --import`: writes the URL of every ES module that this process loads, and of every package that one imports, to MODULES_TO. */
import { register } from 'node:module';

const hook = `
  import { appendFileSync } from 'node:fs';
  export function load(url, context, next) {
    appendFileSync(${JSON.stringify(process.env.MODULES_TO)}, url + '\\n');
    return next(url, context);
  }
`;
register(`data:text/javascript,${encodeURIComponent(hook)}`);

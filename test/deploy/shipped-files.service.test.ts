/** The files in deploy/ as Prometheus and Grafana take them: valid, of metrics that exist, and explained. */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { ServiceMetrics } from '../../src/service/metrics/service-metrics.js';
import { metricsDeps } from '../support/exposition.js';
import { promtool, withPromtool } from '../support/promtool.js';
import { readPage, ROOT } from '../system/docs/markdown.js';

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly datasource?: { readonly type: string; readonly uid: string };
  readonly targets?: readonly { readonly refId: string; readonly expr: string; readonly datasource: { readonly uid: string } }[];
}

interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly schemaVersion: number;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly type: string }[] };
}

const rules = readPage('deploy/alerts.yml');
const dashboard = JSON.parse(readPage('deploy/grafana/tipstream.json')) as Dashboard;
/** With Grafana's variables as Grafana fills them in. */
const asked = dashboard.panels.flatMap(({ targets = [] }) =>
  targets.map(({ expr }) => expr.replaceAll('$__rate_interval', '1m').replaceAll('$job', 'tipstream')),
);
const alerts = [...rules.matchAll(/^ +- alert: (\w+)$/gm)].map(([, name]) => name!);
const conditions = [...rules.matchAll(/^ +expr: (.*)$/gm)].map(([, expr]) => expr!);

/** Every name that a scrape can have. */
const exposed = new Set(['up', 'ALERTS']);
beforeAll(async () => {
  const text = await new ServiceMetrics(metricsDeps()).exposition();
  for (const [, name, type] of text.matchAll(/^# TYPE (\w+) (\w+)$/gm))
    for (const suffix of type === 'histogram' ? ['_bucket', '_sum', '_count'] : ['']) exposed.add(name! + suffix);
});
const metricsIn = (expr: string) => [...expr.matchAll(/\b(?:up\b(?=[{ ])|(?:tipstream|process|nodejs)_\w+)/g)].map(([name]) => name);

describe('alerts and the dashboard', () => {
  it('ask for metrics that are exposed', () => {
    expect(conditions).toHaveLength(alerts.length);
    expect(asked.length).toBeGreaterThan(30);
    for (const expr of [...conditions, ...asked]) for (const name of metricsIn(expr)) expect(exposed, expr).toContain(name);
    for (const expr of asked) expect(metricsIn(expr), expr).not.toEqual([]);
  });

  it.skipIf(!withPromtool)('are queries that Prometheus can parse', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'tipstream-queries-'));
    onTestFinished(() => rm(directory, { recursive: true }));
    const file = join(directory, 'queries.json'); // JSON is YAML
    const records = asked.map((expr, at) => ({ record: `query_${at}`, expr }));
    await writeFile(file, JSON.stringify({ groups: [{ name: 'dashboard', rules: records }] }));
    const { code, text } = await promtool(['check', 'rules', file]);
    expect(code, text).toBe(0);
    expect(text).toContain(`${records.length} rules found`);
  });
});

describe.skipIf(!withPromtool)('promtool accepts', () => {
  it.each([
    ['the rules', ['check', 'rules', 'alerts.yml']],
    ['the configuration, which names the rules', ['check', 'config', 'prometheus.yml']],
  ])('%s', async (_, args) => {
    const { code, text } = await promtool(args, { cwd: join(ROOT, 'deploy') });
    expect(code, text).toBe(0);
    expect(text).toContain(`${alerts.length} rules found`);
  });
});

describe('each alert', () => {
  it('has a row of its own on the page that it names, and nobody else has', () => {
    const section = readPage('docs/operating.md')
      .split(/^## /m)
      .find((part) => part.startsWith('Alerts\n'))!;
    expect([...section.matchAll(/^\| (Tipstream\w+) \|/gm)].map(([, name]) => name)).toEqual(alerts);
    expect(rules.match(/^ +runbook: docs\/operating\.md#alerts$/gm)).toHaveLength(alerts.length);
  });

  it('says how urgent it is, and what happened, in one line and in a sentence', () => {
    expect(rules.match(/^ +severity: (critical|warning)$/gm)).toHaveLength(alerts.length);
    expect(rules.match(/^ +summary: \S/gm)).toHaveLength(alerts.length);
    expect(rules.match(/^ +description: \S.*\.["']?$/gm)).toHaveLength(alerts.length);
  });
});

describe('the dashboard', () => {
  it('takes its data source from a variable', () => {
    expect(dashboard.templating.list.map(({ name, type }) => [name, type])).toEqual([
      ['datasource', 'datasource'],
      ['job', 'query'],
    ]);
    for (const { type, title, datasource, targets = [] } of dashboard.panels) {
      if (type === 'row') continue;
      expect(datasource, title).toEqual({ type: 'prometheus', uid: '${datasource}' });
      for (const target of targets) expect(target.datasource.uid, title).toBe('${datasource}');
    }
  });

  it('has panels of known kinds, each with an id, a title and queries of its own', () => {
    const { panels } = dashboard;
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length);
    expect([...new Set(panels.map(({ type }) => type))].sort()).toEqual(['row', 'stat', 'table', 'timeseries']);
    for (const { type, title, targets = [] } of panels) {
      expect(targets.length > 0, title).toBe(type !== 'row');
      expect(new Set(targets.map(({ refId }) => refId)).size, title).toBe(targets.length);
    }
  });

  it('has no panel over another, and none beyond the 24 columns', () => {
    const taken = new Map<string, string>();
    for (const { title, gridPos } of dashboard.panels) {
      expect(gridPos.x + gridPos.w, title).toBeLessThanOrEqual(24);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++)
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(taken.get(`${x} ${y}`), title).toBeUndefined();
          taken.set(`${x} ${y}`, title);
        }
    }
  });

  it('shows every metric that an alert judges, so that one sees what it saw', () => {
    const shown = new Set(asked.flatMap(metricsIn));
    expect(conditions.flatMap(metricsIn).filter((name) => !shown.has(name))).toEqual([]);
  });
});

it('the files are in the package', () => {
  const { files } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { files: string[] };
  expect(files).toContain('deploy');
});

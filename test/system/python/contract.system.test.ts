/** python/tipstream-contract: typed, held to the registry and to the worked examples, and whole as a wheel. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { coreRegistry } from '../../../src/projections/registry.js';
import { FreshEnvironment, pythonOrSkip, runMypy, runPytest, runPython } from '../../support/python.js';
import { fencedBlocks, readPage } from '../docs/markdown.js';

const PACKAGE = 'python/tipstream-contract';

describe.runIf(pythonOrSkip('the tests of python/tipstream-contract'))('tipstream-contract', () => {
  let fresh: FreshEnvironment;
  let wheel: string;
  beforeAll(async () => {
    fresh = await FreshEnvironment.create();
    wheel = await fresh.install(PACKAGE);
  });
  afterAll(() => fresh.dispose());
  const inFresh = (code: string) => runPython(['-c', code], { python: fresh.python, cwd: fresh.directory });

  it('passes its own tests', async () => {
    expect(await runPytest(PACKAGE)).toMatch(/^\d\d+ passed/m);
  });

  it('passes mypy --strict', async () => {
    expect(await runMypy(PACKAGE)).toContain('Success: no issues found');
  });

  it('is a wheel of its modules and the mark that it is typed', async () => {
    const listed = JSON.parse(
      await runPython(['-c', 'import json, sys, zipfile; print(json.dumps(zipfile.ZipFile(sys.argv[1]).namelist()))', wheel]),
    ) as string[];
    expect(listed).toEqual(
      expect.arrayContaining(['profile_schema/__init__.py', 'profile_schema/_generated.py', 'profile_schema/py.typed']),
    );
    expect(listed.filter((name) => !/^(profile_schema|tipstream_contract-[\d.]+\.dist-info)\//.test(name))).toEqual([]);
  });

  it('is imported where nothing else is installed', async () => {
    const printed = await inFresh('import json, profile_schema as p; print(json.dumps([p.FEATURE_SET, *p.feature_names()]))');
    expect(JSON.parse(printed)).toEqual([coreRegistry.featureSet, ...coreRegistry.names]);
    await expect(inFresh('import pandas')).rejects.toThrow('ModuleNotFoundError');
  });

  it("runs the page's example there, and its types are seen", async () => {
    const examples = fencedBlocks(readPage(`${PACKAGE}/README.md`)).filter(({ language }) => language === 'python');
    expect(examples.length).toBeGreaterThan(0);
    for (const { text } of examples) expect(await inFresh(text)).toContain('tip_volume_30d numeric tips');
    const wrong = join(fresh.directory, 'wrong.py');
    writeFileSync(
      wrong,
      'from profile_schema import PROFILE_FEATURES\nreveal_type(PROFILE_FEATURES[0].dtype)\nPROFILE_FEATURES[0].name = 1\n',
    );
    const checked = runPython([
      '-m',
      'mypy',
      '--strict',
      '--python-executable',
      fresh.python,
      '--cache-dir',
      join(fresh.directory, 'mypy'),
      wrong,
    ]);
    await expect(checked).rejects.toThrow(/Literal\['numeric'\][^]*Property "name" defined in "ProfileFeature" is read-only/);
  });
});

/** python/tipstream-client: typed, and held to a real service, real commands and a real snapshot by its own tests. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FreshEnvironment, pythonOrSkip, runMypy, runPytest, runPython } from '../../support/python.js';

const PACKAGE = 'python/tipstream-client';

describe.runIf(pythonOrSkip('the tests of python/tipstream-client'))('tipstream-client', () => {
  let fresh: FreshEnvironment;
  beforeAll(async () => {
    fresh = await FreshEnvironment.create();
    await fresh.install('python/tipstream-contract');
    await fresh.install(PACKAGE);
  });
  afterAll(() => fresh.dispose());

  it('passes its own tests', async () => {
    expect(await runPytest(PACKAGE)).toMatch(/^\d\d\d passed/m);
  });

  it('passes mypy --strict', async () => {
    expect(await runMypy(PACKAGE)).toContain('Success: no issues found');
  });

  it('shows its types where it is installed, without pandas', async () => {
    const wrong = join(fresh.directory, 'wrong.py');
    writeFileSync(wrong, 'from tipstream_client import Service\nreveal_type(Service().profile("a").features)\nService().profile(1)\n');
    const cache = join(fresh.directory, 'mypy');
    const checked = runPython(['-m', 'mypy', '--strict', '--python-executable', fresh.python, '--cache-dir', cache, wrong]);
    await expect(checked).rejects.toThrow(/Mapping\[(builtins\.)?str, [^]*incompatible type "int"; expected "str"/);
  });

  it('needs nothing of what is optional until it is used, and says then what to install', async () => {
    await fresh.seeTestPackages();
    const script = join(fresh.directory, 'base.py');
    writeFileSync(
      script,
      `import sys
for name in ("pandas", "numpy", "pyarrow", "confluent_kafka"):
    sys.modules[name] = None
from tipstream_client import KafkaProducer, Service, Snapshot, State, __file__ as at
assert "site-packages" in at, at
Service().close()
for use in (lambda: KafkaProducer("127.0.0.1:1"), lambda: State(command=["echo", "[]"]).sql("SELECT 1")):
    try:
        use()
    except ImportError as error:
        print(error)
`,
    );
    const printed = await runPython([script], { python: fresh.python, cwd: fresh.directory });
    expect(printed.trim().split('\n')).toEqual([
      "this needs confluent_kafka: pip install 'tipstream-client[kafka]'",
      "this needs pandas: pip install 'tipstream-client[pandas]'",
    ]);
  });
});
